/* SPDX-License-Identifier: MIT */
/* Documents of every kind as structs, and a way to read a text as the document of a bundle that nobody signed. */
#ifndef CARNET_TEST_DOCUMENT_FIXTURE_H
#define CARNET_TEST_DOCUMENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/pack.h"
#include "bundle/unpack.h"
#include "core/utc.h"
#include "document/document.h"

#define PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define D0 "00000000000000000000000000000000"
#define DIGEST D0 D0
#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" D0
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" D0

/* The lines of a small valid fingerprint, so that a test can put another line in one's place. */
#define FP_ROOT "<fingerprint xmlns=\"urn:carnet:1\" minor=\"0\">\n"
#define FP_VENDOR "  <vendor id=\"" DIGEST "\"/>\n"
#define FP_REQUEST \
    "  <request purpose=\"new\" made=\"2026-02-28T23:59:59Z\" sequence=\"1\" nonce=\"" D0 "\" label=\"Hall 3\"/>\n"
#define FP_ENVIRONMENT "  <environment virtual=\"none\" container=\"none\"/>\n"
#define FP_PRODUCTS "  <products/>\n"
#define FP_FACTS "  <facts>\n    <fact name=\"machine-id\" digest=\"" DIGEST "\"/>\n  </facts>\n"
#define FP_END "</fingerprint>\n"
#define FP_FIRST PROLOG FP_ROOT FP_VENDOR
#define FP_MIDDLE FP_REQUEST FP_ENVIRONMENT FP_PRODUCTS FP_FACTS
#define FP_GOOD FP_FIRST FP_MIDDLE FP_END
/* A whole fingerprint with `more` after the facts. */
#define FP_WITH(more) FP_FIRST FP_MIDDLE more FP_END

struct read {
    enum carnet_err err;
    struct carnet_buffer bundle;
    struct carnet_unpacked *unpacked;
    struct carnet_document *document;
    struct carnet_diag diag;
};

static inline void read_clear(struct read *r)
{
    carnet_document_free(r->document);
    carnet_unpacked_free(r->unpacked);
    carnet_buffer_clear(&r->bundle);
    memset(r, 0, sizeof(*r));
}

/* The container is right, so that what is refused is the document. */
static inline void read_bytes(struct read *r, const char *kind, unsigned major, const void *bytes, size_t size)
{
    char mimetype[96], name[48];
    static const uint8_t filler[113] = {1};
    snprintf(mimetype, sizeof(mimetype), "application/vnd.carnet.%s;version=%u", kind, major);
    snprintf(name, sizeof(name), "%s.xml", kind);
    struct carnet_entry entries[] = {
        {"mimetype", (const uint8_t *)mimetype, strlen(mimetype)},
        {"SHA256SUMS", filler, sizeof(filler)},
        {"SHA256SUMS.sig", filler, 64},
        {"signer.pem", filler, sizeof(filler)},
        {name, bytes, size},
    };
    memset(r, 0, sizeof(*r));
    assert_int_equal(carnet_pack(entries, 5, &r->bundle, NULL), CARNET_OK);
    assert_int_equal(carnet_unpack(r->bundle.bytes, r->bundle.size, &r->unpacked, &r->diag), CARNET_OK);
    r->err = carnet_document_read_unverified(r->unpacked, &r->document, &r->diag);
    assert_true((r->err == CARNET_OK) == (r->document != NULL));
}

static inline void accept_bytes(const char *kind, const void *bytes, size_t size)
{
    struct read r;
    read_bytes(&r, kind, 1, bytes, size);
    if (r.err != CARNET_OK)
        print_error("line %lu %s: %s\n", r.diag.line, r.diag.clause, r.diag.detail);
    assert_int_equal(r.err, CARNET_OK);
    read_clear(&r);
}

static inline void refuse_bytes(const char *kind, const void *bytes, size_t size, enum carnet_err err,
                                const char *clause, unsigned long line, const char *part)
{
    struct read r;
    char entry[48];
    snprintf(entry, sizeof(entry), "%s.xml", kind);
    read_bytes(&r, kind, 1, bytes, size);
    if (r.err != err || strcmp(r.diag.clause, clause) != 0 || r.diag.line != line ||
        strstr(r.diag.detail, part) == NULL)
        print_error("got %s, %s, line %lu: %s\nwanted %s, line %lu: %s\n", carnet_outcome_name(r.err), r.diag.clause,
                    r.diag.line, r.diag.detail, clause, line, part);
    assert_int_equal(r.err, err);
    assert_string_equal(r.diag.clause, clause);
    assert_int_equal(r.diag.line, line);
    assert_non_null(strstr(r.diag.detail, part));
    assert_string_equal(r.diag.entry, entry);
    assert_null(r.document);
    read_clear(&r);
}

static inline void accept(const char *kind, const char *text)
{
    accept_bytes(kind, text, strlen(text));
}

static inline void refuse(const char *kind, const char *text, enum carnet_err err, const char *clause,
                          unsigned long line, const char *part)
{
    refuse_bytes(kind, text, strlen(text), err, clause, line, part);
}

static inline void malformed(const char *text, const char *clause, unsigned long line, const char *part)
{
    refuse("fingerprint", text, CARNET_MALFORMED, clause, line, part);
}

static inline struct carnet_digest digest_of(uint8_t byte)
{
    struct carnet_digest d;
    memset(d.bytes, byte, sizeof(d.bytes));
    return d;
}

static inline int64_t at(const char *time)
{
    int64_t out = 0;
    assert_int_equal(carnet_utc_parse(time, &out), CARNET_OK);
    return out;
}

/* 200 of the longest characters, some of which have to be escaped. */
static inline void long_text(char text[CARNET_TEXT_SIZE])
{
    text[0] = '\0';
    for (int i = 0; i < 100; i++)
        strcat(text, i % 2 == 0 ? "&\xF0\x9F\x94\x91" : "\"\xE4\xB8\xAD");
}

/* In place, so that the bytes between members stay zero and structs can be compared as memory. */
static inline void some_grant(struct carnet_grant *grant)
{
    strcpy(grant->license, "ACME-2026.7_x");
    grant->fingerprint = digest_of(0x22);
    grant->epoch = 1;
    grant->serial = 999999999;
    grant->seat = 1000000;
}

/* Every fact, several of one name. */
static inline void all_facts(struct carnet_facts *facts)
{
    memset(facts, 0, sizeof(*facts));
    for (uint32_t i = 0; i < CARNET_FACTS_MOST; i++) {
        facts->list[i].name = (enum carnet_fact_name)(i % CARNET_FACT_COUNT);
        facts->list[i].digest = digest_of((uint8_t)i);
    }
    facts->count = CARNET_FACTS_MOST;
}

static inline void all_features(struct carnet_features *features)
{
    memset(features, 0, sizeof(*features));
    for (uint32_t i = 0; i < CARNET_FEATURES_MOST; i++) {
        snprintf(features->list[i].name, sizeof(features->list[i].name), "feature-%u", i);
        if (i % 2 == 0)
            snprintf(features->list[i].value, sizeof(features->list[i].value), "%u:a+b-c_d.e", i);
    }
    features->count = CARNET_FEATURES_MOST;
}

static inline void smallest_fingerprint(struct carnet_fingerprint *f)
{
    memset(f, 0, sizeof(*f));
    f->vendor = digest_of(0x11);
    f->sequence.made = at("2026-01-02T03:04:05Z");
    f->sequence.sequence = 1;
    strcpy(f->virtual_system, "none");
    strcpy(f->container_system, "none");
    f->facts.count = 1;
    f->facts.list[0].digest = digest_of(0x33);
}

static inline void fullest_fingerprint(struct carnet_fingerprint *f)
{
    smallest_fingerprint(f);
    f->renew = true;
    f->sequence.sequence = 2;
    f->sequence.previous = digest_of(0x44);
    memset(f->nonce, 0x5A, sizeof(f->nonce));
    long_text(f->label);
    strcpy(f->virtual_system, "vmware");
    strcpy(f->container_system, "abcdefghijklmnopqrstuvwxyz-01234");
    f->has_user = true;
    f->user = digest_of(0x55);
    f->product_count = CARNET_PRODUCTS_MOST;
    for (uint32_t i = 0; i < CARNET_PRODUCTS_MOST; i++) {
        snprintf(f->products[i].id, sizeof(f->products[i].id), "product.%u", i);
        if (i % 2 == 0)
            strcpy(f->products[i].version, "999999.999999.999999.999999");
    }
    f->renew_count = CARNET_RENEWS_MOST;
    for (uint32_t i = 0; i < CARNET_RENEWS_MOST; i++) {
        strcpy(f->renews[i].license, "ACME");
        f->renews[i].fingerprint = digest_of((uint8_t)i);
    }
    all_facts(&f->facts);
    f->journal.position = 999999999;
    f->journal.digest = digest_of(0x66);
}

static inline void smallest_release(struct carnet_release *r)
{
    memset(r, 0, sizeof(*r));
    r->vendor = digest_of(0x11);
    some_grant(&r->grant);
    r->license = digest_of(0x77);
    r->sequence.made = at("0001-01-01T00:00:00Z");
    r->sequence.sequence = 1;
}

static inline void fullest_release(struct carnet_release *r)
{
    smallest_release(r);
    r->declined = true;
    r->sequence.made = at("9999-12-31T23:59:59Z");
    r->sequence.sequence = 999999999;
    r->sequence.previous = digest_of(0x78);
    r->journal.position = 1;
    r->journal.digest = digest_of(0x79);
}

static inline void smallest_activation(struct carnet_activation *a)
{
    memset(a, 0, sizeof(*a));
    a->vendor = digest_of(0x11);
    some_grant(&a->grant);
    a->license = digest_of(0x77);
    a->sequence.made = at("0001-01-01T00:00:00Z");
    a->sequence.sequence = 1;
    a->match[CARNET_FACT_OS] = CARNET_FACT_IS_UNREADABLE;
}

/* Every fact, every state. */
static inline void fullest_activation(struct carnet_activation *a)
{
    smallest_activation(a);
    a->sequence.sequence = 999999999;
    a->sequence.previous = digest_of(0x78);
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        a->match[i] = (enum carnet_fact_verdict)(CARNET_FACT_MATCHES + i % 4);
    a->journal.position = 1;
    a->journal.digest = digest_of(0x79);
}

static inline void smallest_clockrequest(struct carnet_clockrequest *c)
{
    memset(c, 0, sizeof(*c));
    c->vendor = digest_of(0x11);
    some_grant(&c->grant);
    c->license = digest_of(0x77);
    c->sequence.made = at("0001-01-01T00:00:00Z");
    c->sequence.sequence = 1;
    c->local_floor = c->sequence.made + 1;
}

static inline void fullest_clockrequest(struct carnet_clockrequest *c)
{
    smallest_clockrequest(c);
    c->sequence.sequence = 999999999;
    c->sequence.previous = digest_of(0x78);
    memset(c->nonce, 0xA5, sizeof(c->nonce));
    c->local_floor = at("9999-12-31T23:59:59Z");
    c->has_signed_floor = true;
    c->signed_floor = at("2026-01-02T03:04:05Z");
    c->journal.position = 999999999;
    c->journal.digest = digest_of(0x79);
}

/* What was composed is valid for stock tools too. */
static inline void valid_by_xmllint(const struct carnet_buffer *text)
{
    FILE *xmllint =
        popen("xmllint --noout --nonet --schema '" CARNET_SOURCE_DIR "/spec/carnet-1.xsd' - >/dev/null 2>&1", "w");
    assert_non_null(xmllint);
    assert_int_equal(fwrite(text->bytes, 1, text->size, xmllint), text->size);
    assert_int_equal(pclose(xmllint), 0);
}

/* Reads what was composed; the caller clears. */
static inline void read_composed(struct read *r, const char *kind, const struct carnet_buffer *text)
{
    valid_by_xmllint(text);
    read_bytes(r, kind, 1, text->bytes, text->size);
    if (r->err != CARNET_OK)
        print_error("line %lu %s: %s\n", r->diag.line, r->diag.clause, r->diag.detail);
    assert_int_equal(r->err, CARNET_OK);
}

/* Reads the text with one piece of it replaced. */
static inline void altered(const char *kind, const struct carnet_buffer *text, const char *piece, const char *by,
                           const char *clause, unsigned long line, const char *part)
{
    const char *whole = (const char *)text->bytes, *found = strstr(whole, piece);
    assert_non_null(found);
    char *other = malloc(text->size + strlen(by) + 1);
    assert_non_null(other);
    sprintf(other, "%.*s%s%s", (int)(found - whole), whole, by, found + strlen(piece));
    if (clause == NULL)
        accept(kind, other);
    else
        refuse(kind, other, CARNET_MALFORMED, clause, line, part);
    free(other);
}

#endif

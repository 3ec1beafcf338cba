/* SPDX-License-Identifier: MIT */
/* Bundles for the tests of format/bundle: sound ones, and ones with one fault, signed all the same. */
#ifndef CARNET_TESTS_BUNDLE_FIXTURE_H
#define CARNET_TESTS_BUNDLE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/intact.h"
#include "bundle/key_private.h"
#include "bundle/pack.h"
#include "bundle/seal.h"

#define ENTRIES_ROOM (CARNET_ENTRIES_MOST + 4)

/* The parts of a bundle; tests change them, and then build it. */
struct parts {
    struct carnet_entry entries[ENTRIES_ROOM];
    size_t count;
    char pem[CARNET_PEM_SIZE + 1];
    uint8_t signature[CARNET_SIGNATURE_SIZE];
    struct carnet_buffer sums;
};

#define TEXT_ENTRY(name, text) ((struct carnet_entry){(name), (const uint8_t *)(text), sizeof(text) - 1})

/* The key of a role whose seed is 32 times that byte. */
static inline struct carnet_key *fixture_key(enum carnet_role role, uint8_t byte)
{
    uint8_t seed[CARNET_SEED_SIZE];
    struct carnet_key *key = NULL;

    memset(seed, byte, sizeof seed);
    assert_int_equal(carnet_key_from_seed(role, 1700000000, seed, &key, NULL), CARNET_OK);
    return key;
}

/* Checksum lines as they are, and their signature. The row lets any mimetype be signed. */
static inline void fixture_sign(struct parts *p, const struct carnet_key *key)
{
    char mimetype[200] = "";
    struct carnet_kind row = {.name = "test", .mimetype = mimetype, .signer = carnet_key_info(key)->role};

    memcpy(mimetype, p->entries[0].bytes, p->entries[0].size);
    assert_int_equal(carnet_key_sign(key, &row, p->sums.bytes, p->sums.size, p->signature, NULL), CARNET_OK);
    p->entries[CARNET_ENTRY_SUMS] = (struct carnet_entry){"SHA256SUMS", p->sums.bytes, p->sums.size};
    p->entries[CARNET_ENTRY_SIGNATURE] = (struct carnet_entry){"SHA256SUMS.sig", p->signature, sizeof p->signature};
}

/* Fresh checksum lines over the entries, signed. */
static inline void fixture_finish(struct parts *p, const struct carnet_key *key)
{
    carnet_buffer_clear(&p->sums);
    assert_int_equal(carnet_sums_write(p->entries, p->count, &p->sums), CARNET_OK);
    fixture_sign(p, key);
}

/* A bundle of that mimetype and document, with an embedded one of whatever bytes. */
static inline void fixture_parts(struct parts *p, const struct carnet_key *key, const char *mimetype,
                                 const char *document_name)
{
    static const char document[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<license xmlns=\"urn:carnet:1\"/>\n";
    static const char embedded[] = "whatever an embedded bundle holds";
    static const char embedded_name[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff.carnet";

    memset(p, 0, sizeof *p);
    carnet_pem_write(carnet_key_info(key)->public_key, p->pem);
    p->entries[CARNET_ENTRY_MIMETYPE] = (struct carnet_entry){"mimetype", (const uint8_t *)mimetype, strlen(mimetype)};
    p->entries[CARNET_ENTRY_SIGNER] = (struct carnet_entry){"signer.pem", (const uint8_t *)p->pem, CARNET_PEM_SIZE};
    p->entries[CARNET_ENTRY_DOCUMENT] = TEXT_ENTRY(document_name, document);
    p->entries[CARNET_ENTRY_EMBEDDED] = TEXT_ENTRY(embedded_name, embedded);
    p->count = CARNET_ENTRY_EMBEDDED + 1;
    fixture_finish(p, key);
}

static inline void fixture_license(struct parts *p, const struct carnet_key *key)
{
    fixture_parts(p, key, "application/vnd.carnet.license;version=1", "license.xml");
}

/* Packs the parts. */
static inline struct carnet_buffer fixture_pack(const struct parts *p)
{
    struct carnet_buffer out = {0};

    assert_int_equal(carnet_pack(p->entries, p->count, &out, NULL), CARNET_OK);
    return out;
}

/* Writes the checksum of the header at that offset anew. */
static inline void fixture_repair(uint8_t *header)
{
    unsigned sum = 0;

    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
    header[155] = ' ';
}

/* Checksum lines that begin with the line of that mimetype. */
static inline struct carnet_buffer fixture_sums(const char *mimetype)
{
    struct carnet_buffer sums = {0};
    const struct carnet_entry entry = {"mimetype", (const uint8_t *)mimetype, strlen(mimetype)};

    assert_int_equal(carnet_sums_write(&entry, 1, &sums), CARNET_OK);
    assert_int_equal(carnet_buffer_text(&sums, "and more\n"), CARNET_OK);
    return sums;
}

/* Where the header of entry i begins. */
static inline size_t fixture_offset(const struct parts *p, size_t i)
{
    size_t at = 0;

    for (size_t k = 0; k < i; k++)
        at += 512 + (p->entries[k].size + 511) / 512 * 512;
    return at;
}

/* Outcome, clause, and that the message holds those words. */
static inline void fixture_refused(const struct carnet_diag *diag, enum carnet_err got, enum carnet_err expected,
                                   const char *clause, const char *words)
{
    assert_string_equal(carnet_outcome_name(got), carnet_outcome_name(expected));
    assert_int_equal(diag->err, expected);
    assert_string_equal(diag->clause, clause);
    if (strstr(diag->detail, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", diag->detail, words);
    assert_true(diag->detail[strlen(diag->detail) - 1] == '.');
}

#endif

/* SPDX-License-Identifier: MIT */
#include "document/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/intact.h"
#include "bundle/unpack.h"
#include "document/parts.h"
#include "document/prescan.h"
#include "document/schema.h"
#include "document/xml_read.h"
#include "rules/trust.h"

struct carnet_document {
    const struct carnet_trusted *trusted;
    const struct carnet_kind *kind;
    uint32_t minor;
    bool has_extensions;
    union {
        struct carnet_entitlement entitlement;
        struct carnet_fingerprint fingerprint;
        struct carnet_license license;
        struct carnet_release release;
        struct carnet_receipt receipt;
        struct carnet_journal journal;
        struct carnet_activation activation;
        struct carnet_clockrequest clockrequest;
        struct carnet_clock clock;
        struct carnet_keyrequest keyrequest;
        struct carnet_trust trust;
    } of;
};

enum carnet_err carnet_document_start(void)
{
    return carnet_xml_start();
}

/* V-4. This version of carnet understands no foreign element. */
static void check_critical(struct carnet_fields *f, const struct carnet_xml_node *root)
{
    const struct carnet_xml_node *critical = carnet_xml_child(root, "critical"), *n = carnet_xml_any_child(critical);
    char name[64], space[128];
    if (critical == NULL)
        return;
    carnet_text_escape(carnet_xml_name(n), strlen(carnet_xml_name(n)), name, sizeof(name));
    carnet_text_escape(carnet_xml_namespace(n), strlen(carnet_xml_namespace(n)), space, sizeof(space));
    f->err =
        carnet_fail(f->diag, CARNET_NEWER_FORMAT, "V-4",
                    "The document demands that <%s> of %s be understood, which this carnet does not.", name, space);
    if (f->diag != NULL)
        f->diag->line = carnet_xml_line(n);
}

static void read_kind(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_document *d)
{
    switch (d->kind->id) {
    case CARNET_KIND_ENTITLEMENT:
        carnet_entitlement_read(f, root, &d->of.entitlement);
        break;
    case CARNET_KIND_FINGERPRINT:
        carnet_fingerprint_read(f, root, &d->of.fingerprint);
        break;
    case CARNET_KIND_LICENSE:
        carnet_license_read(f, root, &d->of.license);
        break;
    case CARNET_KIND_RELEASE:
        carnet_release_read(f, root, &d->of.release);
        break;
    case CARNET_KIND_RECEIPT:
        carnet_receipt_read(f, root, &d->of.receipt);
        break;
    case CARNET_KIND_JOURNAL:
        carnet_journal_read(f, root, &d->of.journal);
        break;
    case CARNET_KIND_ACTIVATION:
        carnet_activation_read(f, root, &d->of.activation);
        break;
    case CARNET_KIND_CLOCKREQUEST:
        carnet_clockrequest_read(f, root, &d->of.clockrequest);
        break;
    case CARNET_KIND_CLOCK:
        carnet_clock_read(f, root, &d->of.clock);
        break;
    case CARNET_KIND_KEYREQUEST:
        carnet_keyrequest_read(f, root, &d->of.keyrequest);
        break;
    case CARNET_KIND_TRUST:
        carnet_trust_read(f, root, &d->of.trust);
        break;
    case CARNET_KIND_COUNT:
        break;
    }
}

static enum carnet_err read_document(const struct carnet_unpacked *u, const struct carnet_kind *kind,
                                     const struct carnet_trusted *t, bool again, struct carnet_document **out,
                                     struct carnet_diag *diag)
{
    const struct carnet_entry *entry = carnet_unpacked_entry(u, CARNET_ENTRY_DOCUMENT);
    struct carnet_fields f = {.err = CARNET_OK, .diag = diag};
    struct carnet_xml *xml = NULL;
    struct carnet_document *d = calloc(1, sizeof(*d));
    if (d == NULL) {
        f.err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is no memory to read the document.");
        goto out;
    }
    d->trusted = t;
    d->kind = kind;
    f.err = carnet_prescan(entry->bytes, entry->size, diag);
    if (f.err == CARNET_OK)
        f.err = (again ? carnet_xml_read_again : carnet_xml_read)(entry->bytes, entry->size, kind->name, &xml, diag);
    if (f.err != CARNET_OK)
        goto out;
    const struct carnet_xml_node *root = carnet_xml_root(xml);
    check_critical(&f, root);
    carnet_field_number(&f, root, "minor", 0, CARNET_MINOR_MOST, &d->minor);
    d->has_extensions = carnet_xml_any_child(carnet_xml_child(root, "extensions")) != NULL;
    read_kind(&f, root, d);
    if (f.err != CARNET_OK)
        goto out;
    *out = d;
    d = NULL;
out:
    if (f.err != CARNET_OK && diag != NULL)
        snprintf(diag->entry, sizeof(diag->entry), "%s", entry->name);
    carnet_xml_free(xml);
    carnet_document_free(d);
    return f.err;
}

enum carnet_err carnet_document_read(const struct carnet_trusted *t, struct carnet_document **out,
                                     struct carnet_diag *diag)
{
    const struct carnet_signed *s = carnet_intact_signed(carnet_trusted_intact(t));
    return read_document(carnet_signed_unpacked(s), carnet_trusted_kind(t), t, false, out, diag);
}

enum carnet_err carnet_document_read_again(const struct carnet_trusted *t, struct carnet_document **out,
                                           struct carnet_diag *diag)
{
    const struct carnet_signed *s = carnet_intact_signed(carnet_trusted_intact(t));
    return read_document(carnet_signed_unpacked(s), carnet_trusted_kind(t), t, true, out, diag);
}

const char *carnet_document_schema(void)
{
    return carnet_schema_digest;
}

enum carnet_err carnet_document_read_unverified(const struct carnet_unpacked *u, struct carnet_document **out,
                                                struct carnet_diag *diag)
{
    const struct carnet_kind *kind = carnet_kind_find(carnet_unpacked_kind_name(u));
    if (kind == NULL)
        return carnet_fail(diag, CARNET_NEWER_FORMAT, "V-1", "The kind \"%s\" is not known to this carnet.",
                           carnet_unpacked_kind_name(u));
    if (carnet_unpacked_major(u) != CARNET_FORMAT_MAJOR)
        return carnet_fail(diag, CARNET_NEWER_FORMAT, "V-1", "The file is of format version %u; this carnet knows %d.",
                           carnet_unpacked_major(u), CARNET_FORMAT_MAJOR);
    return read_document(u, kind, NULL, false, out, diag);
}

void carnet_document_free(struct carnet_document *d)
{
    if (d != NULL && d->kind->id == CARNET_KIND_JOURNAL)
        free(d->of.journal.lines);
    if (d != NULL && d->kind->id == CARNET_KIND_TRUST)
        free(d->of.trust.lists);
    free(d);
}

const struct carnet_trusted *carnet_document_trusted(const struct carnet_document *d)
{
    return d->trusted;
}

const struct carnet_kind *carnet_document_kind(const struct carnet_document *d)
{
    return d->kind;
}

unsigned carnet_document_minor(const struct carnet_document *d)
{
    return d->minor;
}

bool carnet_document_has_extensions(const struct carnet_document *d)
{
    return d->has_extensions;
}

const struct carnet_entitlement *carnet_document_entitlement(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_ENTITLEMENT ? &d->of.entitlement : NULL;
}

const struct carnet_fingerprint *carnet_document_fingerprint(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_FINGERPRINT ? &d->of.fingerprint : NULL;
}

const struct carnet_license *carnet_document_license(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_LICENSE ? &d->of.license : NULL;
}

const struct carnet_release *carnet_document_release(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_RELEASE ? &d->of.release : NULL;
}

const struct carnet_receipt *carnet_document_receipt(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_RECEIPT ? &d->of.receipt : NULL;
}

const struct carnet_journal *carnet_document_journal(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_JOURNAL ? &d->of.journal : NULL;
}

const struct carnet_activation *carnet_document_activation(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_ACTIVATION ? &d->of.activation : NULL;
}

const struct carnet_clockrequest *carnet_document_clockrequest(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_CLOCKREQUEST ? &d->of.clockrequest : NULL;
}

const struct carnet_clock *carnet_document_clock(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_CLOCK ? &d->of.clock : NULL;
}

const struct carnet_keyrequest *carnet_document_keyrequest(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_KEYREQUEST ? &d->of.keyrequest : NULL;
}

const struct carnet_trust *carnet_document_trust(const struct carnet_document *d)
{
    return d->kind->id == CARNET_KIND_TRUST ? &d->of.trust : NULL;
}

const struct carnet_digest *carnet_document_vendor(const struct carnet_document *d)
{
    switch (d->kind->id) {
    case CARNET_KIND_ENTITLEMENT:
        return &d->of.entitlement.vendor;
    case CARNET_KIND_FINGERPRINT:
        return &d->of.fingerprint.vendor;
    case CARNET_KIND_LICENSE:
        return &d->of.license.vendor;
    case CARNET_KIND_RELEASE:
        return &d->of.release.vendor;
    case CARNET_KIND_JOURNAL:
        return &d->of.journal.vendor;
    case CARNET_KIND_ACTIVATION:
        return &d->of.activation.vendor;
    case CARNET_KIND_CLOCKREQUEST:
        return &d->of.clockrequest.vendor;
    case CARNET_KIND_CLOCK:
        return &d->of.clock.vendor;
    case CARNET_KIND_KEYREQUEST:
        return &d->of.keyrequest.vendor;
    case CARNET_KIND_TRUST:
        return &d->of.trust.vendor;
    case CARNET_KIND_RECEIPT:
    case CARNET_KIND_COUNT:
        break;
    }
    return &d->of.receipt.vendor;
}

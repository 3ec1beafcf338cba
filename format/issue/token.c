/* SPDX-License-Identifier: MIT */
#include "issue/token.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "bundle/key_private.h"

#define LIBRARY "libp11-kit.so.0"
#define POINT_SIZE 34 /* an OCTET STRING of 32 bytes */
#define TRIAL "carnet token's trial"
#define KEY_ID_MOST 256

/* What is used of p11-kit. */
struct kit {
    void *library;
    CK_FUNCTION_LIST **(*load)(int flags);
    void (*release)(CK_FUNCTION_LIST **modules);
    P11KitUri *(*uri_new)(void);
    int (*uri_parse)(const char *string, P11KitUriType type, P11KitUri *uri);
    int (*uri_match_token)(const P11KitUri *uri, const CK_TOKEN_INFO *info);
    CK_ATTRIBUTE_PTR (*uri_attribute)(P11KitUri *uri, CK_ATTRIBUTE_TYPE type);
    void (*uri_free)(P11KitUri *uri);
};

/* The signer's part of a key. */
struct token {
    struct kit kit;
    CK_FUNCTION_LIST **modules;
    CK_FUNCTION_LIST *module; /* that of the token */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    bool in_session;
};

static void token_free(struct token *t)
{
    if (t == NULL)
        return;
    if (t->in_session)
        (void)t->module->C_CloseSession(t->session);
    if (t->modules != NULL)
        t->kit.release(t->modules);
    if (t->kit.library != NULL)
        (void)dlclose(t->kit.library);
    free(t);
}

static enum carnet_err kit_load(struct kit *kit, struct carnet_diag *diag)
{
    /* Each pointer is set as an object: ISO C knows no other way from dlsym's. */
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"p11_kit_modules_load_and_initialize", &kit->load},
        {"p11_kit_modules_finalize_and_release", &kit->release},
        {"p11_kit_uri_new", &kit->uri_new},
        {"p11_kit_uri_parse", &kit->uri_parse},
        {"p11_kit_uri_match_token_info", &kit->uri_match_token},
        {"p11_kit_uri_get_attribute", &kit->uri_attribute},
        {"p11_kit_uri_free", &kit->uri_free},
    };
    bool whole = true;

    kit->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; kit->library != NULL && i < sizeof functions / sizeof functions[0]; i++) {
        void *function = dlsym(kit->library, functions[i].name);

        memcpy(functions[i].place, &function, sizeof function);
        whole = whole && function != NULL;
    }
    if (kit->library != NULL && whole)
        return CARNET_OK;
    carnet_fail(diag, CARNET_CONFIGURATION, "", "The key is on a token, and p11-kit, which reaches tokens, %s.",
                kit->library != NULL ? "is too old here" : "is not here");
    return carnet_fail_next(diag, "Install the package libp11-kit0, and that of the token's module.");
}

static enum carnet_err fail_token(struct carnet_diag *diag, const char *what, CK_RV why)
{
    if (why == CKR_DEVICE_REMOVED || why == CKR_TOKEN_NOT_PRESENT || why == CKR_TOKEN_NOT_RECOGNIZED) {
        carnet_fail(diag, CARNET_NO_INPUT, "Y-20", "The token is not there any more.");
        return carnet_fail_next(diag, "Plug it in, then run it again.");
    }
    return carnet_fail(diag, CARNET_IO, "", "The token can't %s (PKCS#11 error 0x%lx).", what, why);
}

/* ---- which token, which key ---- */

/* Goes through the slots of one module; counts the tokens that match, and keeps the first. */
static enum carnet_err match_slots(struct token *t, CK_FUNCTION_LIST *module, const P11KitUri *uri, unsigned *count,
                                   struct carnet_diag *diag)
{
    CK_SLOT_ID *slots = NULL;
    CK_ULONG size = 0;

    if (module->C_GetSlotList(CK_TRUE, NULL, &size) != CKR_OK || size == 0)
        return CARNET_OK; /* a module that does not work is as one that has no token */
    slots = calloc(size, sizeof *slots);
    if (slots == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to look for the token.");
    if (module->C_GetSlotList(CK_TRUE, slots, &size) != CKR_OK)
        size = 0;
    for (CK_ULONG i = 0; i < size; i++) {
        CK_TOKEN_INFO info;

        if (module->C_GetTokenInfo(slots[i], &info) != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED) ||
            !t->kit.uri_match_token(uri, &info))
            continue;
        if ((*count)++ == 0) {
            t->module = module;
            t->slot = slots[i];
        }
    }
    free(slots);
    return CARNET_OK;
}

static enum carnet_err find_token(struct token *t, const P11KitUri *uri, struct carnet_diag *diag)
{
    unsigned count = 0;
    enum carnet_err err = CARNET_OK;

    t->modules = t->kit.load(0);
    for (CK_FUNCTION_LIST **m = t->modules; err == CARNET_OK && m != NULL && *m != NULL; m++)
        err = match_slots(t, *m, uri, &count, diag);
    if (err != CARNET_OK || count == 1)
        return err;
    if (count == 0) {
        carnet_fail(diag, CARNET_NO_INPUT, "Y-20", "The token that holds the key is not there.");
        return carnet_fail_next(diag, "Plug it in; 'p11-kit list-modules' shows the tokens that can be reached.");
    }
    carnet_fail(diag, CARNET_CONFIGURATION, "Y-20", "%u tokens match the URI of the key.", count);
    return carnet_fail_next(diag, "Leave one of them plugged in, or name it by its serial in the URI.");
}

/* Its PIN comes after it is known to be of use. */
static enum carnet_err look_at_token(const struct token *t, CK_TOKEN_INFO *info, struct carnet_diag *diag)
{
    CK_MECHANISM_INFO mechanism = {0};
    CK_RV rv = t->module->C_GetTokenInfo(t->slot, info);

    if (rv != CKR_OK)
        return fail_token(diag, "be looked at", rv);
    if (t->module->C_GetMechanismInfo(t->slot, CKM_EDDSA, &mechanism) != CKR_OK || !(mechanism.flags & CKF_SIGN)) {
        carnet_fail(diag, CARNET_CONFIGURATION, "Y-20", "The token can't sign with Ed25519 (CKM_EDDSA).");
        return carnet_fail_next(diag, "Use a token that can, or keep the key in a file.");
    }
    return CARNET_OK;
}

static enum carnet_err refuse_locked(struct carnet_diag *diag)
{
    carnet_fail(diag, CARNET_PERMISSION, "Y-22", "The token has locked itself, after too many wrong PINs.");
    return carnet_fail_next(diag, "Unlock it with its own program, as its security officer.");
}

static enum carnet_err log_in(struct token *t, const CK_TOKEN_INFO *info, const char *pin, struct carnet_diag *diag)
{
    const size_t size = pin != NULL ? strlen(pin) : 0;
    CK_TOKEN_INFO after;
    CK_RV rv = t->module->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session);
    bool last;

    if (rv != CKR_OK)
        return fail_token(diag, "be opened", rv);
    t->in_session = true;
    if (info->flags & CKF_USER_PIN_LOCKED)
        return refuse_locked(diag);
    if (!(info->flags & CKF_LOGIN_REQUIRED))
        return CARNET_OK;
    /* The PIN is handed over where it lies; PKCS#11's types know no const. */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): so a cast takes const away without -Wcast-qual's word */
    rv = t->module->C_Login(t->session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)pin, (CK_ULONG)size);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return CARNET_OK;
    if (rv == CKR_PIN_LOCKED)
        return refuse_locked(diag);
    if (rv != CKR_PIN_INCORRECT && rv != CKR_PIN_INVALID && rv != CKR_PIN_LEN_RANGE)
        return fail_token(diag, "take the PIN", rv);
    last = t->module->C_GetTokenInfo(t->slot, &after) == CKR_OK && (after.flags & CKF_USER_PIN_FINAL_TRY);
    carnet_fail(diag, CARNET_WRONG_PASSPHRASE, "Y-22", "The PIN does not open the token%s.",
                last ? ", and with the next wrong one it locks itself" : "");
    return carnet_fail_next(diag, "Run it again with the right PIN.");
}

static CK_RV find_objects(const struct token *t, CK_ATTRIBUTE *wanted, CK_ULONG size, CK_OBJECT_HANDLE found[2],
                          CK_ULONG *count)
{
    CK_RV rv = t->module->C_FindObjectsInit(t->session, wanted, size);

    *count = 0;
    if (rv != CKR_OK)
        return rv;
    rv = t->module->C_FindObjects(t->session, found, 2, count);
    (void)t->module->C_FindObjectsFinal(t->session);
    return rv;
}

static enum carnet_err find_key(struct token *t, P11KitUri *uri, struct carnet_diag *diag)
{
    CK_OBJECT_CLASS private = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &private, sizeof private}};
    CK_OBJECT_HANDLE found[2];
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE asked = {CKA_KEY_TYPE, &type, sizeof type};
    CK_ULONG size = 1, count = 0;
    const CK_ATTRIBUTE *id = t->kit.uri_attribute(uri, CKA_ID), *label = t->kit.uri_attribute(uri, CKA_LABEL);
    CK_RV rv;

    if (id != NULL)
        wanted[size++] = *id;
    if (label != NULL)
        wanted[size++] = *label;
    rv = find_objects(t, wanted, size, found, &count);
    if (rv != CKR_OK)
        return fail_token(diag, "look for the key", rv);
    if (count == 0) {
        carnet_fail(diag, CARNET_NOT_FOUND, "Y-20", "The token holds no private key that matches the URI.");
        return carnet_fail_next(diag, "Plug the right token in, or name the key that it holds by 'object' or 'id'.");
    }
    if (count > 1) {
        carnet_fail(diag, CARNET_CONFIGURATION, "Y-20", "Several keys of the token match the URI.");
        return carnet_fail_next(diag, "Name one by its 'id' in the URI.");
    }
    rv = t->module->C_GetAttributeValue(t->session, found[0], &asked, 1);
    if (rv != CKR_OK || type != CKK_EC_EDWARDS) {
        carnet_fail(diag, CARNET_CONFIGURATION, "Y-20", "The key that matches the URI is none for Ed25519.");
        return carnet_fail_next(diag, "Make one on the token (EC-EDWARDS, edwards25519), or name another.");
    }
    t->key = found[0];
    return CARNET_OK;
}

/* The public half is an object of its own, with the same id. */
static enum carnet_err read_public(const struct token *t, uint8_t out[CARNET_PUBLIC_KEY_SIZE], struct carnet_diag *diag)
{
    CK_OBJECT_CLASS public = CKO_PUBLIC_KEY;
    uint8_t id[KEY_ID_MOST], point[POINT_SIZE];
    CK_ATTRIBUTE wanted[2] = {{CKA_CLASS, &public, sizeof public}, {CKA_ID, id, sizeof id}};
    CK_ATTRIBUTE asked = {CKA_EC_POINT, point, sizeof point};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    CK_RV rv = t->module->C_GetAttributeValue(t->session, t->key, &wanted[1], 1);

    if (rv == CKR_OK)
        rv = find_objects(t, wanted, 2, found, &count);
    if (rv == CKR_OK && count == 1)
        rv = t->module->C_GetAttributeValue(t->session, found[0], &asked, 1);
    if (rv == CKR_OK && count == 1 && asked.ulValueLen == POINT_SIZE && point[0] == 0x04 && point[1] == 0x20)
        memcpy(out, point + 2, CARNET_PUBLIC_KEY_SIZE);
    else if (rv == CKR_OK && count == 1 && asked.ulValueLen == CARNET_PUBLIC_KEY_SIZE)
        memcpy(out, point, CARNET_PUBLIC_KEY_SIZE);
    else
        return carnet_fail(diag, CARNET_CONFIGURATION, "Y-21", "The token does not give the public half of the key.");
    return carnet_key_gate(out, diag);
}

/* ---- signing ---- */

static enum carnet_err sign_with_token(const struct carnet_key *key, const uint8_t *bytes, size_t size,
                                       uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    const struct token *t = key->device;
    CK_MECHANISM mechanism = {CKM_EDDSA, NULL, 0};
    CK_BYTE made[CARNET_SIGNATURE_SIZE];
    CK_ULONG made_size = sizeof made;
    CK_RV rv = t->module->C_SignInit(t->session, &mechanism, t->key);

    if (rv == CKR_OK)
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): as above */
        rv = t->module->C_Sign(t->session, (CK_BYTE_PTR)(uintptr_t)bytes, (CK_ULONG)size, made, &made_size);
    if (rv != CKR_OK || made_size != sizeof made)
        return fail_token(diag, "sign", rv);
    memcpy(signature, made, sizeof made);
    return CARNET_OK;
}

static void close_token(struct carnet_key *key)
{
    token_free(key->device);
}

static const struct carnet_key_signer token_signer = {sign_with_token, close_token};

/* Y-21: a token that signs with another key than it shows, or otherwise, is found out before it is used. */
static enum carnet_err try_key(const struct carnet_key *key, struct carnet_diag *diag)
{
    uint8_t text[sizeof TRIAL + 32] = TRIAL, signature[CARNET_SIGNATURE_SIZE];
    enum carnet_err err;

    carnet_random(text + sizeof TRIAL, sizeof text - sizeof TRIAL);
    err = sign_with_token(key, text, sizeof text, signature, diag);
    if (err != CARNET_OK)
        return err;
    if (carnet_verify(key->info.public_key, false, signature, sizeof signature, text, sizeof text, NULL) == CARNET_OK)
        return CARNET_OK;
    carnet_fail(diag, CARNET_CONFIGURATION, "Y-21", "What the token signs does not hold with the key that it shows.");
    return carnet_fail_next(diag, "Use another key or another token.");
}

static enum carnet_err open_on(struct token *t, P11KitUri *uri, const char *pin, struct carnet_key_info *info,
                               bool known, struct carnet_diag *diag)
{
    CK_TOKEN_INFO token;
    uint8_t public_key[CARNET_PUBLIC_KEY_SIZE];
    enum carnet_err err = find_token(t, uri, diag);

    if (err == CARNET_OK)
        err = look_at_token(t, &token, diag);
    if (err == CARNET_OK)
        err = log_in(t, &token, pin, diag);
    if (err == CARNET_OK)
        err = find_key(t, uri, diag);
    if (err == CARNET_OK)
        err = read_public(t, public_key, diag);
    if (err != CARNET_OK)
        return err;
    if (known && memcmp(public_key, info->public_key, sizeof public_key) != 0) {
        carnet_fail(diag, CARNET_UNTRUSTED_KEY, "Y-21", "The token holds another key than the one that is wanted.");
        return carnet_fail_next(diag, "Plug the right token in.");
    }
    memcpy(info->public_key, public_key, sizeof public_key);
    carnet_key_id(public_key, &info->id);
    return CARNET_OK;
}

enum carnet_err carnet_token_open(const char *uri, const char *pin, const struct carnet_key_info *known,
                                  enum carnet_role role, int64_t now, struct carnet_key **out, struct carnet_diag *diag)
{
    struct carnet_key_info info = {.role = role, .created = now};
    struct token *t = NULL;
    struct carnet_key *key = NULL;
    P11KitUri *parsed = NULL;
    enum carnet_err err;

    if (!carnet_key_uri_is_one(uri))
        return carnet_fail(diag, CARNET_USAGE, "Y-20", "It is no PKCS#11 URI, or it has a query.");
    if (known != NULL)
        info = *known;
    info.token = true;
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
    err = kit_load(&t->kit, diag);
    if (err == CARNET_OK) {
        /* NOLINTBEGIN(clang-analyzer-core.CallAndMessage): kit_load has set every function, through dlsym's pointers */
        parsed = t->kit.uri_new();
        if (parsed == NULL)
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
        else if (t->kit.uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, parsed) != P11_KIT_URI_OK)
            err = carnet_fail(diag, CARNET_USAGE, "Y-20", "It is no PKCS#11 URI.");
        else
            err = open_on(t, parsed, pin, &info, known != NULL, diag);
        if (parsed != NULL)
            t->kit.uri_free(parsed);
        /* NOLINTEND(clang-analyzer-core.CallAndMessage) */
    }
    if (err == CARNET_OK)
        err = carnet_key_of_device(&info, &token_signer, t, &key, diag);
    if (err != CARNET_OK) {
        token_free(t);
        return err;
    }
    err = try_key(key, diag);
    if (err == CARNET_OK)
        *out = key;
    else
        carnet_key_free(key);
    return err;
}

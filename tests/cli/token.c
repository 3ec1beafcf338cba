/* SPDX-License-Identifier: MIT */
/*
 * libcarnet-token.so: stands between a program and p11-kit, and makes a sound token faulty as CARNET_TOKEN_FAULT says:
 * "mechanism" (no CKM_EDDSA), "locked" (after wrong PINs), "forged" (signatures that do not hold).
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/p11-kit.h>

static CK_FUNCTION_LIST real, faulty, *list[2];
static bool asked;

static bool fault(const char *name)
{
    const char *wanted = getenv("CARNET_TOKEN_FAULT");

    return wanted != NULL && strcmp(wanted, name) == 0;
}

static CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    if (fault("mechanism") && type == CKM_EDDSA)
        return CKR_MECHANISM_INVALID;
    return real.C_GetMechanismInfo(slot, type, info);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG size)
{
    return fault("locked") ? CKR_PIN_LOCKED : real.C_Login(session, user, pin, size);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *signature, CK_ULONG *made)
{
    CK_RV rv = real.C_Sign(session, data, size, signature, made);

    if (fault("forged") && rv == CKR_OK)
        signature[0] ^= 1;
    return rv;
}

/* The program asks dlsym for p11-kit's functions: it gets this one in place of that. */
static CK_FUNCTION_LIST **load(int flags)
{
    CK_FUNCTION_LIST **(*next)(int) = NULL;
    void *found = dlsym(dlopen("libp11-kit.so.0", RTLD_NOW), "p11_kit_modules_load_and_initialize");
    CK_FUNCTION_LIST **modules;

    memcpy(&next, &found, sizeof found);
    modules = next(flags);
    for (CK_FUNCTION_LIST **m = modules; m != NULL && *m != NULL; m++) {
        CK_ULONG slots = 0;
        if ((*m)->C_GetSlotList(CK_TRUE, NULL, &slots) == CKR_OK && slots > 1)
            real = **m; /* SoftHSM: a token and an empty slot */
    }
    faulty = real;
    faulty.C_GetMechanismInfo = mechanism_info;
    faulty.C_Login = login;
    faulty.C_Sign = sign;
    list[0] = &faulty;
    return list;
}

static void release(CK_FUNCTION_LIST **modules)
{
    (void)modules;
}

void *dlsym(void *restrict library, const char *restrict name)
{
    static void *(*next)(void *, const char *);
    void *out = NULL;

    if (next == NULL) {
        void *found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
        if (found == NULL)
            found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
        memcpy(&next, &found, sizeof found);
    }
    if (strcmp(name, "p11_kit_modules_load_and_initialize") == 0 && getenv("CARNET_TOKEN_FAULT") != NULL && !asked) {
        CK_FUNCTION_LIST **(*own)(int) = load;
        asked = true; /* the next one to ask is load */
        memcpy(&out, &own, sizeof out);
        return out;
    }
    if (strcmp(name, "p11_kit_modules_finalize_and_release") == 0) {
        void (*own)(CK_FUNCTION_LIST **) = release;
        memcpy(&out, &own, sizeof out);
        return out;
    }
    return next(library, name);
}

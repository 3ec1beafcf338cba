/* SPDX-License-Identifier: MIT */
/*
 * What the single-file programs leave out. The static forms of libxml2, libarchive and libgpg-error name functions that
 * carnet never reaches, but that would bring in character sets as loadable modules, name services of another libc (a
 * static program that loads those crashes on a machine whose libc differs), and network clients. These stand in their
 * place, and say that there is no such thing.
 */
#include <errno.h>
#include <iconv.h>
#include <pwd.h>
#include <stddef.h>

/* ---- other character sets: documents are UTF-8 (spec/format.md, X-2) ---- */
iconv_t iconv_open(const char *to, const char *from)
{
    (void)to;
    (void)from;
    errno = EINVAL;
    return (iconv_t)-1;
}

size_t iconv(iconv_t converter, char **in, size_t *in_left, char **out, size_t *out_left)
{
    (void)converter;
    (void)in;
    (void)in_left;
    (void)out;
    (void)out_left;
    errno = EBADF;
    return (size_t)-1;
}

int iconv_close(iconv_t converter)
{
    (void)converter;
    errno = EBADF;
    return -1;
}

/* ---- name services: libgpg-error looks for home folders, which nobody asks it for ---- */
struct passwd *getpwnam(const char *name)
{
    (void)name;
    return NULL;
}

struct passwd *getpwuid(uid_t uid)
{
    (void)uid;
    return NULL;
}

/* What makes a thing says that there is none, so that nothing is called with arguments that these leave out. */
#define ABSENT(name) \
    void *name(void); \
    void *name(void) \
    { \
        return NULL; \
    }

/* ---- the network: libxml2 would fetch what a document names ---- */
ABSENT(xmlNanoHTTPOpen)
ABSENT(xmlNanoHTTPMethod)
ABSENT(xmlNanoHTTPRead)
ABSENT(xmlNanoHTTPClose)
ABSENT(xmlNanoHTTPReturnCode)
ABSENT(xmlNanoHTTPRedir)
ABSENT(xmlNanoHTTPEncoding)
ABSENT(xmlNanoHTTPMimeType)
ABSENT(xmlNanoFTPOpen)
ABSENT(xmlNanoFTPRead)
ABSENT(xmlNanoFTPClose)

#ifdef CARNET_ICU
/* ---- ICU, which puts its version behind each name ---- */
#define WITH_VERSION(name, version) name##version
#define VERSIONED(name, version) WITH_VERSION(name, version)
ABSENT(VERSIONED(ucnv_open, CARNET_ICU))
ABSENT(VERSIONED(ucnv_close, CARNET_ICU))
ABSENT(VERSIONED(ucnv_convertEx, CARNET_ICU))
ABSENT(VERSIONED(ucnv_setFromUCallBack, CARNET_ICU))
ABSENT(VERSIONED(ucnv_setToUCallBack, CARNET_ICU))
ABSENT(VERSIONED(UCNV_FROM_U_CALLBACK_STOP, CARNET_ICU))
ABSENT(VERSIONED(UCNV_TO_U_CALLBACK_STOP, CARNET_ICU))
#endif

/* SPDX-License-Identifier: MIT */
/* Whether the program is built under a sanitizer, which needs memory, calls and a tracer that it has not by itself. */
#ifndef CARNET_COMMON_SANITIZER_H
#define CARNET_COMMON_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

#endif

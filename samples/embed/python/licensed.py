#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""May the product run? licensed.py VENDOR-ID PRODUCT [FEATURE]: says so, and ends with the outcome as its exit code.

libcarnet through ctypes: the structs are those of carnet.h.
"""
import ctypes as c
import sys


class Explanation(c.Structure):
    _fields_ = [("name", c.c_char_p), ("meaning", c.c_char_p), ("advice", c.c_char_p)]


class Result(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("outcome", c.c_int), ("words", Explanation),
        ("detail", c.c_char * 512), ("next", c.c_char * 512),
        ("license", c.c_char * 65), ("edition", c.c_char * 65), ("licensee", c.c_char * 801), ("label", c.c_char * 801),
        ("seat", c.c_uint32), ("issued", c.c_int64), ("expires", c.c_int64), ("days_left", c.c_int32),
        ("match_percent", c.c_uint32), ("match_threshold", c.c_uint32), ("match_changed", c.c_uint32),
        ("match", c.c_char * 512),
        # What later headers added at the end (match_since) may be left out: the library goes by `size`.
    ]

    def __init__(self):
        super().__init__(size=c.sizeof(Result))


TRANSLATE = c.CFUNCTYPE(c.c_char_p, c.c_void_p, c.c_char_p)


class Setup(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("vendor", c.c_char_p), ("product", c.c_char_p), ("version", c.c_char_p),
        ("edition", c.c_char_p), ("root", c.c_char_p), ("state", c.c_char_p), ("translate", TRANSLATE), ("context", c.c_void_p),
    ]


lib = c.CDLL("libcarnet.so.1")
lib.carnet_open.argtypes = [c.POINTER(Setup), c.POINTER(c.c_void_p), c.POINTER(Result)]
lib.carnet_check.argtypes = [c.c_void_p, c.c_char_p, c.POINTER(Result)]
lib.carnet_close.argtypes = [c.c_void_p]
lib.carnet_close.restype = None


def licensed(vendor, product, feature=None):
    """The result of one check."""
    setup = Setup(size=c.sizeof(Setup), vendor=vendor.encode(), product=product.encode())
    result, handle = Result(), c.c_void_p()
    if lib.carnet_open(c.byref(setup), c.byref(handle), c.byref(result)) == 0:
        lib.carnet_check(handle, feature.encode() if feature else None, c.byref(result))
        lib.carnet_close(handle)
    return result


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.splitlines()[0])
    answer = licensed(*sys.argv[1:])
    if answer.outcome == 0:
        print(f"Licensed to {answer.licensee.decode()}, seat {answer.seat} of {answer.license.decode()}.")
    else:
        print(f"{answer.words.name.decode()}: {answer.words.meaning.decode()} {answer.detail.decode()}", file=sys.stderr)
        print(f"What to do: {(answer.next or answer.words.advice).decode()}", file=sys.stderr)
    sys.exit(answer.outcome)

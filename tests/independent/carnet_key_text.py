#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads keys on paper and shares by spec/keyfile.md alone (Y-13 to Y-19), with no code in common with the programs.

    carnet_key_text.py saved FILE         the attributes that the key file has
    carnet_key_text.py join FILE...       the seed that the shares give, in hex
"""
import hashlib
import sys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ROLES = {1: "root", 2: "issuer", 3: "machine"}


def bits(text):
    number = 0
    for c in text:
        number = number << 5 | ALPHABET.index(c)
    return number


def digits(number, count):
    return "".join(ALPHABET[number >> 5 * i & 31] for i in reversed(range(count)))


def check(n, piece):
    return int.from_bytes(hashlib.sha256(b"carnet-key line" + bytes([n]) + piece).digest()[:3], "big") >> 4


def payload(path, word, fields):
    with open(path, encoding="ascii") as f:
        lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    assert lines[0] == f"carnet-key 1 {word}", lines[0]
    out = b""
    for n, line in enumerate(lines[1:], 1):
        number, *groups = line.split()
        text = "".join(groups)
        assert int(number) == n and len(text) == 28, line
        piece = bits(text[:24]).to_bytes(15, "big")
        assert bits(text[24:]) == check(n, piece), line
        out += piece
    assert out[fields:] == hashlib.sha256(out[:fields]).digest()[:len(out) - fields]
    assert out[0] == 1 and out[1:2] == word[:1].upper().replace("S", "K" if word == "saved" else "S").encode()
    return out


def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def over(a, b):
    return next(x for x in range(256) if times(x, b) == a)


def join(shares):
    """shares: {place: 32 bytes}"""
    seed = bytearray(32)
    for j, value in shares.items():
        weight = 1
        for m in shares:
            if m != j:
                weight = times(weight, over(m, m ^ j))
        for i in range(32):
            seed[i] ^= times(weight, value[i])
    return bytes(seed)


def main():
    what, *files = sys.argv[1:]
    if what == "saved":
        p = payload(files[0], "saved", 124)
        print(f"role={ROLES[p[2]]} public={p[16:48].hex()} passes={p[3]} memory-kib={int.from_bytes(p[4:8], 'big')}"
              f" salt={p[48:64].hex()} nonce={p[64:76].hex()} ciphertext={p[76:108].hex()} tag={p[108:124].hex()}")
    else:
        shares = {}
        for path in files:
            p = payload(path, "share", 86)
            shares[p[4]] = p[54:86]
            assert len(files) >= p[3]
        print(join(shares).hex())


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes bad-keys.txt, bad-signatures.txt and signed-lines.txt, the same bytes each time. See README.md."""
import hashlib
import os

import ed25519 as e

HERE = os.path.dirname(os.path.abspath(__file__))
# Passes all but the rule of 192 bits; libgcrypt 1.10.1 aborts on it.
ABORTS = "3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a"


def numbers(label):
    """An endless row of 512-bit numbers that looks random and is always the same."""
    i = 0
    while True:
        yield int.from_bytes(hashlib.sha512(b"carnet vectors %s %d" % (label.encode(), i)).digest(), "little")
        i += 1


def small_x(count):
    """Points whose x has at most 192 bits, of every length, half of them of order L."""
    found = {True: [], False: []}
    for n in numbers("small x"):
        x = n >> 320 & (1 << (1 + n % 192)) - 1
        y = e.square_root(1 + x * x, 1 - e.D * x * x)
        if x == 0 or y is None:
            continue
        if n >> 300 & 1:
            y = -y % e.P
        if y.bit_length() <= 192:
            continue
        kind = found[e.multiply(e.L, (x, y)) == e.IDENTITY]
        if len(kind) < count // 2:
            kind.append(e.encode((x, y)))
        if all(len(k) == count // 2 for k in found.values()):
            return found[True] + found[False]


def small_y(count):
    """Points whose y has at most 192 bits."""
    found = []
    for n in numbers("small y"):
        y = n >> 320 & (1 << (1 + n % 192)) - 1
        key = (y | (n >> 300 & 1) << 255).to_bytes(32, "little")
        if e.decode(key) is not None:
            found.append(key)
        if len(found) == count:
            return found


def small_order():
    """All points of order 1, 2, 4 and 8, in their canonical encodings."""
    for n in numbers("torsion"):
        key = (n >> 256 & 2**255 - 1).to_bytes(32, "little")
        point = e.decode(key)
        if point is None:
            continue
        point = e.multiply(e.L, point)
        if e.multiply(4, point) != e.IDENTITY:
            return [e.multiply(i, point) for i in range(8)]


def not_canonical():
    """Every y of p or more, and p - 1, with both signs."""
    return [(y | sign << 255).to_bytes(32, "little") for y in range(e.P - 1, 2**255) for sign in (0, 1)]


def no_point(count):
    found = []
    for n in numbers("no point"):
        key = (n & 2**256 - 1).to_bytes(32, "little")
        if e.gate(key) == "K-3":
            found.append(key)
        if len(found) == count:
            return found


def mixed_order(torsion, count):
    honest = [e.decode(e.public(bytes([i] * 32))) for i in range(count)]
    return [e.encode(e.add(p, torsion[1 + i % 7])) for i, p in enumerate(honest)]


def bad_keys():
    torsion = small_order()
    yield "aborts", bytes.fromhex(ABORTS)
    for name, keys in (
        ("small-x", small_x(400)),
        ("small-y", small_y(300)),
        ("small-order", [e.encode(p) for p in torsion]),
        ("not-canonical", not_canonical()),
        ("no-point", no_point(20)),
        ("mixed-order", mixed_order(torsion, 28)),
    ):
        for i, key in enumerate(keys):
            yield f"{name}-{i}", key


def bad_signatures():
    seed = bytes(range(32))
    key = e.public(seed)
    torsion = small_order()
    for length in (1, 32, 100):
        message = bytes(i & 255 for i in range(length))
        good = e.sign(seed, message)
        r, s = good[:32], int.from_bytes(good[32:], "little")
        yield f"good-{length}", key, good, message
        yield f"cut-{length}", key, good[:63], message
        yield f"long-{length}", key, good + b"\0", message
        yield f"empty-{length}", key, b"", message
        for i in range(1, 16):
            if s + i * e.L < 2**256:
                yield f"s-plus-{i}l-{length}", key, r + (s + i * e.L).to_bytes(32, "little"), message
        yield f"s-is-l-{length}", key, r + e.L.to_bytes(32, "little"), message
        yield f"s-all-ones-{length}", key, r + b"\xff" * 32, message
        yield f"s-zero-{length}", key, r + bytes(32), message
        yield f"s-plus-one-{length}", key, r + (s + 1).to_bytes(32, "little"), message
        yield f"r-identity-{length}", key, b"\x01" + bytes(31) + good[32:], message
        yield f"r-identity-top-bit-{length}", key, b"\x01" + bytes(30) + b"\x80" + good[32:], message
        for i, point in enumerate(torsion[1:]):
            yield f"r-small-order-{i}-{length}", key, e.encode(point) + good[32:], message
        yield f"r-flipped-{length}", key, bytes([r[0] ^ 1]) + good[1:], message
        yield f"other-message-{length}", key, good, message + b"x"
        yield f"other-key-{length}", e.public(bytes(32)), good, message
        yield f"key-flipped-{length}", key[:31] + bytes([key[31] ^ 0x80]), good, message
    # With a key of small order, this S and R verify for every message in which the hash is a multiple of 8.
    for i, point in enumerate(torsion):
        yield f"small-order-key-{i}", e.encode(point), e.encode(e.BASE) + (1).to_bytes(32, "little"), b"any"


def signed_lines():
    """Checksum lines of a machine's bundle, of many lengths, and their signatures."""
    first = hashlib.sha256(b"application/vnd.carnet.release;version=1").hexdigest() + "  mimetype\n"
    for i in range(40):
        seed = hashlib.sha256(b"carnet seed %d" % i).digest()
        message = first.encode() + hashlib.shake_256(seed).digest(i * 37)
        yield f"lines-{i}", seed, e.public(seed), e.sign(seed, message), message


def main():
    with open(os.path.join(HERE, "bad-keys.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write("# NAME KEY CLAUSE, made by generate.py\n")
        for name, key in bad_keys():
            out.write(f"{name} {key.hex()} {e.gate(key)}\n")
    with open(os.path.join(HERE, "bad-signatures.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write("# NAME KEY SIGNATURE MESSAGE CLAUSE, made by generate.py; '-' is empty, or no clause: it holds\n")
        for name, key, signature, message in bad_signatures():
            clause = e.verify(key, signature, message)
            out.write(f"{name} {key.hex()} {signature.hex() or '-'} {message.hex() or '-'} {clause or '-'}\n")
    with open(os.path.join(HERE, "signed-lines.txt"), "w", encoding="ascii", newline="\n") as out:
        out.write("# NAME SEED KEY SIGNATURE MESSAGE, made by generate.py\n")
        for name, *fields in signed_lines():
            out.write(f"{name} {' '.join(field.hex() for field in fields)}\n")


if __name__ == "__main__":
    main()

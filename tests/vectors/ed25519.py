# SPDX-License-Identifier: MIT
"""Ed25519 from the mathematics of RFC 8032, and carnet's gate (spec/format.md, S-1 to S-4, K-2 to K-5).

Slow and simple: it makes and judges test vectors, and signs nothing that matters.
"""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1)


def add(a, b):
    """The sum of two affine points."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def _double_add(a, b):
    """The sum of two points in extended coordinates."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    c = 2 * t1 * t2 * D % P
    d = 2 * z1 * z2 % P
    g, h, i, j = f - e, d - c, d + c, f + e
    return g * h % P, i * j % P, h * i % P, g * j % P


def multiply(number, point):
    x, y = point
    held = (x, y, 1, x * y % P)
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _double_add(total, held)
        held = _double_add(held, held)
        number >>= 1
    inverse = pow(total[2], P - 2, P)
    return total[0] * inverse % P, total[1] * inverse % P


def square_root(u, v):
    """A root of u/v, or None."""
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == u % P:
        return x
    if v * x * x % P == -u % P:
        return x * ROOT_OF_MINUS_ONE % P
    return None


def decode(key):
    """The point of 32 bytes, or None. y may be p or more here: the gate looks at that before."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    x = square_root((y * y - 1) % P, (D * y * y + 1) % P)
    if x is None:
        return None
    if x & 1 != key[31] >> 7:
        x = -x % P
    return x, y % P


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def gate(key):
    """The clause that a public key breaks, or None."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= P - 1:
        return "K-2"
    if y.bit_length() <= 192:
        return "K-4"
    point = decode(key)
    if point is None:
        return "K-3"
    if point[0].bit_length() <= 192:
        return "K-4"
    if multiply(L, point) != IDENTITY:
        return "K-5"
    return None


def verify(key, signature, message):
    """The clause that a signature breaks, or None, in the order of spec/format.md."""
    if len(signature) != 64:
        return "S-1"
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return "S-2"
    if int.from_bytes(signature[:32], "little") & (2**255 - 1) == 1:
        return "S-3"
    broken = gate(key)
    if broken is not None:
        return broken
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y = decode(key)
    r = add(multiply(s, BASE), multiply(k, (-x % P, y)))
    return None if encode(r) == signature[:32] else "S-4"


def expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return a & ((1 << 254) - 8) | 1 << 254, h[32:]


def public(seed):
    return encode(multiply(expand(seed)[0], BASE))


def sign(seed, message):
    a, prefix = expand(seed)
    key = public(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    big_r = encode(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(big_r + key + message).digest(), "little") % L
    return big_r + ((r + k * a) % L).to_bytes(32, "little")

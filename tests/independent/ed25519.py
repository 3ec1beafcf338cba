# SPDX-License-Identifier: MIT
"""Ed25519 from the mathematics of RFC 8032, section 5.1, and the gate of spec/format.md (S-1 to S-4, K-2 to K-5).

Slow and not constant in time: it is here to be read, and to check other programs by.
"""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(p):
    a = p[0] * p[0] % P
    b = p[1] * p[1] % P
    c = 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = c + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(n, p):
    q = IDENTITY
    for bit in bin(n)[2:]:
        q = double(q)
        if bit == "1":
            q = add(q, p)
    return q


def negate(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def affine(p):
    inverse = pow(p[2], P - 2, P)
    return p[0] * inverse % P, p[1] * inverse % P


def encode(p):
    x, y = affine(p)
    return (y | (x & 1) << 255).to_bytes(32, "little")


def from_affine(x, y):
    return (x, y, 1, x * y % P)


def recover_x(y, sign):
    """x of the point with that y and that lowest bit of x, or None (RFC 8032, section 5.1.3)."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - square) % P != 0:
        return None
    return P - x if x & 1 != sign else x


def decode(data):
    """The point that 32 bytes encode, or None."""
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    x = recover_x(y, number >> 255)
    return None if x is None else from_affine(x, y)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def challenge(r, key, message):
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def expand(seed):
    """Secret scalar and prefix of a seed of 32 bytes."""
    h = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, h[32:]


def public(seed):
    return encode(multiply(expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = expand(seed)
    key = encode(multiply(scalar, BASE))
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = encode(multiply(nonce, BASE))
    return r + ((nonce + challenge(r, key, message) * scalar) % L).to_bytes(32, "little")


def signature_fault(signature):
    """The clause (S-1 to S-3) that a signature breaks by its form, or None."""
    if len(signature) != 64:
        return "S-1"
    if int.from_bytes(signature[32:], "little") >= L:
        return "S-2"
    if int.from_bytes(signature[:32], "little") & (1 << 255) - 1 == 1:
        return "S-3"
    return None


def key_fault(key):
    """The clause (K-2 to K-5) that 32 bytes of a key break, or None."""
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    if y >= P or y == P - 1:
        return "K-2"
    point = decode(key)
    if point is None:
        return "K-3"
    if y >> 192 == 0 or point[0] >> 192 == 0:
        return "K-4"
    if not equal(multiply(L, point), IDENTITY) or equal(point, IDENTITY):
        return "K-5"
    return None


def verify(key, message, signature):
    """[S]B = R + [k]A, compared by the bytes of R (S-4). The two gates come first."""
    k = challenge(signature[:32], key, message)
    s = int.from_bytes(signature[32:], "little")
    return encode(add(multiply(s, BASE), multiply(k, negate(decode(key))))) == signature[:32]

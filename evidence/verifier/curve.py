"""Ed25519 signatures, verified (RFC 8032, section 5.1.7): for a handful of them, in pure Python.

Strict: every number and point has one spelling; R is compared byte for byte, as OpenSSL does.
"""

from __future__ import annotations

import hashlib
from typing import Optional, Tuple

from evidence.verifier.arithmetic import Wrong

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)  # of -1

Point = Tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x·y = T/Z


def verify_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Verify a signature (64 bytes) by a public key (32 bytes). Raises: Wrong("signature")."""
    key = _decode(public)
    if len(signature) != 64 or key is None:
        raise Wrong("signature")
    s = int.from_bytes(signature[32:], "little")
    if s >= _ORDER:
        raise Wrong("signature")
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(hashed, "little") % _ORDER
    x, y, z, t = _multiply(k, key)
    if _encode(_add(_multiply(s, _BASE), (-x % _P, y, z, -t % _P))) != signature[:32]:
        raise Wrong("signature")


def _add(one: Point, other: Point) -> Point:
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(factor: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _encode(point: Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, _P - 2, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(32, "little")


def _decode(raw: bytes) -> Optional[Point]:
    if len(raw) != 32:
        return None
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _decode((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little")) or (0, 1, 1, 0)

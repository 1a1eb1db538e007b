"""Time stamps (RFC 3161): which bytes one is over, and what time it says. Its signature is for `openssl ts
-verify`.
"""

from __future__ import annotations

import hashlib
from typing import Iterator, List, Tuple

from evidence.verifier.arithmetic import Wrong

_SEQUENCE, _OCTETS, _INTEGER, _OID, _TIME = 0x30, 0x04, 0x02, 0x06, 0x18
_SHA256 = bytes.fromhex("608648016503040201")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")


def read_stamp(raw: bytes, messages: List[bytes], where: str) -> Tuple[str, str]:
    """Return time and serial number of a stamp that is over one of these messages. Raises: Wrong("stamp")."""
    try:
        return _stamp(raw, [hashlib.sha256(one).digest() for one in messages])
    except (Wrong, IndexError, StopIteration, ValueError):
        raise Wrong("stamp", where) from None


def _stamp(raw: bytes, digests: List[bytes]) -> Tuple[str, str]:
    response = list(_parts(_only(raw, _SEQUENCE)))
    status = next(_parts(response[0][1]))
    if status != (_INTEGER, b"\x00") and status != (_INTEGER, b"\x01"):  # granted, granted with changes
        raise Wrong("stamp")
    signed = list(_parts(response[1][1]))[1]
    body = list(_parts(_only(signed[1], _SEQUENCE)))
    content = list(_parts(body[2][1]))
    if content[0] != (_OID, _TST_INFO):
        raise Wrong("stamp")
    info = list(_parts(_only(_only(content[1][1], _OCTETS), _SEQUENCE)))
    imprint = list(_parts(info[2][1]))
    algorithm = next(_parts(imprint[0][1]))
    if algorithm != (_OID, _SHA256) or imprint[1][0] != _OCTETS or imprint[1][1] not in digests:
        raise Wrong("stamp")
    if info[3][0] != _INTEGER or info[4][0] != _TIME:
        raise Wrong("stamp")
    return info[4][1].decode("ascii"), info[3][1].hex()


def _only(raw: bytes, tag: int) -> bytes:
    found = list(_parts(raw))
    if len(found) != 1 or found[0][0] != tag:
        raise Wrong("stamp")
    return found[0][1]


def _parts(raw: bytes) -> Iterator[Tuple[int, bytes]]:
    """Yield tag and content of each element of DER."""
    at = 0
    while at < len(raw):
        tag, length = raw[at], raw[at + 1]
        at += 2
        if length & 0x80:
            many = length & 0x7F
            length = int.from_bytes(raw[at : at + many], "big")
            at += many
        if at + length > len(raw):
            raise Wrong("stamp")
        yield tag, raw[at : at + length]
        at += length

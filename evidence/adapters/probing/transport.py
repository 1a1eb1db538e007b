"""MPEG transport streams (ISO/IEC 13818-1): packet width, whole packets, the service description.

192-byte packets (M2TS) carry four bytes of arrival time before each packet. Continuity counters are checked
by libavformat during the packet walk.
"""

from __future__ import annotations

from evidence.adapters.probing.draft import Draft
from evidence.adapters.probing.source import Source

SDT_PID = 0x11
SYNC = b"G"  # 0x47, the first byte of every packet
IN_STEP, AT_A_TIME, MOST_BREAKS = 5, 16_384, 50  # packets that prove the step; read together; breaks told
FARTHEST = 32 << 20  # bytes searched for the next packet: what follows a longer hole is no stream any more
LOOK = 188 * 192 * 12  # bytes at the start in which a service description is looked for


def read_transport(source: Source, draft: Draft) -> None:
    """Check the packets' frame at both ends, and read who provides the service."""
    head = source.read(0, LOOK)
    width, lead = (192, 4) if head[:1] != b"G" and head[4:5] == b"G" else (188, 0)
    if width == 188 and len(head) > 376 and head[188:189] != b"G":
        draft.broken("junk", 188, source.size)
    draft.layout = [f"packets of {width} bytes"]
    _check_step(source, draft, width, lead)
    for at in range(lead, len(head) - 187, width):
        if head[at + 1] & 0x1F == 0 and head[at + 2] == SDT_PID:
            _read_service(head[at : at + 188], draft)
            return


def _check_step(source: Source, draft: Draft, width: int, lead: int) -> None:
    """Check that a packet starts at every step: what stands between packets is junk, what is left is no
    packet."""
    at = 0
    while source.size - at >= width and len(draft.damage) < MOST_BREAKS:
        block = source.read(at, min(AT_A_TIME * width, (source.size - at) // width * width))
        starts = block[lead::width]
        sound = len(starts) - len(starts.lstrip(SYNC))
        at += sound * width
        if sound == len(starts):
            continue
        again = _next_packet(source, at, width, lead)
        if again is None:
            draft.broken("after-end", at, source.size, zero=_is_zero(source, at))
            return
        draft.broken("junk", at, again)
        at = again
    partial = source.size - at
    if 0 < partial < width:
        sound = partial <= lead or source.read(at + lead, 1) == SYNC
        if sound:
            draft.broken("partial-packet", at, source.size, declared=width)
        else:
            draft.broken("after-end", at, source.size, zero=_is_zero(source, at))


def _next_packet(source: Source, start: int, width: int, lead: int) -> int | None:
    """Return where the next packet after `start` begins, proved by IN_STEP starts in a row, or None."""
    at = start + lead
    while at < min(source.size, start + FARTHEST):
        block = source.read(at, 1 << 20)
        place = block.find(SYNC)
        while place >= 0:
            begin = at + place
            steps = [begin + i * width for i in range(IN_STEP)]
            if steps[-1] < source.size and all(source.read(one, 1) == SYNC for one in steps):
                return begin - lead
            place = block.find(SYNC, place + 1)
        at += len(block)
    return None


def _is_zero(source: Source, start: int) -> bool:
    return not source.read(start, 4096).strip(b"\0") and not source.read(source.size - 4096, 4096).strip(
        b"\0"
    )


def check_unit(source: Source, draft: Draft) -> None:
    """Find an AVCHD file that ends before an announced track begins, inside a unit of 32 packets."""
    silent = any(track.kind in ("video", "audio") and not track.packets for track in draft.tracks)
    partial = source.size % (192 * 32)
    if silent and partial and draft.layout == ["packets of 192 bytes"]:
        draft.broken("partial-packet", source.size - partial, source.size, declared=192 * 32)


def _read_service(packet: bytes, draft: Draft) -> None:
    at = packet.find(b"\x48", 15)  # service_descriptor, ETSI EN 300 468 §6.2.33
    if at < 0 or at + 4 > len(packet):
        return
    provider = packet[at + 4 : at + 4 + packet[at + 3]]
    name_at = at + 4 + packet[at + 3]
    name = packet[name_at + 1 : name_at + 1 + packet[name_at]] if name_at < len(packet) else b""
    draft.wrote("service", f"{provider.decode('latin-1')} {name.decode('latin-1')}")

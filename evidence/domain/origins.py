"""What was said at the dock against what the files themselves say: whose recorder, who wore it, whose bytes.

A wrong device or wearer, typed once, would stand beside an original for good. Nothing is refused for it:
both statements are kept, and the contradiction is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.names import is_same_number, read_name
from evidence.domain.recordings import Origin, Recording
from evidence.policy.rules import Pack, cite_ids


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same bytes, sealed as a file of another device."""

    device: str
    name: str


def told_at_dock(recording: Recording, there: Elsewhere | None, pack: Pack) -> Iterator[Finding]:
    """Find what contradicts the device and the wearer that were given at the dock. there: where else the same
    bytes are sealed."""
    yield from _named_otherwise(recording.origin, pack)
    if there is not None:
        yield _sealed_elsewhere(recording, there, pack)


def _named_otherwise(origin: Origin, pack: Pack) -> Iterator[Finding]:
    """Find a name that tells another device (somebody must explain) or another wearer (a fact: recorders
    are handed on without being told) than was given at the dock."""
    named = read_name(origin.name)
    for manner, told, given, severity in (
        ("dock-device", named.device, origin.device, Severity.ATTENTION),
        ("dock-wearer", named.officer, origin.wearer, Severity.INFO),
    ):
        if told and not is_same_number(told, given):
            yield Finding(
                Code.FOREIGN_DEVICE,
                severity,
                origin.name,
                measured=told,
                limit=given,
                cites=cite_ids(pack.no_editing.cites) if severity is not Severity.INFO else (),
                detail={"manner": manner, "origin": "dock", "unit": "text"},
            )


def _sealed_elsewhere(recording: Recording, there: Elsewhere, pack: Pack) -> Finding:
    """Tell that the same bytes are sealed as a file of another device: one of the two was said wrongly."""
    return Finding(
        Code.DUPLICATE_FILE,
        Severity.ATTENTION,
        recording.origin.name,
        measured=recording.digests.sha256,
        cites=cite_ids(pack.no_editing.cites),
        detail={
            "manner": "another-device",
            "same_as": there.name,
            "other_device": there.device,
            "unit": "sha256",
        },
    )

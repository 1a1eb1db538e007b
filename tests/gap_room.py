"""A room with gaps: recordings of one recorder, and findings about them put in as an examination would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from evidence.adapters.packs import load_pack
from evidence.answers.recordings import gaps_out
from evidence.domain.access import Caller
from evidence.domain.explanations import Spoken
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.rights import Role
from evidence.service.catalogue import Scope
from evidence.service.gaps.exemptions import Exemptions
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.gap_words import Said
from evidence.service.gaps.reports import Reports
from evidence.service.instruments import pack_at
from tests.builders import START, SmallSite, an_origin
from tests.people_room import OPERATOR, Room

DEVICE = "DSJX9A00123"
REPORT = Said("设备故障，已换机", "device-fault")
REASON = Said("山区无网络")


def a_gap(seconds: float = 41.0, start: float = 10.0, **changes: Any) -> Finding:
    """Between a.wav and b.wav, behind the ten seconds of the first."""
    gap = Finding(
        Code.GAP_BETWEEN_FILES,
        Severity.ATTENTION,
        "a.wav",
        start_s=start,
        end_s=start + seconds,
        measured=seconds,
        limit=1.0,
        detail={"before": "a.wav", "after": "b.wav"},
    )
    return replace(gap, **changes)


@dataclass
class GapRoom(Room):
    """A wearer with two recordings, a head and a custodian of the unit; and the desks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.wearer = self.new(Role.FIELD_OFFICER)
        self.head = self.new(Role.UNIT_HEAD)
        self.custodian = self.new(Role.CUSTODIAN)
        self.first, self.after = (self.record(self.wearer.id, name) for name in ("a.wav", "b.wav"))

    def miss(self, wearer: Caller, name: str = "gone.wav") -> None:
        """Let a card's list name a file of somebody that never came, and is overdue."""
        ended = START - timedelta(hours=30)
        gone = an_origin(name, size_bytes=9, wearer=wearer.name, modified_at=ended)
        self.small.cards.announce(self.small.dock, gone, [gone])

    @property
    def desk(self) -> Explanations:
        """The desk for explanations."""
        return Explanations(self.site)

    @property
    def exemptions(self) -> Exemptions:
        """The desk for exemption statements."""
        return Exemptions(self.site)

    def under(self, pack: str) -> None:
        """Let another pack be in force."""
        self.small.site = replace(self.small.site, policies=load_pack(pack))

    def find(
        self, *found: Finding, recording: str | None = None, facts: str = "{}", device: str = DEVICE
    ) -> None:
        """Examine a recording, the first if none is said: this is what is found, and nothing else."""
        about, now = recording or self.first, self.small.clock.now()
        names = {one.file: about for one in found}
        with self.small.database.writing() as unit:
            pack = pack_at(self.site.policies, now)
            scope = Scope("recording", about, device, names)
            unit.examinations.record(scope, "sequence", pack, facts, found, now)

    def begin_at(self, seconds: float, recording: str | None = None) -> None:
        """Let a recording, the first if none is said, begin at a place of its file's own time line, as those
        in a stream do."""
        about, now = recording or self.first, self.small.clock.now()
        with self.small.database.writing() as unit:
            told = json.loads(unit.examinations.facts("recording", about, "probe") or "{}")
            for track in told["tracks"]:
                for key in ("first_s", "last_s", "end_s"):
                    track[key] += seconds
            scope, pack = Scope("recording", about, DEVICE), pack_at(self.site.policies, now)
            unit.examinations.record(scope, "probe", pack, json.dumps(told), [], now)

    def report(self, caller: Caller = OPERATOR, **asked: Any) -> dict[str, Any]:
        """Return the gap report as JSON values."""
        return gaps_out(Reports(self.site).gaps(caller, Asked(**asked)), caller)

    def lines(self, part: str = "interruptions", caller: Caller = OPERATOR) -> list[dict[str, Any]]:
        """Return the lines of a part."""
        lines: list[dict[str, Any]] = self.report(caller)[part]
        return lines

    def line(self, part: str = "interruptions", caller: Caller = OPERATOR) -> dict[str, Any]:
        """Return the only line of a part."""
        (one,) = self.lines(part, caller)
        return one

    def name(self, part: str = "interruptions") -> str:
        """Return the name of the only line of a part."""
        return str(self.line(part)["gap"])

    def states(self, part: str = "interruptions") -> Sequence[str]:
        """Return the states of a part's lines."""
        return [one["gap_state"] for one in self.lines(part)]

    def spoken(self, start: float = 1.0, end: float = 4.0, recording: str | None = None) -> Said:
        """Say the cause, spoken in a recording: the second if none is said."""
        where = Spoken(recording or self.after, round(start * 1000), round(end * 1000))
        return Said(None, "battery", where)


def a_room(small: SmallSite) -> GapRoom:
    """A room with one gap between its two recordings."""
    room = GapRoom(small)
    room.find(a_gap())
    return room

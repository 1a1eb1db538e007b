"""A room with complaints: an officer with recordings of an hour, who may handle one, and the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from evidence.adapters.packs import load_pack
from evidence.domain.access import Caller
from evidence.domain.complaints import Channel
from evidence.domain.ids import new_id
from evidence.domain.people import PersonType
from evidence.domain.retention import Rule
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.service.cases.complaints import Complaints, Intake, ListedComplaint
from evidence.service.jobs import JobName
from evidence.service.keeping.disposals import Disposals
from evidence.service.keeping.holds import Holds
from evidence.service.keeping.keeping import Keeping
from tests.builders import START, an_origin
from tests.people_room import OPERATOR, Room
from tests.service.footage import a_wav

HOUR = Span(START - timedelta(hours=2), START - timedelta(hours=1))
WITHIN = HOUR.start + timedelta(minutes=30)
BEFORE, AFTER = HOUR.start - timedelta(hours=1), HOUR.end + timedelta(minutes=30)
COMPLAINANT = "王某某"


@dataclass
class ComplaintRoom(Room):
    """An officer of the unit, their head, a custodian; the head of the agency, who is above."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.officer = self.new(Role.FIELD_OFFICER)
        self.auxiliary = self.new(Role.AUXILIARY, type_=PersonType.AUXILIARY)
        self.head = self.new(Role.UNIT_HEAD)
        self.custodian = self.new(Role.CUSTODIAN)
        self.chief = self.new(Role.AGENCY_HEAD, where=self.agency)
        self._taken = iter(range(1, 9999))

    @property
    def desk(self) -> Complaints:
        """The desk for complaints."""
        return Complaints(self.site)

    @property
    def holds(self) -> Holds:
        """The desk for holds."""
        return Holds(self.site)

    def under(self, pack: str) -> None:
        """Let another pack be in force."""
        self.small.site = replace(self.small.site, policies=load_pack(pack))

    def worn(self, wearer: Caller, ended: datetime | None = WITHIN, **origin: Any) -> str:
        """Seal a recording of ten seconds whose card says when it ended; None: nobody knows."""
        return self.record(wearer.id, modified_at=ended, **origin)

    def sealed(self, wearer: Caller, ended: datetime | None = WITHIN, **origin: Any) -> str:
        """Seal one, and leave it unexamined."""
        body = a_wav(1)
        known = {"wearer": wearer.name, "size_bytes": len(body), "modified_at": ended, **origin}
        upload = self.small.send(an_origin(f"{new_id()}.wav", **known), body)
        while self.small.work.do_next("tester", [JobName.SEAL]):
            pass
        return upload.id

    @property
    def disposals(self) -> Disposals:
        """The desk for disposals."""
        return Disposals(self.site)

    def rule(self, recording: str) -> Rule:
        """Return the rule that keeps a recording."""
        return Keeping(self.site).why(OPERATOR, recording).decides

    def intake(self, *subjects: Caller, span: Span = HOUR, **changes: Any) -> Intake:
        """A complaint about people and an hour."""
        new = Intake(
            f"2026-{next(self._taken)}",
            START.date(),
            Channel.PHONE,
            tuple(one.name for one in subjects),
            span,
            "执法时辱骂当事人",
            "人民路12号",
            COMPLAINANT,
        )
        return replace(new, **changes)

    def take(self, *subjects: Caller, by: Caller | None = None, **changes: Any) -> ListedComplaint:
        """Take one in, by the head of the agency if nobody is said."""
        return self.desk.take(by or self.chief, self.intake(*subjects, **changes))

    def held(self, recording: str) -> Sequence[str]:
        """Return the holds that stand, as the rows and, if it was told, the vault say."""
        with self.small.database.reading() as unit:
            found = [one for one in unit.holds.of(recording) if one.stands]
            assert unit.standings.get(recording, self.small.clock.now()).on_hold == bool(found)
        locks = self.small.vault.stat(f"recordings/{recording}/data").lock.holds
        assert {one.id for one in found if one.settled} <= set(locks)
        return [one.id for one in found]

"""A small site whose recordings grow old: a custodian, a head, an officer, cases; and time that passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Role
from evidence.service.cases.cases import Cases
from evidence.service.keeping.destroying import Destroying
from evidence.service.keeping.disposals import Disposals
from evidence.service.keeping.holds import Holds
from evidence.service.keeping.keeping import Keeping
from evidence.service.keeping.pack_changes import PackChanges
from evidence.service.site import Site
from evidence.service.work import Work
from tests.builders import SmallSite
from tests.people_room import OPERATOR, Room

LABELS = {"case-number": "（2026）1号", "inspected-party": "某店"}
YEAR = timedelta(days=366)


class KeepingRoom(Room):
    """The room, and the desks. steady: the log bears out whatever time the clock says has passed.

    On a folder and SQLite whatever the session's form is: a bucket goes by its own clock, and keeps a year.
    """

    def __init__(self, folder: Path | SmallSite, *, steady: bool = True) -> None:
        super().__init__(SmallSite(folder, embedded=True) if isinstance(folder, Path) else folder)
        if steady:
            terms = replace(self.small.site.terms, longest_step=timedelta(days=100_000))
            self.small.site = replace(self.small.site, terms=terms)
            self.small.work = Work(self.small.site, self.small.uploads)
        self.custodian = self.new(Role.CUSTODIAN)
        self.head = self.new(Role.UNIT_HEAD)
        self.officer = self.add(Role.FIELD_OFFICER)

    @property
    def cases(self) -> Cases:
        """The desk for cases."""
        return Cases(self.site)

    @property
    def holds(self) -> Holds:
        """The desk for holds."""
        return Holds(self.site)

    @property
    def keeping(self) -> Keeping:
        """The desk for what keeps."""
        return Keeping(self.site)

    @property
    def disposals(self) -> Disposals:
        """The desk for disposals."""
        return Disposals(self.site)

    @property
    def changes(self) -> PackChanges:
        """The desk for changes of packs."""
        return PackChanges(self.site)

    def sealed(self, **labels: str) -> str:
        """Seal a recording of the officer with all labels, or with these."""
        return self.record(self.officer, labels=labels or LABELS)

    def case(self, number: str = "1", term: str | None = None) -> str:
        """Open a case of the unit, with a class."""
        case = self.cases.open(self.head, number, self.unit.id)
        if term is not None:
            self.keeping.give_term(self.head, case.id, term)
        return case.id

    def pass_by(self, length: timedelta = YEAR) -> None:
        """Let time pass."""
        self.small.clock.pass_by(length)

    def live(self, length: timedelta, step: timedelta = timedelta(hours=10)) -> None:
        """Let time pass while the log is checked again and again, as it is in a service that runs."""
        until = self.small.clock.time + length
        while self.small.clock.time < until:
            self.small.clock.pass_by(min(step, until - self.small.clock.time))
            with self.small.database.writing() as unit:
                unit.log.append(Entry(Act.LOG_CHECK, "service"), self.small.clock.now())

    def due(self, caller: Caller = OPERATOR) -> list[str]:
        """Return what is due."""
        return [one.stored.recording.id for one in self.disposals.due(caller)]

    def approve(self, recording: str) -> str:
        """Have the destruction of a recording asked for and approved; return the disposal's id."""
        (asked,) = self.disposals.ask(self.custodian, [recording], "期满")
        self.disposals.decide(self.head, [asked.id], is_approved=True, reason="同意")
        return asked.id

    def destroy(self, recording: str) -> str:
        """Have a recording destroyed."""
        disposal = self.approve(recording)
        Destroying(self.site).carry_out_all()
        return disposal

    def locks(self, recording: str) -> list[datetime]:
        """Return until when the vault locks original and manifest, to the second."""
        keys = (f"recordings/{recording}/data", f"recordings/{recording}/manifest.json")
        found = [self.small.vault.stat(key).lock.retain_until for key in keys]
        return [one.astimezone(UTC) for one in found]

    def row(self, recording: str) -> datetime:
        """Return until when the row says that a recording is locked."""
        with self.small.database.reading() as unit:
            stored = unit.recordings.get(recording)
        assert stored is not None
        return stored.recording.retain_until

    def use(self, **changes: object) -> Site:
        """Put something else in the place of a part of the site."""
        self.small.site = replace(self.small.site, **changes)  # type: ignore[arg-type]
        return self.small.site

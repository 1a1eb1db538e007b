"""What is counted by notes is what the gap report says: both are held against each other, on recordings with
findings, explanations and exemptions by lot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from evidence.adapters.db.search_tables import search_row
from evidence.adapters.db.tables import examination, recording, upload
from evidence.domain.access import reach
from evidence.domain.explanations import Explanation, Gap, Outcome
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.noted_lines import UNTOLD
from evidence.domain.rights import Action, Role
from evidence.domain.spans import Span
from evidence.domain.standing import Classification
from evidence.domain.subjects import Subject, finding_subject, late_subject
from evidence.service.catalogue import Scope
from evidence.service.gaps.exemptions import Stated
from evidence.service.gaps.noted import NotedLines
from evidence.service.gaps.trends import Trend, Trends
from evidence.service.instruments import pack_at
from evidence.service.oversight.watch_lists import Look, Watch
from evidence.service.ports import UnitOfWork
from tests.builders import SmallSite, an_origin
from tests.domain.lots import Lots, a_seed
from tests.gap_room import DEVICE, REPORT, GapRoom, a_gap
from tests.people_room import OPERATOR
from tests.service.footage import a_wav

BODY, FILES = a_wav(1), 10
DAY = timedelta(days=1)
TOOK = (timedelta(hours=2), timedelta(hours=2), DAY, timedelta(hours=30), timedelta(days=20000), None)
AGO = tuple(timedelta(hours=one) for one in (3, 30, 160, 170, 900, 1700))
ODD = (Code.GAP_IN_FILE, Code.CLOCK_DISAGREES, Code.FIXITY_FAULT, Code.TRUNCATED, Code.UNREADABLE)
CODES = (*(Code.GAP_BETWEEN_FILES,) * 4, *ODD, Code.SILENCE)


class Catalogue:
    """Recordings of two people of two units."""

    def __init__(self, small: SmallSite) -> None:
        self.room, self.lots, self.small = GapRoom(small), Lots(a_seed()), small
        small.clock.pass_by(80 * DAY)
        wearers = self.room.wearer, self.room.new(Role.FIELD_OFFICER, where=self.room.beside)
        sent = list[tuple[str, str, str]]()
        for number in range(FILES):
            name, wearer = f"{number:02}.wav", wearers[self.lots.yes(0.3)].name
            upload_id = small.send(an_origin(name, size_bytes=len(BODY), wearer=wearer), BODY).id
            sent.append((upload_id, name, wearer))
        small.do_jobs()
        for one in sent:
            self._examine(*one)
        if self.lots.yes(0.5):
            self._exempt()
        self.plain, *others = (one for one, _, _ in sent)
        so_it_was(small, self.plain, small.clock.now() - DAY, small.clock.now() - 2 * DAY)
        self.room.find(a_gap(file=sent[0][1], code=Code.CLOCK_DISAGREES), recording=self.plain)
        with small.database.writing() as unit:
            unit.standings.classify(self.lots.one(others), Classification.MINORS)

    def _exempt(self) -> None:
        """Let a head agree that somebody recorded nothing for some days."""
        now = self.small.clock.now()
        said = Stated(
            self.room.wearer.name, "urgency", "《制度》第六条", Span(now - 40 * DAY, now), "未及录制"
        )
        one = self.room.exemptions.state(self.room.wearer, said)
        self.room.exemptions.receive(self.room.head, one.id, agrees=True, view="情况属实")

    def _examine(self, one: str, name: str, wearer: str) -> None:
        took, sealed = self.lots.one(TOOK), self.small.clock.now() - self.lots.one(AGO)
        ended = None if took is None else sealed - took
        so_it_was(self.small, one, sealed, ended)
        found = [self._finding(name) for _ in range(self.lots.one((0, 1, 1, 2, 3)))]
        facts = {"start": to_text(sealed - DAY), "end": to_text(sealed), "certain": self.lots.yes(0.8)}
        self.room.find(*found, recording=one, facts=json.dumps(facts))
        subjects = [finding_subject(DEVICE, it.as_json()) for it in found if it.severity != Severity.INFO]
        if took is not None and took > DAY and self.lots.yes(0.8):
            late = _late(name, took - DAY)
            self._record("deadline", Scope("recording", one, DEVICE, {name: one}), [late])
            subjects.append(late_subject(DEVICE, name, took - DAY))
        for it in subjects:
            if self.lots.yes(0.5):
                self._explain(it, Gap(it, "", "", DEVICE, name, one, wearer), sealed)
        if found and self.lots.yes(0.4):
            self.room.find(*map(self._moved, found), recording=one, facts=json.dumps(facts))
        if found and self.lots.yes(0.5):  # the same of no recording
            self._record(name, Scope("device", DEVICE, DEVICE), [self._moved(self.lots.one(found))])

    def _record(self, kind: str, scope: Scope, found: Sequence[Finding]) -> None:
        now = self.small.clock.now()
        with self.small.database.writing() as unit:
            unit.examinations.record(scope, kind, pack_at(self.small.site.policies, now), "{}", found, now)

    def _finding(self, name: str) -> Finding:
        code, start = self.lots.one(CODES), float(self.lots.one((10, 10, 11, 200)))
        severity = Severity.INFO if code is Code.SILENCE else Severity.ATTENTION
        length = self.lots.one((5.0, 5.2, 41.0))
        return a_gap(length, start, code=code, severity=severity, file=name, detail={"before": name})

    def _moved(self, one: Finding) -> Finding:
        """Return what a later examination finds: within the pack's tolerance, or not."""
        length = float(str(one.measured)) + self.lots.one((0.0, 0.2, 0.2, 3.0))
        start = one.start_s or 0.0
        return a_gap(length, start, code=one.code, severity=one.severity, file=one.file, detail=one.detail)

    def _explain(self, subject: Subject, gap: Gap, at: datetime) -> None:
        outcome = self.lots.one((None, Outcome.ACCEPTED, Outcome.SENT_BACK, Outcome.FAULT))
        said = Explanation(new_id(), subject.name, None, "battery", "没电", None, "operator", at)
        with self.small.database.writing() as unit:
            unit.explanations.add(gap, said)
            if outcome is not None:
                unit.explanations.review(said.id, "operator", at, outcome, "x")

    def trends(self) -> list[Trend]:
        """What the trends say: all, of each unit, of one who may not know of everything."""
        units = None, self.room.beside.id
        whole = [Trends(self.room.site).by_month(OPERATOR, one) for one in units]
        return [*whole, Trends(self.room.site).by_month(self.room.head, self.room.unit.id)]


def so_it_was(small: SmallSite, one: str, sealed: datetime, ended: datetime | None) -> None:
    """Let a recording have been first heard of and sealed at a moment, as if nothing was found."""
    at, same = to_text(sealed), examination.c.scope_id == one
    with small.database.engine.begin() as connection:
        mine = select(recording.c.upload_id).where(recording.c.id == one).scalar_subquery()
        connection.execute(update(upload).where(upload.c.id == mine).values(created_at=at))
        connection.execute(update(recording).where(recording.c.id == one).values(sealed_at=at))
        connection.execute(update(examination).where(same).values(current=False))
    with small.database.writing() as unit:
        unit.recordings.note_end(one, ended)


def _late(name: str, late_by: timedelta) -> Finding:
    detail = {"unit": "s", "late_by_s": late_by.total_seconds()}
    return Finding(Code.LATE, Severity.BREACH, name, measured=1.0, limit=1.0, detail=detail)


def tell_nothing(small: SmallSite) -> None:
    """Let no note tell anything: then all is read, and judged by the gap report."""
    with small.database.engine.begin() as connection:
        connection.execute(update(search_row).values(lines=UNTOLD))


def looks(made: Catalogue, unit: UnitOfWork) -> list[Look]:
    now = made.small.clock.now()
    callers = OPERATOR, made.room.head
    return [Look(made.room.site, unit, one, now - days * DAY, now) for one in callers for days in (7, 90)]


def test_what_is_counted_by_notes_is_what_the_gap_report_says(small: SmallSite) -> None:
    made = Catalogue(small)
    with small.database.reading() as unit:
        for look in looks(made, unit):
            assert look.moments(Watch.UNEXPLAINED) == [one.at for one in look.lines(Watch.UNEXPLAINED)]
    before = made.trends()
    assert sum(one.owed for one in before[0].months) > 0
    with small.database.reading() as unit:
        now = small.clock.now()
        there = reach(OPERATOR, Action.READ_GAPS, small.site.bars())
        rows = unit.punctuality.others(there, now, None, Span(now - 90 * DAY, now), DAY)
        assert made.plain in {one.id for one in NotedLines(small.site, unit, now).sure(rows)}
    tell_nothing(small)
    assert made.trends() == before


def test_what_is_found_of_no_recording_too_is_explained_once(small: SmallSite) -> None:
    room = GapRoom(small)
    room.find(a_gap(41.0))
    (one,) = room.lines()
    room.desk.explain(room.wearer, one["gap"], REPORT)
    room.find(a_gap(41.2))  # nearer than the tolerance, but not as near as the other
    with small.database.writing() as unit:
        now = small.clock.now()
        scope, pack = Scope("device", DEVICE, DEVICE), pack_at(small.site.policies, now)
        unit.examinations.record(scope, "sequence", pack, "{}", [a_gap(41.0)], now)
    assert sorted(room.states()) == ["explained", "open"]
    (month,) = (one for one in Trends(room.site).by_month(OPERATOR).months if one.gaps)
    assert (month.gaps, month.explained) == (2, 1)

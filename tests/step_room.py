"""A room with a case, its officers, a legal unit beside it, and footage put in with the times one wishes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evidence.adapters.packs import load_pack
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.instants import to_text
from evidence.domain.rights import Role
from evidence.domain.spans import Span
from evidence.domain.steps import Matter, Step
from evidence.policy.rules import MustRecord, Pack
from evidence.service.cases.cases import Cases
from evidence.service.cases.matrix import CaseMatrix, Matrix, MatrixLine
from evidence.service.cases.steps import Steps, StepSaid
from evidence.service.catalogue import Scope
from evidence.service.gaps.exemptions import Exemptions, Stated
from evidence.service.instruments import pack_at
from evidence.service.jobs import JobName
from evidence.service.recordings.labelling import Labelling
from tests.builders import START, an_origin
from tests.people_room import OPERATOR, Room

NUMBER = "大柘罚〔2026〕1号"
BEGAN = START - timedelta(hours=48)
PACKS = ("dazhe-2020", "longquan", "strict")


class StepRoom(Room):
    """A case of a unit; the legal unit beside it; the desks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.officer = self.new(Role.FIELD_OFFICER, number="012345")
        self.second = self.new(Role.FIELD_OFFICER, number="012346")
        self.custodian = self.new(Role.CUSTODIAN, number="0008")
        self.head = self.new(Role.UNIT_HEAD, number="0009")
        self.legal = self.new(Role.UNIT_HEAD, number="0700", where=self.beside)
        self.case = Cases(self.site).open(self.head, NUMBER, self.unit.id).id
        self._shot = 0

    @property
    def steps(self) -> Steps:
        """The desk for steps."""
        return Steps(self.site)

    @property
    def matrix(self) -> Matrix:
        """The desk for matrices."""
        return Matrix(self.site)

    @property
    def pack(self) -> Pack:
        """The pack in force."""
        return pack_at(self.site.policies, self.small.clock.now())

    def under(self, pack: str) -> None:
        """Let another pack be in force."""
        self.small.site = replace(self.small.site, policies=load_pack(pack))

    def rule(self, stage: str) -> MustRecord:
        """Return the annex's last line of a stage: of a penalty, where there are two."""
        return [one for one in self.pack.must_record if one.stage == stage][-1]

    def matter(self, stage: str) -> Matter:
        """Return the same as words."""
        rule = self.rule(stage)
        return Matter(rule.category, rule.stage, rule.matter)

    def enter(
        self, what: str | Matter, start: float = 0, minutes: float = 60, by: Caller | None = None, **how: Any
    ) -> Step:
        """Enter a step that began so many minutes after BEGAN."""
        began, officers = BEGAN + timedelta(minutes=start), how.pop("officers", ["012345"])
        said = StepSaid(what, began, began + timedelta(minutes=minutes), officers, **how)
        return self.steps.enter(by or self.custodian, self.case, said)

    def shoot(
        self,
        start: float | None = 0,
        minutes: float = 60,
        wearer: Caller | None = None,
        labels: Mapping[str, str] | None = None,
        shift_s: float = 0.0,
        number: str | None = NUMBER,
    ) -> str:
        """Have a recording sealed that began so many minutes after BEGAN by the corrected clock; None: nobody
        knows when.
        """
        self._shot += 1
        body = b"no media, number %d" % self._shot
        said = {**({} if number is None else {"case-number": number}), **(labels or {})}
        origin = an_origin(f"{self._shot}.mp4", size_bytes=len(body), labels=said)
        worn = replace(origin, wearer=(wearer or self.officer).name)
        id_ = self.small.send(worn, body).id
        while self.small.work.do_next("tester", [JobName.SEAL]):
            pass
        if start is not None:
            began = BEGAN + timedelta(minutes=start)
            self.time(id_, Span(began, began + timedelta(minutes=minutes)), shift_s)
        return id_

    def time(self, recording: str, span: Span, shift_s: float = 0.0) -> None:
        """Say when a recording was made, as the judgement of its device would."""
        facts = {"start": to_text(span.start), "end": to_text(span.end), "certain": True, "shift_s": shift_s}
        with self.small.database.writing() as unit:
            scope = Scope("recording", recording, "D")
            unit.examinations.record(scope, "sequence", self.pack, json.dumps(facts), [], span.end)
            unit.recordings.note_end(recording, span.end)

    def label(self, recording: str, **labels: str) -> None:
        """Label a recording after docking."""
        Labelling(self.site).give(OPERATOR, [recording], {k.replace("_", "-"): v for k, v in labels.items()})

    def words(self, stage: str) -> dict[str, str]:
        """Return the labels of a matter."""
        matter = self.matter(stage)
        return {"category": matter.category, "stage": matter.stage, "matter": matter.matter}

    def exempt(self, start: float = 0, minutes: float = 60, *, agrees: bool = True) -> str:
        """State that the officer did not record, and have a head receive it."""
        began = BEGAN + timedelta(minutes=start)
        span = Span(began, began + timedelta(minutes=minutes))
        desk = Exemptions(self.site)
        new = desk.state(self.officer, Stated("012345", "urgency", "第六条", span, "未开机"))
        desk.receive(self.head, new.id, agrees=agrees, view="属实", despite=True)
        return new.id

    def line(self, what: str | Matter, caller: Caller | None = None) -> MatrixLine:
        """Return a line of the case's matrix."""
        (one,) = (one for one in self.of_case(caller).lines if one.what == what)
        return one

    def of_case(self, caller: Caller | None = None) -> CaseMatrix:
        """Return the case's matrix."""
        return self.matrix.of_case(caller or self.head, self.case)

    def state(self, what: str | Matter) -> str:
        """Return the state of the only step of a line."""
        (one,) = self.line(what).steps
        return one.state.value

    def add_case(self, where: Any = None, number: str | None = None) -> str:
        """Open another case."""
        home = where or self.unit
        return Cases(self.site).open(OPERATOR, number or f"案 {new_id()}", home.id).id

    def at(self, minutes: float) -> datetime:
        """Return a moment so many minutes after BEGAN."""
        return BEGAN + timedelta(minutes=minutes)

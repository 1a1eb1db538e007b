"""The matrix is what a plain reading of all rows says: cases, labels, links, times, exemptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from evidence.adapters.db import activity_tables as a
from evidence.adapters.db import people_tables as t
from evidence.adapters.db.gap_tables import exemption
from evidence.adapters.db.label_tables import label
from evidence.adapters.db.tables import account, examination, metadata, recording, upload
from evidence.adapters.packs import load_pack
from evidence.domain.case_numbers import normal_form
from evidence.domain.instants import to_text
from evidence.domain.steps import StepState
from evidence.policy.rules import Pack
from evidence.service.cases.matrix import Matrix
from tests.adapters.db.crowd import START, Crowd
from tests.builders import SmallSite
from tests.domain.lots import Lots, a_seed
from tests.people_room import OPERATOR

PACK = load_pack("dazhe-2020").latest
NUMBERS = ("罚〔2026〕1号", '罚"2\\', "罚3", "n4")
TYPED = (
    *NUMBERS,
    "罚（２０２６）1 号",
    "罚[2026]1号",
    ' 罚"２\\',
    "罚３",
    "n\u3000４",
)  # each is one of these
KINDS = ("on-site-check", "document-service")
DAYS = 3  # before START: all that is drawn lies there, and now and then is due
Rows = dict[str, list[dict[str, Any]]]


class Acts(Crowd):
    """Cases with steps, and recordings with whatever labels, links and clocks."""

    def draw(self) -> None:
        """Draw everything."""
        top = self.add(t.unit, id="a" * 32, path=f"/{'a' * 32}/")
        units = [top]
        for _ in range(3):
            parent = self.lots.one(units)
            one = self.add(t.unit, parent_id=parent)
            above = next(row for row in rows_of(self.db, "unit") if row["id"] == parent)["path"]
            self.db.execute(t.unit.update().where(t.unit.c.id == one).values(path=f"{above}{one}/"))
            units.append(one)
        people = [self.add(t.person, unit_id=top, type="officer", number=f"P{number}") for number in range(3)]
        cases = [self.add(t.case_file, number=one, unit_id=self.lots.one(units)) for one in NUMBERS]
        for _ in range(12):
            self._step(self.lots.one(cases), self.lots.one(units), people)
        dock = self.add(account)
        for _ in range(self.recordings):
            self._recording(dock, cases)
        for one in people:
            since, until = self._span(8)
            agrees = self.lots.one([True, True, False, None])
            self.add(exemption, person_id=one, since=since, until=until, agrees=agrees)

    def _span(self, longest: int) -> tuple[str, str]:
        start = START - timedelta(hours=self.lots.one(range(DAYS * 24)))
        end = start + timedelta(hours=self.lots.one(range(1, longest)))
        return to_text(start), to_text(end)

    def _words(self) -> dict[str, str]:
        line = self.lots.one(PACK.must_record)
        return {"category": line.category, "stage": line.stage, "matter": line.matter}

    def _step(self, case: str, owner: str, people: list[str]) -> None:
        since, until = self._span(6)
        what = self._words() if self.lots.yes(0.6) else {"kind": self.lots.one(KINDS)}
        ended = to_text(START) if self.lots.yes(0.1) else None
        times = {"since": since, "until": until, "ended_at": ended}
        step = self.add(a.case_step, case_id=case, owner_id=owner, **what, **times)
        for one in self.lots.some(people, 0.4):
            self.add(a.step_officer, step_id=step, person_id=one)

    def _recording(self, dock: str, cases: list[str]) -> None:
        docked = {key: word for key, word in self._words().items() if self.lots.yes(0.4)}
        if self.lots.yes(0.5):
            docked["case-number"] = self.lots.one([*TYPED, "another", ""])
        since, until = self._span(6)
        is_certain, ended = self.lots.yes(0.7), until if self.lots.yes(0.8) else None
        named = {"upload_id": self.add(upload, account_id=dock), "ended_at": ended}
        one = self.add(recording, **named, labels=json.dumps(docked, ensure_ascii=False, sort_keys=True))
        facts = {"start": since, "end": until, "certain": is_certain}
        known = {"scope_kind": "recording", "scope_id": one, "kind": "sequence", "facts": json.dumps(facts)}
        self.add(examination, **known, current=self.lots.yes(0.9))
        for case in self.lots.some(cases, 0.1):
            ended = to_text(START) if self.lots.yes(0.3) else None
            self.add(t.case_recording, case_id=case, recording_id=one, ended_at=ended)
        said = {**self._words(), "case-number": self.lots.one(TYPED)}
        for serial, (name, text) in enumerate(said.items(), 1):
            self._label(one, serial * 2, name, text, name in docked and docked[name] != "")

    def _label(self, one: str, serial: int, name: str, text: str, is_docked: bool) -> None:
        """Say nothing of a label, or something, or take off what the dock said, or what was said."""
        done = {"ended_at": to_text(START), "ended_by": "x"}
        if self.lots.yes(0.6):
            return
        if is_docked:
            self.add(label, recording_id=one, serial=serial, name=name, given_by="dock", **done)
        over = done if self.lots.yes(0.3) else {}
        self.add(label, recording_id=one, serial=serial + 1, name=name, value=text, given_by="x", **over)


def rows_of(db: Connection, name: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    return [dict(row) for row in db.execute(metadata.tables[name].select()).mappings()]


def stands(rows: Rows, one: Mapping[str, Any], name: str) -> str | None:
    """What a recording's label says now."""
    said = [row for row in rows["label"] if row["recording_id"] == one["id"] and row["name"] == name]
    if not said:
        return json.loads(one["labels"]).get(name) or None
    return next((row["value"] for row in said if row["ended_at"] is None), None)


def belongs(rows: Rows, one: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
    """Whether a recording is one of a case."""
    links = [row for row in rows["case_recording"] if row["ended_at"] is None]
    is_linked = any((row["case_id"], row["recording_id"]) == (case["id"], one["id"]) for row in links)
    said = stands(rows, one, "case-number")
    return is_linked or (said is not None and normal_form(said) == normal_form(case["number"]))


def times(rows: Rows, one: Mapping[str, Any]) -> tuple[str, str] | None:
    """When a recording was made for certain."""
    for row in rows["examination"]:
        if row["scope_id"] == one["id"] and row["current"] and (facts := json.loads(row["facts"]))["certain"]:
            return facts["start"], facts["end"]
    return None


def shows(rows: Rows, step: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether a recording of its case shows a step, or a part of it."""
    span, ended = times(rows, one), one["ended_at"]
    during: bool | None = None if ended is None else step["since"] <= ended <= step["until"]
    if span is not None:
        during = span[0] < step["until"] and step["since"] < span[1]
    if step["kind"] is not None:
        return during is True
    same = [stands(rows, one, name) == step[name] for name in ("stage", "matter")]
    kind = stands(rows, one, "category") in (None, step["category"])
    return all(same) and kind and during is not False


def whole(rows: Rows, step: Mapping[str, Any], shown: list[Mapping[str, Any]]) -> bool:
    """Whether every second of a step is in some recording, but for the margin at its ends."""
    spans = [found for one in shown if (found := times(rows, one)) is not None]
    hours = range(DAYS * 24 + 6)
    grid = [to_text(START - timedelta(hours=DAYS * 24 - hour) + timedelta(minutes=30)) for hour in hours]
    inside = [one for one in grid if step["since"] <= one < step["until"]]
    return all(any(start <= one < end for start, end in spans) for one in inside)


def much(rows: Rows, step: Mapping[str, Any], shown: list[Mapping[str, Any]]) -> bool:
    """Whether half of the hours of a step are in some recording, or nobody knows."""
    spans = [times(rows, one) for one in shown]
    known = [one for one in spans if one is not None]
    hours = range(DAYS * 24 + 12)
    grid = [to_text(START - timedelta(hours=DAYS * 24 - hour) + timedelta(minutes=30)) for hour in hours]
    inside = [one for one in grid if step["since"] <= one < step["until"]]
    seen = [one for one in inside if any(start <= one < end for start, end in known)]
    return len(known) < len(spans) or 2 * len(seen) >= len(inside)


def brute(rows: Rows, pack: Pack) -> dict[str, tuple[str, frozenset[str]]]:
    """How each step stands, and what shows it."""
    found = {}
    for step in (row for row in rows["case_step"] if row["ended_at"] is None):
        case = next(row for row in rows["case_file"] if row["id"] == step["case_id"])
        mine = [one for one in rows["recording"] if belongs(rows, one, case) and shows(rows, step, one)]
        is_shown = bool(mine)
        if step["stage"] == "听证":
            is_shown = is_shown and whole(rows, step, mine)
        officers = [row["person_id"] for row in rows["step_officer"] if row["step_id"] == step["id"]]
        is_exempt = any(
            row["agrees"] and row["since"] <= step["since"] and step["until"] <= row["until"]
            for row in rows["exemption"]
            if row["person_id"] in officers
        )
        late = to_text(START - pack.upload_deadline.within) >= step["until"]
        is_thin = is_shown and step["kind"] is not None and not much(rows, step, mine)
        state = "red" if late else "due"
        state = "exempt" if is_exempt else "partly" if is_shown else state
        state = "covered" if is_shown and not is_thin else state
        found[step["id"]] = state, frozenset(one["id"] for one in mine)
    return found


@pytest.mark.parametrize("turn", range(3))
def test_the_matrix_is_what_a_plain_reading_of_the_rows_says(small: SmallSite, turn: int) -> None:
    with small.database.writing() as unit:
        db = unit.steps._db
        Acts(db, Lots(a_seed() + turn), recordings=40)
        names = ("label", "case_recording", "examination", "case_step", "step_officer", "case_file")
        rows = {name: rows_of(db, name) for name in (*names, "recording", "exemption", "unit")}
    small.clock.time = START
    desk = Matrix(small.site)
    wanted = brute(rows, PACK)
    found = {}
    for case in rows["case_file"]:
        for line in desk.of_case(OPERATOR, case["id"]).lines:
            for one in line.steps:
                found[one.step.id] = one.state.value, frozenset(shot.recording_id for shot in one.footage)
    assert found == wanted
    paths = {row["id"]: row["path"] for row in rows["unit"]}
    for top, path in paths.items():
        mine = {row["id"] for row in rows["case_file"] if paths[row["unit_id"]].startswith(path)}
        counted = desk.of_unit(OPERATOR, top)
        red = {one.step.id for case in counted for one in case.red}
        states = [
            (step["id"], wanted[step["id"]][0])
            for step in rows["case_step"]
            if step["ended_at"] is None
            and (step["case_id"] in mine or paths[step["owner_id"]].startswith(path))
        ]
        assert red == {id_ for id_, state in states if state == "red"}
        assert {state: sum(case.counts[state] for case in counted) for state in StepState} == {
            state: sum(one == state for _, one in states) for state in StepState
        }
        assert mine <= {one.case.id for one in counted}
    assert {state for state, _ in wanted.values()} > {"red"}, "the lots draw more than one kind"

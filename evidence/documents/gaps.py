"""The gap report as a document: time lines (SVG), pages (PDF), tables (XLSX). It says what `gap_report_out`
says, so a document tells nobody more than the page data do; the words are of one language, and every number
is the same in all forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from evidence.answers.gap import state_words
from evidence.answers.lacked_fields import told_to
from evidence.answers.recordings import GAP_PARTS
from evidence.answers.step import gap_report_out
from evidence.documents.gap_steps import StepTable, clock, in_hours, seconds_of
from evidence.domain.access import Caller
from evidence.domain.explanations import TO_DO, GapState
from evidence.domain.instants import from_text, to_text
from evidence.domain.shift_pictures import draw
from evidence.domain.shifts import Shift, Trace
from evidence.domain.wording import printable
from evidence.errors import Invalid, Known
from evidence.local import citation_text
from evidence.locale import CHINESE, ENGLISH, NOTHING, duration, text
from evidence.service.gaps.gap_reports import GapReport
from evidence.service.gaps.gap_tallies import By
from evidence.service.printing_ports import Leaf, Makers, Value

FORMS = ("svg", "pdf", "xlsx")
TONGUES = {"zh": CHINESE, "en": ENGLISH}
_ROWS_ON_A_PAGE = 9  # of a picture
_LINE = ("day", "device", "wearer", "name", "what", "state", "length", "due", "cites")
_REVIEWED = ("explained_by", "explained", "outcome", "decided_by", "decided")
_JUDGED = ("verdict", "judged_by", "judged")  # by the fault file: of each whom it names
_MORE = ("part", *_LINE, "stored", *_REVIEWED, *_JUDGED, "against", "recording", "gap")
_TIMES = ("due", "stored", "explained", "decided")


def tongue_of(language: str) -> str:
    """Return the language of a document. Raises: Invalid("unknown-language")."""
    if language not in TONGUES:
        raise Invalid("unknown-language", language=language, known=Known(TONGUES))
    return TONGUES[language]


def gap_document(
    report: GapReport, caller: Caller, form: str, makers: Makers, language: str = CHINESE
) -> bytes:
    """Return the report in a form. Raises: Invalid("unknown-form"); as Press and Binder."""
    if form not in FORMS:
        raise Invalid("unknown-form", form=form, known=Known(FORMS))
    paper = Paper(report, caller, language)
    if form == "svg":
        return paper.picture(paper.shifts).encode()
    if form == "pdf":
        return makers.press.print("report", paper.pages(), report.as_of)
    return makers.binder.bind(paper.leaves(), report.as_of)


def file_name(report: GapReport, form: str) -> str:
    """Return the name of a document: as of which day, and at which place of the log."""
    where = report.position
    day = report.as_of.astimezone(report.days.zone).date()
    return f"gaps-{day.isoformat()}-{where.size}-{where.root[:16]}.{form}"


@dataclass(frozen=True)
class Paper:
    """What a document says, in one language."""

    report: GapReport
    caller: Caller
    language: str

    def say(self, key: str, /, **said: object) -> str:
        """Return a text of the catalogues."""
        return text(self.language, key, **said)

    @property
    def told(self) -> Mapping[str, Any]:
        """What the caller is told."""
        return gap_report_out(self.report, self.caller)

    @property
    def shifts(self) -> Sequence[Shift]:
        """The time lines, without the names that the caller is not told."""
        return [self._told_shift(one) for one in self.report.shifts]

    def picture(self, shifts: Sequence[Shift]) -> str:
        """Return time lines as SVG."""
        where, zone = self.report.position, self.report.days.zone
        at = self._time(to_text(self.report.as_of))
        said = self.say("picture.zone", zone=zone.key, at=at, size=where.size, root=where.root[:16])
        return draw(shifts, zone, partial(text, self.language), said)

    def pages(self) -> Mapping[str, object]:
        """Return the values of the template `report`."""
        told = self.told
        shown = [one for one in self.shifts if not one.is_whole]
        whole = len(self.report.shifts) - len(shown)
        pieces = [shown[first : first + _ROWS_ON_A_PAGE] for first in range(0, len(shown), _ROWS_ON_A_PAGE)]
        return {
            "language": "zh" if self.language == CHINESE else "en",
            "title": self.say("paper.gaps"),
            "facts": list(self._facts(told)),
            "marks": list(self._marks(told)),
            "tables": [*self._tallies(told), *self._parts(told), *self._steps(told).pages()],
            "pictures": [{"svg": self.picture(one), "alt": self.say("picture.title")} for one in pieces],
            "pictured": self.say(f"paper.{'whole' if shown else 'only-whole'}-shifts", number=whole),
            "position": self.say("paper.position", size=told["log"]["size"], root=told["log"]["root"][:16]),
            "words": {key: self.say(f"paper.{key}") for key in ("page", "font", "lacking", "nothing")},
        }

    def leaves(self) -> Iterator[Leaf]:
        """Yield the tables of the workbook: the summary, the counts, all lines."""
        told = self.told
        columns = [self.say(f"paper.{key}") for key in ("what", "value")]
        marks = [
            (self.say("paper.hours-of", state=one["label"]), in_hours(one["number"]))
            if "length" in one
            else (one["label"], one["number"])
            for one in self._marks(told)
        ]
        yield Leaf(self.say("paper.summary"), columns, [*self._facts(told), *marks])
        states = [self.say(f"gap-state.{state}") for state in GapState]
        hours = [self.say("paper.hours-of", state=state) for state in states]
        rows = [self._numbers(by, one) for by in By for one in told["by"].get(by, ())]
        by = [self.say(f"paper.{key}") for key in ("by", "of")]
        yield Leaf(self.say("paper.counts"), [*by, *states, *hours, self.say("paper.unknown")], rows)
        lines = [[self._value(key, part, row) for key in _MORE] for part, row in _lines(told)]
        yield Leaf(self.say("paper.lines"), [self.say(f"paper.{key}") for key in _MORE], lines)
        steps = self._steps(told)
        yield Leaf(self.say("paper.steps"), steps.columns, steps.rows())

    def _steps(self, told: Mapping[str, Any]) -> StepTable:
        return StepTable(told, self.say, self._time, self._cites)

    def _facts(self, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what the report is of: which part is asked for, as of when, at which place of the log."""
        for one in fields(self.report.asked):
            value = getattr(self.report.asked, one.name)
            if value is not None:
                said = self.say(f"gap-state.{value}") if isinstance(value, GapState) else str(value)
                said = self._unit(said) if one.name == "unit_id" else said
                yield self.say(f"paper.asked-{one.name.replace('_', '-')}"), printable(said)
        yield self.say("paper.as-of"), self._time(told["as_of"])
        yield self.say("paper.log"), told["log"]["log"]
        yield self.say("paper.size"), str(told["log"]["size"])
        yield self.say("paper.root"), told["log"]["root"]
        yield self.say("paper.for"), printable(self.caller.name or self.caller.id)
        if told["unit_cites"]:
            yield self.say("paper.answers"), self._cites(told["unit_cites"])

    def _marks(self, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the numbers that are to be seen first; `bad` where one is not nought."""
        waiting = [one for one in told["by_state"] if one["state"] in TO_DO]
        yield {"label": self.say("paper.to-do"), "number": sum(one["count"] for one in waiting), "bad": True}
        for part in GAP_PARTS:
            is_bad = part in ("faults", "missing")
            yield {"label": self.say(f"heading.{part}"), "number": told["totals"][part], "bad": is_bad}
        yield from self._steps(told).marks
        for key, some in (("lost", told["by_state"]), ("lost-to-do", waiting)):
            seconds = sum(one["lost_s"] for one in some)
            lost = {"label": self.say(f"paper.{key}"), "number": seconds, "length": clock(seconds)}
            yield {**lost, "bad": key == "lost-to-do"}

    def _tallies(self, told: Mapping[str, Any]) -> Iterator[dict[str, object]]:
        return (self._tally(by, told) for by in By if told["by"][by])

    def _tally(self, by: By, told: Mapping[str, Any]) -> dict[str, object]:
        columns = [*(self.say(f"gap-state.{state}") for state in GapState)]
        more = [self.say(f"paper.{key}") for key in ("lost", "lost-to-do", "unknown")]
        rows = []
        for one in told["by"][by]:
            lost = [sum(state["lost_s"] for state in some) for some in (one["states"], _to_do(one["states"]))]
            counts = [state["count"] for state in one["states"]]
            unknown = sum(state["unknown"] for state in one["states"])
            numbers = [*counts, *(seconds and clock(seconds) for seconds in lost), unknown]
            cells = [self._key(by, one), *(str(number) if number else "" for number in numbers)]
            rows.append({"cells": cells, "bad": any(state["count"] for state in _to_do(one["states"]))})
        return {
            "title": self.say("paper.counts-by", by=self.say(f"paper.by-{by}")),
            "columns": [self.say(f"paper.by-{by}"), *columns, *more],
            "rows": rows,
            "widths": [3, *[1] * (len(GapState) + 3)],
            "numbers": True,
        }

    def _numbers(self, by: By, one: Mapping[str, Any]) -> list[Value]:
        """Return a row of counts and hours by state."""
        counts = [state["count"] for state in one["states"]]
        hours = [in_hours(state["lost_s"]) for state in one["states"]]
        unknown = sum(state["unknown"] for state in one["states"])
        return [self.say(f"paper.by-{by}"), self._key(by, one), *counts, *hours, unknown]

    def _parts(self, told: Mapping[str, Any]) -> Iterator[dict[str, object]]:
        for part in GAP_PARTS:
            waiting = sorted(told[part], key=lambda row: row.get("gap_state") not in TO_DO)
            rows = [
                {"cells": [self._text(key, part, row) for key in _LINE], "bad": row.get("gap_state") in TO_DO}
                for row in waiting
            ]
            if rows:
                columns = [self.say(f"paper.{key}") for key in _LINE]
                title = f"{self.say(f'heading.{part}')} · {len(rows)}"
                widths = [2.1, 2.6, 1.6, 3.6, 3.2, 2.2, 2, 2.6, 3.6]
                yield {"title": title, "columns": columns, "rows": rows, "widths": widths, "numbers": False}

    def _text(self, key: str, part: str, row: Mapping[str, Any]) -> str:
        """Return a cell of a page."""
        value, seconds = self._value(key, part, row), seconds_of(row)
        if key == "length" and seconds is not None:
            return duration(self.language, round(seconds))
        return " ".join(state_words(self.say, row)) if key == "state" else str(value or "")

    def _value(self, key: str, part: str, row: Mapping[str, Any]) -> Value:
        """Return a cell of a line; lengths in hours."""
        if key == "part":
            return self.say(f"heading.{part}")
        if key == "name":
            return printable(row.get("name") or row.get("file") or "")
        if key == "what":
            return self._what(part, row)
        if key == "state":
            return self.say(f"gap-state.{row['gap_state']}") if "gap_state" in row else ""
        if key == "length":
            seconds = seconds_of(row)
            return None if seconds is None else in_hours(seconds)
        if key == "cites":
            return self._cites(row.get("cites") or ())
        if key in _JUDGED:
            return "; ".join(self._judged(key, one) for one in row.get("verdicts", ()))
        value = row.get(key)
        if key == "outcome":
            return self.say(f"review-outcome.{value}") if value else ""
        if key.endswith("_by"):
            return self._person(value)
        if key in _TIMES:
            return self._time(value) if value else ""
        return printable(str(value)) if value is not None else ""

    def _judged(self, key: str, one: Mapping[str, Any]) -> str:
        """Return what a fault file found about somebody, by whom or when."""
        if key == "verdict":
            found = f"verdict.{one['verdict']}" if one["verdict"] else "gap-state.fault-open"
            return f"{printable(one.get('wearer') or '?')}: {self.say(found)}"
        if not one["verdict"]:
            return NOTHING
        return self._person(one["decided_by"]) if key == "judged_by" else self._time(one["decided"])

    def _person(self, id_: str | None) -> str:
        one = self.report.people.get(id_ or "")
        return printable((id_ or "") if one is None else " ".join(filter(None, (one.number, one.name))))

    def _what(self, part: str, row: Mapping[str, Any]) -> str:
        if part in ("missing", "late"):
            return self.say(f"deadline.{row['state']}")
        if part == "unlabelled":
            return " · ".join(self.say(f"label.{label}") for label in row["missing"])
        if part == "set_aside":
            return self.say(f"error.{row['problem']}")
        return self.say(f"finding.{row['code']}.title")

    def _told_shift(self, one: Shift) -> Shift:
        traces = tuple(self._told_trace(trace) for trace in one.traces)
        wearers = tuple(sorted({trace.wearer for trace in traces if trace.wearer}))
        return replace(one, device=self._device(one.device), wearers=wearers, traces=traces)

    def _told_trace(self, one: Trace) -> Trace:
        wearer = told_to({"wearer": one.wearer}, self.caller, one.wearer).get("wearer")
        return replace(one, device=self._device(one.device), wearer=wearer)

    def _device(self, device: str) -> str:
        return str(told_to({"device": device}, self.caller, None).get("device", NOTHING))

    def _key(self, by: By, one: Mapping[str, Any]) -> str:
        named = one.get("name") if by is By.UNIT else one[by]
        return printable(str(named or one[by] or self.say("paper.nobody-knows")))

    def _unit(self, unit_id: str) -> str:
        names = {one.unit_id: one.name for one in self.report.by_unit}
        return str(names.get(unit_id) or unit_id)

    def _cites(self, cites: Sequence[str]) -> str:
        whole = [citation_text(cite, self.report.pack).partition(" / ") for cite in cites]
        return "; ".join(zh if self.language == CHINESE else en or zh for zh, _, en in whole)

    def _time(self, instant: str) -> str:
        return from_text(instant).astimezone(self.report.days.zone).isoformat(" ", "seconds")


def _lines(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in GAP_PARTS:
        yield from ((part, row) for row in told[part])


def _to_do(states: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in states if one["state"] in TO_DO]

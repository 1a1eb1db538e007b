"""Steps of cases that nothing shows, or too little, as tables of the gap report's documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.answers.step import STEP_PARTS, cover_text
from evidence.domain.wording import printable
from evidence.service.printing_ports import Value

COLUMNS = ("case", "what", "from", "to", "officers", "state", "covered", "unshown", "due", "cites")
_WIDTHS = [2.7, 2.7, 3.5, 3.5, 1.5, 1.6, 2, 1.5, 3.5, 2.5]


@dataclass(frozen=True)
class StepTable:
    """The tables. told: page data of the report; the others say a text of a catalogue, a time, articles, each
    in the language of the document.
    """

    told: Mapping[str, Any]
    say: Callable[..., str]
    time: Callable[[str], str]
    cites: Callable[[Sequence[str]], str]

    @property
    def marks(self) -> Iterator[dict[str, Any]]:
        """How many steps nothing shows, or too little, and for how long, among the numbers that are to be
        seen first."""
        for part in STEP_PARTS:
            number, is_bad = self.told["totals"][part], part == "unrecorded"
            yield {"label": self.say(f"heading.{part}"), "number": number, "bad": is_bad}
        for part in STEP_PARTS:
            seconds = self.told["by_step"][part]["lacking_s"]
            label = self.say(f"paper.unshown-{part}")
            yield {"label": label, "number": seconds, "length": clock(seconds), "bad": part == "unrecorded"}

    @property
    def columns(self) -> list[str]:
        """The heads of the columns."""
        return [self.say(f"paper.{key}") for key in COLUMNS]

    def rows(self) -> list[list[Value]]:
        """Return the steps, those that nothing shows first, each oldest first; lengths in hours."""
        return [self._row(one, in_hours) for part in STEP_PARTS for one in self.told[part]]

    def pages(self) -> Iterator[dict[str, object]]:
        """Yield the tables for pages, those with anything in them."""
        for part in STEP_PARTS:
            cells = [self._row(one, clock) for one in self.told[part]]
            if cells:
                lacking = clock(self.told["by_step"][part]["lacking_s"])
                title = (
                    f"{self.say(f'heading.{part}')} · {len(cells)} · {self.say('paper.unshown')} {lacking}"
                )
                rows = [{"cells": mine, "bad": part == "unrecorded"} for mine in cells]
                table = {"title": title, "columns": self.columns, "rows": rows}
                yield {**table, "widths": _WIDTHS, "numbers": False}

    def _row(self, one: Mapping[str, Any], length: Callable[[float], Value]) -> list[Value]:
        covered = one["covered_s"]
        return [
            printable(one["case_number"]),
            self._what(one),
            self.time(one["from"]),
            self.time(one["to"]),
            " ".join(printable(number or "?") for number in one["officers"]),
            self._state(one),
            cover_text(self.say, one),
            "" if covered is None else length(one["owed_s"] - covered),
            self.time(one["due"]),
            self.cites(one["cites"]),
        ]

    def _state(self, one: Mapping[str, Any]) -> str:
        """Return how a step stands; of a red one, how far its explanation is; what its labels hide."""
        said = [
            f"step-state.{one['state']}",
            *([f"gap-state.{one['gap_state']}"] if "gap_state" in one else []),
        ]
        beside = [self.say("matrix.beside-count", count=one["beside"])] if one["beside"] else []
        return " · ".join([*map(self.say, said), *beside])

    def _what(self, one: Mapping[str, Any]) -> str:
        if one["kind"] is not None:
            return self.say(f"activity-kind.{one['kind']}")
        return printable(f"{one['category']} · {one['stage']} · {one['matter']}")


def clock(seconds: float) -> str:
    """Return a length of time as hours, minutes and seconds."""
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}"


def in_hours(seconds: float) -> float:
    """Return a length of time in hours."""
    return round(seconds / 3600, 4)


def seconds_of(row: Mapping[str, Any]) -> float | None:
    """Return how long something was: by how much a file is late, or what an interruption took."""
    if row.get("late_by_s") is not None:
        return float(row["late_by_s"])
    measured, detail = row.get("measured"), row.get("detail")
    is_length = isinstance(measured, int | float) and isinstance(detail, Mapping) and "unit" not in detail
    return float(measured) if is_length and measured is not None else None

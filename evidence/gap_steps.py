"""Steps of cases that nothing shows, as a table of the gap report's documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.domain.wording import printable
from evidence.step_answers import cover_text

COLUMNS = ("case", "what", "from", "to", "officers", "state", "covered", "due", "cites")
_WIDTHS = [3, 4, 2.6, 2.6, 2, 1.6, 2.2, 2.6, 3.6]


@dataclass(frozen=True)
class StepTable:
    """The table. told: page data of the report; the others say a text of a catalogue, a time, articles, each
    in the language of the document.
    """

    told: Mapping[str, Any]
    say: Callable[[str], str]
    time: Callable[[str], str]
    cites: Callable[[Sequence[str]], str]

    @property
    def title(self) -> str:
        """What the table is of."""
        return self.say("heading.unrecorded")

    @property
    def mark(self) -> dict[str, Any]:
        """How many steps nothing shows, among the numbers that are to be seen first."""
        return {"label": self.title, "number": self.told["totals"]["unrecorded"], "bad": True}

    @property
    def columns(self) -> list[str]:
        """The heads of the columns."""
        return [self.say(f"paper.{key}") for key in COLUMNS]

    def rows(self) -> list[list[str]]:
        """Return the steps, oldest first."""
        return [self._row(one) for one in self.told["unrecorded"]]

    def pages(self) -> Iterator[dict[str, object]]:
        """Yield the table for pages, if there is anything in it."""
        rows = [{"cells": cells, "bad": True} for cells in self.rows()]
        if rows:
            title = f"{self.title} · {len(rows)}"
            yield {"title": title, "columns": self.columns, "rows": rows, "widths": _WIDTHS, "numbers": False}

    def _row(self, one: Mapping[str, Any]) -> list[str]:
        return [
            printable(one["case_number"]),
            self._what(one),
            self.time(one["from"]),
            self.time(one["to"]),
            " ".join(printable(number or "?") for number in one["officers"]),
            self._state(one),
            cover_text(self.say, one),
            self.time(one["due"]),
            self.cites(one["cites"]),
        ]

    def _state(self, one: Mapping[str, Any]) -> str:
        """Return how a step stands; of a red one, how far its explanation is."""
        said = [
            f"step-state.{one['state']}",
            *([f"gap-state.{one['gap_state']}"] if "gap_state" in one else []),
        ]
        return " · ".join(map(self.say, said))

    def _what(self, one: Mapping[str, Any]) -> str:
        if one["kind"] is not None:
            return self.say(f"activity-kind.{one['kind']}")
        return printable(f"{one['category']} · {one['stage']} · {one['matter']}")

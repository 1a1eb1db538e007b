"""Tables of people and units, cell by cell: columns, what may stand in each, and what is wrong with a cell.

A cell that a table calculation would compute is refused, and so is a number where text belongs: it has lost
its leading zeros. What tables are made of on disc: adapters/sheets.py; what an import does: service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from evidence.domain.wording import as_typed, is_formula, is_plain

MOST_ROWS = 50_000
_DAY = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})/(\d{1,2})/(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII
)


class Reason(StrEnum):
    """Why a row of a table cannot be taken."""

    UNKNOWN_COLUMN = "unknown-column"
    MISSING_COLUMN = "missing-column"
    COLUMN_TWICE = "column-twice"
    MISSING = "missing"  # the cell, for somebody who is new
    FORMULA = "formula"
    NUMBER_CELL = "number-cell"  # a number where text belongs
    NOT_PLAIN = "not-plain"
    NO_DAY = "no-day"
    NO_WORD = "no-word"
    NO_NUMBER = "no-number"
    TWICE = "twice"  # in this table
    UNIT_UNKNOWN = "unit-unknown"  # or not the caller's
    NUMBER_FORM = "number-form"
    CITY_UNKNOWN = "city-code-unknown"
    ENDS_BEFORE_START = "ends-before-start"
    HAS_LEFT = "person-left"
    OWN_RECORD = "own-record"
    NOT_YOURS = "person-not-found"
    DAY_TO_COME = "day-to-come"
    NAME_TAKEN = "name-taken"
    WRONG_PARENT = "wrong-parent"  # a unit does not move
    NO_TIME = "no-time"
    NO_LABEL = "no-label"
    NO_CASE = "no-case"  # or not the caller's
    NO_DOCUMENT = "no-document"  # not as the policy pack knows it, or not of an officer
    AMBIGUOUS = "ambiguous"  # another row labels the same recording otherwise


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell. row: as tables number them, the headings being 1. cites: of a rule. known:
    the words that would have been taken."""

    row: int
    column: str
    reason: Reason
    found: str = ""
    cites: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the file has it. text is empty for an empty cell."""

    text: str = ""
    is_formula: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its headings, and the rows below them with their numbers; no empty rows."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[Cell]]]


class Holds(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DAY = "day"
    WORD = "word"
    WHOLE = "whole"
    YES = "yes"


PEOPLE: Mapping[str, Holds] = {
    "number": Holds.TEXT,
    "name": Holds.TEXT,
    "type": Holds.WORD,
    "unit": Holds.TEXT,
    "post": Holds.TEXT,
    "post_since": Holds.DAY,
    "contract_from": Holds.DAY,
    "contract_to": Holds.DAY,
    "card_number": Holds.TEXT,
    "confidentiality": Holds.DAY,
    "duties": Holds.DAY,
    "training": Holds.TEXT,
    "training_days": Holds.WHOLE,
    "training_held": Holds.DAY,
    "training_passed": Holds.YES,
}
UNITS: Mapping[str, Holds] = {"unit": Holds.TEXT, "unit_id": Holds.TEXT}

Value = str | date | int | bool


def read_cell(cell: Cell, holds: Holds, words: Mapping[str, str]) -> Value | Reason | None:
    """Return what a cell says, None for an empty one, or why it cannot be taken. words: name → word."""
    text = as_typed(cell.text.strip(" \u3000"))
    if not text:
        return None
    if cell.is_formula or is_formula(text):
        return Reason.FORMULA
    if holds is Holds.TEXT:
        return Reason.NUMBER_CELL if cell.is_number else text if is_plain(text) else Reason.NOT_PLAIN
    if holds is Holds.DAY:
        return read_day(text) or Reason.NO_DAY
    if holds is Holds.WHOLE:
        return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else Reason.NO_NUMBER
    word = words.get(text.lower())
    if holds is Holds.YES:
        return Reason.NO_WORD if word is None else word == "yes"
    return Reason.NO_WORD if word is None else word


def read_day(text: str) -> date | None:
    """Read 2026-03-01, 2026/3/1 or 2026年3月1日; None for anything else."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_headings(
    sheet: Sheet, names: Mapping[str, str], required: str
) -> tuple[dict[int, str], Sequence[Fault]]:
    """Return the column at each place, and what is wrong with the headings. names: heading → column."""
    columns: dict[int, str] = {}
    faults = []
    for place, heading in enumerate(sheet.headings):
        if not heading:
            continue
        column = names.get(heading.lower())
        if column is None:
            faults.append(Fault(1, heading, Reason.UNKNOWN_COLUMN))
        elif column in columns.values():
            faults.append(Fault(1, column, Reason.COLUMN_TWICE))
        else:
            columns[place] = column
    if required not in columns.values():
        faults.append(Fault(1, required, Reason.MISSING_COLUMN))
    return columns, faults


def read_rows(
    sheet: Sheet,
    columns: Mapping[int, str],
    holds: Mapping[str, Holds],
    words: Mapping[str, Mapping[str, str]],
) -> tuple[list[tuple[int, dict[str, Value]]], list[Fault]]:
    """Return what each row says, empty cells left out, and the cells that cannot be taken."""
    rows: list[tuple[int, dict[str, Value]]] = []
    faults: list[Fault] = []
    for number, cells in sheet.rows:
        said: dict[str, Value] = {}
        for place, column in columns.items():
            cell = cells[place] if place < len(cells) else Cell()
            value = read_cell(cell, holds[column], words.get(column, {}))
            if isinstance(value, Reason):
                known = tuple(words.get(column, ())) if value is Reason.NO_WORD else ()
                faults.append(Fault(number, column, value, cell.text[:100], known=known))
            elif value is not None:
                said[column] = value
        rows.append((number, said))
    return rows, faults

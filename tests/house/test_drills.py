"""The register of drills: every number of the design's list has a home that exists, or says that it has
none; and the page says what the register says."""

from __future__ import annotations

import pytest

from tests.drills import capabilities, commands, full_discs, grown_faults, harms, register, runner
from tests.drills.register import Entry

WANTED = [
    *(f"F{n:02d}" for n in (*range(1, 36), 40)),
    *(f"T{n:02d}" for n in range(1, 24)),
    *(f"R{n:02d}" for n in range(1, 14)),
    *(f"S{n:02d}" for n in range(1, 25)),
]
ENTRIES = register.entries()


def test_every_number_of_the_list_is_there() -> None:
    assert not set(WANTED) - set(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_what_a_drill_claims_exists(entry: Entry) -> None:
    assert not register.missing_tests(entry.tests)
    assert set(entry.needs) <= set(capabilities.PROBES)
    parts = {*harms.HARMS, *full_discs.TRIALS, *(name.split()[0] for name in grown_faults.FAULTS)}
    for words in (words for runs in entry.runs.values() for words in map(str.split, runs)):
        assert words[0] in commands.DRILLS
        for word in words[1:]:
            assert word.startswith(("--", "T")) or word.isdigit() or word in parts, word


def test_a_claim_that_leads_nowhere_would_be_noticed() -> None:
    here = "tests/house/test_drills.py"
    wrong = [f"{here}::test_no_such", "tests/no_such.py", "tests/forms.py"]
    assert register.missing_tests([*wrong, here]) == wrong
    for said in (
        {"what": "a", "tests": [here], "nothing": "b"},
        {"what": "a"},
        {"what": "a", "test": [here]},
    ):
        with pytest.raises(ValueError, match="X1"):
            Entry.read("X1", said)


def test_the_page_shows_the_register() -> None:
    page = register.PAGE.read_text("utf-8")
    assert register.on_page(page) == page, "python -m tests.drills table --write"


def test_what_was_not_tried_has_not_passed() -> None:
    def verdict(tried: int, violations: list[str], left_out: list[str]) -> tuple[str, int]:
        row = runner.Row("F01", "embedded", "")
        row.add(runner.Piece(tried, violations, left_out, 1.0))
        row.judge()
        return row.verdict, runner.code_of([row])

    assert verdict(3, [], []) == ("passed", 0)
    assert verdict(0, [], ["no disc"]) == ("skipped", 3)
    assert verdict(0, [], []) == ("skipped", 3)
    assert verdict(3, [], ["no disc"]) == ("partly", 3)
    assert verdict(3, ["I1"], ["no disc"]) == ("FAILED", 1)
    assert runner.code_of([]) == 1

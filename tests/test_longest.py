"""The lot of the longest tests: a fifth, another one for each seed; whatever is not listed always runs."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests import longest

ROOT = Path(__file__).parents[1]


def test_a_fifth_of_the_longest_is_drawn_and_each_comes_up_in_the_end() -> None:
    tests = [f"tests/a.py::test_x[{number}]" for number in range(400)]
    seed, those = random.randrange(2**32), frozenset({"tests/a.py::test_x"})
    print(f"seed: {seed}")
    runs = [{test for test in tests if longest.drawn(test, seed + run, those)} for run in range(90)]
    assert all(40 < len(run) < 130 for run in runs)
    assert set().union(*runs) == set(tests)
    assert runs[0] == {test for test in tests if longest.drawn(test, seed, those)}, "by the seed alone"
    assert longest.drawn("tests/a.py::test_y", seed, those)


def test_the_list_is_made_of_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "times.jsonl"
    monkeypatch.setenv("EVIDENCE_TEST_TIMES", str(file))
    metered = longest.metered("tests/a.py::test_x[1]")
    next(metered)
    with pytest.raises(StopIteration) as end:
        metered.send("outcome")
    assert end.value.value == "outcome"
    lines = file.read_text("utf-8").splitlines()
    more = [json.dumps(["tests/a.py::test_x[2]", 2.5]), json.dumps(["tests/b.py::test_z", 0.1])]
    sums = longest.seconds([*lines, *more])
    assert 2.5 <= sums["tests/a.py::test_x"] < 3.5
    assert sums["tests/b.py::test_z"] == 0.1


def test_every_file_of_the_list_is_there() -> None:
    listed = longest.listed()
    assert len(listed) > 100
    assert not [test for test in listed if not (ROOT / test.partition("::")[0]).is_file()]

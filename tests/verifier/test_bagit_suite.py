"""The Library of Congress's conformance bags are judged as the suite says, but for one, which is named
here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evidence.verifier.__main__ import main

SUITE = Path(os.environ.get("EVIDENCE_SHARED", "/work/shared")) / "vectors/bagit"
BAGS = sorted(path for path in SUITE.glob("v*/*/*") if path.is_dir()) if SUITE.is_dir() else []
# `warning`: the suite lets it pass. It lists hello.txt and HELLO.txt. Where names differ by case one is
# missing, and where they do not, one of the two cannot lie there.
STRICTER = {"v0.97/warning/duplicate-file-with-different-case"}


@pytest.mark.skipif(not BAGS, reason="the suite is not here")
@pytest.mark.parametrize("bag", BAGS, ids=lambda bag: str(bag.relative_to(SUITE)))
def test_a_bag_of_the_suite_is_judged_as_the_suite_says(
    bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(bag.relative_to(SUITE))
    is_good = bag.parent.name in ("valid", "warning") and name not in STRICTER
    assert main(["--bag-only", str(bag)]) == (0 if is_good else 1), capsys.readouterr().out


def test_all_of_the_suite_was_found() -> None:
    assert not SUITE.is_dir() or len(BAGS) == 36

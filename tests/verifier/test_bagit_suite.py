"""The Library of Congress's conformance bags are judged as the suite says, but for one, which is named
here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.verifier.__main__ import main

KINDS = {"valid": True, "warning": True, "invalid": False, "linux-only": False, "windows-only": False}
# `warning`: the suite lets it pass. It lists hello.txt and HELLO.txt. Where names differ by case one is
# missing, and where they do not, one of the two cannot lie there.
STRICTER = {"v0.97/warning/duplicate-file-with-different-case"}


def test_every_bag_of_the_suite_is_judged_as_the_suite_says(
    vectors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, judged = vectors / "bagit", {}
    for bag in sorted(path for path in suite.glob("v*/*/*") if path.is_dir()):
        name = str(bag.relative_to(suite))
        judged[name] = main(["--bag-only", str(bag)]) == 0
        said = capsys.readouterr().out
        assert judged[name] == (KINDS[bag.parent.name] and name not in STRICTER), said
    assert len(judged) == 36
    assert set(judged) >= STRICTER
    assert sum(judged.values()) > 15

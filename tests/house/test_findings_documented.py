"""Every finding code is documented, with what it shows and does not show."""

from __future__ import annotations

import re
from pathlib import Path

from evidence.domain.findings import Code

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "findings.md").read_text(encoding="utf-8")


def test_every_code_has_its_own_place_in_the_document_and_no_other_has_one() -> None:
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    documented = re.findall(r"`([a-z-]+)`", " ".join(headings))
    assert sorted(documented) == sorted(Code)


def test_every_place_says_how_serious_the_finding_is() -> None:
    for section in PAGE.split("\n### ")[1:]:
        assert "**Severity:**" in section.split("\n## ")[0], section.splitlines()[0]

"""What a process works by is read from the disc: each file of the pack in force and of the program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evidence.adapters import packs
from evidence.adapters.builds import BuildFiles
from evidence.adapters.packs import files_of
from evidence.domain.builds import Part, differences
from tests.policy.packs import GOOD

ROOT = Path(__file__).parents[2]


def test_the_digest_of_the_program_is_what_stock_tools_say() -> None:
    page = (ROOT / "docs/formats/log-entry.md").read_text("utf-8")
    (by_hand,) = (block for block in page.split("```")[1::2] if "sha256sum" in block)
    done = subprocess.run(["sh", "-euc", by_hand], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == BuildFiles("dazhe-2020").now().digest(Part.PROGRAM)


def test_a_changed_an_added_and_a_removed_file_of_the_pack_differ(tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text(GOOD)
    builds = BuildFiles(str(tmp_path))
    before = builds.now()
    assert list(differences(before, builds.now())) == []
    (tmp_path / "1.toml").write_text(GOOD + "\n")
    assert list(differences(before, builds.now())) == [(Part.POLICY, ["1.toml"])]
    assert builds.now().digest(Part.POLICY) != before.digest(Part.POLICY)
    assert builds.now().digest(Part.PROGRAM) == before.digest(Part.PROGRAM)
    (tmp_path / "1.toml").unlink()
    (tmp_path / "2.toml").write_text(GOOD)
    assert list(differences(before, builds.now())) == [(Part.POLICY, ["1.toml", "2.toml"])]


def test_a_file_that_cannot_be_read_differs_from_one_that_could(tmp_path: Path) -> None:
    pack = tmp_path / "pack.toml"
    pack.write_text(GOOD)
    before = BuildFiles(str(pack)).now()
    pack.unlink()
    assert list(differences(before, BuildFiles(str(pack)).now())) == [(Part.POLICY, ["pack.toml"])]


def test_of_a_shipped_pack_its_own_files_are_looked_at() -> None:
    assert list(files_of("strict")) == ["strict.toml"]


def test_a_shipped_file_that_is_no_pack_any_more_is_still_one_of_its_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_SHIPPED", tmp_path)
    (tmp_path / "named-otherwise.toml").write_text(GOOD)
    assert list(files_of("here")) == ["named-otherwise.toml"]
    (tmp_path / "named-otherwise.toml").write_text(GOOD + "\nunknown = 1\n")
    assert list(files_of("here")) == ["named-otherwise.toml"]

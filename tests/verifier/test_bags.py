"""What the conformance suite does not try of a BagIt 1.0 bag, one fault each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evidence.verifier.steps import examine_bag_only


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (tmp_path / "bag-info.txt").write_text("Payload-Oxum: 2.2\n")
    for name in ("a", "b%25c"):
        (tmp_path / "data" / name.replace("%25", "%")).write_text(name[0])
    for algorithm in ("sha256", "sha512"):
        lines = [
            f"{hashlib.new(algorithm, name[:1].encode()).hexdigest()}  data/{name}\n"
            for name in ("a", "b%25c")
        ]
        (tmp_path / f"manifest-{algorithm}.txt").write_text("".join(lines))
    return tmp_path


def codes(bag: Path) -> set[str]:
    (step,) = examine_bag_only(str(bag), lambda _: None)
    return {one.code for one in step.faults}


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def test_as_it_is_it_is_a_bag(bag: Path) -> None:
    assert codes(bag) == set()


def test_every_manifest_lists_every_file(bag: Path) -> None:
    file = bag / "manifest-sha512.txt"
    file.write_text(file.read_text().splitlines(keepends=True)[0])
    assert codes(bag) == {"unlisted"}


def test_a_file_stands_once_in_a_manifest(bag: Path) -> None:
    file = bag / "manifest-sha256.txt"
    file.write_text(file.read_text() + file.read_text().splitlines(keepends=True)[0])
    assert codes(bag) == {"bag-twice"}


@pytest.mark.parametrize(
    ("file", "before", "after", "code"),
    [
        ("bag-info.txt", "2.2", "3.2", "bag-oxum"),
        ("bag-info.txt", "2.2", "2.3", "bag-oxum"),
        ("bagit.txt", "1.0", "1.1", "bag-declaration"),
        ("bagit.txt", "UTF-8", "NO-SUCH-1", "bag-encoding"),
        ("manifest-sha256.txt", "  data/a", "  data/../a", "bag-path"),
        ("manifest-sha256.txt", "  data/a", "  /data/a", "bag-path"),
        ("manifest-sha256.txt", "  data/a", "  bagit.txt", "bag-path"),
        ("manifest-sha256.txt", "  data/a", " *data/a", "bag-line"),
        ("manifest-sha256.txt", "  data/a", "00  data/a", "bag-line"),
        ("manifest-sha256.txt", "data/b%25c", "data/b%c", ""),
    ],
)
def test_one_fault_is_told_by_its_name(bag: Path, file: str, before: str, after: str, code: str) -> None:
    change(bag / file, before, after)
    assert code in codes(bag) if code else not codes(bag)


def test_an_algorithm_that_is_not_known_is_an_error(bag: Path) -> None:
    (bag / "manifest-sm3.txt").write_bytes(b"")
    assert codes(bag) == {"bag-algorithm"}

"""The site's file is replaced whole, keeps what the operator wrote, and what was left is remembered."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.adapters import moving, site_file
from evidence.errors import Invalid

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
TEXT = '# ours\nname = "a"\npolicy = "p"  # kept\nvault = "file:///v"\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(TEXT)
    (tmp_path / "site.toml").chmod(0o640)
    return tmp_path


def test_only_the_lines_of_the_engines_change() -> None:
    fresh = site_file.rewritten(TEXT, {"vault": 's3://k@h/b?x="😀"', "database": "postgresql://h/d"})
    assert fresh == (
        '# ours\nname = "a"\npolicy = "p"  # kept\n'
        'vault = "s3://k@h/b?x=\\"😀\\""\ndatabase = "postgresql://h/d"\n'
    )
    assert site_file.rewritten(TEXT, {"vault": ""}) == '# ours\nname = "a"\npolicy = "p"  # kept\n'
    assert site_file.rewritten('"vault"="x"\nimmutable = true\n', {"vault": "y", "immutable": False}) == (
        'vault = "y"\nimmutable = false\n'
    )


@pytest.mark.parametrize(
    "text", ['name = """\nvault = "x"\n"""\n', 'name = "a"\n[more]\nx = 1\n', "vault = '''\nx'''\n"]
)
def test_a_file_in_which_an_engine_has_no_line_of_its_own_is_refused(text: str, data: Path) -> None:
    (data / "site.toml").write_text(text)
    with pytest.raises(Invalid, match="settings-unreadable"):
        site_file.switch(data, {"vault": "y"}, NOW)
    assert [(path.name, path.read_text()) for path in data.iterdir()] == [("site.toml", text)]


def test_the_older_file_is_kept_and_the_new_one_has_its_mode(data: Path) -> None:
    older = site_file.switch(data, {"vault": "s3://k@h/b"}, NOW)
    assert older.name == "site.toml.before-20261121T050000Z"
    assert older.read_text() == TEXT
    assert "s3://k@h/b" in (data / "site.toml").read_text()
    assert stat.S_IMODE((data / "site.toml").stat().st_mode) == 0o640
    assert sorted(path.name for path in data.iterdir()) == ["site.toml", older.name]


def test_two_switches_in_one_second_keep_both_older_files(data: Path) -> None:
    first = site_file.switch(data, {"vault": "s3://k@h/b"}, NOW)
    second = site_file.switch(data, {"vault": "file:///w"}, NOW)
    assert (first.read_text(), site_file.values(data)["vault"]) == (TEXT, "file:///w")
    assert "s3://k@h/b" in second.read_text()
    assert [one["vault"] for one in site_file.befores(data)] == ["file:///v", "s3://k@h/b"]


def test_an_engine_that_was_left_is_known_until_the_site_comes_back(data: Path) -> None:
    site_file.note_left(data, frozenset({"embedded:vault", "embedded:database"}), frozenset())
    both = frozenset({"embedded:vault", "postgresql://h/d"})
    assert site_file.left_of(data, both, frozenset()) == ["embedded:vault"]
    site_file.note_left(data, frozenset({"s3://h/b"}), frozenset({"embedded:vault"}))
    assert site_file.left(data) == {"s3://h/b", "embedded:database"}
    assert site_file.left_of(data, frozenset({"embedded:vault"}), frozenset()) == []
    assert site_file.left_of(data, frozenset({"x"}), frozenset({"x"})) == ["x"]


@pytest.mark.parametrize("body", ["{", "[]", '{"left": 1}', ""])
def test_a_list_that_cannot_be_read_is_not_an_empty_one(data: Path, body: str) -> None:
    (data / "left.json").write_text(body)
    with pytest.raises(Invalid):
        site_file.left(data)


def test_the_list_is_as_its_page_says(data: Path) -> None:
    site_file.note_left(data, frozenset({"embedded:vault"}), frozenset())
    assert json.loads((data / "left.json").read_text()) == {"left": ["embedded:vault"]}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p%40w@h:5432/d?sslmode=require&password_file=/x", "postgresql://h:5432/d"),
        ("postgresql:///d?host=/run/pg&password=secret", "postgresql:///d?host=%2Frun%2Fpg"),
        ("s3://key:secret@h:9000/b?ca_file=/c", "s3://h:9000/b"),
        ("redis://:secret@h:1/0", "redis://h:1/0"),
        ("sqlite:////a/b%20c.db", "sqlite:////a/b%20c.db"),
        ("file:///a/b/", "file:///a/b"),
    ],
)
def test_the_place_of_an_engine_holds_no_secret(url: str, place: str) -> None:
    assert moving.place(url) == place


def test_an_embedded_engine_is_called_so_wherever_its_folder_lies(tmp_path: Path) -> None:
    assert moving.where(tmp_path, "vault", "") == "embedded:vault"
    assert moving.where(tmp_path, "vault", (tmp_path / "vault").as_uri()) == "embedded:vault"
    assert moving.where(tmp_path, "database", f"sqlite:///{tmp_path}/evidence.db") == "embedded:database"
    assert moving.where(tmp_path, "database", f"sqlite:///{tmp_path}/other.db").endswith("/other.db")
    assert moving.where(tmp_path, "broker", "memory://") == "embedded:broker"


def test_notes_keep_the_last_version_of_a_key() -> None:
    notes = moving.Notes()
    notes.note("a", "1")
    notes.note("a", "2")
    assert (notes.of("a"), notes.of("b")) == ("2", None)
    notes.close()

"""The documents say what is there: links lead somewhere, commands and settings exist, both languages agree.

Finding codes have their own test (test_findings_documented.py).
"""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click
import pytest
import typer

from evidence.cli import app
from evidence.domain.audit import Act
from evidence.settings import Settings
from storage import locks
from storage.vault import Lock, Promise
from tests.permissions.reading import ROUTES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENGLISH, CHINESE = ROOT / "README.md", DOCS / "README.zh.md"
OPERATIONS = DOCS / "operations.md"
WITH_COMMANDS = [ENGLISH, CHINESE, OPERATIONS, DOCS / "policy-packs.md"]
PAGES = [ENGLISH, *sorted(DOCS.rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return "".join(read(page).split("```")[::2])


def blocks(page: Path) -> list[str]:
    """Return the code blocks of a page."""
    return read(page).split("```")[1::2]


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings as web pages of a repository make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_relative_link_leads_to_something(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(there), target


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of every `evidence …` command in code blocks and code spans of a page."""
    code = "\n".join(blocks(page)).replace("\\\n", " ").splitlines()
    code += re.findall(r"`([^`]+)`", prose(page))
    for line in code:
        words = re.sub(r"\s#\s.*", "", line).split()
        starts = [i for i, word in enumerate(words) if re.fullmatch(r"(/\S+/)?evidence", word)]
        if starts and all(word in ("runuser", "-u", "--", "evidence") for word in words[: starts[-1]]):
            yield words[starts[-1] + 1 :]


def verify_command(words: list[str]) -> None:
    """Walk from the root command by these words; options must exist, required ones need not be shown."""
    command: click.Command = typer.main.get_command(app)
    rest = list(words)
    while rest and hasattr(command, "commands"):
        if rest[0].startswith("--") and getattr(command, "invoke_without_command", False):
            break
        assert rest[0] in command.commands, f"no such command: {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in rest:
        assert not word.startswith("--") or word in known, f"no such option: {word} in {' '.join(words)}"


@pytest.mark.parametrize(
    "page",
    [ENGLISH, CHINESE, OPERATIONS, DOCS / "commands.md", DOCS / "policy-packs.md"],
    ids=lambda page: page.name,
)
def test_every_command_in_the_documents_exists_with_its_options(page: Path) -> None:
    found = [words for words in commands(page) if words]
    assert len(found) >= 4
    for words in found:
        verify_command(words)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    for words in (["seal"], ["docks", "drop"], ["verify", "--fast"]):
        with pytest.raises(AssertionError, match="no such"):
            verify_command(words)


def test_every_command_stands_in_the_table_of_commands() -> None:
    group = typer.main.get_command(app)
    shown = {words[0] for words in commands(DOCS / "commands.md") if words}
    assert shown == set(group.commands)  # type: ignore[attr-defined]


def test_every_setting_stands_in_the_table_with_its_default_and_no_other_does() -> None:
    table = read(OPERATIONS).split("\n## Settings\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]+) \|", table, re.MULTILINE))
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, bool | int):
            assert rows[name].strip("`") == str(field.default).lower(), name


def test_what_operations_names_beside_the_installed_program_is_what_its_install_puts_there() -> None:
    text = read(OPERATIONS)
    named = set(re.findall(r"/opt/evidence/deploy/([a-z.-]+[a-z])", text))
    assert {"alerts.yml", "try-restore.sh"} <= named
    assert [name for name in named if not (ROOT / "deploy" / name).is_file()] == []
    assert "cp -r deploy /opt/evidence/" in text.split("\n## Install\n")[1].split("\n## ")[0]


def test_both_readmes_have_the_same_shape() -> None:
    shapes = [re.findall(r"^(#+) ", prose(page), re.MULTILINE) for page in (ENGLISH, CHINESE)]
    tables = [len(re.findall(r"^\| ", prose(page), re.MULTILINE)) for page in (ENGLISH, CHINESE)]
    assert shapes[0] == shapes[1]
    assert tables[0] == tables[1]
    assert len(read(ENGLISH).splitlines()) <= 120


def test_both_readmes_show_the_same_commands_as_the_format_of_signed_documents() -> None:
    def typed(block: str) -> list[str]:
        return [re.sub(r"\s+# .*", "", line) for line in block.strip().splitlines()]

    english, chinese = ([typed(block) for block in blocks(page)] for page in (ENGLISH, CHINESE))
    assert english == chinese
    (format_,) = (typed(b) for b in blocks(DOCS / "formats/signed-document.md") if "pkeyutl" in b)
    (shown,) = (block for block in english if "pkeyutl" in " ".join(block))
    assert shown[: len(format_)] == format_


def test_every_address_in_the_documents_is_a_route() -> None:
    routes = {re.sub(r"\{\w+\}", "<id>", route) for route in ROUTES}
    for page in PAGES:
        for method, path in re.findall(r"`(GET|POST|PATCH|HEAD|DELETE) (/[^`?]*)`", prose(page)):
            path = re.sub(r"\{\w+\}", "<id>", path)
            assert f"{method} {path}" in routes, f"{page.name}: {method} {path}"


def test_every_act_of_log_and_lock_is_described() -> None:
    for page, acts in (("log-entry.md", list(Act)), ("lock-record.md", list(locks.Act))):
        table = read(DOCS / "formats" / page).split("\n## Acts\n")[1].split("\n## ")[0]
        first_columns = " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))
        assert sorted(re.findall(r"`([a-z.]+)`", first_columns)) == sorted(act.value for act in acts)


def test_a_lock_record_can_be_checked_by_hand_as_its_page_says(tmp_path: Path) -> None:
    page = DOCS / "formats/lock-record.md"
    promise = Promise(5, sha256(b"bytes").hexdigest())
    record = locks.encode(locks.seal("recordings/a/data", promise, Lock(datetime(2027, 11, 21, tzinfo=UTC))))
    (tmp_path / "data").write_bytes(b"bytes")
    (tmp_path / "data~lock.000001.json").write_bytes(record)
    (by_hand,) = (block for block in blocks(page) if "sha256sum" in block)
    done = subprocess.run(["sh", "-euc", by_hand], cwd=tmp_path, capture_output=True, text=True, check=True)
    check, data = (line.split()[0] for line in done.stdout.splitlines())
    said = json.loads(record)
    assert (check, data) == (said["check"], said["sha256"])
    table = read(page).split("\n## Acts\n")[0]
    fields = " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))
    assert set(said) == set(re.findall(r"`(\w+)`", fields))


def test_the_picture_is_one_and_speaks_in_the_terms_of_the_project() -> None:
    picture = ElementTree.fromstring(read(DOCS / "picture.svg"))
    labels = [node.text or "" for node in picture.iter() if node.get("class") == "zh"]
    sources = (DOCS / "terms.md", ROOT / "evidence/locale/zh_CN.toml", ROOT / "evidence/cli/lists.py")
    known = "".join(map(read, sources))
    words = [word for label in labels for word in re.split(r" [+·] ", label)]
    assert len(words) >= 8
    for word in words:
        assert word in known, word


def test_decisions_are_numbered_without_a_hole_and_say_what_and_why() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert len(pages) >= 8
    for number, page in enumerate(pages, 1):
        assert page.name.startswith(f"{number:04d}-")
        assert read(page).startswith(f"# {number}. ")
        assert "**Decision.**" in read(page)
        assert "**Why" in read(page)

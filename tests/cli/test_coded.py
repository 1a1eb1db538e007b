"""Wherever a code is asked, the words that are shown for it are taken as well, in either language."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from evidence.bootstrap import build
from evidence.cli import app
from evidence.errors import EvidenceError
from evidence.locale import LANGUAGES, text
from tests import listed_site
from tests.listed_site import rows, run

GROUPS = {
    "cases name --actions": "action.read-original",
    "complaints take --channel": "complaint-channel.phone",
    "devices add --class_": "device-class.body-camera",
    "devices report --kind": "service-kind.fault",
    "documents explain --kind": "mismatch.no-footage",
    "documents register --type_": "document-type.inspection-record",
    "exemptions state --ground": "exempting.urgency",
    "explanations explain --cause": "cause.battery",
    "explanations review --fault": "fault-kind.not-recorded",
    "explanations review --outcome": "review-outcome.sent-back",
    "exports ask --medium": "export-medium.dvd",
    "exports ask --way": "export-way.transfer",
    "faults decide --outcome": "fault-outcome.criticism",
    "faults decide --verdict": "verdict.no-fault",
    "faults open --kind": "fault-kind.not-recorded",
    "findings --least": "severity.breach",
    "gaps --state": "gap-state.explained",
    "grants add --role": "role.unit-head",
    "holds place --ground": "ground.objection",
    "markers pin --kind": "marker.notice-given",
    "matrix enter --kind": "activity-kind.document-service",
    "media add --kind": "export-medium.dvd",
    "people add --type_": "person-type.auxiliary",
    "people change --type_": "person-type.auxiliary",
    "samples review --outcome": "sample-outcome.in-order",
}
"""Every argument that is a code, and one whose words are typed for it."""
ELSEWHERE = {
    "cases term --term",  # by what the pack lists: below
    "log rotate --reason",  # of a key: shown nowhere in words
}


def asked() -> Iterator[tuple[str, Any]]:
    """Yield every argument of every command that is a code, by name, with what reads it."""
    groups = [((), typer.main.get_command(app))]
    while groups:
        path, command = groups.pop()
        if inside := getattr(command, "commands", None):
            groups += [((*path, name), inside[name]) for name in inside]
            continue
        for one in command.params:
            told = getattr(one, "type_descriptor", None)
            if told is None:
                continue
            kinds = [told.annotation, *get_args(told.annotation)]
            is_closed = any(isinstance(kind, type) and issubclass(kind, StrEnum) for kind in kinds)
            reads = told.parameter_info.parser
            if is_closed or reads or "as the policy pack names it" in (getattr(one, "help", None) or ""):
                yield f"{' '.join(path)} --{one.name}", reads


def test_every_code_may_be_typed_in_the_words_that_are_shown_for_it() -> None:
    found = {name: reads for name, reads in asked() if name not in ELSEWHERE}
    assert sorted(found) == sorted(GROUPS)
    for name, key in GROUPS.items():
        code = key.rpartition(".")[2]
        for typed in (code, *(text(language, key) for language in LANGUAGES)):
            assert found[name](typed) == code, (name, typed)


def test_words_that_name_nothing_are_wrong_usage_told_with_codes_and_words() -> None:
    refused = run(Path("nowhere"), "grants", "add", "1001", "单位主管", "--reason", "任命")
    assert refused.exit_code == 2
    assert "unit-head (科室负责人 / unit head)" in " ".join(refused.stderr.replace("│", " ").split())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a recording."""
    return listed_site.make(tmp_path_factory.mktemp("site") / "data")


def test_what_is_typed_in_words_is_kept_as_its_code(site: Path) -> None:
    ((recording),) = rows(site, "recordings")
    (hold,) = rows(
        site, "holds", "place", recording["id"], "--ground", "有异议或者投诉、上访", "--reason", "来访"
    )
    assert hold["ground"] == "objection"
    where = rows(site, "units", "add", "大队")["id"]
    case = rows(site, "cases", "open", "杭1", "--unit", where)["id"]
    assert "10-years" in run(site, "cases", "term", case, "10年").stdout
    assert run(site, "people", "add", "1001", "--unit", where, "--name", "某人").exit_code == 0
    assert rows(site, "grants", "add", "1001", "单位负责人", "--reason", "任命")["role"] == "unit-head"
    given = rows(site, "labels", "set", recording["id"], "--label", "执法人员=1001")
    assert given["changed"] == [recording["id"]]
    times = ("2026-01-01T08:00:00", "2026-01-01T09:00:00")
    told = ("--received", "2026-01-02", "--channel", "电话", "--since", times[0], "--until", times[1])
    words = ("complaints", "take", "投1", "1001", *told, "--matter", "态度", "--place", "某街")
    assert rows(site, *words)["channel"] == "phone"


def test_a_code_that_the_pack_lacks_is_still_refused_by_the_desk(site: Path) -> None:
    ((recording),) = rows(site, "recordings")
    refused = run(site, "holds", "place", recording["id"], "--ground", "想留着", "--reason", "来访").exception
    assert isinstance(refused, EvidenceError)
    assert refused.code == "unknown-ground"
    application = build(site)
    with application.site.database.reading() as unit:
        assert all(one.reason == "来访" for one in unit.holds.of(recording["id"]))
    application.site.database.close()

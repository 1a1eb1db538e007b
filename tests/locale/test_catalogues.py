"""The catalogues: the same keys and fields in both languages, and a text for every code the software uses."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Collection, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from evidence.domain import audit
from evidence.domain.damage import CORRUPT, TRUNCATED
from evidence.domain.deadlines import DeadlineKind
from evidence.domain.explanations import GapState
from evidence.domain.findings import Code, Severity
from evidence.domain.rights import Action
from evidence.domain.standing import Classification
from evidence.domain.uploads import UploadState
from evidence.errors import EvidenceError
from evidence.locale import BARE, CHINESE, ENGLISH, Word, catalogue, say
from evidence.policy.conduct import Exempting, FaultKind
from evidence.policy.rules import Act, Cause, Duty, Ground, Label, Need, NumberCause, PersonType
from evidence.service.jobs import Queue
from storage.errors import StorageError

ROOT = Path(__file__).parents[2]
ZH, EN = catalogue(CHINESE), catalogue(ENGLISH)
CJK = re.compile(r"[\u4e00-\u9fff]")
SAME_IN_ALL = {"unit.percent", "column.sha256", "column.sm3"}


def fields(template: str) -> list[str]:
    """Return the fields a text names, sorted, each once."""
    return sorted({name for _, name, _, _ in string.Formatter().parse(template) if name is not None})


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the parsed modules of these packages."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file, parsed(file)


@cache
def parsed(file: Path) -> ast.Module:
    """Parse a module, once for all tests here."""
    return ast.parse(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def _forgotten() -> Iterator[None]:
    """Forget what was parsed when these tests are over: it is half a million nodes."""
    yield
    parsed.cache_clear()


def name_of(node: ast.expr) -> str:
    """Return a name as it stands, `say` or `locale.say`; what is no name is empty."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls_of(names: Collection[str], *folders: str) -> Iterator[ast.Call]:
    """Yield the calls by one of these names in these packages."""
    for _, module in sources(*folders):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and name_of(node.func) in names:
                yield node


def is_text(node: ast.expr) -> bool:
    """Whether it is a text that stands there as it is."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def error_families() -> set[str]:
    """Return the names of all error classes of the two trees, wherever they are defined."""
    names, known = {"EvidenceError", "StorageError"}, 0
    modules = list(sources("evidence", "storage", "workers"))
    while known != len(names):
        known = len(names)
        for _, module in modules:
            for node in ast.walk(module):
                if isinstance(node, ast.ClassDef) and {name_of(base) for base in node.bases} & names:
                    names.add(node.name)
    return names


def error_codes() -> dict[str, str]:
    """Return every code that the source can give an error, and where it stands."""
    families, found = error_families(), {}
    for file, module in sources("evidence", "storage", "workers"):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and name_of(node.func) in families and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found[str(first.value)] = f"{file.name}:{node.lineno}"
            elif isinstance(node, ast.ClassDef) and node.name in families:
                for line in node.body:
                    if isinstance(line, ast.Assign) and name_of(line.targets[0]) == "code":
                        assert isinstance(line.value, ast.Constant)
                        found[str(line.value.value)] = f"{file.name}:{line.lineno}"
    return found


def said() -> Iterator[tuple[str, str, bool]]:
    """Yield (key or its beginning, place, whether it is whole) for every `say(…)` and `text(…, …)`."""
    for file, module in sources("evidence", "workers"):
        for node in ast.walk(module):
            if not (isinstance(node, ast.Call) and name_of(node.func) in ("say", "locale.say")):
                continue
            place = f"{file.name}:{node.lineno}"
            key = node.args[0]
            if isinstance(key, ast.Constant):
                yield str(key.value), place, True
            elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
                yield str(key.values[0].value), place, False


def test_both_languages_have_the_same_keys() -> None:
    assert list(ZH) == list(EN)


def test_each_text_names_the_same_fields_in_both_languages_and_is_in_its_language() -> None:
    for key in sorted(ZH):
        shared = [[name.removesuffix("_en") for name in fields(one[key])] for one in (ZH, EN)]
        assert shared[0] == shared[1], key
        assert all(name.isidentifier() for name in fields(ZH[key])), key
        assert ZH[key].strip() == ZH[key] != "", key
        assert EN[key].strip() == EN[key] != "", key
        assert not CJK.search(EN[key]), key
        assert CJK.search(ZH[key]) or key in SAME_IN_ALL, key
        assert " / " not in ZH[key] + EN[key], f"{key}: this is what stands between the languages"


def test_every_finding_has_a_title_and_a_sentence() -> None:
    wanted = {f"finding.{code}.{part}" for code in Code for part in ("title", "text")}
    manners = {key for key in ZH if key.startswith("finding.")} - wanted
    nodes = (node for _, module in sources("evidence/domain") for node in ast.walk(module))
    written = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert {key for key in manners if key.split(".")[2] not in written} == set()
    assert wanted <= set(ZH)


def test_every_sign_of_a_cut_or_damaged_file_has_words() -> None:
    assert {key for key in ZH if key.startswith("sign.")} == {
        f"sign.{kind}" for kind in (*TRUNCATED, *CORRUPT)
    }


def test_the_words_for_states_labels_causes_and_acts_are_complete() -> None:
    for group, words in (
        ("severity", Severity),
        ("deadline", DeadlineKind),
        ("label", Label),
        ("action", Action),
        ("class", Classification),
        ("cause", [*Cause, *NumberCause]),
        ("act", Act),
        ("ground", Ground),
        ("exempting", Exempting),
        ("gap-state", GapState),
        ("fault-kind", FaultKind),
        ("person-type", PersonType),
        ("need", Need),
        ("duty", Duty),
        ("upload-state", UploadState),
        ("queue", Queue),
        ("log-family", audit.Family),
    ):
        assert {key for key in ZH if key.startswith(f"{group}.")} == {f"{group}.{word}" for word in words}


def test_every_error_code_in_the_source_has_a_text() -> None:
    found = error_codes()
    assert {"policy-error", "no-space", "store-full", EvidenceError.code, StorageError.code} <= set(found)
    assert {code: place for code, place in found.items() if f"error.{code}" not in ZH} == {}


def test_a_fault_file_has_one_chinese_word_everywhere() -> None:
    """That of docs/terms.md; the regulation's own word is the fault's, 执法过错 (Dazhe 2020 art. 16)."""
    assert "过错档案" in (ROOT / "docs/terms.md").read_text()
    guides = {path.name: path.read_text() for path in (ROOT / "docs").rglob("*.md")}
    told = {**ZH, **guides, **{str(path): path.read_text() for path in (ROOT / "evidence").rglob("*.py")}}
    assert [key for key, text in told.items() if "过错材料" in text] == []
    assert ZH["review-outcome.fault"] == ZH["faults.new"]


def test_every_fact_of_an_error_is_called_something() -> None:
    families, facts = error_families(), set()
    for node in calls_of(families, "evidence", "storage", "workers"):
        facts |= {word.arg for word in node.keywords if word.arg}
    assert len(facts) > 150
    assert {f"fact.{one}" for one in facts} - ZH.keys() == set()


def test_what_an_error_says_would_have_been_taken_has_words_in_its_group() -> None:
    groups = set()
    for node in calls_of(("Known",), "evidence"):
        groups |= {ast.literal_eval(one) for one in node.args[1:] if is_text(one)}
    assert {"ground", "cause", "label"} <= groups
    assert [one for one in groups if not any(key.startswith(f"{one}.") for key in ZH)] == []


def test_every_kind_of_alarm_has_words() -> None:
    found = set()
    for node in calls_of(("Fault", "Alarm"), "evidence"):
        found |= {f"alarm-kind.{ast.literal_eval(one)}" for one in node.args[:1] if is_text(one)}
    assert len(found) > 30
    assert found - ZH.keys() == set()


def test_every_kind_of_object_in_the_log_is_called_something() -> None:
    """Kinds written in the entry itself; the format page names those that come by way of variables, too."""
    row = next(
        line
        for line in (ROOT / "docs/formats/log-entry.md").read_text().splitlines()
        if line.startswith("| `obj`")
    )
    found = set(re.findall(r"`([a-z]+)`", row.partition("kind (")[2].partition("…")[0]))
    for node in calls_of(("Entry",), "evidence/service", "evidence/rebuilding"):
        pairs = [one for one in ast.walk(node) if isinstance(one, ast.Tuple) and len(one.elts) == 2]
        found |= {ast.literal_eval(one.elts[0]) for one in pairs if is_text(one.elts[0])}
    assert {"card", "account", "announced", "recording"} <= found
    assert {f"fact.{one}" for one in found} - ZH.keys() == set()


def test_every_strength_of_a_vault_has_words() -> None:
    found = set()
    for node in calls_of(("Strength",), "storage"):
        kind, withstands = (ast.literal_eval(one) for one in node.args)
        found |= {f"lock-kind.{kind}", f"withstands.{withstands}"}
    assert len(found) == 8
    assert found - ZH.keys() == set()


def test_texts_of_errors_name_no_fields_because_titles_do_not_change_between_occurrences() -> None:
    assert [key for key in ZH if key.startswith("error.") and fields(ZH[key])] == []


def test_every_text_that_the_source_asks_for_exists() -> None:
    asked = list(said())
    assert len(asked) > 20
    for key, place, is_whole in asked:
        exists = key in ZH if is_whole else any(known.startswith(key) for known in ZH)
        assert exists, f"{place}: {key}"


def test_every_reason_for_refusing_a_pack_has_a_text() -> None:
    reasons = set()
    for _, module in sources("evidence/policy", "evidence/adapters"):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and name_of(node.func).endswith("fail"):
                reasons.add(node.args[1])
            if isinstance(node, ast.Call) and name_of(node.func) == "PolicyError":
                reasons.update(word.value for word in node.keywords if word.arg == "reason")
    words = {reason.value for reason in reasons if isinstance(reason, ast.Constant)}
    assert {"unknown-key", "overlap", "not-toml", "not-utf-8"} <= words
    assert {f"policy-fault.{word}" for word in words} - set(ZH) == set()


def test_every_unit_of_a_finding_has_a_word() -> None:
    units = set()
    for file, module in sources("evidence/domain", "evidence/adapters"):
        if "migrations" in file.parts:  # "unit" is a table there
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Dict):
                for name, value in zip(node.keys, node.values, strict=True):
                    if (
                        isinstance(name, ast.Constant)
                        and name.value == "unit"
                        and isinstance(value, ast.Constant)
                    ):
                        units.add(value.value)
    assert {"s", "bytes"} <= units
    assert [unit for unit in units if f"unit.{unit}" not in ZH and unit not in BARE] == []


def test_no_text_calls_a_recording_genuine_or_untouched() -> None:
    for verdict in ("untampered", "authentic", "genuine", "intact", "未被篡改", "未经篡改", "真实可靠"):
        assert [key for key in ZH if verdict in (ZH[key] + EN[key]).lower()] == []


def test_a_word_and_a_length_of_time_are_in_the_language_of_the_text_around_them() -> None:
    said = {"state": Word("gap-state.open"), "count": 2, "lost": timedelta(minutes=3), "unknown": 0}
    chinese, english = say("cli.gaps-state", **said).split(" / ")
    assert (ZH["gap-state.open"] in chinese, EN["gap-state.open"] in english) == (True, True)
    assert not CJK.search(english)
    assert "3 min" in english


@pytest.mark.parametrize("act", audit.Act)
def test_every_act_of_the_log_is_called_something_in_both_languages(act: audit.Act) -> None:
    key = f"log-act.{act.value}"
    assert CJK.search(ZH[key])
    assert EN[key] and not CJK.search(EN[key])


@pytest.mark.parametrize("doer", ["operator", "service", "anyone", "account", "dock", "integration"])
def test_every_doer_who_is_no_person_is_called_something(doer: str) -> None:
    assert CJK.search(ZH[f"officer.seer-{doer}"])
    assert EN[f"officer.seer-{doer}"] != doer

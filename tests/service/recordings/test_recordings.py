"""Recordings are listed and opened as far as the caller's reach, and what is out of reach is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.domain.access import Caller, Purpose
from evidence.domain.ids import new_id
from evidence.domain.rights import CASE_RIGHTS, Action, Kind, Role
from evidence.errors import EvidenceError, NotFound, Refused
from evidence.service.examining.fixity import Fixity
from evidence.service.recordings.playing import Playing
from tests import inside
from tests.builders import SmallSite
from tests.manned_site import NOBODY, A, MannedSite
from tests.people_room import OPERATOR

WORDS = (
    "own", "second", "aux", "other_unit", "nobody", "for_readers", "for_none", "event", "in_case", "opened"
)  # fmt: skip
OF_A = {"own", "second", "aux", "event", "in_case", "opened"}  # and nothing bars them from the list
# Whom the list shows what. `stranger` is a member of a case, and has an emergency open.
SEEN = {
    "officer": {"own"},
    "second": {"second", "event", "in_case", "opened"},
    "aux": {"aux"},
    "head": OF_A | {"for_readers"},
    "custodian": OF_A,
    "stranger": {"other_unit", "in_case", "opened"},
    "head_b": {"other_unit"},
    "chief": OF_A | {"other_unit"},
    "auditor": OF_A | {"other_unit", "nobody"},
    "system": set(),
    "security": set(),
    "audit": set(),
    "integration": OF_A | {"other_unit", "nobody"},
    "operator": set(WORDS),
}
PLAYED = {
    **SEEN,
    "custodian": OF_A - {"event"},  # who took part in the event
    "auditor": set(),
    "integration": set(),
    "stranger": {"other_unit", "opened"},  # the case gives all but playing
}


@dataclass
class Scene:
    """A manned site with one recording of each kind, by the words above."""

    site: MannedSite
    recordings: dict[str, str]

    @property
    def small(self) -> SmallSite:
        """The site below."""
        return self.site.small

    def words(self, found: list[str]) -> set[str]:
        """Return the words of recordings."""
        return {word for word, recording in self.recordings.items() if recording in found}

    def may(self, doing: Callable[[str], object]) -> set[str]:
        """Return the words of the recordings with which this can be done."""
        done = set()
        for word, recording in self.recordings.items():
            try:
                doing(recording)
            except (NotFound, Refused):
                continue
            done.add(word)
        return done


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    site = MannedSite(
        tmp_path_factory.mktemp("site"), SmallSite(tmp_path_factory.mktemp("small"), embedded=True)
    )
    wearers = ("officer", "second", "aux", "stranger", NOBODY, *("second",) * 5)
    recordings = {word: site.seal(who) for word, who in zip(WORDS, wearers, strict=True)}
    site.restrict(recordings["for_readers"], "head", "aux", "stranger")
    site.restrict(recordings["for_none"])
    site.mark_serious(recordings["event"], "custodian")
    site.case(recordings["in_case"], "stranger", CASE_RIGHTS - {Action.PLAY})
    site.open_emergency(recordings["opened"], "stranger")
    return Scene(site, recordings)


def play(scene: Scene, caller: Caller, recording: str, purpose: Purpose | None = Purpose.CASE) -> bytes:
    played = Playing(scene.small.site).play(caller, recording, lambda size: (0, size), purpose)
    with played.file as file:
        return file.read()


@pytest.mark.parametrize("who", SEEN)
def test_the_list_shows_what_somebody_can_open_one_by_one_and_nothing_else(scene: Scene, who: str) -> None:
    caller = scene.site.caller(who)
    desk = scene.small.recordings
    if not SEEN[who]:
        assert scene.may(lambda one: desk.get(caller, one)) == set()
        return
    listed = [one.recording.id for one in desk.list(caller)]
    assert scene.words(listed) == SEEN[who]
    assert len(listed) == len(SEEN[who])
    assert scene.may(lambda one: desk.get(caller, one)) == SEEN[who]


@pytest.mark.parametrize("who", PLAYED)
def test_what_is_played_is_what_the_policy_gives(scene: Scene, who: str) -> None:
    caller = scene.site.caller(who)
    assert scene.may(lambda one: play(scene, caller, one)) == PLAYED[who]


def test_originals_go_to_custodians_and_to_whom_a_case_gives_them(scene: Scene) -> None:
    def taken(who: str) -> set[str]:
        caller = scene.site.caller(who)

        def take(recording: str) -> None:
            scene.small.recordings.open_original(caller, recording, Purpose.CASE)[1].close()

        return scene.may(take)

    assert taken("custodian") == {"in_case"}, "that it is for a case is not believed"
    case = scene.site.cases.open(OPERATOR, "杭综执〔2026〕8号", scene.site.ids[A]).id
    for word in WORDS:
        scene.site.cases.link(OPERATOR, case, scene.recordings[word])
    try:
        assert taken("custodian") == OF_A - {"event"}
    finally:
        for word in WORDS:
            scene.site.cases.unlink(OPERATOR, case, scene.recordings[word], "更正")
    assert taken("stranger") == {"in_case"}
    assert taken("integration") == SEEN["integration"]
    for who in ("officer", "second", "aux", "head", "chief", "auditor", "system", "security", "audit"):
        assert taken(who) == set(), who


def test_manifests_and_findings_go_to_whom_the_policy_gives_them(scene: Scene) -> None:
    desk = scene.small.recordings
    for who, manifests, findings in (
        ("officer", set(), {"own"}),
        ("aux", set(), set()),
        ("head", SEEN["head"], SEEN["head"]),
        ("auditor", SEEN["auditor"], SEEN["auditor"]),
        ("stranger", {"in_case"}, SEEN["stranger"]),
        ("integration", SEEN["integration"], SEEN["integration"]),
        ("audit", set(), set()),
    ):
        caller = scene.site.caller(who)
        assert scene.may(lambda one, it=caller: desk.manifest(it, one)) == manifests, who
        assert scene.may(lambda one, it=caller: desk.findings(it, one)) == findings, who


HIDDEN = [
    ("officer", "second"),
    ("officer", "nobody"),
    ("head", "for_none"),
    ("stranger", "own"),
    ("integration", "for_none"),
]


@pytest.mark.parametrize(("who", "what"), HIDDEN)
def test_what_is_hidden_is_answered_in_the_words_of_what_is_not_there(
    scene: Scene, who: str, what: str
) -> None:
    caller, desk = scene.site.caller(who), scene.small.recordings

    def said(recording: str) -> list[object]:
        answers: list[object] = []
        for ask in (
            lambda: desk.get(caller, recording),
            lambda: desk.findings(caller, recording),
            lambda: play(scene, caller, recording),
        ):
            try:
                ask()
            except EvidenceError as problem:
                fields = {key: str(value).replace(recording, "<id>") for key, value in problem.fields.items()}
                answers.append((type(problem), problem.code, fields))
            else:
                answers.append("shown")
        return answers

    assert said(scene.recordings[what]) == said(new_id())
    assert "shown" not in said(scene.recordings[what])


def test_a_hidden_try_changes_nothing_but_the_log_which_names_it(scene: Scene) -> None:
    caller, recording = scene.site.caller("officer"), scene.recordings["second"]
    folder = scene.small.folder
    before = {name: rows for name, rows in inside.tables(folder).items() if not name.startswith("audit")}
    with pytest.raises(NotFound):
        play(scene, caller, recording)
    entry = json.loads(scene.small.log()[-1])
    assert (entry["act"], entry["by"], entry["res"]) == ("access.denied", caller.id, "refused")
    assert entry["obj"][0]["id"] == recording
    after = {name: rows for name, rows in inside.tables(folder).items() if not name.startswith("audit")}
    assert after == before


def test_others_recordings_are_looked_at_for_a_purpose_and_ones_own_without(scene: Scene) -> None:
    assert play(scene, scene.site.caller("officer"), scene.recordings["own"], None)
    with pytest.raises(Refused, match="purpose-needed"):
        play(scene, scene.site.caller("head"), scene.recordings["own"], None)
    with pytest.raises(Refused, match="purpose-needed"):
        scene.small.recordings.open_original(scene.site.caller("custodian"), scene.recordings["own"])


def test_who_took_part_in_a_serious_event_is_told_why_not(scene: Scene) -> None:
    with pytest.raises(Refused, match="serious-event"):
        play(scene, scene.site.caller("custodian"), scene.recordings["event"])


def test_an_integration_gets_no_receipt_of_what_is_restricted(scene: Scene) -> None:
    desk, integration = scene.small.recordings, scene.small.administrator
    assert desk.receipt(integration, scene.recordings["own"])
    with pytest.raises(NotFound, match="upload-not-found"):
        desk.receipt(integration, scene.recordings["for_none"])
    assert desk.receipt(scene.small.dock, scene.recordings["for_none"]), "the dock that sent it keeps its own"


def test_reading_back_goes_as_far_as_the_reach(scene: Scene) -> None:
    checked = {
        one.recording_id for one in Fixity(scene.small.site).verify_all(scene.site.caller("custodian"))
    }
    assert scene.words(list(checked)) == SEEN["custodian"] - {"event"}


def test_a_role_that_ended_shows_nothing(tmp_path: Path) -> None:
    site = MannedSite(tmp_path)
    site.hire("guest", "030001", A)
    grant = site.grant("guest", Role.CUSTODIAN, A)
    recording = site.seal("second")
    assert site.small.recordings.get(site.caller("guest"), recording)
    with site.small.database.writing() as unit:
        unit.grants.revoke(grant, "operator", site.small.clock.now())
    with pytest.raises(NotFound):
        site.small.recordings.get(site.caller("guest"), recording)
    with pytest.raises(Refused, match="not-permitted"):
        site.small.recordings.list(Caller("f" * 32, Kind.ANYONE))

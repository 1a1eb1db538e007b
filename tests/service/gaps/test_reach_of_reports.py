"""Findings, deadlines and the gap report hold what the caller could open, one by one, and count only that.

What is no recording yet belongs where its wearer does; what is about a recorder, to who may know of a
recording of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.answers.recordings import gaps_out
from evidence.domain.access import Caller
from evidence.domain.findings import Code, Finding, Severity
from evidence.domain.rights import Action, Kind
from evidence.errors import Refused
from evidence.service.catalogue import Scope
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.reports import Reports
from evidence.service.instruments import pack_at
from evidence.service.jobs import JobName
from tests.builders import SmallSite, an_origin
from tests.manned_site import NOBODY, MannedSite

WEARERS = {"officer": "010001", "second": "010002", "aux": "XG330001", "stranger": "020001", "nobody": NOBODY}
UNIT_A = {"officer", "second", "aux"}
# Whose files each caller is shown, beside the restricted one of `second` ("secret").
SHOWN = {
    "officer": {"officer"},
    "second": {"second"},
    "head": UNIT_A,
    "custodian": UNIT_A,
    "head_b": {"stranger"},
    "chief": UNIT_A | {"stranger"},
    "auditor": {*WEARERS},
    "integration": {*WEARERS},
    "operator": {*WEARERS, "secret"},
}


@dataclass
class Scene:
    """Everybody owes a file, has one set aside, and has a recording with a finding; each on a recorder of
    their own, of which something was found, too.
    """

    site: MannedSite
    recordings: dict[str, str] = field(default_factory=dict)

    @property
    def small(self) -> SmallSite:
        """The site below."""
        return self.site.small

    def fill(self) -> None:
        """Make all of it."""
        for word, number in WEARERS.items():
            device = f"D-{word}"
            self.recordings[word] = self.site.seal(number, device=device, name=f"{word}.mp4")
            owed = an_origin(f"{word}-owed.mp4", device=device, wearer=number, size_bytes=7)
            self.small.cards.announce(self.small.dock, an_origin("-", device=device, wearer=number), [owed])
            aside = an_origin(f"{word}-aside.mp4", device=device, wearer=number, size_bytes=5)
            upload = self.small.uploads.create(self.small.dock, aside, None)
            self.find("recording", self.recordings[word], device, f"{word}.mp4", self.recordings[word])
            self.find("device", device, device, f"{word}-device")
            self.find("upload", upload.id, device, f"{word}-upload")
        self.recordings["secret"] = self.site.seal("010002", device="D-secret", name="secret.mp4")
        self.find("recording", self.recordings["secret"], "D-secret", "secret.mp4", self.recordings["secret"])
        self.find("device", "D-secret", "D-secret", "secret-device")
        same = self.small.send(
            an_origin("secret.mp4", device="D-secret", wearer="010002", size_bytes=5), b"other"
        )
        while self.small.work.do_next("tester", [JobName.SEAL]):
            pass
        assert self.small.uploads.status(self.small.dock, same.id).problem == "name-reused"
        self.site.restrict(self.recordings["secret"])
        self.small.clock.pass_by(timedelta(days=8))
        self.small.work.sweep()  # what was not sent in time is set aside, what is owed is overdue

    def find(self, kind: str, about: str, device: str, file: str, recording: str | None = None) -> None:
        """Record a finding; about: the scope's id."""
        now = self.small.clock.now()
        found = Finding(Code.TRUNCATED, Severity.ATTENTION, file)
        scope = Scope(kind, about, device, {file: recording} if recording else {})
        with self.small.database.writing() as unit:
            unit.examinations.record(
                scope, "quick", pack_at(self.small.site.policies, now), "{}", [found], now
            )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    small = SmallSite(tmp_path_factory.mktemp("small"), embedded=True)
    scene = Scene(MannedSite(small.folder, small))
    scene.fill()
    return scene


def words(devices: Iterable[str]) -> set[str]:
    return {device.removeprefix("D-") for device in devices}


@pytest.mark.parametrize("who", SHOWN)
def test_deadlines_are_those_of_ones_reach(scene: Scene, who: str) -> None:
    rows = Deadlines(scene.small.site).list(scene.site.caller(who))
    assert words(row.device for row in rows) == SHOWN[who]
    seen = {one for one in SHOWN[who] if one != "secret"}
    expected = sorted([f"{one}-owed.mp4" for one in seen] + [f"{one}.mp4" for one in SHOWN[who]])
    assert sorted(row.name for row in rows) == expected


def test_an_auxiliary_sees_the_deadlines_of_what_they_wore(scene: Scene) -> None:
    rows = Deadlines(scene.small.site).list(scene.site.caller("aux"))
    assert sorted(row.name for row in rows) == ["aux-owed.mp4", "aux.mp4"]


@pytest.mark.parametrize("who", SHOWN)
def test_findings_are_those_of_ones_reach_with_and_without_a_recording(scene: Scene, who: str) -> None:
    found = Reports(scene.small.site).findings(scene.site.caller(who))
    mine = [one for one in found if one.body["code"] == Code.TRUNCATED]
    expected = {f"{one}{tail}" for one in SHOWN[who] for tail in (".mp4", "-device", "-upload")}
    expected -= {"secret-upload"}
    if who in ("auditor", "integration"):
        expected |= {"secret-device"}  # reaches the whole site, but for what is restricted
    assert {str(one.body["file"]) for one in mine} == expected
    overdue = {str(one.body["file"]) for one in found if one.body["code"] == Code.OVERDUE}
    assert overdue == {f"{one}-owed.mp4" for one in SHOWN[who] if one != "secret"}


@pytest.mark.parametrize("who", SHOWN)
def test_the_gap_report_and_its_totals_are_those_of_ones_reach(scene: Scene, who: str) -> None:
    caller = scene.site.caller(who)
    report = Reports(scene.small.site).gaps(caller)
    seen = {one for one in SHOWN[who] if one != "secret"}
    assert {row.name for row in report.missing} == {f"{one}-owed.mp4" for one in seen}
    aside = {one.origin.name for one in report.set_aside}
    assert aside == {f"{one}-aside.mp4" for one in seen} | ({"secret.mp4"} if who == "operator" else set())
    assert words(one.stored.recording.origin.device for one in report.unlabelled) == SHOWN[who]
    told = gaps_out(report, caller)
    assert told["totals"] == {part: len(told[part]) for part in told["totals"]}
    if who != "operator":
        assert "secret.mp4" not in str(told)
    for one in WEARERS.keys() - SHOWN[who]:
        assert WEARERS[one] not in str(told), one


@pytest.mark.parametrize("who", ["system", "security", "audit", "aux"])
def test_who_has_no_right_to_reports_gets_none(scene: Scene, who: str) -> None:
    caller = scene.site.caller(who)
    with pytest.raises(Refused, match="not-permitted"):
        Reports(scene.small.site).gaps(caller)


def test_an_integration_of_few_rights_reads_the_report_it_was_made_for(scene: Scene) -> None:
    token = Caller("d" * 32, Kind.INTEGRATION, scopes=frozenset({Action.READ_GAPS}))
    report = Reports(scene.small.site).gaps(token)
    assert len(report.missing) == len(WEARERS)


def test_a_case_member_finds_what_the_case_is_about(tmp_path: Path) -> None:
    scene = Scene(MannedSite(tmp_path))
    recording = scene.site.seal("second", device="D-second", name="second.mp4")
    scene.find("recording", recording, "D-second", "second.mp4", recording)
    scene.find("device", "D-second", "D-second", "of the recorder")
    desk = Reports(scene.small.site)
    assert desk.findings(scene.site.caller("stranger")) == []
    scene.site.case(recording, "stranger", {Action.READ_FINDINGS})
    found = {str(one.body["file"]) for one in desk.findings(scene.site.caller("stranger"))}
    assert found == {"second.mp4", "of the recorder"}
    assert desk.gaps(scene.site.caller("stranger")).interruptions == [], "a case gives no gap report"


def test_names_of_other_files_in_a_finding_are_left_out_where_they_are_out_of_reach(tmp_path: Path) -> None:
    site = MannedSite(tmp_path)
    small, desk = site.small, Reports(site.small.site)
    first, after = site.seal("officer", name="first.mp4"), site.seal("second", name="after.mp4")
    detail: Mapping[str, object] = {"before": "first.mp4", "after": "after.mp4", "gap_s": 7.0}
    found = Finding(Code.GAP_BETWEEN_FILES, Severity.ATTENTION, "first.mp4", detail=detail)
    scope = Scope("recording", first, "DSJX9A00123", {"first.mp4": first})
    now = small.clock.now()
    with small.database.writing() as unit:
        unit.examinations.record(scope, "sequence", pack_at(small.site.policies, now), "{}", [found], now)

    def told(who: str) -> set[str]:
        caller = site.caller(who)
        (one,) = desk.findings(caller)
        (same,) = small.recordings.findings(caller, first)
        assert same.body == one.body
        shown = one.body["detail"]
        assert isinstance(shown, Mapping)
        assert all(shown[key] == detail[key] for key in shown)
        return {*shown}

    assert told("head") == {"before", "after", "gap_s"}
    assert told("officer") == {"before", "gap_s"}
    site.restrict(after, "chief")
    assert told("head") == {"before", "gap_s"}
    assert told("chief") == {"before", "after", "gap_s"}
    assert told("operator") == {"before", "after", "gap_s"}

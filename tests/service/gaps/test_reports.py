"""Reports say what is missing, late, interrupted, unexplained and unlabelled; each look is logged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from evidence.domain.findings import Severity
from evidence.errors import Invalid, NoSpace, NotFound, Refused
from evidence.service.gaps.gap_parts import Asked
from evidence.service.gaps.reports import Reports
from evidence.service.intake.opening import RESERVE_BYTES
from tests.builders import START, SmallSite, an_origin

BODY = b"not a film"


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path)


@pytest.fixture
def reports(small: SmallSite) -> Reports:
    return Reports(small.site)


def seal(small: SmallSite, name: str, body: bytes = BODY, **origin: object) -> str:
    upload = small.send(an_origin(name, size_bytes=len(body), **origin), body)
    small.do_jobs()
    return upload.id


def test_an_empty_site_has_nothing_to_report(small: SmallSite, reports: Reports) -> None:
    report = reports.gaps(small.administrator)
    parts = (report.missing, report.late, report.interruptions, report.to_explain, report.unlabelled)
    assert [list(part) for part in parts] == [[], [], [], [], []]
    assert list(report.set_aside) == []
    assert reports.findings(small.administrator) == []


def test_findings_stand_gravest_first_and_can_be_limited(small: SmallSite, reports: Reports) -> None:
    seal(small, "a.mp4")
    seal(small, "late.mp4", modified_at=START - timedelta(hours=30))
    everything = reports.findings(small.administrator)
    order = [str(one.body["severity"]) for one in everything]
    assert order == sorted(order, key=list(Severity).index, reverse=True)
    assert {"breach", "attention"} <= set(order)
    breaches = reports.findings(small.administrator, Severity.BREACH)
    assert [one.id for one in breaches] == [one.id for one in everything if one.body["severity"] == "breach"]
    assert "late" in [one.body["code"] for one in breaches]
    serious = reports.findings(small.administrator, Severity.ATTENTION)
    assert [one.id for one in serious] == [one.id for one in everything if one.body["severity"] != "info"]


def test_the_gap_report_names_what_is_missing_late_and_interrupted(
    small: SmallSite, reports: Reports
) -> None:
    seal(small, "in-time.mp4", body=b"some other text")
    seal(small, "late.mp4", modified_at=START - timedelta(hours=30))
    missing = [an_origin(name, size_bytes=1) for name in ("gone.mp4", "gone-too.mp4")]
    small.cards.announce(small.dock, an_origin("-"), missing)
    report = reports.gaps(small.administrator)
    assert sorted(row.name for row in report.missing) == ["gone-too.mp4", "gone.mp4"]
    assert [row.name for row in report.late] == ["late.mp4"]
    unreadable = [one.body["file"] for one in report.interruptions if one.body["code"] == "unreadable"]
    assert sorted(map(str, unreadable)) == ["in-time.mp4", "late.mp4"]


def test_a_file_that_was_cut_off_is_one_loss_though_it_cannot_be_read_either(
    small: SmallSite, reports: Reports
) -> None:
    cut = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\1\0\0mdat" + bytes(range(256))
    seal(small, "cut.mp4", cut)
    codes = [one.body["code"] for one in reports.findings(small.administrator)]
    assert {"truncated", "unreadable"} <= set(codes)
    assert [one.body["code"] for one in reports.gaps(small.administrator).interruptions] == ["truncated"]


def test_each_serious_finding_stands_in_the_gap_report_exactly_once(
    small: SmallSite, reports: Reports
) -> None:
    seal(small, "a.mp4")
    seal(small, "late.mp4", modified_at=START - timedelta(hours=30))
    report = reports.gaps(small.administrator)
    shown = [one.id for one in (*report.faults, *report.interruptions, *report.to_explain)]
    serious = reports.findings(small.administrator, Severity.ATTENTION)
    assert sorted(shown) == sorted(one.id for one in serious if one.body["code"] != "late")


def test_a_slip_in_what_is_asked_is_no_clean_report(small: SmallSite, reports: Reports) -> None:
    seal(small, "a.mp4", device="ONE")
    with pytest.raises(NotFound, match="device-not-found"):
        reports.gaps(small.administrator, Asked("ON3"))
    with pytest.raises(Invalid, match="days-reversed"):
        reports.gaps(small.administrator, Asked(None, date(2026, 3, 2), date(2026, 3, 1)))


def test_the_gap_report_can_be_asked_for_one_recorder_and_some_days(
    small: SmallSite, reports: Reports
) -> None:
    seal(small, "a.mp4", device="ONE")
    seal(small, "a.mp4", b"another", device="TWO", modified_at=START - timedelta(days=2))
    refused = small.send(an_origin("a.mp4", size_bytes=5, device="ONE"), b"other")
    small.do_jobs()
    day = START.date()

    def shown(asked: Asked) -> set[tuple[str, date]]:
        report = reports.gaps(small.administrator, asked)
        lines = [*report.late, *report.interruptions, *report.to_explain, *report.unlabelled]
        aside = [] if asked.device == "TWO" or asked.until else [refused.id]
        assert [upload.id for upload in report.set_aside] == aside
        return {
            (getattr(one, "device", "") or one.stored.recording.origin.device, report.days.of(one))  # type: ignore[union-attr]
            for one in lines
        }

    one, two = ("ONE", day), ("TWO", day - timedelta(days=2))
    assert shown(Asked()) == {one, two}
    assert shown(Asked(device="TWO")) == {two}
    assert shown(Asked(since=day)) == {one}
    assert shown(Asked(until=day - timedelta(days=1))) == {two}
    assert shown(Asked(device="ONE", until=day - timedelta(days=1))) == set()


def test_a_file_leaves_the_list_of_the_missing_when_it_is_sealed(small: SmallSite, reports: Reports) -> None:
    small.cards.announce(small.dock, an_origin("-"), [an_origin("a.mp4", size_bytes=len(BODY))])
    assert [row.name for row in reports.gaps(small.administrator).missing] == ["a.mp4"]
    seal(small, "a.mp4")
    assert reports.gaps(small.administrator).missing == []


def test_a_recording_without_the_labels_that_the_pack_demands_is_named_with_them(
    small: SmallSite, reports: Reports
) -> None:
    demanded = small.site.policies.latest.labels.labels
    wanted = [label for label in demanded if label not in ("officer", "time")]
    assert wanted, "the pack demands labels"
    bare = seal(small, "bare.mp4")
    seal(small, "labelled.mp4", b"labelled", labels=dict.fromkeys(wanted, "值"))
    half = seal(small, "half.mp4", b"half", labels={wanted[0]: "值"})
    named = {one.stored.recording.id: one for one in reports.gaps(small.administrator).unlabelled}
    expected = {bare: tuple(wanted)} | ({half: tuple(wanted[1:])} if wanted[1:] else {})
    assert {id_: one.missing for id_, one in named.items()} == expected
    assert all(one.cites for one in named.values())


def test_a_refused_upload_is_shown_as_set_aside(small: SmallSite, reports: Reports) -> None:
    seal(small, "a.mp4")
    refused = small.send(an_origin("a.mp4", size_bytes=5), b"other")
    small.do_jobs()
    report = reports.gaps(small.administrator)
    assert [upload.id for upload in report.set_aside] == [refused.id]
    assert "name-reused" in [one.body["code"] for one in report.to_explain]


def test_an_expired_upload_is_shown_as_set_aside(small: SmallSite, reports: Reports) -> None:
    upload = small.uploads.create(small.dock, an_origin("a.mp4", size_bytes=5), None)
    small.clock.pass_by(small.site.terms.upload_rest + timedelta(seconds=1))
    small.work.sweep()
    assert [one.id for one in reports.gaps(small.administrator).set_aside] == [upload.id]


def test_the_state_of_the_site_is_said_as_it_is(small: SmallSite, reports: Reports) -> None:
    small.send(an_origin("a.mp4", size_bytes=len(BODY)), BODY)
    (small.folder / "staging" / ("f" * 32)).write_bytes(b"nobody's")
    status = reports.status(small.administrator)
    assert status["jobs"] == {"queued": 1}
    assert (status["policy"], status["sm3"]) == ("dazhe-2020", True)
    assert status["lock"] == {
        "kind": small.vault.strength().kind,
        "withstands": small.vault.strength().withstands,
    }
    staging = status["staging"]
    assert isinstance(staging, dict)
    assert staging["files"] == 2
    assert staging["debris"] == ["f" * 32]
    assert staging["free_bytes"] > 0


def test_readiness_is_refused_when_the_disc_is_nearly_full(
    small: SmallSite, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports.verify_ready()
    monkeypatch.setattr(type(small.staging), "free_bytes", lambda _: RESERVE_BYTES - 1)
    with pytest.raises(NoSpace):
        reports.verify_ready()


LOOKS: dict[str, Callable[..., object]] = {
    "findings": Reports.findings,
    "gaps": Reports.gaps,
    "status": Reports.status,
}


@pytest.mark.parametrize("what", LOOKS)
def test_a_look_is_logged_and_a_dock_may_not_look(small: SmallSite, reports: Reports, what: str) -> None:
    LOOKS[what](reports, small.administrator)
    entries = [json.loads(body) for body in small.log()]
    assert {"list": what} in [entry["facts"] for entry in entries if entry["act"] == "evidence.list"]
    with pytest.raises(Refused, match="not-permitted"):
        LOOKS[what](reports, small.dock)
    last = json.loads(small.log()[-1])
    assert (last["act"], last["by"], last["res"]) == ("access.denied", small.dock.id, "refused")

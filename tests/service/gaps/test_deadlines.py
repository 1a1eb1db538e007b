"""The 24-hour rule on the catalogue: exact at its edge, raised in time, honest where the end is unknown."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from evidence.domain.deadlines import DeadlineKind
from evidence.domain.recordings import Origin
from evidence.service.catalogue import AnnouncedFile, StoredFinding
from evidence.service.gaps.deadlines import DeadlineRow, Deadlines
from evidence.service.intake.cards import FileStanding
from tests.builders import START, SmallSite, an_origin
from tests.service.footage import StillClock, a_wav, with_new_version

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
BODY = a_wav(2)
ENDED = datetime(2026, 3, 2, 1, 30, 2, tzinfo=UTC)  # the name's time in Shanghai, and two seconds
NAME = "DCIM/DSJX9A00123_012345_20260302093000_0001.wav"
IMPLAUSIBLE = {
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "2000": datetime(2000, 1, 1, 0, 5, tzinfo=UTC),
    "in-three-hours": START + timedelta(hours=3),
    "in-ten-years": START + timedelta(days=3653),
    "none": None,
}


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return SmallSite(tmp_path, StillClock())


def footage(**changes: object) -> Origin:
    return an_origin(**{"name": NAME, "size_bytes": len(BODY), "modified_at": ENDED, **changes})


def seal_at(small: SmallSite, moment: datetime, origin: Origin, body: bytes = BODY) -> DeadlineRow:
    """Send, seal and examine a file at one moment; return its line of the list."""
    small.clock.time = moment
    if origin.clock_offset_ms:  # whoever gives a large one confirms it with the card's list
        small.cards.announce(small.dock, origin, [origin], offset_confirmed=True)
    upload = small.send(origin, body)
    small.do_jobs()
    return next(row for row in rows(small) if row.recording_id == upload.id)


def rows(small: SmallSite) -> list[DeadlineRow]:
    return Deadlines(small.site).list(small.administrator)


def announce(small: SmallSite, *files: Origin) -> list[FileStanding]:
    return small.cards.announce(small.dock, an_origin(), files)[1]


def found(small: SmallSite) -> list[StoredFinding]:
    with small.database.reading() as unit:
        return [one for one in unit.examinations.current() if one.body["cites"] == ["dazhe-2020:12"]]


def notices(small: SmallSite) -> list[str]:
    """Return the kinds of notice that the log holds."""
    entries = [json.loads(body) for body in small.log()]
    return [entry["facts"]["kind"] for entry in entries if entry["act"] == "deadline.notice"]


@pytest.mark.article("dazhe-2020:12")
def test_stored_exactly_24_hours_after_the_end_is_on_time(small: SmallSite) -> None:
    row = seal_at(small, ENDED + DAY, footage())
    assert (row.state.kind, row.counted_from, row.state.due_at) == (
        DeadlineKind.ON_TIME,
        "recording",
        ENDED + DAY,
    )
    assert (row.name, row.device, row.wearer, row.stored_at) == (NAME, "DSJX9A00123", "012345", ENDED + DAY)
    assert found(small) == []


@pytest.mark.article("dazhe-2020:12")
def test_stored_a_minute_after_24_hours_is_late_by_a_minute_with_the_article(small: SmallSite) -> None:
    row = seal_at(small, ENDED + DAY + MINUTE, footage())
    assert (row.state.kind, row.state.late_by, row.state.cites) == (
        DeadlineKind.LATE,
        MINUTE,
        ("dazhe-2020:12",),
    )
    (finding,) = found(small)
    assert (finding.body["code"], finding.body["severity"]) == ("late", "breach")
    assert (finding.body["measured"], finding.body["limit"]) == (86_460.0, 86_400.0)
    assert finding.recording_id == row.recording_id


@pytest.mark.parametrize(
    ("clock_offset_s", "kind"),
    [(600, DeadlineKind.ON_TIME), (0, DeadlineKind.LATE), (-600, DeadlineKind.LATE)],
)
def test_the_offset_measured_at_the_dock_moves_the_end_of_recording(
    small: SmallSite, clock_offset_s: int, kind: DeadlineKind
) -> None:
    # The device's clock was ten minutes behind: the recording ended later than it says.
    row = seal_at(small, ENDED + DAY + 5 * MINUTE, footage(clock_offset_ms=clock_offset_s * 1000))
    assert row.state.kind is kind
    assert row.state.counted_from == ENDED + timedelta(seconds=clock_offset_s)


@pytest.mark.parametrize(
    ("stored_after", "offset", "told"),
    [
        (DAY + 5 * MINUTE, 30 * 60 * MINUTE, ("on-time", "late", True)),  # late on the recorder's word
        (DAY + 3 * MINUTE, 4 * MINUTE, ("on-time", "late", True)),  # small, and it decides
        (DAY - 3 * MINUTE, -4 * MINUTE, ("late", "on-time", True)),
        (12 * 60 * MINUTE, -6 * MINUTE, ("on-time", "on-time", False)),  # decides nothing, but is large
        (12 * 60 * MINUTE, 5 * MINUTE, None),
        (12 * 60 * MINUTE, 0 * MINUTE, None),
    ],
)
def test_an_offset_that_is_large_or_decides_the_deadline_is_a_finding(
    small: SmallSite, stored_after: timedelta, offset: timedelta, told: tuple[str, str, bool] | None
) -> None:
    if offset > DAY:
        stored_after += offset - DAY  # so that the corrected end is not in the future
    seal_at(small, ENDED + stored_after, footage(clock_offset_ms=offset // timedelta(milliseconds=1)))
    bodies = [one.body for one in found(small) if one.body["code"] == "clock-offset"]
    if told is None:
        assert bodies == []
        return
    (body,) = bodies
    assert (body["severity"], body["measured"], body["limit"]) == ("attention", offset.total_seconds(), 300)
    detail = body["detail"]
    assert isinstance(detail, dict)
    assert (detail["deadline"], detail["deadline_without"], detail["decides"]) == told


def test_the_notice_about_a_missing_file_tells_the_offset_it_rests_on(small: SmallSite) -> None:
    announce(small, footage(clock_offset_ms=240_000))
    small.clock.time = ENDED + DAY + MINUTE
    assert Deadlines(small.site).raise_notices(small.clock.time) == 1
    assert sorted(str(one.body["code"]) for one in found(small)) == ["clock-offset", "due-soon"]


def test_the_offset_counts_for_a_missing_file_too(small: SmallSite) -> None:
    announce(small, footage(clock_offset_ms=90_000))
    (row,) = rows(small)
    assert (row.state.counted_from, row.counted_from) == (ENDED + timedelta(seconds=90), "card")


@pytest.mark.article("dazhe-2020:12")
def test_a_missing_file_is_pending_then_due_soon_then_overdue(small: SmallSite) -> None:
    announce(small, footage())
    seen = []
    for moment in (DAY - 2 * timedelta(hours=1) - MINUTE, DAY - timedelta(hours=2), DAY, DAY + MINUTE):
        small.clock.time = ENDED + moment
        (row,) = rows(small)
        seen.append(row.state.kind.value)
        assert (row.stored_at, row.recording_id, row.state.cites) == (None, None, ("dazhe-2020:12",))
    assert seen == ["pending", "due-soon", "due-soon", "overdue"]


@pytest.mark.article("dazhe-2020:12")
def test_each_notice_is_raised_once_with_its_article_and_its_entry(small: SmallSite) -> None:
    announce(small, footage())
    small.work.sweep()
    assert (found(small), notices(small)) == ([], [])
    small.clock.time = ENDED + DAY - timedelta(hours=1)
    small.work.sweep()
    small.clock.pass_by(MINUTE)
    small.work.sweep()
    assert [(one.body["code"], one.body["severity"]) for one in found(small)] == [("due-soon", "attention")]
    assert notices(small) == ["due-soon"]
    small.clock.time = ENDED + DAY + MINUTE
    small.work.sweep()
    small.work.sweep()
    assert [(one.body["code"], one.body["measured"]) for one in found(small)] == [("overdue", 86_460.0)]
    assert notices(small) == ["due-soon", "overdue"]


def test_a_notice_is_superseded_when_the_file_is_sealed_and_lateness_takes_its_place(
    small: SmallSite,
) -> None:
    announce(small, footage())
    small.clock.time = ENDED + DAY + MINUTE
    small.work.sweep()
    assert [one.body["code"] for one in found(small)] == ["overdue"]
    seal_at(small, ENDED + DAY + 2 * MINUTE, footage())
    assert [one.body["code"] for one in found(small)] == ["late"]
    small.work.sweep()
    assert [one.body["code"] for one in found(small)] == ["late"]


def test_a_notice_is_superseded_too_when_the_same_file_was_sealed_before(small: SmallSite) -> None:
    small.clock.time = ENDED + timedelta(hours=1)
    small.send(footage(), BODY)
    small.do_jobs()
    later = footage(modified_at=ENDED + timedelta(seconds=1))  # the same bytes, another time on the card
    announce(small, later)
    small.clock.time = ENDED + DAY
    small.work.sweep()
    assert [one.body["code"] for one in found(small)] == ["due-soon"]
    small.send(later, BODY)
    small.do_jobs()
    assert found(small) == []


def test_no_notice_is_raised_for_a_file_that_was_sealed_a_moment_ago(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(small, footage())
    small.clock.time = ENDED + DAY - MINUTE
    missing = Deadlines._missing

    def then_sealed(self: Deadlines, file: AnnouncedFile, now: datetime) -> DeadlineRow:
        row = missing(self, file, now)
        small.send(footage(), BODY)
        small.do_jobs()
        return row

    monkeypatch.setattr(Deadlines, "_missing", then_sealed)
    small.work.sweep()
    monkeypatch.undo()
    assert (found(small), notices(small)) == ([], [])


@pytest.mark.parametrize("modified_at", IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
def test_a_missing_file_whose_time_cannot_be_true_counts_from_its_announcement(
    small: SmallSite, modified_at: datetime | None
) -> None:
    announce(small, an_origin("a.wav", size_bytes=3, modified_at=modified_at))
    (row,) = rows(small)
    assert (row.state.kind, row.counted_from) == (DeadlineKind.END_UNKNOWN, "announced")
    assert row.state.due_at == START + DAY
    small.clock.time = START + DAY + MINUTE
    (row,) = rows(small)
    assert (row.state.kind, row.state.late_by, row.state.end_certain) == (DeadlineKind.OVERDUE, MINUTE, False)
    small.work.sweep()
    assert [one.body["code"] for one in found(small)] == ["overdue"]


@pytest.mark.parametrize("modified_at", IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
@pytest.mark.parametrize("body", [BODY, b"no media at all"], ids=["sound", "unreadable"])
def test_a_sealed_file_whose_clocks_cannot_be_true_is_never_called_on_time(
    small: SmallSite, modified_at: datetime | None, body: bytes
) -> None:
    origin = an_origin("a.wav", size_bytes=len(body), modified_at=modified_at)
    row = seal_at(small, START, origin, body)
    assert (row.state.kind, row.counted_from) == (DeadlineKind.END_UNKNOWN, "announced")
    (finding,) = found(small)
    assert (finding.body["code"], finding.body["severity"]) == ("end-unknown", "attention")


def test_what_was_announced_more_than_a_day_before_it_was_sealed_is_late_whatever_its_clock_says(
    small: SmallSite,
) -> None:
    origin = an_origin("a.wav", size_bytes=len(BODY), modified_at=IMPLAUSIBLE["1970"])
    announce(small, origin)
    row = seal_at(small, START + DAY + MINUTE, origin)
    assert (row.state.kind, row.state.end_certain, row.state.late_by) == (DeadlineKind.LATE, False, MINUTE)
    assert [one.body["code"] for one in found(small)] == ["late"]


def test_unreadable_media_counts_from_the_cards_time(small: SmallSite) -> None:
    origin = an_origin("a.mp4", size_bytes=15, modified_at=ENDED)
    row = seal_at(small, ENDED + DAY + MINUTE, origin, b"no media at all")
    assert (row.state.kind, row.state.counted_from) == (DeadlineKind.LATE, ENDED)


def test_before_it_is_examined_a_sealed_file_is_not_called_on_time(small: SmallSite) -> None:
    small.clock.time = ENDED + timedelta(hours=1)
    small.send(footage(), BODY)
    small.work.do_next("sealer")
    (row,) = rows(small)
    assert (row.state.kind, row.counted_from) == (DeadlineKind.END_UNKNOWN, "announced")


def test_the_most_urgent_stand_first(small: SmallSite) -> None:
    def named(name: str, ended_at: datetime | None) -> Origin:
        return an_origin(name, size_bytes=len(BODY), modified_at=ended_at)

    now = ENDED + 3 * DAY
    seal_at(small, now, named("late.wav", now - 2 * DAY))
    seal_at(small, now, named("unknown.wav", None))
    seal_at(small, now, named("on-time.wav", now - timedelta(hours=1)))
    announce(
        small,
        named("pending.wav", now - timedelta(hours=3)),
        named("overdue.wav", now - DAY - MINUTE),
        named("long-overdue.wav", now - 2 * DAY),
        named("due-soon.wav", now - DAY + MINUTE),
    )
    assert [row.name.removesuffix(".wav") for row in rows(small)] == [
        "long-overdue",
        "overdue",
        "due-soon",
        "pending",
        "late",
        "unknown",
        "on-time",
    ]


def test_a_look_at_the_list_is_logged(small: SmallSite) -> None:
    rows(small)
    entry = json.loads(small.log()[-1])
    assert (entry["act"], entry["by"], entry["facts"]) == (
        "evidence.list",
        small.administrator.id,
        {"list": "deadlines"},
    )


@pytest.mark.article("dazhe-2020:17")
def test_old_footage_keeps_the_deadline_in_force_when_it_was_recorded(small: SmallSite) -> None:
    with_new_version(small, since=date(2026, 3, 3), within=timedelta(hours=12))
    old = seal_at(small, ENDED + timedelta(hours=23), footage())
    assert (old.state.kind, old.state.within) == (DeadlineKind.ON_TIME, DAY)
    announce(small, footage(name="other.wav"))
    assert [row.state.within for row in rows(small)] == [DAY, DAY]
    ended = ENDED + 2 * DAY
    name = NAME.replace("20260302", "20260304").replace("0001", "0002")
    new = seal_at(small, ended + timedelta(hours=13), footage(name=name, modified_at=ended))
    assert (new.state.kind, new.state.within) == (DeadlineKind.LATE, timedelta(hours=12))
    (late,) = [one for one in found(small) if one.body["code"] == "late"]
    assert late.body["limit"] == 43_200.0


@pytest.mark.parametrize("modified_at", [IMPLAUSIBLE["1970"], IMPLAUSIBLE["2000"], None])
def test_a_wrong_clock_does_not_choose_the_rule(small: SmallSite, modified_at: datetime | None) -> None:
    with_new_version(small, since=date(2026, 3, 1), within=timedelta(hours=12))
    origin = an_origin("a.wav", size_bytes=len(BODY), modified_at=modified_at)
    announce(small, origin)
    assert [row.state.within for row in rows(small)] == [timedelta(hours=12)]
    row = seal_at(small, START + timedelta(hours=13), origin)
    assert (row.state.kind, row.state.within) == (DeadlineKind.LATE, timedelta(hours=12))
    assert [one.body["limit"] for one in found(small)] == [43_200.0]

"""An officer's rooms without a browser's help: what stands there, for whom, and what a form does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.domain.explanations import GapState, Outcome
from evidence.domain.findings import Code, Finding, Severity
from evidence.locale import CHINESE, text
from evidence.service.cases.steps import StepSaid
from evidence.service.gaps.gap_words import Said
from evidence.service.recordings.labelling import MOST
from evidence.web.pages.officer_words import Told, told
from tests.gap_room import a_gap
from tests.pages.officer_room import HOSTILE, SERIAL, OfficerRoom
from tests.service.footage import a_wav
from tests.web.browser import OPERATOR, Browser, field


@pytest.fixture
def room(tmp_path: Path) -> Iterator[OfficerRoom]:
    made = OfficerRoom(tmp_path / "data", None, tmp_path)  # type: ignore[arg-type]
    made.register()
    yield made
    made.site.database.close()


def window(room: OfficerRoom, word: str = "officer") -> Browser:
    browser = Browser(room)
    browser.take(room, room.staff[word].number)
    return browser


def zh(key: str, **fields: object) -> str:
    return text(CHINESE, f"officer.{key}", **fields)


def labels_of(room: OfficerRoom, recording: str) -> dict[str, str | None]:
    with room.site.database.reading() as unit:
        stored = unit.recordings.get(recording)
    assert stored is not None
    return {name: one.value for name, one in stored.labels.items()}


def test_a_shift_with_nothing_in_it_says_what_to_do(room: OfficerRoom) -> None:
    page = window(room).get("/shift")
    assert page.status_code == 200
    for key in ("wears-nothing", "nothing-coming", "nothing-asked", "all-labelled"):
        assert zh(key) in page.text


def test_a_shift_shows_what_i_wear_and_counts_down_what_is_due(room: OfficerRoom) -> None:
    room.issue()
    old = room.clock.now() - timedelta(hours=22)
    room.announce(room.origin("DCIM/late.mp4", modified_at=old), room.origin("DCIM/new.mp4"))
    page = window(room).get("/shift").text
    assert SERIAL in page
    first, second = re.findall(r'<time class="mark (\w+)" datetime="[^"]+" data-until="([^"]+)"', page)
    assert (first[0], second[0]) == ("bad", "none"), "red two hours before it is late, the most urgent first"
    assert first[1] < second[1]
    assert page.index("late.mp4") < page.index("new.mp4")


def test_a_shift_is_only_ones_own(room: OfficerRoom) -> None:
    room.issue("second")
    room.announce(room.origin("of-another.mp4", "second"))
    room.record("sealed-of-another.wav", "second")
    mine = window(room)
    for path in ("/shift", "/shift/recordings?only=all", "/shift/gaps"):
        page = mine.get(path)
        assert page.status_code == 200
        assert "another" not in page.text
    assert SERIAL not in mine.get("/shift").text


def test_the_docking_page_is_for_who_has_a_recorder_or_keeps_them(room: OfficerRoom) -> None:
    room.issue()
    mine = window(room).get("/docking").text
    assert f"<option selected>{SERIAL}</option>" in mine
    assert 'href="/shift/recordings"' in mine
    assert zh("wears-nothing") in window(room, "second").get("/docking").text
    keeper = window(room, "custodian").get("/docking").text
    assert '<input id="device"' in keeper
    assert 'href="/shift' not in keeper, "a custodian has no shift to go back to"
    for word in ("head", "auditor", "system", "security", "audit"):
        assert window(room, word).get("/docking").status_code == 403


@pytest.mark.parametrize("word", ["custodian", "head", "auditor", "system", "security", "audit"])
def test_who_wears_nothing_by_role_has_no_such_desk(room: OfficerRoom, word: str) -> None:
    browser = window(room, word)
    for path in ("/shift", "/shift/recordings", "/shift/gaps"):
        assert browser.get(path).status_code == 403
    assert "/shift" not in browser.get("/account").text


def test_an_auxiliary_sees_the_shift_and_can_neither_label_nor_explain(room: OfficerRoom) -> None:
    recording = room.record("a.wav", "aux")
    browser = window(room, "aux")
    page = browser.get("/shift/recordings").text
    assert "a.wav" in page
    assert SERIAL not in page, "an auxiliary is not told the recorder of a recording"
    assert 'name="act"' not in page
    assert zh("not-for-you") in browser.get("/shift/gaps").text
    form = {"csrf": browser.csrf(), "recording": recording, "act": "give", "case-number": "x"}
    assert browser.post("/shift/recordings/labels", form).status_code == 403
    assert browser.get(f"/shift/recordings/{recording}/views").status_code == 403
    assert labels_of(room, recording) == {}


def test_many_recordings_are_labelled_at_once_and_then_listed(room: OfficerRoom) -> None:
    ids = [room.record(f"{n}.wav", body=f"no film {n}".encode()) for n in range(20)]
    browser = window(room)
    page = browser.get("/shift/recordings")
    assert page.text.count('name="recording"') == 20
    form = {"csrf": field(page.text, "csrf"), "act": "give", "recording": ids}
    said = {"case-number": "大柘罚〔2026〕1号", "inspected-party": "某饭店", "place": "", "matter": "0"}
    answer = browser.post("/shift/recordings/labels", {**form, **said})  # type: ignore[arg-type]
    assert answer.status_code == 303
    result = browser.get(answer.headers["location"]).text
    assert result.count("某饭店") == 20
    assert text(CHINESE, "done.own-labelled-unknown-case") in result
    assert zh("all-labelled") in browser.get("/shift/recordings").text
    stands = labels_of(room, ids[0])
    assert stands["case-number"] == "大柘罚〔2026〕1号"
    assert {"category", "stage", "matter"} < set(stands)
    assert "place" not in stands, "what was left empty is not said"


def test_a_case_number_that_is_to_follow_is_said_with_its_day(room: OfficerRoom) -> None:
    recording = room.record("a.wav")
    browser = window(room)
    due = (room.clock.now() + timedelta(days=2)).date().isoformat()
    form = {"csrf": browser.csrf(), "recording": recording, "act": "not-yet", "due": due}
    assert browser.post("/shift/recordings/labels", form).status_code == 303
    assert due in browser.get("/shift/recordings?only=all").text


@pytest.mark.parametrize("what", ["nothing ticked", "nothing said", "of another", "too many", "no day"])
def test_a_form_that_cannot_be_done_changes_nothing_and_keeps_what_was_typed(
    room: OfficerRoom, what: str
) -> None:
    mine, others = room.record("a.wav"), room.record("b.wav", "second")
    browser = window(room)
    chosen = {"nothing ticked": [], "of another": [mine, others], "too many": [mine] + ["0" * 32] * MOST}
    form = {"csrf": browser.csrf(), "act": "not-yet" if what == "no day" else "give", "place": "镇政府门口"}
    if what == "nothing said":
        del form["place"]
    answer = browser.post("/shift/recordings/labels", {**form, "recording": chosen.get(what, [mine])})  # type: ignore[dict-item]
    assert answer.status_code in (400, 404, 409, 413, 422)
    assert (labels_of(room, mine), labels_of(room, others)) == ({}, {})
    if what in ("nothing ticked", "of another", "no day"):
        assert "镇政府门口" in answer.text
    if what == "no day":
        assert text(CHINESE, "error.invalid-time") in answer.text


def test_a_refused_form_shows_the_list_that_it_stood_below_with_its_ticks(room: OfficerRoom) -> None:
    ids = [room.record(f"{n}.wav", body=f"no film {n}".encode()) for n in range(2)]
    browser = window(room)
    form = {"csrf": browser.csrf(), "act": "give", "place": "某镇"}
    assert browser.post("/shift/recordings/labels", {**form, "recording": ids[0]}).status_code == 303
    rest = {"inspected-party": "甲", "case-number": "大柘罚〔2026〕1号"}
    assert browser.post("/shift/recordings/labels", {**form, **rest, "recording": ids[0]}).status_code == 303
    page = browser.get(f"/shift/recordings?only=all&ids={ids[0]}").text
    asked = dict(re.findall(r'<input type="hidden" name="(only|ids)" value="([^"]+)"', page))
    assert asked == {"only": "all", "ids": ids[0]}
    wrong = {**form, **asked, "place": "bad\u202e", "recording": ids[0]}
    answer = browser.post("/shift/recordings/labels", wrong)
    assert answer.status_code == 400
    assert "U+202E" in answer.text, "what is wrong and cannot be seen is named"
    assert 'name="back" value="/shift/recordings"' in answer.text, "where another language is chosen"
    assert f'value="{ids[0]}" aria-label="0.wav" checked' in answer.text, "though it lacks no label"
    assert "1.wav" not in answer.text
    assert labels_of(room, ids[0])["place"] == "某镇"


def test_a_form_without_its_token_does_nothing(room: OfficerRoom) -> None:
    recording = room.record("c.wav")
    gap, _ = room.gap()
    browser = window(room)
    for path, form in {
        "/shift/recordings/labels": {"recording": recording, "act": "give", "place": "x"},
        f"/shift/gaps/{gap}": {"cause": "battery", "text": "x"},
        "/shift/exemptions": {"ground": "urgency"},
    }.items():
        assert browser.post(path, form).status_code == 403
    assert labels_of(room, recording) == {}


def test_the_list_turns_pages_and_filters_by_its_address(room: OfficerRoom) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evidence.service.gaps.own_shift.PAGE", 3)
        patch.setattr("evidence.service.gaps.own_shift._AT_ONCE", 2)
        for n in range(7):
            room.record(f"file-{n}.wav", body=f"{n}".encode())
            room.clock.pass_by(timedelta(minutes=1))
        browser, path, seen, pages = window(room), "/shift/recordings?only=all", [], 0
        while path:
            page = browser.get(path).text
            seen += re.findall(r'aria-label="(file-\d)\.wav"', page)
            more = re.search(r'rel="next" href="([^"]+)"', page)
            path, pages = (more.group(1).replace("&amp;", "&") if more else ""), pages + 1
        assert seen == [f"file-{n}" for n in reversed(range(7))]
        assert pages == 3
    assert "file-1" not in browser.get("/shift/recordings?only=all&device=other").text
    assert "file-1" in browser.get(f"/shift/recordings?only=all&device={SERIAL}").text
    assert "file-1" not in browser.get("/shift/recordings?only=all&since=2099-01-01").text
    assert browser.get("/shift/recordings?after=nonsense").status_code == 400


def test_who_has_viewed_it_is_told_with_looks_that_follow_each_other_as_one(room: OfficerRoom) -> None:
    recording = room.record("a.wav")
    for _ in range(5):
        room.application.playing.play(room.caller("officer"), recording, lambda _size: (0, 1)).file.close()
    browser = window(room)
    page = browser.get(f"/shift/recordings/{recording}/views").text
    assert zh("times", count=5) in page
    assert zh("myself") in page
    others = room.record("b.wav", "second")
    assert browser.get(f"/shift/recordings/{others}/views").status_code == 404


def test_a_gap_is_explained_by_the_seconds_in_which_the_cause_was_spoken(room: OfficerRoom) -> None:
    gap, (first, after) = room.gap()
    browser = window(room)
    page = browser.get(f"/shift/gaps/{gap}").text
    assert f"/api/v1/recordings/{first}/play" in page
    assert f"/api/v1/recordings/{after}/play" in page
    form = {"csrf": field(page, "csrf"), "cause": "battery", "recording": after, "from_s": "1.0", "to_s": "4"}
    wrong = browser.post(f"/shift/gaps/{gap}", {**form, "to_s": "0.5"})
    assert wrong.status_code == 400
    assert 'value="0.5"' in wrong.text
    answer = browser.post(f"/shift/gaps/{gap}", form)
    assert answer.status_code == 303
    told = browser.get(answer.headers["location"]).text
    assert text(CHINESE, "gap-state.explained") in told
    (said,) = room.application.explanations.history(room.caller("officer"), gap).explanations
    assert said.spoken is not None
    assert (said.spoken.recording_id, said.spoken.from_ms, said.spoken.to_ms) == (after, 1000, 4000)
    again = browser.post(f"/shift/gaps/{gap}", form)
    assert again.status_code == 409


def test_what_is_sent_back_stands_in_the_shift_with_the_heads_reason(room: OfficerRoom) -> None:
    gap, _ = room.gap()
    said = room.application.explanations.explain(room.caller("officer"), gap, Said("换电池", "battery"))
    room.application.explanations.review(room.caller("head"), said.id, Outcome.SENT_BACK, "请说明换电池用时")
    browser = window(room)
    assert "请说明换电池用时" in browser.get("/shift").text
    page = browser.get(f"/shift/gaps/{gap}").text
    assert "请说明换电池用时" in page
    assert 'name="cause"' in page


@pytest.mark.article("dazhe-2020:12")
@pytest.mark.parametrize("part", ["late", "missing"])
def test_what_came_late_or_never_is_explained_by_a_reason_only(room: OfficerRoom, part: str) -> None:
    ended = room.clock.now() - timedelta(hours=30)
    if part == "late":
        room.record("late.wav", body=b"no film", modified_at=ended)
    else:
        room.announce(room.origin("late.wav", modified_at=ended))
    (asked,) = [one for one in room.application.own_shift.asked(room.caller("officer")) if one.part == part]
    browser, path = window(room), f"/shift/gaps/{asked.standing.name}"
    page = browser.get(path).text
    assert "<video" not in page
    assert 'name="cause"' not in page
    assert zh("lost") not in page, "how late it came is no time in which nothing was recorded"
    csrf = field(page, "csrf")
    assert browser.post(path, {"csrf": csrf, "text": " "}).status_code == 400
    assert browser.post(path, {"csrf": csrf, "text": "x", "cause": "battery"}).status_code == 400
    lines = "山区无网络\r\n次日采集"  # as a browser ends the lines of a text area
    assert browser.post(path, {"csrf": csrf, "text": lines}).status_code == 303
    assert "山区无网络\n次日采集" in browser.get(path).text


@pytest.mark.article("dazhe-2020:12")
def test_what_came_late_together_is_explained_by_one_reason_all_or_none(room: OfficerRoom) -> None:
    ended, officer = room.clock.now() - timedelta(hours=30), room.caller("officer")
    for n in range(3):
        room.record(f"late-{n}.wav", body=b"no film %d" % n, modified_at=ended)
    room.announce(room.origin("never.wav", modified_at=ended))
    late = [one.standing.name for one in room.application.own_shift.asked(officer) if one.part == "late"]
    browser, path = window(room), f"/shift/gaps/{late[0]}"
    page = browser.get(path).text
    assert set(re.findall(r'name="also" value="([^"]+)"', page)) == set(late[1:]), (
        "of what never came nothing"
    )
    form = {"csrf": field(page, "csrf"), "text": "山区无网络"}
    for also in ([*late[1:], "0" * 64], [f"{n:064x}" for n in range(50)]):
        refused = browser.post(path, {**form, "also": also})  # type: ignore[dict-item]
        assert refused.status_code in (400, 404)
        assert "山区无网络" in refused.text
        states = {one.standing.state for one in room.application.own_shift.asked(officer)}
        assert states == {GapState.OPEN}
    assert browser.post(path, {**form, "also": late[1:]}).status_code == 303  # type: ignore[dict-item]
    for name in late:
        (said,) = room.application.explanations.history(officer, name).explanations
        assert (said.text, said.author) == ("山区无网络", officer.id)


@pytest.mark.article("dazhe-2020:9.1")
def test_what_was_found_alike_on_one_recorders_day_is_explained_by_one_reason(room: OfficerRoom) -> None:
    now, officer, other = room.clock.now(), room.caller("officer"), "DSJX9A00999"
    files: dict[str, dict[str, Any]] = {f"{name}.wav": {} for name in "abd"}
    files |= {"old.wav": {"modified_at": now - timedelta(days=3)}, "else.wav": {"device": other}}
    made = {
        name: room.record(name, body=a_wav(2 + n), **more) for n, (name, more) in enumerate(files.items())
    }
    for name, id_ in made.items():
        code = Code.METADATA_CONTRADICTS if name == "d.wav" else Code.CLOCK_DISAGREES
        device = other if name == "else.wav" else SERIAL
        room.find(id_, Finding(code, Severity.ATTENTION, name), device=device)

    def asked() -> dict[str, Told]:
        found = (one for one in room.application.own_shift.asked(officer) if one.part == "to_explain")
        return {one.file: one for one in map(told, found)}

    lines = asked()
    assert lines.keys() == files.keys()
    browser, path = window(room), f"/shift/gaps/{lines['a.wav'].name}"
    page = browser.get(path).text
    also = re.findall(r'name="also" value="([^"]+)"', page)
    assert also == [lines["b.wav"].name], "one code, recorder and day"
    form: Any = {"csrf": field(page, "csrf"), "text": "记录仪时钟未校准", "also": also}
    assert browser.post(path, form).status_code == 303
    assert {name for name, one in asked().items() if one.last is None} == {"d.wav", "else.wav", "old.wav"}
    for name in ("a.wav", "b.wav"):
        (said,) = room.application.explanations.history(officer, lines[name].name).explanations
        assert (said.text, said.outcome) == ("记录仪时钟未校准", None), (
            "each has its own, and is decided alone"
        )


@pytest.mark.article("dazhe-2020:9.1")
def test_an_interruption_is_explained_by_itself(room: OfficerRoom) -> None:
    name, (first, after) = room.gap()
    room.find(first, a_gap(), a_gap(start=3.0, seconds=4.0))
    asked = room.application.own_shift.asked(room.caller("officer"))
    assert [one.part for one in asked] == ["interruptions"] * 2
    page = window(room).get(f"/shift/gaps/{name}").text
    assert 'name="also"' not in page, "each has a cause, and its own seconds in which it was spoken"


@pytest.mark.article("dazhe-2020:5", "dazhe-2020:12")
def test_an_activity_that_nothing_shows_is_asked_about_on_the_shift_of_who_took_part(
    room: OfficerRoom,
) -> None:
    case = room.application.cases.open(OPERATOR, "案1", room.agency.id)
    began = room.clock.now() - timedelta(hours=60)
    took_part = [room.staff["officer"].number]
    said = StepSaid("on-site-check", began, began + timedelta(minutes=30), took_part)
    room.application.steps.enter(OPERATOR, case.id, said)
    browser, title = window(room), zh("part-unrecorded")
    (asked,) = room.application.own_shift.asked(room.caller("officer"))
    path = f"/shift/gaps/{asked.standing.name}"
    for page in ("/shift", "/shift/gaps"):
        told = browser.get(page).text
        assert path in told
        assert title in told
        assert "案1" in told
    assert text(CHINESE, "activity-kind.on-site-check") in browser.get("/shift/gaps").text
    page = browser.get(path).text
    assert title in page
    assert browser.post(path, {"csrf": field(page, "csrf"), "text": "未带设备"}).status_code == 303
    assert path not in browser.get("/shift").text
    assert title not in window(room, "second").get("/shift").text


def test_a_gap_of_another_is_not_there(room: OfficerRoom) -> None:
    gap, _ = room.gap()
    assert window(room, "second").get(f"/shift/gaps/{gap}").status_code == 404
    assert window(room, "aux").get(f"/shift/gaps/{gap}").status_code == 403


@pytest.mark.article("dazhe-2020:6")
def test_a_statement_has_the_four_grounds_of_the_law_and_no_fifth(room: OfficerRoom) -> None:
    browser = window(room)
    page = browser.get("/shift/exemptions").text
    assert page.count('name="ground"') == 4
    assert "第六条" in page
    form = {
        "csrf": field(page, "csrf"),
        "ground": "urgency",
        "basis": "制止违法行为",
        "device_state": "正常",
        "since": "2026-03-02T09:00",
        "until": "2026-03-02T09:10",
    }
    assert browser.post("/shift/exemptions", {**form, "ground": "forgot"}).status_code == 400
    assert browser.post("/shift/exemptions", {**form, "since": "soon"}).status_code == 400
    assert room.application.exemptions.stated(room.caller("officer")) == []
    answer = browser.post("/shift/exemptions", form)
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    assert "制止违法行为" in page
    (stated,) = room.application.exemptions.stated(room.caller("officer"))
    twice = browser.post("/shift/exemptions", form)
    assert (twice.status_code, f"<code>{stated.id}</code>" in twice.text) == (409, True)
    path = f"/shift/exemptions/{stated.id}/withdrawal"
    assert f'action="{path}"' in page
    words = {"csrf": form["csrf"], "reason": "时间写错"}
    assert browser.post(path, {**words, "reason": ""}).status_code == 400
    taken_back = browser.post(path, words)
    assert taken_back.status_code == 303
    page = browser.get(taken_back.headers["location"]).text
    assert (path in page, "时间写错" in page) == (False, True)
    assert browser.post(path, words).status_code == 409
    assert browser.post("/shift/exemptions", form).status_code == 303, "it may be stated again"


def test_names_that_are_code_are_shown_and_never_run(room: OfficerRoom) -> None:
    room.announce(room.origin(HOSTILE))
    room.record(f"sealed-{HOSTILE}")
    browser = window(room)
    for path in ("/shift", "/shift/recordings?only=all", "/shift/gaps"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page


def test_every_text_that_a_page_names_is_in_the_catalogues(room: OfficerRoom) -> None:
    gap, (first, _) = room.gap()
    room.issue()
    room.announce(room.origin("x.mp4"))
    browser = window(room)
    for path in ("/shift", "/shift/recordings", "/shift/gaps", f"/shift/gaps/{gap}", "/shift/exemptions"):
        page = browser.get(path).text
        bare = re.findall(
            r">\s*((?:officer|room|done|gap-state|finding|label|cause)\.[a-z0-9_.-]+)\s*<", page
        )
        assert bare == [], path
    assert "officer." not in re.sub(r"<[^>]+>", "", browser.get(f"/shift/recordings/{first}/views").text)

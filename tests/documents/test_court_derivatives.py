"""What documents say of a file that was made from an original: its own length, hours and digests, and never
that it is the same.
"""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from evidence.adapters.printing import TypstPress
from evidence.documents.court import CourtPapers
from evidence.documents.court_derivatives import CourtDerivatives
from evidence.documents.court_words import Words
from evidence.domain.exports import Ground, Way
from evidence.domain.instants import to_text
from evidence.domain.recordings import NOT_MEASURED
from evidence.locale import ENGLISH
from evidence.service.court.derivatives import Derivatives
from tests.builders import an_origin
from tests.clips import clip
from tests.export_room import ExportRoom
from tests.service.court.test_derivatives import REDACTION

LONG_NAME = "DSJ-7A2_900001_20260302162957_0042_ABCDEFGHIJKLMNOPQRSTUVWXYZ.avi"
ENDED = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


class Case:
    """A transfer of a redaction of one film, and of another film as it is."""

    def __init__(self, folder: Path) -> None:
        self.room = room = ExportRoom(folder)
        self.film, self.other = self.send("film.mp4"), self.send(LONG_NAME, labels=NOT_MEASURED)
        self.made = Derivatives(room.site).make(room.custodian, self.film, REDACTION).id
        room.small.do_jobs()
        room.designate()
        redacted = {self.film: self.made}
        self.export = room.approved(Way.TRANSFER, self.film, self.other, redacted=redacted)
        done = room.build(self.export)
        assert done.problem is None, done.problem
        assert done.built is not None
        assert done.built.statement is not None
        self.told: dict[str, Any] = json.loads(done.built.statement)
        (self.bag,) = (room.folder / "exports" / done.number).glob(f"{done.number}_*")

    def send(self, name: str, **more: Any) -> str:
        room, body = self.room, clip(name.rpartition(".")[2])
        officer = room.caller(room.officer).name
        origin = an_origin(name, wearer=officer, size_bytes=len(body), modified_at=ENDED, **more)
        sent = room.small.send(origin, body).id
        room.small.do_jobs()
        room.cases.link(room.head, room.case_id, sent)
        return sent

    def page(self, kind: str, language: str | None = None) -> str:
        """Return the text of a document as it is copied out of it."""
        room = self.room
        papers = CourtPapers(TypstPress(), **({} if language is None else {"language": language}))
        listed = room.court.exports.get(room.clerk, self.export)
        pdf = papers.export(listed, kind, room.small.clock.now())
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("derived"))


def flat(words: str) -> str:
    return "".join(words.split())


def test_the_certificate_says_identical_of_originals_only_and_tells_both_digests_of_a_derivative(
    case: Case,
) -> None:
    said = flat(case.page("us-certificate"))
    kinds = {one["id"]: (number, one["kind"]) for number, one in enumerate(case.told["items"], 1)}
    (original, _), (derivative, _) = kinds[case.other], kinds[case.made]
    assert kinds[case.made][1] == "derivative"
    assert flat(f"The files listed below under {original} are copies of sealed recordings") in said
    assert flat(f"The files listed below under {derivative} are NOT copies of a sealed recording") in said
    assert flat("its values are not identical to those of that recording") in said
    (how,) = case.told["report"]["derivatives"]
    own = next(one for one in case.told["items"] if one["id"] == case.made)
    assert how["original"]["sha256"] != own["sha256"]
    for digest in (own["sha256"], own["sm3"], how["original"]["sha256"], how["original"]["sm3"]):
        assert digest in said
    assert flat(f"redaction{case.made}"[:20]) in said


def test_a_list_gives_a_derivative_its_own_length_and_hours_and_says_what_it_is(case: Case) -> None:
    (how,) = case.told["report"]["derivatives"]
    assert how["length_ms"] is not None
    ends = datetime.fromisoformat(how["began"]) + timedelta(milliseconds=how["length_ms"])
    assert how["ended"] == to_text(ends)
    for language, kind, made in (
        (None, "遮蔽件", "派生件，非原件"),
        (ENGLISH, "redaction", "not the original"),
    ):
        for paper in ("evidence-list", "custody-report"):
            said = flat(case.page(paper, language))
            assert flat(made) in said
            assert kind in said
            assert f"{how['length_ms'] / 1000:.3f}" in said


def test_a_clock_that_nobody_compared_is_said_to_be_not_compared(case: Case) -> None:
    offsets = {one["id"]: one["clock_offset_ms"] for one in case.told["report"]["items"]}
    assert offsets == {case.film: 0, case.other: None}
    assert "未核对" in flat(case.page("evidence-list"))
    report = flat(case.page("custody-report"))
    assert "经浏览器" not in report, "a dock that measured nothing is a dock"
    assert "由封存的原件重新编码制成" in report
    assert "只写一次" not in report


def test_began_in_the_set_is_the_begin_of_a_recording_and_not_its_end(case: Case) -> None:
    items = {one["id"]: one for one in json.loads((case.bag / "set.json").read_bytes())["items"]}
    about = {one["id"]: one for one in case.told["report"]["items"]}[case.other]
    assert about["length_ms"] > 1000
    assert about["ended"] == to_text(ENDED)
    assert items[case.other]["began"] == to_text(ENDED - timedelta(milliseconds=about["length_ms"]))


def test_a_report_is_in_time_order_lists_findings_and_puts_nothing_unseen_into_a_digest(case: Case) -> None:
    text = case.page("custody-report")
    assert not {"\u200b", "\u00ad", "\u200c", "\u200d", "\ufeff"} & set(text)
    assert LONG_NAME in flat(text)
    report = flat(text)
    for one in case.told["bags"]:
        assert one["manifest_sha256"] in report
    found = {one["id"]: one for one in case.told["report"]["findings"]}
    codes = {told["code"] for one in found.values() for told in one["told"]}
    assert codes, "a film that was made for a test has some"
    assert "六之二、检查所见" in report
    times = [row["t"] for row in case.told["custody"]]
    assert times != sorted(times), "in the file they stand by log"
    rows = sorted(case.told["custody"], key=lambda row: row["t"])
    places = [f"{row['log'].removeprefix('test.example/site/')}/{row['index']}" for row in rows]
    shown = text[text.index("四、保管过程") : text.index("五、派生件")]
    assert re.findall(r"(?:custody|access/\d{4})/\d+", shown) == places


def test_a_report_says_in_words_what_was_hidden_where_when_how_and_why(case: Case) -> None:
    text = case.page("custody-report")
    part = flat(text[text.index("五、派生件") : text.index("六、完整性")])
    for said in (
        "遮蔽画面1：黑块，自0:00:00至0:00:03。理由：路人面部",
        "·0:00:00起：左40，上60，宽80，高80",
        "遮蔽声音1：静音，自0:00:00.500至0:00:01。理由：电话号码",
        "画面标有接收方:某律师李某",
        f"某人{case.room.custodian.name}ffmpeg",
    ):
        assert said in part
    assert "{" not in part, "nothing is printed as a program writes it"


@pytest.mark.parametrize(
    ("operation", "parameters", "said"),
    [
        (
            "clip",
            {"from_ms": 1500, "to_ms": 3_661_000, "at_key_frames": True},
            "所取部分：自 0:00:01.500 至 1:01:01",
        ),
        ("still", {"from_ms": 2000, "to_ms": None}, "截取 0:00:02 的画面"),
        ("watermark", {"from_ms": 2000, "to_ms": None, "is_marked": True}, "所取部分：自 0:00:02 至 结束"),
        (
            "redaction",
            {"regions": [{"boxes": [[at, 1, 2, 3, 4] for at in range(5)], "cover": "blur", "until_ms": 9}]},
            "· 其后另有 2 个位置，随之移动",
        ),
    ],
)
def test_each_way_of_making_is_told_and_no_reason_where_none_goes_along(
    operation: str, parameters: dict[str, Any], said: str
) -> None:
    how = {"id": "d", "operation": operation, "parameters": parameters, "words": None}
    item = {"id": "d", "kind": "derivative", "parent": "r", "device_name": "x.mp4", "sha256": "0" * 64}
    told = {"items": [item], "report": {"items": [], "derivatives": [how]}}
    ((_, _, done, *_),) = CourtDerivatives(Words(), told).section().rows
    assert said in done
    assert "理由" not in done


@pytest.mark.article("dazhe-2020:14")
def test_a_court_is_told_what_is_not_handed_over_and_of_no_partys_remedy(tmp_path: Path) -> None:
    room = ExportRoom(tmp_path)
    asked = room.asked()
    room.approve(asked, {room.two: Ground.NOT_RELATED})
    listed = room.court.exports.get(room.head, asked)
    pdf = room.court.papers.export(listed, "refusal", room.small.clock.now())
    said = flat("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))
    assert "部分不予移送函" in said
    assert "行政复议" not in said
    assert "申请复制" not in said

"""A case on its page: its enforcement documents, what is open, and the way to the archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.domain.act_documents import MismatchKind
from evidence.domain.rights import Role
from evidence.service.cases.act_documents import DocumentSaid
from evidence.service.cases.steps import StepSaid
from tests.pages.custody_room import OPERATOR
from tests.pages.test_custodian_acts import CUSTODIAN, HEAD, WEARER, Acting, post
from tests.web.browser import Browser

NUMBER = "杭1号"


class Filing(Acting):
    """A case with a recording that is linked, one that bears the number, and a red step."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.app, self.now = self.room.application, self.room.clock.now()
        self.case = self.app.cases.open(OPERATOR, NUMBER, self.room.agency.id).id
        self.app.cases.link(OPERATOR, self.case, self.recording)
        self.numbered = self.custody.seal(b"bears the number", "numbered.mp4", case_number=NUMBER)
        began = self.now - timedelta(hours=40)
        said = StepSaid("on-site-check", began, began + timedelta(hours=1), [WEARER])
        self.app.steps.enter(OPERATOR, self.case, said)

    @property
    def path(self) -> str:
        """Return the address of the case."""
        return f"/cases/{self.case}"

    def document(self, number: str) -> str:
        """Register a document of the same hour, which nothing shows."""
        span = (self.now - timedelta(hours=40), self.now - timedelta(hours=39))
        said = DocumentSaid(number, "inspection-record", *span, [WEARER])
        return self.app.act_documents.register(OPERATOR, self.case, said).id

    def is_archived(self) -> bool:
        """Tell whether the file is in the archive."""
        with self.room.site.database.reading() as unit:
            return self.case in unit.case_files.archived(self.case)


@pytest.fixture
def filing(tmp_path: Path) -> Iterator[Filing]:
    made = Filing(tmp_path)
    yield made
    made.room.application.signer.close()


def archive(browser: Browser, filing: Filing, **said: str) -> tuple[int, str]:
    form = {"number": "2026-1", "handed_by": CUSTODIAN, "received_by": HEAD, **said}
    return post(browser, f"{filing.path}/archive", **form)


@pytest.mark.article("dazhe-2020:8")
def test_the_page_of_a_case_shows_its_documents_and_what_of_them_owes_a_reason(filing: Filing) -> None:
    browser = filing.browser(CUSTODIAN)
    assert "没有登记执法文书" in browser.get(filing.path).text
    filing.document("检1号")
    second = filing.document("检2号")
    filing.app.act_documents.explain(OPERATOR, filing.case, second, MismatchKind.NO_FOOTAGE, "设备送修")
    page = browser.get(filing.path).text
    assert "没有登记执法文书" not in page
    assert "案卷目录尚未列入文书" in page, "the index of the file is another list"
    rows = {row[:3]: row.partition("</tr>")[0] for row in page.split('<tr data-act="')[1:]}
    owed, given = rows["检1号"], rows["检2号"]
    assert ("须说明理由" in owed, "期间没有记录" in owed) == (True, True)
    assert ("须说明理由" in given, "期间没有记录" in given, "设备送修" in given) == (False, True, True)


@pytest.mark.article("longquan:8")
def test_a_day_before_what_belongs_to_the_case_is_noted_and_warned_of(filing: Filing) -> None:
    browser = filing.browser(CUSTODIAN)
    answer = post(browser, f"{filing.path}/end", day="2000-01-01")
    assert answer == (303, f"{filing.path}?done=case-ended-early")
    assert "晚于该日，请核对" in browser.get(answer[1]).text


@pytest.mark.article("longquan:8")
def test_a_case_file_is_archived_on_its_page_with_a_reason_for_what_is_open(filing: Filing) -> None:
    browser, before = filing.browser(CUSTODIAN), filing.room.dump().count("case.archive")
    page = browser.get(filing.path).text
    assert 'data-open="1 0 2 0 0"' in page
    assert f'action="{filing.path}/archive"' not in page, "first the act ends"
    day = filing.now.date().isoformat()
    for refused in ({"day": "gestern"}, {"day": (filing.now.date() + timedelta(days=2)).isoformat()}):
        status, told = post(browser, f"{filing.path}/end", **refused)
        assert (status, 'role="alert"' in told) == (400, True)
    assert archive(browser, filing)[0] == 409
    assert post(browser, f"{filing.path}/end", day=day) == (303, f"{filing.path}?done=case-ended")
    for said, status, words in (
        ({}, 409, "须写明理由"),
        ({"reason": "急", "received_by": CUSTODIAN}, 403, "两人"),
        ({"reason": "急", "received_by": "0"}, 404, 'role="alert"'),
    ):
        answer = archive(browser, filing, **said)
        assert (answer[0], words in answer[1], 'value="2026-1"' in answer[1]) == (status, True, True), said
        assert (filing.is_archived(), filing.room.dump().count("case.archive")) == (False, before)
    assert archive(browser, filing, reason="影像另卷保存") == (303, f"{filing.path}?done=case-archived")
    page = browser.get(filing.path).text
    assert all(words in page for words in ("2026-1", "影像另卷保存", "音像资料 2 份", HEAD))
    assert f"{filing.path}/archive" not in page
    assert archive(browser, filing, reason="再来")[0] == 409


def test_how_each_recording_belongs_to_the_case_stands_beside_it(filing: Filing) -> None:
    browser, day = filing.browser(CUSTODIAN), filing.now.date()
    page = browser.get(filing.path).text
    assert (page.count("已关联</span>"), page.count("标注本案案号</span>")) == (1, 1)
    for recording, bears in ((filing.recording, False), (filing.numbered, True)):
        of_it = browser.get(f"/recordings/{recording}").text
        assert (f'href="{filing.path}"' in of_it, "标注本案案号" in of_it) == (True, bears)
        assert "未关联案件" not in of_it
    filing.app.case_filing.end(OPERATOR, filing.case, day)
    filing.app.case_filing.archive(OPERATOR, filing.case, "2026-1", CUSTODIAN, HEAD, "急")
    filing.custody.seal(b"a late card", "late.mp4", case_number=NUMBER)
    page = browser.get(filing.path).text
    assert (page.count("已关联</span>"), page.count("归档后标注，不在案卷内</span>")) == (2, 1)
    assert "late.mp4" in page


def test_who_only_reads_case_files_archives_none(filing: Filing) -> None:
    filing.room.add_person("000002", Role.AUDITOR)
    filing.app.case_filing.end(OPERATOR, filing.case, filing.now.date())
    browser = filing.browser("000002")
    page = browser.get(filing.path)
    assert (page.status_code, "/archive" in page.text, "/end" in page.text) == (200, False, False)
    assert archive(browser, filing, reason="急")[0] == 403
    assert not filing.is_archived()

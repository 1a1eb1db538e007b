"""The shipped packs against the law: the articles' own words, and rules that do what the words say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.adapters.packs import load_pack, shipped_packs
from evidence.policy.bars import secrecy_of
from evidence.policy.conduct import Exempting, FaultKind, exemptions_of, faults_of
from evidence.policy.keeping import case_terms_of
from evidence.policy.rules import Act, Cause, Citation, Label, NumberCause, Pack, cite_ids

PACKS = [packs.latest for packs in shipped_packs().values()]
DAZHE, LONGQUAN, STRICT = (load_pack(name).latest for name in ("dazhe-2020", "longquan", "strict"))
CITATIONS = sorted({one for pack in PACKS for one in pack.citations}, key=lambda one: one.id)

# Where an instrument stands: the document, and what its text begins and ends with there.
_RECORDING_DAZHE = "大柘镇人民政府行政执法音像记录管理制度"
_RECORDING_LONGQUAN = "龙泉市医疗保障局执法音像记录管理制度"
PLACES = {
    "xinping-2022-aux": ("000", "第一章", None),
    "dazhe-2020-aux": ("001", "行政执法辅助人员管理办法", _RECORDING_DAZHE),
    "dazhe-2020": ("001", _RECORDING_DAZHE, None),
    "longquan-aux": ("002", "管理办法", _RECORDING_LONGQUAN),
    "longquan": ("002", _RECORDING_LONGQUAN, None),
    "inner-mongolia-aux": ("003", "第一章", None),
    "lanzhou-new-area-aux": ("004", "第一条", None),
}
UNTITLED = {"inner-mongolia-aux"}  # the text at hand begins with its first chapter

_DIGITS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """Write 1 to 99 as articles are numbered."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


def article_text(regulations: Mapping[str, str], citation: Citation) -> str:
    """Cut the cited article out of its document: from its number to the next article's."""
    instrument, _, place = citation.id.partition(":")
    document, start, end = PLACES[instrument]
    text = regulations[document]
    text = text[text.index(start) :]
    text = text[: text.index(end)] if end else text
    if place == "annex":
        return text[text.rindex("记录事项清单" if instrument == "dazhe-2020" else "\n清单") :]
    number = int(re.findall(r"\d+", place)[0])
    article = text[text.index(f"第{numeral(number)}条") :]
    following = article.find(f"第{numeral(number + 1)}条")
    return article if following < 0 else article[:following]


@pytest.mark.parametrize("citation", CITATIONS, ids=lambda one: one.id)
def test_the_words_of_every_cited_article_are_copied_exactly(
    citation: Citation, regulations: Mapping[str, str]
) -> None:
    article, at = article_text(regulations, citation), 0
    for piece in citation.text_zh.split("……"):
        assert piece in article[at:]
        at = article.index(piece, at) + len(piece)


@pytest.mark.parametrize("citation", CITATIONS, ids=lambda one: one.id)
def test_the_number_of_every_cited_article_is_the_one_of_its_id(citation: Citation) -> None:
    if citation.id.endswith(":annex"):
        assert citation.article in ("附件", "清单")
        return
    shape = re.fullmatch(r"[a-z0-9-]+:(\d+)(?:\.(\d+))?(?:\((\d+)\))?(?:\((\d+)\))?", citation.id)
    assert shape is not None
    number, paragraph, item, sub_item = shape.groups()
    written = f"第{numeral(int(number))}条"
    written += f"第{numeral(int(paragraph))}款" if paragraph else ""
    written += f"第（{numeral(int(item))}）项" if item else ""
    written += f"第{sub_item}目" if sub_item else ""
    assert citation.article == written
    if item:
        mark = f"{sub_item}." if sub_item else f"（{numeral(int(item))}）"
        assert citation.text_zh.split("……")[-1].startswith(mark)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_the_titles_of_the_instruments_stand_in_their_documents(
    pack: Pack, regulations: Mapping[str, str]
) -> None:
    for instrument in pack.instruments:
        if instrument.id not in UNTITLED:
            document = re.sub(r"\s", "", regulations[PLACES[instrument.id][0]])
            assert instrument.title_zh in document


@pytest.mark.article("dazhe-2020:1")
@pytest.mark.article("longquan:1")
@pytest.mark.article("inner-mongolia-aux:1")
def test_every_pack_names_its_legal_basis_in_the_words_of_the_article() -> None:
    for pack in PACKS:
        assert pack.basis_cites
        assert any(pack.basis_zh in one.text_zh for one in pack.basis_cites)
        assert all(pack.citation(one.id) == one for one in pack.basis_cites)


@pytest.mark.article("dazhe-2020:12")
@pytest.mark.article("longquan:7")
def test_the_upload_deadline_is_the_24_hours_of_its_article() -> None:
    for pack in PACKS:
        assert pack.upload_deadline.within == timedelta(hours=24)
        assert all("24小时内" in one.text_zh for one in pack.upload_deadline.cites)
        assert pack.is_default("upload_deadline.warn_before_h")
    assert cite_ids(DAZHE.upload_deadline.cites) == ("dazhe-2020:12",)
    assert cite_ids(LONGQUAN.upload_deadline.cites) == ("longquan:7",)


_CAUSES = {
    Cause.DEVICE_FAULT: "设备故障",
    Cause.DEVICE_DAMAGE: "损坏",
    Cause.SEVERE_WEATHER: "天气情况恶劣",
    Cause.BATTERY: "电量",
    Cause.STORAGE_FULL: "存储空间不足",
    Cause.PLACE_CHANGE: "检查场所变化",
}


@pytest.mark.article("dazhe-2020:9.1")
@pytest.mark.article("longquan:1")
def test_the_causes_of_an_interruption_are_those_the_article_lists_and_no_others() -> None:
    words = re.sub("|".join(_CAUSES.values()), "", DAZHE.citation("dazhe-2020:9.1").text_zh)
    assert "，因、、或者、、等客观原因而中止记录的" in words  # nothing of the list is left over
    for pack in PACKS:
        assert set(pack.continuity.accepted_causes) == set(_CAUSES)
        assert "dazhe-2020:9.1" in cite_ids(pack.continuity.cites)
    assert "longquan:1" in cite_ids(LONGQUAN.continuity.cites)


@pytest.mark.article("dazhe-2020:9.1")
def test_a_number_that_is_passed_over_has_a_cause_of_its_own_that_is_no_interruption() -> None:
    for pack in PACKS:
        assert pack.continuity.number_causes == tuple(NumberCause)
        assert pack.is_default("continuity.number_causes")


def test_numbers_that_no_article_gives_are_marked_as_set_by_default() -> None:
    for pack in PACKS:
        assert pack.continuity.tolerance == timedelta(seconds=1)
        assert pack.continuity.same_activity == timedelta(minutes=30)
        for field in ("continuity.tolerance_s", "continuity.same_activity_min", "time_zone"):
            assert pack.is_default(field)
        assert all(one.reason_zh and one.reason_en for one in pack.defaults)
    assert not DAZHE.is_default("retention.years")
    assert LONGQUAN.is_default("retention.years")


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.article("longquan:8")
def test_recordings_are_kept_for_at_least_the_year_of_the_article() -> None:
    assert "保存期限不少于一年" in DAZHE.citation("dazhe-2020:11").text_zh
    for pack in PACKS:
        assert pack.retention.years == 1
        assert "dazhe-2020:11" in cite_ids(pack.retention.cites)
    assert "longquan:8" in cite_ids(LONGQUAN.retention.cites)


@pytest.mark.article("dazhe-2020:12")
def test_the_mandatory_labels_are_those_the_article_asks_for() -> None:
    words = DAZHE.citation("dazhe-2020:12").text_zh
    labels = {
        Label.CASE_NUMBER: "案号",
        Label.INSPECTED_PARTY: "被检查单位名称",
        Label.OFFICER: "行政执法人员信息",
        Label.TIME: "使用时间",
    }
    for pack in PACKS:
        assert set(pack.labels.labels) == set(labels)
        assert "dazhe-2020:12" in cite_ids(pack.labels.cites)
    assert all(word in words for word in labels.values())


@pytest.mark.article("dazhe-2020:12", "longquan:8")
def test_a_case_number_may_follow_within_the_days_that_are_marked_as_set_by_default() -> None:
    for pack in PACKS:
        assert pack.labels.not_yet_days == 30
        assert pack.is_default("labels.not_yet_days")
        assert pack.labels.case_number is None, "no article gives a form"


@pytest.mark.article("dazhe-2020:annex", "longquan:annex")
def test_what_must_be_recorded_is_the_list_of_the_instrument_line_by_line(
    regulations: Mapping[str, str],
) -> None:
    for pack, name in ((DAZHE, "dazhe-2020"), (LONGQUAN, "longquan")):
        words = article_text(regulations, pack.citation(f"{name}:annex"))
        cells = [cell.strip() for cell in re.split(r"\n\t", words)[1:]]
        rows = [cells[at : at + 5] for at in range(0, len(cells), 5)]
        head, *lines = [row for row in rows if any(row)]
        assert head == ["执法类别", "执法环节", "记录事项", "记录部门", "备注"]
        category, found = "", []
        for line in lines:
            category = line[0] or category
            found.append((category, *line[1:4]))
        assert [(o.category, o.stage, o.matter, o.recorder) for o in pack.must_record] == found
        assert len(found) == 5
        assert {cite_ids(one.cites) for one in pack.must_record} == {(f"{name}:annex",)}
    assert [replace(o, cites=()) for o in STRICT.must_record] == [
        replace(o, cites=()) for o in DAZHE.must_record
    ]
    assert load_pack("inner-mongolia").latest.must_record == ()


@pytest.mark.article("dazhe-2020:9.2")
@pytest.mark.article("dazhe-2020:15")
def test_editing_is_forbidden_by_both_articles_that_forbid_it() -> None:
    for pack in PACKS:
        assert {"dazhe-2020:9.2", "dazhe-2020:15"} <= set(cite_ids(pack.no_editing.cites))
    assert "不得插入其他画面" in DAZHE.citation("dazhe-2020:9.2").text_zh
    assert "不得对原始执法音像记录进行删节、修改" in DAZHE.citation("dazhe-2020:15").text_zh


def test_articles_of_another_agency_are_marked_as_adopted() -> None:
    adopted = {one.id: one for one in LONGQUAN.instruments if one.adopted_zh}
    assert set(adopted) == {"dazhe-2020"}
    assert adopted["dazhe-2020"].adopted_en
    assert not [one for one in DAZHE.instruments if one.adopted_zh]


def bars(*rows: tuple[str, str, set[Act]]) -> list[object]:
    """Turn (article, its decisive words, acts) into test cases that carry the article's mark."""
    return [pytest.param(*row, id=row[0]) for row in rows]


@pytest.mark.article(
    "dazhe-2020-aux:3", "dazhe-2020-aux:9(2)(3)", "dazhe-2020-aux:10(1)", "dazhe-2020-aux:10(2)",
    "dazhe-2020-aux:10(3)", "longquan-aux:3", "longquan-aux:9(2)(3)", "longquan-aux:10(1)",
    "longquan-aux:10(2)", "longquan-aux:10(3)", "xinping-2022-aux:7", "xinping-2022-aux:14(2)",
    "xinping-2022-aux:14(3)", "xinping-2022-aux:14(6)", "xinping-2022-aux:14(7)",
    "xinping-2022-aux:18(1)", "xinping-2022-aux:18(4)", "inner-mongolia-aux:10(2)",
    "inner-mongolia-aux:13(3)", "inner-mongolia-aux:13(4)", "lanzhou-new-area-aux:4",
    "lanzhou-new-area-aux:9(3)", "lanzhou-new-area-aux:12(5)",
)  # fmt: skip
@pytest.mark.parametrize(
    ("cite_id", "words", "acts"),
    bars(
        ("dazhe-2020-aux:3", "在本单位及行政执法人员的指挥和监督下", {Act.TAKE_EVIDENCE_ALONE, Act.HOLD}),
        ("dazhe-2020-aux:9(2)(3)", "协助行政执法人员调查取证", {Act.TAKE_EVIDENCE_ALONE}),
        ("dazhe-2020-aux:10(1)", "单独实施", {Act.TAKE_EVIDENCE_ALONE, Act.HOLD}),
        ("dazhe-2020-aux:10(2)", "删除、篡改或者扩散", {Act.DELETE, Act.ALTER, Act.SPREAD, Act.EXPORT}),
        ("dazhe-2020-aux:10(3)", "泄露相关国家秘密、商业秘密", {Act.SEE_RESTRICTED}),
        ("longquan-aux:3", "在本单位及行政执法人员的指挥和监督下", {Act.TAKE_EVIDENCE_ALONE, Act.HOLD}),
        ("longquan-aux:9(2)(3)", "协助行政执法人员调查取证", {Act.TAKE_EVIDENCE_ALONE}),
        ("longquan-aux:10(1)", "单独实施", {Act.TAKE_EVIDENCE_ALONE, Act.HOLD}),
        ("longquan-aux:10(2)", "删除、篡改或者扩散", {Act.DELETE, Act.ALTER, Act.SPREAD, Act.EXPORT}),
        ("longquan-aux:10(3)", "泄露相关国家秘密、商业秘密", {Act.SEE_RESTRICTED}),
        ("xinping-2022-aux:7", "指挥和监督下", {Act.TAKE_EVIDENCE_ALONE, Act.HOLD}),
        ("xinping-2022-aux:14(2)", "独立从事", {Act.TAKE_EVIDENCE_ALONE, Act.HOLD}),
        ("xinping-2022-aux:14(3)", "代替行政执法人员在行政执法文书上签字", {Act.SIGN_FOR_OFFICER}),
        ("xinping-2022-aux:14(6)", "隐匿、删改或者扩散", {Act.HIDE, Act.DELETE, Act.ALTER, Act.SPREAD}),
        ("xinping-2022-aux:14(7)", "泄露相关国家秘密", {Act.SEE_RESTRICTED}),
        ("xinping-2022-aux:18(1)", "联合签名", {Act.SIGN_FOR_OFFICER}),
        ("xinping-2022-aux:18(4)", "涉及国家秘密", {Act.HANDLE_STATE_SECRETS}),
        ("inner-mongolia-aux:10(2)", "独立从事行政执法的调查取证", {Act.TAKE_EVIDENCE_ALONE}),
        ("inner-mongolia-aux:13(3)", "复制影像资料", {Act.COPY, Act.EXPORT, Act.DELETE, Act.ALTER}),
        ("inner-mongolia-aux:13(4)", "泄露相关需要保密的信息", {Act.SEE_RESTRICTED}),
        ("lanzhou-new-area-aux:4", "不得从事具体行政执法工作", {Act.TAKE_EVIDENCE}),
        ("lanzhou-new-area-aux:9(3)", "调查取证", {Act.TAKE_EVIDENCE, Act.TAKE_EVIDENCE_ALONE}),
        ("lanzhou-new-area-aux:12(5)", "隐瞒证据", {Act.HIDE}),
    ),
)
def test_a_bar_forbids_the_acts_that_its_article_names(cite_id: str, words: str, acts: set[Act]) -> None:
    holders = [pack for pack in PACKS if cite_id in cite_ids(pack.citations)]
    assert STRICT in holders
    for pack in holders:
        citation = pack.citation(cite_id)
        assert words in citation.text_zh
        for act in acts:
            assert citation in pack.barred(act)


def test_the_strict_pack_bars_every_act_and_holds_every_bar_of_the_others() -> None:
    assert all(STRICT.barred(act) for act in Act)
    for pack in PACKS:
        for act in Act:
            assert set(pack.barred(act)) <= set(STRICT.barred(act))


def test_assisting_an_officer_is_barred_only_where_a_document_bars_it() -> None:
    assert DAZHE.barred(Act.TAKE_EVIDENCE) == LONGQUAN.barred(Act.TAKE_EVIDENCE) == ()
    lanzhou = {"lanzhou-new-area-aux:4", "lanzhou-new-area-aux:9(3)"}
    assert set(cite_ids(STRICT.barred(Act.TAKE_EVIDENCE))) == lanzhou
    assert cite_ids(STRICT.barred(Act.COPY)) == ("inner-mongolia-aux:13(3)",)


_EXEMPTING = {
    Exempting.EXPLOSION_HAZARD: "（一）在爆炸危险区域",
    Exempting.SECRECY: "（二）涉及国家秘密、商业秘密或者个人隐私的",
    Exempting.URGENCY: "（三）情况紧急",
    Exempting.OBJECTIVE_CAUSE: "（四）因客观原因",
}
_FAULTS = {
    FaultKind.NOT_RECORDED: "（一）不按规定使用音像记录设备",
    FaultKind.MISCONDUCT: "（二）执法不规范或不文明",
    FaultKind.LEAK: "（三）违反规定泄露",
    FaultKind.ALTERATION: "（四）对执法记录信息进行删改，弄虚作假",
    FaultKind.LOSS: "（五）不按规定储存、保管",
    FaultKind.OTHER: "（六）其它违反",
}


@pytest.mark.article("dazhe-2020:6", "dazhe-2020:16")
def test_grounds_and_faults_are_those_of_the_articles_and_of_the_union_where_a_pack_has_none() -> None:
    for pack in PACKS:
        for rule, words in ((exemptions_of(pack, STRICT), _EXEMPTING), (faults_of(pack, STRICT), _FAULTS)):
            (cite,) = rule.cites
            assert rule.words == tuple(words)
            assert all(said in cite.text_zh for said in words.values())
            assert cite.text_zh.count("（") == len(words), "the article lists no other"
    assert (DAZHE.exemptions, DAZHE.faults) == (STRICT.exemptions, STRICT.faults)
    assert (LONGQUAN.exemptions, LONGQUAN.faults) == (None, None)


@pytest.mark.article("longquan:9", "dazhe-2020:6(2)")
def test_every_pack_says_by_which_article_secrets_do_not_belong_here() -> None:
    assert cite_ids(DAZHE.secrecy_cites) == ("dazhe-2020:6(2)",)
    assert cite_ids(LONGQUAN.secrecy_cites) == ("longquan:9",)
    for pack in PACKS:
        assert set(cite_ids(secrecy_of(pack, STRICT))) <= set(cite_ids(STRICT.secrecy_cites))
        assert secrecy_of(replace(pack, secrecy_cites=()), STRICT) == STRICT.secrecy_cites


@pytest.mark.article("inner-mongolia-aux:29")
def test_a_day_of_issue_that_the_text_does_not_give_is_not_invented() -> None:
    mongolia = load_pack("inner-mongolia").latest
    assert not mongolia.in_force_stated
    assert mongolia.in_force_cites[0].text_zh == "本办法自发布之日起施行。"
    assert mongolia.in_force_note_zh


@pytest.mark.article("inner-mongolia-aux:25")
def test_the_form_of_badges_is_the_article_s_and_the_city_codes_are_marked_as_not_its_own() -> None:
    mongolia = load_pack("inner-mongolia").latest
    assert mongolia.person_number is not None
    words = mongolia.person_number.cites[0].text_zh
    assert all(part in words for part in ("“XG”", "6 位数字", "前两位为城市编号"))
    assert mongolia.is_default("person_number.city_codes")
    assert all(re.fullmatch(r"[0-9]{2}", code) for code, _ in mongolia.person_number.city_codes)
    assert all(pack.person_number is None for pack in PACKS if pack.id != "inner-mongolia")


@pytest.mark.article("dazhe-2020:11")
@pytest.mark.article("longquan:8")
def test_the_classes_of_case_files_rest_on_the_articles_and_their_numbers_on_a_reason() -> None:
    for pack, cites in (
        (DAZHE, ("dazhe-2020:11",)),
        (LONGQUAN, ("longquan:8", "dazhe-2020:11")),
        (STRICT, ("dazhe-2020:11", "longquan:8")),
    ):
        assert pack.case_terms is not None
        assert pack.case_terms.classes == ("10-years", "30-years", "permanent")
        assert cite_ids(pack.case_terms.cites) == cites
        assert pack.is_default("case_terms.classes")
    mongolia = load_pack("inner-mongolia").latest
    assert mongolia.case_terms is None
    assert case_terms_of(mongolia, STRICT) == STRICT.case_terms

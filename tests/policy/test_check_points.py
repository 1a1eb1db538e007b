"""Check-points in packs: read strictly, with their articles; the union where a pack has none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.adapters.packs import load_pack
from evidence.errors import PolicyError
from evidence.policy.check_points import MarkerKind, check_point_of, check_points_of
from evidence.policy.reading import read_pack
from evidence.policy.rules import cite_ids
from tests.policy.packs import GOOD

RULES = """[check_points.notice-given]
phrase = "本次执法全程录音录像。"
stages = ["取证"]
within_s = 120
cites = ["here:12"]

[check_points.spoken-explanation]
within_s = 60
cites = ["here:9.1"]

[set_by_default]
"""
DAZHE, STRICT = (load_pack(name).latest for name in ("dazhe-2020", "strict"))


def with_rules(old: str = "", new: str = "") -> str:
    assert not old or RULES.count(old) == 1
    return GOOD.replace("[set_by_default]\n", RULES.replace(old, new) if old else RULES)


def test_check_points_are_read_with_phrase_stages_time_and_articles() -> None:
    notice, spoken = read_pack(with_rules(), "here.toml").check_points
    assert (notice.kind, notice.phrase, notice.stages) == (
        MarkerKind.NOTICE_GIVEN,
        "本次执法全程录音录像。",
        ("取证",),
    )
    assert (notice.within, cite_ids(notice.cites)) == (timedelta(minutes=2), ("here:12",))
    assert (spoken.stages, spoken.phrase, spoken.within) == ((), None, timedelta(minutes=1))
    assert read_pack(GOOD, "here.toml").check_points == ()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("notice-given", "notice", "unknown-word"),
        ('["取证"]', '["听证"]', "unknown-word"),
        ('stages = ["取证"]\n', "", "missing-key"),
        ("within_s = 60\n", "", "missing-key"),
        ("within_s = 60", "within_s = 0", "out-of-range"),
        ("within_s = 60", "within_s = 601", "out-of-range"),
        ("within_s = 60", 'within_s = 60\nstages = ["取证"]', "unknown-key"),
        ('cites = ["here:12"]\n', "", "missing-citation"),
        ('phrase = "本次执法全程录音录像。"', 'phrase = " "', "wrong-type"),
    ],
)
def test_what_is_not_in_order_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(PolicyError) as problem:
        read_pack(with_rules(old, new), "here.toml")
    assert problem.value.fields["reason"] == reason


@pytest.mark.article("dazhe-2020:7", "dazhe-2020:8", "dazhe-2020:9.1")
def test_the_packs_ask_for_what_the_articles_ask_for() -> None:
    for pack in (DAZHE, STRICT):
        rules = {one.kind: one for one in pack.check_points}
        assert set(rules) == set(MarkerKind)
        notice, credentials = rules[MarkerKind.NOTICE_GIVEN], rules[MarkerKind.CREDENTIALS_SHOWN]
        (article,) = notice.cites
        assert article.id == "dazhe-2020:7"
        assert notice.phrase is not None
        assert article.text_zh.endswith(f"告知的规范用语：{notice.phrase}")
        assert cite_ids(credentials.cites) == ("dazhe-2020:8",)
        assert cite_ids(rules[MarkerKind.SPOKEN_EXPLANATION].cites) == ("dazhe-2020:9.1",)
        stages = {one.stage for one in pack.must_record}
        assert {*notice.stages, *credentials.stages} <= stages


def test_where_a_pack_has_none_the_union_decides() -> None:
    for name in ("longquan", "inner-mongolia"):
        pack = load_pack(name).latest
        assert check_points_of(pack, STRICT) == STRICT.check_points
        assert check_point_of(MarkerKind.NOTICE_GIVEN, pack, pack) is None
    assert check_points_of(DAZHE, STRICT) == DAZHE.check_points

"""A pack is read strictly: each fault is refused with its file, its line and its reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from evidence.errors import PolicyError
from evidence.policy.reading import read_pack, read_set
from evidence.policy.rules import Act, SetByDefault
from tests.policy.packs import GOOD, broken, line_with

FILE = "here.toml"


def test_a_pack_in_order_is_read_whole() -> None:
    pack = read_pack(GOOD, FILE, {"Asia/Shanghai"})
    assert (pack.id, pack.version, pack.time_zone) == ("here", "1", "Asia/Shanghai")
    assert (pack.in_force_from, pack.in_force_to, pack.in_force_stated) == (date(2020, 12, 3), None, True)
    assert pack.upload_deadline.within == timedelta(hours=24)
    assert pack.upload_deadline.warn_before == timedelta(hours=2)
    assert pack.upload_deadline.largest_offset == timedelta(minutes=5)
    assert pack.continuity.tolerance == timedelta(seconds=1)
    assert pack.continuity.same_activity == timedelta(minutes=30)
    assert pack.continuity.accepted_causes == ("battery", "storage-full")
    assert pack.retention.years == 1
    assert pack.labels.labels == ("case-number", "time")
    assert (pack.labels.case_number, pack.labels.not_yet_days) == (r"\d{4}-\d+", 30)
    assert [(one.category, one.stage, one.matter, one.recorder) for one in pack.must_record] == [
        ("检查", "取证", "拍照", "科室"),
        ("检查", "取证", "录像", "科室"),
    ]
    assert [one.id for one in pack.must_record[0].cites] == ["here:annex"]
    assert [one.id for one in pack.no_editing.cites] == ["here:9.1"]
    assert pack.auxiliary_bars[0].acts == {Act.DELETE}
    assert [one.id for one in pack.barred(Act.DELETE)] == ["here-aux:10(2)"]
    assert pack.barred(Act.COPY) == ()
    assert pack.citation("here-aux:10(2)").title_zh == "本地辅助人员办法"
    assert pack.defaults == (SetByDefault("continuity.tolerance_s", "未规定", "not stated"),)
    assert pack.is_default("continuity.tolerance_s")
    assert not pack.is_default("retention.years")


def test_a_pack_may_say_by_which_articles_secrets_are_kept_elsewhere() -> None:
    assert read_pack(GOOD, "here.toml").secrecy_cites == ()
    text = GOOD.replace("[set_by_default]", '[secrecy]\ncites = ["here:12"]\n\n[set_by_default]')
    assert [one.id for one in read_pack(text, "here.toml").secrecy_cites] == ["here:12"]


def test_a_pack_may_list_grounds_of_exemption_and_kinds_of_fault() -> None:
    here = read_pack(GOOD, FILE)
    assert (here.exemptions, here.faults) == (None, None)
    listed = '[exemptions]\ngrounds = ["urgency"]\ncites = ["here:12"]\n'
    listed += '[faults]\nkinds = ["loss", "leak"]\ncites = ["here:11"]\n\n[set_by_default]'
    pack = read_pack(GOOD.replace("[set_by_default]", listed), FILE)
    assert pack.exemptions is not None
    assert pack.faults is not None
    assert (pack.exemptions.words, pack.faults.words) == (("urgency",), ("loss", "leak"))
    assert [one.id for one in pack.faults.cites] == ["here:11"]
    with pytest.raises(PolicyError, match="unknown-word"):
        read_pack(GOOD.replace("[set_by_default]", listed.replace("urgency", "weather")), FILE)


FAULTS = [
    # reason, old text, new text, how the guilty line begins
    ("unknown-key", "years = 1", "years = 1\nmonths = 6", "months"),
    ("unknown-key", 'gloss_en = "Basis."', 'gloss_en = "Basis."\nnote = "x"', "note"),
    ("unknown-key", '"continuity.tolerance_s" =', '"continuity.patience_s" =', '"continuity.patience_s"'),
    ("unknown-key", "zh = \"未规定\",", "zh = \"未规定\", fr = \"non\",", '"continuity.tolerance_s"'),
    ("missing-key", "years = 1\n", "", "[retention]"),
    ("missing-key", 'article = "第一条"\n', "", "[[citations]]"),
    ("missing-key", "[basis]\ntext_zh = \"根据上级规定\"\ncites = [\"here:1\"]\n", "", 'id = "here"'),
    ("missing-citation", 'cites = ["here:11"]\n', "", "[retention]"),
    ("missing-citation", 'cites = ["here:11"]', "cites = []", "cites = []"),
    ("unknown-citation", 'cites = ["here:11"]', 'cites = ["here:99"]', 'cites = ["here:99"]'),
    ("citation-never-used", 'cites = ["here:11"]', 'cites = ["here:12"]', 'id = "here:11"'),
    ("unknown-instrument", 'id = "here:11"', 'id = "there:11"', 'id = "there:11"'),
    ("instrument-never-used", "[instruments.here]", "[instruments.idle]\ntitle_zh = \"甲\"\n"
     "title_en = \"a\"\n[instruments.here]", "[instruments.idle]"),
    ("twice", 'id = "here:11"', 'id = "here:12"', None),
    ("twice", '["battery", "storage-full"]', '["battery", "battery"]', "accepted_causes"),
    ("malformed", 'id = "here:11"', 'id = "here-11"', 'id = "here-11"'),
    ("malformed", 'article = "第十一条"', 'article = "Art. 11"', 'article = "Art. 11"'),
    ("malformed", 'id = "here"', 'id = "../here"', 'id = "../here"'),
    ("wrong-type", "years = 1", 'years = "1"', "years"),
    ("wrong-type", "years = 1", "years = 1.5", "years"),
    ("wrong-type", "within_h = 24", "within_h = true", "within_h"),
    ("wrong-type", "from = 2020-12-03", 'from = "2020-12-03"', "from"),
    ("wrong-type", "from = 2020-12-03", "from = 2020-12-03T00:00:00Z", "from"),
    ("wrong-type", 'title_en = "Local rules"\ntime_zone', 'title_en = "  "\ntime_zone', 'title_en = "  "'),
    ("wrong-type", 'required = ["case-number", "time"]', 'required = ["case-number", 3]', "required"),
    ("out-of-range", "years = 1", "years = 0", "years"),
    ("out-of-range", "within_h = 24", "within_h = nan", "within_h"),
    ("out-of-range", "within_h = 24", "within_h = -24", "within_h"),
    ("out-of-range", "largest_offset_s = 300", "largest_offset_s = 86401", "largest_offset_s"),
    ("missing-key", "largest_offset_s = 300\n", "", "[upload_deadline]"),
    ("out-of-range", "within_h = 24", "within_h = 1e300", "within_h"),
    ("empty", 'accepted_causes = ["battery", "storage-full"]', "accepted_causes = []", "accepted_causes"),
    ("missing-citation", "[set_by_default]", "[secrecy]\n\n[set_by_default]", "[secrecy]"),
    ("unknown-word", '"storage-full"', '"bad-mood"', "accepted_causes"),
    ("unknown-word", 'required = ["case-number", "time"]', 'required = ["colour"]', "required"),
    ("malformed", r"case_number = '\d{4}-\d+'", "case_number = '('", "case_number"),
    ("wrong-type", r"case_number = '\d{4}-\d+'", "case_number = 3", "case_number"),
    ("out-of-range", "not_yet_days = 30", "not_yet_days = 0", "not_yet_days"),
    ("wrong-type", "not_yet_days = 30", "not_yet_days = 1.5", "not_yet_days"),
    ("twice", 'matter = "录像"', 'matter = "拍照"', None),
    ("wrong-type", 'matter = "拍照"', 'matter = " "', 'matter = " "'),
    ("unknown-key", 'matter = "拍照"', 'matter = "拍照"\nnote = "x"', "note"),
    ("malformed", 'id = "here:annex"', 'id = "here:list"', 'id = "here:list"'),
    ("unknown-word", 'acts = ["delete"]', 'acts = ["sing"]', "acts"),
    ("warns-before-start", "warn_before_h = 2", "warn_before_h = 24", "warn_before_h"),
    ("tolerance-too-long", "tolerance_s = 1.0", "tolerance_s = 1800", "tolerance_s"),
    ("ends-before-start", "from = 2020-12-03", "from = 2020-12-03\nto = 2020-12-03", "to = "),
    ("unknown-time-zone", "Asia/Shanghai", "Asia/Shanghigh", "time_zone"),
    ("unknown-key", "least_days = 10", "least_days = 10\ncolour = 1", "colour"),
    ("unknown-key", 'need = "training"', 'need = "contract"', "least_days"),
    ("unknown-word", 'need = "training"', 'need = "luck"', 'need = "luck"'),
    ("unknown-word", 'duty = "hand-back"', 'duty = "sing"', 'duty = "sing"'),
    ("unknown-word", 'duty = "hand-back"\ntypes = ["auxiliary"]', 'duty = "hand-back"\ntypes = ["robot"]',
     'types = ["robot"]'),
    ("missing-citation", 'least_days = 10\ncites = ["here-aux:10(2)"]', "least_days = 10", "[[before_duty]]"),
    ("unknown-citation", 'least_days = 10\ncites = ["here-aux:10(2)"]',
     'least_days = 10\ncites = ["here:98"]', 'cites = ["here:98"]'),
    ("missing-citation", 'duty = "hand-back"\ntypes = ["auxiliary"]\ncites = ["here-aux:10(2)"]',
     'duty = "hand-back"\ntypes = ["auxiliary"]', "[[personnel_duties]]"),
    ("missing-citation", '\ncites = ["here:17"]\n\n[person_number.city_codes]',
     "\n\n[person_number.city_codes]", "[person_number]"),
    ("out-of-range", "least_days = 10", "least_days = 0", "least_days"),
    ("unknown-word", '"10-years", "permanent"', '"10-years", "long"', "classes"),
    ("unknown-word", '"10-years", "permanent"', '"201-years", "permanent"', "classes"),
    ("empty", '"10-years", "permanent"', '"permanent"', "classes"),
    ("missing-citation", 'classes = ["10-years", "permanent"]\ncites = ["here:17"]',
     'classes = ["10-years", "permanent"]', "[case_terms]"),
    ("malformed", "(?P<city>", "(?P<city", "pattern"),
    ("codes-without-group", "(?P<city>", "(?P<town>", "[person_number.city_codes]"),
    ("missing-key", '[person_number.city_codes]\n01 = "甲市"\n', "", "[person_number]"),
    ("wrong-type", '01 = "甲市"', "01 = 1", "01"),
    ("empty", '01 = "甲市"', "", "[person_number.city_codes]"),
    ("not-toml", "years = 1", "years = = 1", "years"),
    ("not-toml", "years = 1", "years = 1\nyears = 2", "years = 2"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "old", "new", "guilty"), FAULTS)
def test_a_fault_is_refused_with_its_line(reason: str, old: str, new: str, guilty: str | None) -> None:
    text = broken(old, new)
    with pytest.raises(PolicyError) as caught:
        read_pack(text, FILE, {"Asia/Shanghai"})
    fields = caught.value.fields
    assert (caught.value.code, fields["file"], fields["reason"]) == ("policy-error", FILE, reason)
    if guilty is None:  # the second of two: the later line
        assert fields["line"] == max(n for n, row in enumerate(text.splitlines(), 1) if row.startswith(new))
    elif guilty == "[[citations]]":
        assert text.splitlines()[int(str(fields["line"])) - 1] == guilty
    else:
        assert fields["line"] == line_with(text, guilty)


def test_text_that_ends_too_early_names_its_last_line() -> None:
    text = GOOD + 'more = "'
    with pytest.raises(PolicyError) as caught:
        read_pack(text, FILE)
    assert caught.value.fields["line"] == len(text.splitlines())


def test_a_rule_without_a_stated_date_needs_a_reason() -> None:
    with pytest.raises(PolicyError) as caught:
        read_pack(broken("from = 2020-12-03\n", ""), FILE)
    assert (caught.value.fields["reason"], caught.value.fields["key"]) == ("missing-key", "in_force.note")
    pack = read_pack(broken("from = 2020-12-03", 'note = { zh = "未载日期", en = "no date" }'), FILE)
    assert (pack.in_force_stated, pack.in_force_from, pack.in_force_note_en) == (False, date.min, "no date")


def version(number: str, start: str, end: str | None = None) -> str:
    """The good pack as another version with another time in force."""
    dates = f"from = {start}" + (f"\nto = {end}" if end else "")
    return GOOD.replace('version = "1"', f'version = "{number}"').replace("from = 2020-12-03", dates)


def test_versions_of_one_pack_make_a_set_in_order() -> None:
    later, earlier = version("2", "2023-01-01"), version("1", "2020-12-03", "2023-01-01")
    assert [pack.version for pack in read_set({"b.toml": later, "a.toml": earlier}).packs] == ["1", "2"]


@pytest.mark.parametrize(
    ("texts", "reason", "file", "guilty"),
    [
        ((version("1", "2020-12-03"), version("2", "2023-01-01")), "overlap", "1", "from"),
        ((version("1", "2020-12-03", "2023-01-02"), version("2", "2023-01-01")), "overlap", "1", "from"),
        ((version("1", "2020-12-03"), version("2", "2020-12-03")), "overlap", "1", "from"),
        ((version("1", "2020-12-03", "2021-01-01"), version("1", "2021-01-01")),
         "version-twice", "1", "version"),
        (
            (version("1", "2020-12-03", "2021-01-01"),
             version("2", "2021-01-01").replace('id = "here"\n', 'id = "there"\n', 1)),
            "other-pack", "1", 'id = "there"',
        ),
    ],
)  # fmt: skip
def test_versions_that_contradict_are_refused_at_the_later_one(
    texts: tuple[str, str], reason: str, file: str, guilty: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        read_set({str(number): text for number, text in enumerate(texts)})
    fields = caught.value.fields
    assert (fields["reason"], fields["file"]) == (reason, file)
    assert fields["line"] == line_with(texts[int(file)], guilty)


def test_a_set_of_no_files_is_refused() -> None:
    with pytest.raises(PolicyError):
        read_set({})

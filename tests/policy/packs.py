"""A small pack in order, to be broken in one place per test; other suites may use it too."""

from __future__ import annotations

GOOD = """id = "here"
version = "1"
title_zh = "本地制度"
title_en = "Local rules"
time_zone = "Asia/Shanghai"

[in_force]
from = 2020-12-03
cites = ["here:17"]

[basis]
text_zh = "根据上级规定"
cites = ["here:1"]

[upload_deadline]
within_h = 24
warn_before_h = 2
largest_offset_s = 300
cites = ["here:12"]

[continuity]
tolerance_s = 1.0
same_activity_min = 30
accepted_causes = ["battery", "storage-full"]
cites = ["here:9.1"]

[retention]
years = 1
cites = ["here:11"]

[case_terms]
classes = ["10-years", "permanent"]
cites = ["here:17"]

[long_term]
grounds = ["objection"]
cites = ["here:9.1"]

[labels]
required = ["case-number", "time"]
case_number = '\\d{4}-\\d+'
not_yet_days = 30
cites = ["here:12"]

[no_editing]
cites = ["here:9.1"]

[[auxiliary_bars]]
acts = ["delete"]
cites = ["here-aux:10(2)"]

[[before_duty]]
types = ["auxiliary"]
need = "training"
least_days = 10
cites = ["here-aux:10(2)"]

[[personnel_duties]]
duty = "hand-back"
types = ["auxiliary"]
cites = ["here-aux:10(2)"]

[person_number]
pattern = '^X(?P<city>\\d\\d)\\d$'
types = ["auxiliary"]
cites = ["here:17"]

[person_number.city_codes]
01 = "甲市"

[[must_record]]
category = "检查"
stage = "取证"
matter = "拍照"
recorder = "科室"
gloss_en = "photographs"
cites = ["here:annex"]

[[must_record]]
category = "检查"
stage = "取证"
matter = "录像"
recorder = "科室"
gloss_en = "film"
cites = ["here:annex"]

[set_by_default]
"continuity.tolerance_s" = { zh = "未规定", en = "not stated" }

[instruments.here]
title_zh = "本地制度"
title_en = "Local rules"

[instruments.here-aux]
title_zh = "本地辅助人员办法"
title_en = "Local measures on auxiliaries"

[[citations]]
id = "here:1"
article = "第一条"
text_zh = "根据上级规定"
gloss_en = "Basis."

[[citations]]
id = "here:9.1"
article = "第九条第一款"
text_zh = "不得中止录制。"
gloss_en = "No interruption."

[[citations]]
id = "here:11"
article = "第十一条"
text_zh = "不少于一年。"
gloss_en = "One year."

[[citations]]
id = "here:12"
article = "第十二条"
text_zh = "二十四小时内。"
gloss_en = "24 hours."

[[citations]]
id = "here:17"
article = "第十七条"
text_zh = "自发布之日起施行。"
gloss_en = "In force."

[[citations]]
id = "here:annex"
article = "附件"
text_zh = "拍照录像。"
gloss_en = "The list."

[[citations]]
id = "here-aux:10(2)"
article = "第十条第（二）项"
text_zh = "不得删除。"
gloss_en = "No deletion."
"""


def broken(old: str, new: str) -> str:
    """Return the good pack with one piece of text, which stands there exactly once, put in another way."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def line_with(text: str, start: str) -> int:
    """Return the number of the only line that begins like this."""
    found = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start)]
    assert len(found) == 1, start
    return found[0]

"""Reading of the rules about labels in a pack: which are required, and the annex of what must be recorded.

The form is docs/formats/policy-pack.md. `Cites` reads a rule's articles and keeps account of them
(reading.py).
"""

from __future__ import annotations

import re

from evidence.policy.fields import Table
from evidence.policy.labels import Label, MandatoryLabels, MustRecord, OwedBy
from evidence.policy.personnel import Cites


def read_labels(top: Table, cites: Cites) -> MandatoryLabels:
    """Read `[labels]`. Raises: PolicyError; `malformed` for no regular expression."""
    table = top.table("labels")
    rule = MandatoryLabels(
        table.choices("required", Label),
        cites(table),
        _pattern(table, "case_number") if "case_number" in table else None,
        table.whole("not_yet_days", 1, 366) if "not_yet_days" in table else None,
    )
    table.close()
    return rule


def read_must_record(top: Table, cites: Cites) -> tuple[MustRecord, ...]:
    """Read `[[must_record]]`. Raises: PolicyError; `twice` for a matter of the same stage and category."""
    found: list[MustRecord] = []
    for table in top.tables("must_record") if "must_record" in top else []:
        words = (table.text("category"), table.text("stage"), table.text("matter"))
        if any((one.category, one.stage, one.matter) == words for one in found):
            table.fail("matter", "twice", word=words[2])
        texts = (*words, table.text("recorder"), table.text("gloss_en"))
        found.append(MustRecord(*texts, cites(table), *_owed(table)))
        table.close()
    return tuple(found)


def _owed(table: Table) -> tuple[OwedBy, bool]:
    """Read by whom a recording is owed, and whether all of it must be recorded."""
    owed_by = table.choice("owed_by", OwedBy) if "owed_by" in table else OwedBy.CONDUCTING_UNIT.value
    return OwedBy(owed_by), "whole" in table and table.flag("whole")


def _pattern(table: Table, key: str) -> str:
    pattern = table.text(key)
    try:
        re.compile(pattern, re.ASCII)
    except re.error:
        table.fail(key, "malformed", found=pattern)
    return pattern

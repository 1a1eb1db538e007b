"""The rules about people of a pack as `evidence policy show --json` writes them."""

from __future__ import annotations

from typing import Any

from evidence.policy.rules import Pack, cite_ids


def personnel_out(pack: Pack) -> dict[str, Any]:
    """Return them as JSON values (docs/formats/policy-pack.md)."""
    number = pack.person_number
    return {
        "person_number": number
        and {
            "pattern": number.pattern,
            "types": sorted(number.types),
            "city_codes": dict(number.city_codes),
            "cites": list(cite_ids(number.cites)),
        },
        "before_duty": [
            {
                "need": rule.need.value,
                "types": sorted(rule.types),
                "least_days": rule.least_days,
                "cites": list(cite_ids(rule.cites)),
                "reading": {"zh": rule.reading_zh, "en": rule.reading_en},
            }
            for rule in pack.before_duty
        ],
        "personnel_duties": [
            {"duty": rule.duty.value, "types": sorted(rule.types), "cites": list(cite_ids(rule.cites))}
            for rule in pack.personnel_duties
        ],
    }

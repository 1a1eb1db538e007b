"""The bars in force are those of the pack, and for most acts the union of all documents."""

from __future__ import annotations

from datetime import date

from evidence.adapters.packs import load_pack
from evidence.domain.rights import BARRED_AS
from evidence.policy.bars import LEFT_TO_THE_PACK, bars_of
from evidence.policy.rules import Act, Pack

DAY = date(2026, 3, 2)


def pack(name: str) -> Pack:
    return load_pack(name).at(DAY)


def test_whatever_pack_is_in_force_auxiliaries_are_barred_from_all_that_any_document_bars() -> None:
    strict = pack("strict")
    for name in ("dazhe-2020", "longquan"):
        bars = bars_of(pack(name), strict)
        assert {*BARRED_AS.values(), Act.SEE_RESTRICTED} <= set(bars), name
        assert all(bars.values()), "each bar names its articles"
        for act in set(Act) - LEFT_TO_THE_PACK:
            assert (act in bars) == bool(pack(name).barred(act) or strict.barred(act)), (name, act)


def test_the_packs_own_article_is_named_where_it_has_one() -> None:
    strict = pack("strict")
    for own in (pack("dazhe-2020"), pack("longquan")):
        for act in Act:
            if own.barred(act):
                assert bars_of(own, strict)[act] == own.barred(act)


def test_who_may_take_evidence_is_left_to_the_pack() -> None:
    strict, own = pack("strict"), pack("dazhe-2020")
    for act in LEFT_TO_THE_PACK:
        assert (act in bars_of(own, strict)) == bool(own.barred(act)), act
    assert any(strict.barred(act) and not own.barred(act) for act in LEFT_TO_THE_PACK)

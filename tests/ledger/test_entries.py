"""Entries: one spelling, a history without a hole, and values that can be erased and still be proved."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger.canonical import canonical
from evidence.ledger.entries import (
    Head,
    commitment,
    follow,
    is_origin,
    read_entry,
    verify_field,
    verify_history,
    write_entry,
)
from evidence.ledger.tiles import MAX_ENTRY_BYTES, write_bundle
from evidence.settings import NAME
from tests.ledger.trees import flipped
from tests.ledger.values import VALUES

LOG, SHARD = "police.example/custody", "police.example/access/2026"
A, B = "a" * 32, "b" * 32
SALT = bytes(range(16))
GIVEN: dict[str, Any] = {
    "act": "evidence.seal",
    "by": "c" * 32,
    "facts": {"policy": "dazhe-2020@1", "deep": True, "list": [1, None, "局"]},
    "id": "d" * 32,
    "obj": [{"id": A, "k": "recording"}, {"id": B, "k": "card"}],
    "pd": {"actor": commitment("actor", SALT, "012345")},
    "ref": {"sha256": "0" * 64, "size": 123, "sm3": "1" * 64},
    "res": "ok",
    "t": "2026-11-21T05:00:00.667178Z",
}


def written(index: int = 7, heads: dict[str, Head] | None = None, log: str = LOG) -> bytes:
    return write_entry(GIVEN, log, index, SALT, heads or {})[0]


def test_an_entry_is_canonical_json_with_all_that_was_given_and_its_place() -> None:
    raw, heads = write_entry(GIVEN, LOG, 7, SALT, {B: Head(4, 5, LOG)})
    fields = json.loads(raw)
    assert raw == rfc8785.dumps(fields)
    about = [{"id": A, "k": "recording", "n": 1}, {"id": B, "k": "card", "n": 5, "prev": 5}]
    assert fields == {
        **GIVEN,
        "log": LOG,
        "obj": about,
        "salt": base64.b64encode(SALT).decode(),
        "v": 1,
    }
    assert heads == {A: Head(1, 7, LOG), B: Head(5, 7, LOG)}
    assert read_entry(raw) == fields


def test_the_same_members_and_salt_give_the_same_bytes_and_another_salt_others() -> None:
    assert written() == written()
    assert write_entry(GIVEN, LOG, 7, bytes(16), {})[0] != written()


def test_an_entry_that_follows_one_in_another_log_names_that_log() -> None:
    raw, heads = write_entry(GIVEN, SHARD, 0, SALT, {A: Head(4, 90, LOG)})
    assert read_entry(raw)["obj"][0] == {"id": A, "k": "recording", "n": 5, "prev": 90, "prev_log": LOG}
    assert heads[A] == Head(5, 0, SHARD)


def changed(**members: object) -> dict[str, object]:
    return {key: one for key, one in {**GIVEN, **members}.items() if one is not None}


MALFORMED = [
    ("members", changed(more=1)),
    ("members", changed(log=LOG)),
    ("members", changed(salt="x")),
    ("members", changed(v=1)),
    *[("members", changed(**{name: None})) for name in ("act", "id", "obj", "res", "t")],
    *[("act", changed(act=one)) for one in ("", "Seal", "a..b", ".a", "a b", "evidence.seal\n", 1, [])],
    *[("by", changed(by=one)) for one in ("", "王", "somebody", "c" * 31, 1)],
    *[("id", changed(id=one)) for one in ("", "d" * 31, "D" * 32, "d" * 33, 1, "d" * 32 + "\n")],
    *[("res", changed(res=one)) for one in ("", "not ok", "好", "x" * 65, 1)],
    *[("t", changed(t=one)) for one in ("", "2026-11-21T05:00:00Z", "2026-11-21T05:00:00.667178+00:00", 5)],
    *[("t", changed(t=one)) for one in ("2026-13-21T05:00:00.667178Z", "2026-11-21T25:00:00.667178Z")],
    *[("obj", changed(obj=one)) for one in ({}, [1], [[]], [{}], [{"id": A}], [{"k": "card"}], "x")],
    ("obj", changed(obj=[{"id": A, "k": "Card"}])),
    ("obj", changed(obj=[{"id": "a", "k": "card"}])),
    ("obj", changed(obj=[{"id": A, "k": "card", "n": 1}])),
    ("obj", changed(obj=[{"id": A, "k": "card"}, {"id": A, "k": "card"}])),
    *[("facts", changed(facts=one)) for one in ([], "x", 1)],
    *[
        ("pd", changed(pd=one))
        for one in ([], {"actor": ""}, {"actor": 1}, {"actor": "A" * 42}, {"A": "A" * 43})
    ],
    ("pd", changed(pd={"actor": "A" * 42 + "B"})),
    *[("ref", changed(ref=one)) for one in ([], {}, {"sha256": "0" * 64}, {"size": 1})],
    ("ref", changed(ref={"sha256": "0" * 63, "size": 1})),
    ("ref", changed(ref={"sha256": "0" * 64, "size": -1})),
    ("ref", changed(ref={"sha256": "0" * 64, "size": True})),
    ("ref", changed(ref={"sha256": "0" * 64, "size": 1, "sm3": "G" * 64})),
    ("ref", changed(ref={"sha256": "0" * 64, "size": 1, "md5": "0" * 64})),
]


@pytest.mark.parametrize(("reason", "fields"), MALFORMED)
def test_what_is_of_another_form_is_refused_when_written_and_when_read(
    reason: str, fields: dict[str, object]
) -> None:
    with pytest.raises(Invalid, match=f"entry-malformed reason='{reason}'"):
        write_entry(fields, LOG, 7, SALT, {})
    if fields.keys() & {"log", "salt", "v"}:
        return  # an entry has them
    whole = {**fields, "log": LOG, "salt": base64.b64encode(SALT).decode(), "v": 1}
    if isinstance(fields.get("obj"), list):
        whole["obj"] = [{"n": 1, **one} if isinstance(one, dict) else one for one in fields["obj"]]  # type: ignore[attr-defined]
    if fields.get("obj") == [{"id": A, "k": "card", "n": 1}]:
        assert read_entry(canonical(whole)), "a counter belongs into an entry, but who writes it gives it"
        return
    with pytest.raises(IntegrityFault, match=f"entry-malformed reason='{reason}'"):
        read_entry(canonical(whole))


@pytest.mark.parametrize("version", [0, 2, "1", True, -1])
def test_an_entry_of_another_version_is_refused(version: object) -> None:
    fields = {**json.loads(written()), "v": version}
    with pytest.raises(IntegrityFault, match="entry-malformed reason='v'"):
        read_entry(canonical(fields))


@pytest.mark.parametrize("value", [1.5, {"é": 1}, "\ud800", 2**53, b"x"])
def test_facts_that_readers_might_disagree_on_are_refused(value: object) -> None:
    with pytest.raises(Invalid, match="not-canonical"):
        write_entry(changed(facts={"x": value}), LOG, 7, SALT, {})


def test_the_longest_entry_can_be_written_read_and_put_into_a_bundle_and_one_byte_more_is_refused() -> None:
    def of(length: int) -> bytes:
        return write_entry(changed(facts={"x": "x" * length}), LOG, 7, SALT, {})[0]

    room = MAX_ENTRY_BYTES - len(of(0))
    assert len(of(room)) == MAX_ENTRY_BYTES
    assert read_entry(of(room))
    assert write_bundle([of(room)])
    with pytest.raises(Invalid, match="log-entry-too-long"):
        of(room + 1)


@pytest.mark.parametrize("index", [3, 4])
def test_an_entry_cannot_stand_before_the_one_it_follows(index: int) -> None:
    """As when the end of a log was cut off, and the counters were left."""
    with pytest.raises(IntegrityFault, match="history-broken reason='order'"):
        write_entry(GIVEN, LOG, 3, SALT, {A: Head(2, index, LOG)})
    assert write_entry(GIVEN, SHARD, 3, SALT, {A: Head(2, index, LOG)})


@pytest.mark.parametrize("name", ["a", "police.example/site", "A-Z_0/9.x" * 11, "x" * 100])
def test_every_name_of_a_site_makes_origins(name: str) -> None:
    assert re.fullmatch(NAME, name)
    for log in ("custody", "access/2026", "access/9999"):
        assert is_origin(f"{name}/{log}")


@settings(deadline=None)
@given(st.from_regex(NAME, fullmatch=True))
def test_no_name_that_a_site_may_have_is_unfit_for_an_origin(name: str) -> None:
    assert is_origin(f"{name.rstrip()}/access/2026")


@pytest.mark.parametrize(
    ("reason", "log", "index", "salt"),
    [
        ("salt", LOG, 7, bytes(15)),
        ("salt", LOG, 7, b""),
        ("log", "", 7, SALT),
        ("log", "a b", 7, SALT),
        ("log", "a+b", 7, SALT),
        ("log", 'a"b', 7, SALT),
        ("log", "日志", 7, SALT),
        ("log", "x" * 256, 7, SALT),
        ("index", LOG, -1, SALT),
        ("index", LOG, 2**53, SALT),
    ],
)
def test_a_log_index_or_salt_that_cannot_be_is_refused(
    reason: str, log: str, index: int, salt: bytes
) -> None:
    with pytest.raises(Invalid, match=f"entry-malformed reason='{reason}'"):
        write_entry(GIVEN, log, index, salt, {})


def with_object(**members: object) -> bytes:
    fields = json.loads(written())
    fields["obj"] = [{"id": A, "k": "recording", **members}]
    return canonical(fields)


@pytest.mark.parametrize(
    "raw",
    [
        with_object(),
        with_object(n=0),
        with_object(n=-1),
        with_object(n="1"),
        with_object(n=True),
        with_object(n=1, prev=0),
        with_object(n=1, prev_log=SHARD),
        with_object(n=2),
        with_object(n=2, prev=-1),
        with_object(n=2, prev="1"),
        with_object(n=2, prev=1, prev_log=LOG),
        with_object(n=2, prev=1, prev_log=""),
        with_object(n=2, prev=1, prev_log=1),
        with_object(n=2, prev=1, more=1),
    ],
)
def test_an_entry_with_another_link_is_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityFault, match="entry-malformed reason='obj'"):
        read_entry(raw)


@pytest.mark.parametrize("salt", ["", "AAAA", base64.b64encode(bytes(17)).decode(), "A" * 22 + "B=", 5])
def test_an_entry_with_another_salt_is_refused(salt: object) -> None:
    fields = {**json.loads(written()), "salt": salt}
    with pytest.raises(IntegrityFault, match="entry-malformed reason='salt'"):
        read_entry(canonical(fields))


def test_an_entry_written_in_any_other_way_is_refused() -> None:
    raw = written()
    for other in (
        raw + b"\n",
        b" " + raw,
        raw.replace(b'"size":123', b'"size":123.0'),
        json.dumps(json.loads(raw)).encode(),
    ):
        with pytest.raises(IntegrityFault, match="json-not-canonical"):
            read_entry(other)
    with pytest.raises(IntegrityFault, match="log-entry-too-long"):
        read_entry(bytes(MAX_ENTRY_BYTES + 1))


@settings(deadline=None)
@given(st.binary(max_size=100), st.integers(0, 700), st.integers(0, 700))
def test_reading_raises_nothing_but_our_own_errors(noise: bytes, start: int, end: int) -> None:
    raw = written()
    for one in (noise, raw[:start] + noise + raw[end:]):
        with contextlib.suppress(EvidenceError):
            assert canonical(read_entry(one)) == one


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*GIVEN, "log", "salt", "more"]), VALUES))
def test_writing_raises_nothing_but_our_own_errors(members: dict[str, object]) -> None:
    with contextlib.suppress(EvidenceError):
        raw, _ = write_entry({**GIVEN, **members}, LOG, 7, SALT, {})
        assert read_entry(raw)


Row = tuple[str, int, bytes]


def history(chance: random.Random) -> list[Row]:
    """Twelve entries about A in two logs, with entries about others in between."""
    heads: dict[str, Head] = {}
    rows, next_index = [], {LOG: 0, SHARD: 0}
    while len(rows) < 12:
        log = chance.choice([LOG, SHARD])
        about = chance.choice([[A], [A, B], [B], []])
        fields = changed(obj=[{"id": one, "k": "recording"} for one in about])
        raw, new = write_entry(fields, log, next_index[log], chance.randbytes(16), heads)
        heads.update(new)
        if A in about:
            rows.append((log, next_index[log], raw))
        next_index[log] += 1
    return rows


def seeded() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def test_a_whole_history_verifies_and_ends_with_its_last_entry() -> None:
    chance = seeded()
    for _ in range(20):
        rows = history(chance)
        assert verify_history(A, rows) == Head(12, rows[-1][1], rows[-1][0])
        assert verify_history(A, rows[:5]).n == 5  # which is why an export ends with its own entry


def test_a_history_with_an_entry_left_out_doubled_or_moved_is_refused() -> None:
    chance = seeded()
    for _ in range(20):
        rows = history(chance)
        for at in range(11):
            for other in (
                rows[:at] + rows[at + 1 :],
                [*rows[: at + 1], *rows[at:]],
                [*rows[:at], rows[at + 1], rows[at], *rows[at + 2 :]],
            ):
                with pytest.raises(IntegrityFault, match="history-broken"):
                    verify_history(A, other)


def test_an_entry_at_another_index_or_in_another_log_is_refused() -> None:
    rows = list(history(random.Random(7)))
    (log, index, raw), rest = rows[0], rows[1:]
    with pytest.raises(IntegrityFault, match="history-broken reason='log'"):
        verify_history(A, [("other.example", index, raw), *rest])
    with pytest.raises(IntegrityFault, match="history-broken reason='prev'"):
        verify_history(A, [(log, index + 100, raw), *rest])


def test_no_bit_of_a_history_may_change() -> None:
    """Other members are held by the tree; the links hold by themselves."""
    rows = history(random.Random(7))[:2]
    leaves = [hashlib.sha256(b"\0" + raw).digest() for _, _, raw in rows]
    for place, (log, index, raw) in enumerate(rows):
        for bit in range(len(raw) * 8):
            spoilt = [*rows]
            spoilt[place] = (log, index, flipped(raw, bit))
            try:
                verify_history(A, spoilt)
            except IntegrityFault:
                continue
            assert [hashlib.sha256(b"\0" + one).digest() for _, _, one in spoilt] != leaves


@pytest.mark.parametrize(
    ("reason", "head", "link", "index"),
    [
        ("not about it", None, None, 3),
        ("n", None, {"n": 2, "prev": 1}, 3),
        ("n", Head(1, 1, LOG), {"n": 1}, 3),
        ("n", Head(1, 1, LOG), {"n": 3, "prev": 1}, 3),
        ("prev", Head(1, 1, LOG), {"n": 2, "prev": 0}, 3),
        ("prev", Head(1, 1, LOG), {"n": 2, "prev": 1, "prev_log": SHARD}, 3),
        ("prev", Head(1, 1, SHARD), {"n": 2, "prev": 1}, 3),
        ("order", Head(1, 3, LOG), {"n": 2, "prev": 3}, 3),
        ("order", Head(1, 4, LOG), {"n": 2, "prev": 4}, 3),
    ],
)
def test_an_entry_that_does_not_follow_is_refused_with_its_reason(
    reason: str, head: Head | None, link: dict[str, object] | None, index: int
) -> None:
    entry = {"log": LOG, "obj": [] if link is None else [{"id": A, "k": "card", **link}]}
    with pytest.raises(IntegrityFault, match=f"history-broken reason='{reason}'"):
        follow(entry, index, A, head)


def test_no_entry_at_all_is_no_history() -> None:
    with pytest.raises(IntegrityFault, match="history-broken reason='empty'"):
        verify_history(A, [])


def test_a_commitment_is_the_published_hash_and_opens_for_its_value_only() -> None:
    message = b"evidence-field/1\0actor\0" + SALT + '"王 012345"'.encode()
    expected = base64.b64encode(hashlib.sha256(message).digest()).decode().rstrip("=")
    assert commitment("actor", SALT, "王 012345") == expected
    assert len(expected) == 43
    entry = read_entry(write_entry(changed(pd={"actor": expected}), LOG, 7, SALT, {})[0])
    verify_field(entry, "actor", SALT, "王 012345")
    opens: list[Callable[[], None]] = [
        lambda: verify_field(entry, "actor", SALT, "王 012346"),
        lambda: verify_field(entry, "actor", bytes(16), "王 012345"),
        lambda: verify_field(entry, "net", SALT, "王 012345"),
        lambda: verify_field({}, "actor", SALT, "王 012345"),
    ]
    for other in opens:
        with pytest.raises(IntegrityFault, match="field-wrong"):
            other()


@pytest.mark.parametrize(
    ("field", "salt", "code"), [("", SALT, "pd"), ("a\0", SALT, "pd"), ("a", b"", "salt")]
)
def test_a_commitment_to_nothing_nameable_is_refused(field: str, salt: bytes, code: str) -> None:
    with pytest.raises(Invalid, match=f"entry-malformed reason='{code}'"):
        commitment(field, salt, "x")

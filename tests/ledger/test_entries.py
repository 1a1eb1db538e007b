"""Entries: one spelling, a history without a hole, and values that can be erased and still be proved."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import random
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
    finish,
    follow,
    read_entry,
    verify_field,
    verify_history,
    write_draft,
)
from evidence.ledger.tiles import MAX_ENTRY_BYTES, write_bundle
from tests.ledger.trees import flipped
from tests.ledger.values import VALUES

LOG, SHARD = "police.example/custody", "police.example/access-2026"
A, B = "a" * 32, "b" * 32
SALT = bytes(range(16))
DRAFT: dict[str, Any] = {
    "act": "evidence.seal",
    "by": "c" * 32,
    "facts": {"policy": "dazhe-2020@1", "deep": True, "list": [1, None, "局"]},
    "id": "d" * 32,
    "obj": [{"id": A, "k": "recording"}, {"id": B, "k": "card"}],
    "pd": {"actor": commitment("actor", SALT, "012345")},
    "ref": {"sha256": "0" * 64, "size": 123, "sm3": "1" * 64},
    "res": "ok",
    "t": "2026-11-21T05:00:00.667178Z",
    "v": 2,
}


def finished(index: int = 7, heads: dict[str, Head] | None = None, log: str = LOG) -> bytes:
    return finish(write_draft(DRAFT), log, index, SALT, heads or {})[0]


def test_a_draft_is_finished_to_canonical_json_with_all_that_it_said() -> None:
    raw, heads = finish(write_draft(DRAFT), LOG, 7, SALT, {B: Head(4, 5, LOG)})
    fields = json.loads(raw)
    assert raw == rfc8785.dumps(fields)
    about = [{"id": A, "k": "recording", "n": 1}, {"id": B, "k": "card", "n": 5, "prev": 5}]
    assert fields == {**DRAFT, "log": LOG, "obj": about, "salt": base64.b64encode(SALT).decode()}
    assert heads == {A: Head(1, 7, LOG), B: Head(5, 7, LOG)}
    assert read_entry(raw) == fields


def test_the_same_draft_and_salt_give_the_same_bytes_and_another_salt_others() -> None:
    assert finished() == finished()
    assert finish(write_draft(DRAFT), LOG, 7, bytes(16), {})[0] != finished()


def test_an_entry_that_follows_one_in_another_log_names_that_log() -> None:
    raw, heads = finish(write_draft(DRAFT), SHARD, 0, SALT, {A: Head(4, 90, LOG)})
    assert read_entry(raw)["obj"][0] == {"id": A, "k": "recording", "n": 5, "prev": 90, "prev_log": LOG}
    assert heads[A] == Head(5, 0, SHARD)


def changed(**members: object) -> dict[str, object]:
    return {key: one for key, one in {**DRAFT, **members}.items() if one is not None}


MALFORMED = [
    ("members", changed(more=1)),
    ("members", changed(log=LOG)),
    ("members", changed(salt="x")),
    *[("members", changed(**{name: None})) for name in ("act", "id", "obj", "res", "t", "v")],
    *[("v", changed(v=one)) for one in (1, 3, "2", True, -2)],
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
def test_a_draft_of_another_form_is_refused_when_written_and_when_read(
    reason: str, fields: dict[str, object]
) -> None:
    with pytest.raises(Invalid, match=f"entry-malformed reason='{reason}'"):
        write_draft(fields)
    with pytest.raises(IntegrityFault, match=f"entry-malformed reason='{reason}'"):
        finish(canonical(fields), LOG, 7, SALT, {})


@pytest.mark.parametrize("value", [1.5, {"é": 1}, "\ud800", 2**53, b"x"])
def test_facts_that_readers_might_disagree_on_are_refused(value: object) -> None:
    with pytest.raises(Invalid, match="not-canonical"):
        write_draft(changed(facts={"x": value}))


def test_a_draft_that_could_not_be_finished_is_refused_and_the_longest_one_can_be() -> None:
    objects = [{"id": f"{n:032x}", "k": "recording"} for n in range(50)]
    short = len(write_draft(changed(obj=objects, facts={"x": ""})))
    low, high = 0, MAX_ENTRY_BYTES - short
    while low < high:
        middle = (low + high + 1) // 2
        try:
            write_draft(changed(obj=objects, facts={"x": "x" * middle}))
            low = middle
        except Invalid as fault:
            assert fault.code == "log-entry-too-long"
            high = middle - 1
    longest = write_draft(changed(obj=objects, facts={"x": "x" * low}))
    heads = {one["id"]: Head(2**53 - 2, 2**53 - 2, "o" * 255) for one in objects}
    raw, _ = finish(longest, "l" * 255, 2**53 - 1, SALT, heads)
    assert MAX_ENTRY_BYTES - 3000 < len(raw) <= MAX_ENTRY_BYTES
    assert read_entry(raw)
    assert write_bundle([raw])


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
        finish(write_draft(DRAFT), log, index, salt, {})


def with_object(**members: object) -> bytes:
    fields = json.loads(finished())
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
def test_a_finished_entry_with_another_link_is_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityFault, match="entry-malformed reason='obj'"):
        read_entry(raw)


@pytest.mark.parametrize("salt", ["", "AAAA", base64.b64encode(bytes(17)).decode(), "A" * 22 + "B=", 5])
def test_a_finished_entry_with_another_salt_is_refused(salt: object) -> None:
    fields = {**json.loads(finished()), "salt": salt}
    with pytest.raises(IntegrityFault, match="entry-malformed reason='salt'"):
        read_entry(canonical(fields))


def test_a_draft_is_no_entry_and_an_entry_no_draft() -> None:
    with pytest.raises(IntegrityFault, match="entry-malformed reason='members'"):
        read_entry(write_draft(DRAFT))
    with pytest.raises(IntegrityFault, match="entry-malformed reason='members'"):
        finish(finished(), LOG, 8, SALT, {})


def test_an_entry_written_in_any_other_way_is_refused() -> None:
    raw = finished()
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
    raw = finished()
    for one in (noise, raw[:start] + noise + raw[end:]):
        with contextlib.suppress(EvidenceError):
            assert canonical(read_entry(one)) == one


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*DRAFT, "log", "salt", "more"]), VALUES))
def test_writing_raises_nothing_but_our_own_errors(members: dict[str, object]) -> None:
    with contextlib.suppress(EvidenceError):
        assert finish(write_draft({**DRAFT, **members}), LOG, 7, SALT, {})


Row = tuple[str, int, bytes]


def history(chance: random.Random) -> list[Row]:
    """Twelve entries about A in two logs, with entries about others in between."""
    heads: dict[str, Head] = {}
    rows, next_index = [], {LOG: 0, SHARD: 0}
    while len(rows) < 12:
        log = chance.choice([LOG, SHARD])
        about = chance.choice([[A], [A, B], [B], []])
        draft = write_draft(changed(obj=[{"id": one, "k": "recording"} for one in about]))
        raw, new = finish(draft, log, next_index[log], chance.randbytes(16), heads)
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
    entry = read_entry(finish(write_draft(changed(pd={"actor": expected})), LOG, 7, SALT, {})[0])
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

"""RFC 3161 answers of others: what their own client and openssl say of each, we say too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.adapters.time_authority import HttpTimeAuthority
from evidence.errors import IntegrityFault


def expected(vectors: Path) -> list[dict[str, Any]]:
    """Return the cases of the set, each with its answer, its message and the chain beside it."""
    cases: list[dict[str, Any]] = json.loads((vectors / "rfc3161/expected.json").read_text("utf-8"))["cases"]
    return cases


def verify(folder: Path, tsr: str, message: bytes) -> datetime:
    """Verify an answer of the set by the chain that lies beside it."""
    answer = folder / tsr
    authority = HttpTimeAuthority("http://127.0.0.1:1/", answer.parent / "ts_chain.pem")
    return authority.verify(answer.read_bytes(), message)


def test_every_answer_of_the_set_is_judged_as_its_makers_and_openssl_judge_it(vectors: Path) -> None:
    folder, wrong = vectors / "rfc3161", []
    cases = expected(vectors)
    assert len(cases) >= 8
    for case in cases:
        is_good = case.get("ok", case.get("ok_against_test_tsa_chain"))
        try:
            at = verify(folder, case["tsr"], case["message_utf8"].encode())
            assert datetime(2020, 1, 1, tzinfo=UTC) < at < datetime(2030, 1, 1, tzinfo=UTC)
            said = True
        except IntegrityFault as problem:
            assert problem.code == "timestamp-wrong"
            said = False
        if said != is_good:
            wrong.append((case["tsr"], case["message_utf8"], said))
    assert wrong == []


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_an_answer_that_was_cut_is_refused_and_so_is_each_changed_byte_of_its_time(
    vectors: Path, cut: int
) -> None:
    raw = (vectors / "rfc3161/test_tsa/response.tsr").read_bytes()
    authority = HttpTimeAuthority("http://127.0.0.1:1/", vectors / "rfc3161/test_tsa/ts_chain.pem")
    with pytest.raises(IntegrityFault, match="timestamp-wrong"):
        authority.verify(raw[:cut], b"hello")
    at = raw.index(authority.verify(raw, b"hello").strftime("%Y%m%d%H%M").encode())
    for place in range(at, at + 12):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(IntegrityFault, match="timestamp-wrong"):
            authority.verify(bytes(changed), b"hello")

"""Proofs: the published vectors, every size by recursion, and no bit may change."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import EvidenceError, IntegrityFault, Invalid
from evidence.ledger.merkle import SHA256
from evidence.ledger.proofs import (
    consistency,
    inclusion,
    is_subtree,
    verify_consistency,
    verify_inclusion,
    verify_subtree,
)
from tests.ledger.trees import EMPTY, LEAVES, flipped, mth, path, stored, subproof, subtree_proof

MOST = 300


def cases(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(str(file), json.loads(file.read_text())) for file in sorted(folder.rglob("*.json"))]


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def hashes(case: dict[str, Any]) -> list[bytes]:
    return [raw(one) for one in case["proof"] or []]


def holds(verify: Callable[..., None], *arguments: object) -> bool:
    """Tell whether a proof holds; anything but our own refusal is a failure of the test."""
    try:
        verify(*arguments)
    except IntegrityFault as fault:
        assert fault.code == "proof-wrong"
        return False
    return True


def judge(
    found: list[tuple[str, dict[str, Any]]], verify: Callable[[dict[str, Any]], None], least: int
) -> None:
    assert len(found) >= least, "the vectors are there"
    wrong = [name for name, case in found if holds(verify, case) == case["wantErr"]]
    assert wrong == []


def test_inclusion_vectors_are_judged_as_published(vectors: Path) -> None:
    judge(
        cases(vectors / "rfc6962" / "inclusion"),
        lambda c: verify_inclusion(
            c["leafIdx"], c["treeSize"], raw(c["leafHash"]), hashes(c), raw(c["root"])
        ),
        53,
    )


def test_consistency_vectors_are_judged_as_published(vectors: Path) -> None:
    judge(
        cases(vectors / "rfc6962" / "consistency"),
        lambda c: verify_consistency(c["size1"], c["size2"], raw(c["root1"]), raw(c["root2"]), hashes(c)),
        43,
    )


def test_subtree_consistency_vectors_are_judged_as_published(vectors: Path) -> None:
    judge(
        cases(vectors / "rfc6962" / "subtreeconsistency"),
        lambda c: verify_subtree(
            c["start"], c["end"], c["size"], raw(c["root1"]), raw(c["root2"]), hashes(c)
        ),
        45,
    )


def test_subtree_inclusion_vectors_are_judged_as_published(vectors: Path) -> None:
    def verify(case: dict[str, Any]) -> None:
        start, end = case["start"], case["end"]
        if not is_subtree(start, end):
            raise IntegrityFault("proof-wrong", reason="size")
        verify_inclusion(
            case["leafIdx"] - start, end - start, raw(case["leafHash"]), hashes(case), raw(case["root"])
        )

    judge(cases(vectors / "rfc6962" / "subtreeinclusion"), verify, 106)


def test_a_real_entry_among_nearly_a_thousand_million_is_proved(vectors: Path) -> None:
    (case,) = [case for _, case in cases(vectors / "rfc6962-real")]
    index, size, proof, root = case["leafIdx"], case["treeSize"], hashes(case), raw(case["root"])
    its_leaf = SHA256.leaf(raw(case["leafInput"]))
    assert its_leaf == raw(case["leafHash"])
    verify_inclusion(index, size, its_leaf, proof, root)
    for other in (index - 1, index + 1, index ^ 2**20):
        assert not holds(verify_inclusion, other, size, its_leaf, proof, root)


def rekor(vectors: Path, name: str) -> tuple[int, int, bytes, list[bytes], bytes]:
    bundle = json.loads((vectors / "rekor-bundles" / name / "bundle.sigstore.json").read_text())
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    proof = entry["inclusionProof"]
    return (
        int(proof["logIndex"]),
        int(proof["treeSize"]),
        SHA256.leaf(raw(entry["canonicalizedBody"])),
        [raw(one) for one in proof["hashes"]],
        raw(proof["rootHash"]),
    )


@pytest.mark.parametrize(
    "name", ["rekor2-happy-path", "rekor2-checkpoint-cosigned", "checkpoint-wrong-roothash_fail"]
)
def test_proofs_of_a_real_log_hold(vectors: Path, name: str) -> None:
    index, size, its_leaf, proof, root = rekor(
        vectors, name
    )  # in the last one only the checkpoint is another's
    verify_inclusion(index, size, its_leaf, proof, root)


def test_a_real_proof_for_another_entry_is_refused(vectors: Path) -> None:
    index, size, its_leaf, proof, root = rekor(vectors, "invalid-inclusion-proof_fail")
    with pytest.raises(IntegrityFault, match="proof-wrong reason='root'"):
        verify_inclusion(index, size, its_leaf, proof, root)


def test_inclusion_proofs_of_every_entry_at_every_size_are_those_of_the_recursion() -> None:
    for size in range(MOST + 1):
        root = mth(0, size)
        for index in range(size):
            proof = inclusion(index, size, stored)
            assert proof == path(index, 0, size)
            verify_inclusion(index, size, LEAVES[index], proof, root)


def test_consistency_proofs_between_all_sizes_are_those_of_the_recursion() -> None:
    for new in range(MOST + 1):
        root = mth(0, new)
        for old in range(new + 1):
            proof = consistency(old, new, stored)
            assert proof == (subproof(old, 0, new, True) if old else [])
            verify_consistency(old, new, mth(0, old), root, proof)


def test_every_subtree_of_every_tree_is_proved_and_no_other_range_or_root_is() -> None:
    for size in range(1, 41):
        root = mth(0, size)
        for start in range(size):
            for end in range(start + 1, size + 1):
                if not is_subtree(start, end):
                    assert not holds(verify_subtree, start, end, size, mth(start, end), root, [])
                    continue
                proof = subtree_proof(start, end, 0, size, True)
                verify_subtree(start, end, size, mth(start, end), root, proof)
                assert not holds(verify_subtree, start, end, size, LEAVES[99], root, proof)
                assert not holds(verify_subtree, start, end, size, mth(start, end), LEAVES[99], proof)
                assert not holds(verify_subtree, start, end, size, mth(start, end), root, [*proof, root])
                assert not proof or not holds(
                    verify_subtree, start, end, size, mth(start, end), root, proof[:-1]
                )


def seeded() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def test_no_bit_of_an_inclusion_proof_may_change() -> None:
    chance = seeded()
    for size in chance.sample(range(1, MOST), 12):
        index = chance.randrange(size)
        proof, root = inclusion(index, size, stored), mth(0, size)
        whole = b"".join([LEAVES[index], root, *proof])
        for bit in range(len(whole) * 8):
            spoilt = flipped(whole, bit)
            its_leaf, its_root, *rest = (spoilt[at : at + 32] for at in range(0, len(spoilt), 32))
            assert not holds(verify_inclusion, index, size, its_leaf, rest, its_root)


def test_no_bit_of_a_consistency_proof_may_change() -> None:
    chance = seeded()
    for new in chance.sample(range(2, MOST), 12):
        old = chance.randrange(1, new)
        whole = b"".join([mth(0, old), mth(0, new), *consistency(old, new, stored)])
        for bit in range(len(whole) * 8):
            spoilt = flipped(whole, bit)
            first, second, *rest = (spoilt[at : at + 32] for at in range(0, len(spoilt), 32))
            assert not holds(verify_consistency, old, new, first, second, rest)


def test_a_proof_holds_for_one_index_and_one_size_only() -> None:
    size, index = 37, 21
    arguments = (LEAVES[index], inclusion(index, size, stored), mth(0, size))
    assert [i for i in range(-2, 70) if holds(verify_inclusion, i, size, *arguments)] == [index]
    # A size enters no hash, it only gives the proof its shape: the checkpoint must sign it.
    shaped = [n for n in range(130) if holds(verify_inclusion, index, n, *arguments)]
    assert shaped == list(range(33, 65))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda proof: proof[:-1], "too short"),
        (lambda proof: proof[1:], "too short"),
        (lambda proof: [], "too short"),
        (lambda proof: [*proof, proof[0]], "too long"),
        (lambda proof: [*proof[:-1], proof[-1][:31]], "hash length"),
        (lambda proof: [*proof, b""], "hash length"),
        (lambda proof: [proof[0] + b"\0", *proof[1:]], "hash length"),
        (lambda proof: proof[::-1], "root"),
    ],
)
def test_a_proof_of_another_shape_is_refused_with_its_reason(
    change: Callable[[list[bytes]], list[bytes]], reason: str
) -> None:
    for_one, for_all = inclusion(13, 23, stored), consistency(13, 23, stored)
    with pytest.raises(IntegrityFault, match=f"proof-wrong reason='{reason}'"):
        verify_inclusion(13, 23, LEAVES[13], change(for_one), mth(0, 23))
    other = reason.replace("root", "(old )?root")
    with pytest.raises(IntegrityFault, match=f"proof-wrong reason='{other}'"):
        verify_consistency(13, 23, mth(0, 13), mth(0, 23), change(for_all))


def test_an_index_beyond_the_tree_is_refused() -> None:
    for index, size in ((0, 0), (1, 1), (-1, 1), (5, 4), (2**64 - 1, 1)):
        with pytest.raises(IntegrityFault, match="proof-wrong reason='index'"):
            verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])
        with pytest.raises(Invalid, match="proof-impossible"):
            inclusion(index, size, stored)


def test_roots_and_leaves_of_another_length_are_refused() -> None:
    for wrong in (b"", bytes(31), bytes(33)):
        for its_leaf, root in ((wrong, wrong), (LEAVES[0], wrong), (wrong, LEAVES[0])):
            with pytest.raises(IntegrityFault, match="hash length"):
                verify_inclusion(0, 1, its_leaf, [], root)
            with pytest.raises(IntegrityFault, match="hash length"):
                verify_consistency(1, 1, its_leaf, root, [])
    with pytest.raises(IntegrityFault, match="hash length"):
        verify_consistency(0, 1, EMPTY, b"", [])


def test_from_the_empty_tree_the_proof_is_empty_and_the_old_root_is_the_empty_one() -> None:
    verify_consistency(0, 5, EMPTY, mth(0, 5), [])
    verify_consistency(0, 0, EMPTY, EMPTY, [])
    with pytest.raises(IntegrityFault, match="reason='too long'"):
        verify_consistency(0, 5, EMPTY, mth(0, 5), [LEAVES[0]])
    with pytest.raises(IntegrityFault, match="reason='old root'"):
        verify_consistency(0, 5, LEAVES[0], mth(0, 5), [])
    with pytest.raises(IntegrityFault, match="reason='root'"):
        verify_consistency(0, 0, EMPTY, LEAVES[0], [])
    with pytest.raises(IntegrityFault, match="reason='size'"):
        verify_consistency(0, -1, EMPTY, EMPTY, [])


def test_a_size_to_itself_takes_equal_roots_and_no_proof() -> None:
    verify_consistency(7, 7, mth(0, 7), mth(0, 7), [])
    with pytest.raises(IntegrityFault, match="reason='root'"):
        verify_consistency(7, 7, mth(0, 7), mth(0, 6), [])
    with pytest.raises(IntegrityFault, match="reason='too long'"):
        verify_consistency(7, 7, mth(0, 7), mth(0, 7), [LEAVES[0]])


def test_a_tree_that_shrinks_is_refused() -> None:
    for old, new in ((8, 7), (1, 0), (-1, 5)):
        with pytest.raises(IntegrityFault, match="reason='size'"):
            verify_consistency(old, new, LEAVES[0], LEAVES[0], [])
        with pytest.raises(Invalid, match="proof-impossible"):
            consistency(old, new, stored)


def test_what_is_a_subtree_is_aligned() -> None:
    found = {(a, b) for a in range(9) for b in range(9) if is_subtree(a, b)}
    assert {(0, b) for b in range(1, 9)} <= found
    assert {(4, 5), (4, 6), (4, 7), (4, 8), (2, 4), (6, 8), (1, 2)} <= found
    assert not {(0, 0), (1, 3), (2, 5), (3, 5), (6, 9), (-1, 0), (5, 4)} & found


def test_no_argument_brings_out_anything_but_our_own_errors() -> None:
    chance = seeded()

    def number() -> int:
        return chance.choice([0, 1, 2, 7, 8, 2**63, 2**64 - 1, -1, chance.randrange(2**70)])

    for _ in range(3000):
        lengths = [chance.choice([32, 32, 32, 32, 31, 0]) for _ in range(chance.randrange(70))]
        proof = [bytes(length) for length in lengths]
        with suppress(EvidenceError):
            verify_inclusion(number(), number(), LEAVES[0], proof, LEAVES[1])
        with suppress(EvidenceError):
            verify_subtree(number(), number(), number(), LEAVES[0], LEAVES[1], proof)

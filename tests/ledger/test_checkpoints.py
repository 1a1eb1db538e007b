"""Checkpoints: the published forms, and nothing that is written otherwise."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import IntegrityFault
from evidence.ledger.checkpoints import Checkpoint
from evidence.ledger.keys import VerifierKey
from evidence.ledger.notes import parse, verify
from tests.ledger.trees import CHECKS, EMPTY, LEAVES

TEXT = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_example_of_the_specification_is_read_and_written() -> None:
    checkpoint = Checkpoint.parse(TEXT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a")
    assert checkpoint.text() == TEXT


def test_published_malformed_texts_are_refused_and_so_are_roots_that_are_no_sha_256(vectors: Path) -> None:
    body = json.loads((vectors / "checkpoint" / "body.json").read_text())
    assert (len(body["malformed"]), len(body["parses"])) == (4, 2)
    for case in body["malformed"]:
        with pytest.raises(IntegrityFault, match="checkpoint-malformed"):
            Checkpoint.parse(case["text"].encode())
    for case in body["parses"]:  # by other readers; the same lines with a root of 32 bytes are read
        with pytest.raises(IntegrityFault, match="checkpoint-malformed reason='root'"):
            Checkpoint.parse(case["text"].encode())
        origin, size, _, rest = case["text"].split("\n", 3)
        root = TEXT.decode().split("\n")[2]
        checkpoint = Checkpoint.parse(f"{origin}\n{size}\n{root}\n{rest}".encode())
        assert (checkpoint.origin, str(checkpoint.size)) == (origin, size)
        assert "".join(line + "\n" for line in checkpoint.extensions) == case["rest"]


ROOT = TEXT.split(b"\n")[2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "lines"),
        (b"o\n1\n" + ROOT, "lines"),
        (b"o\n1\n", "lines"),
        (b"\xff\n1\n" + ROOT + b"\n", "not utf-8"),
        (b"\n1\n" + ROOT + b"\n", "origin"),
        (b"o\x07\n1\n" + ROOT + b"\n", "origin"),
        (b"o\n\n" + ROOT + b"\n", "size"),
        (b"o\n01\n" + ROOT + b"\n", "size"),
        (b"o\n+1\n" + ROOT + b"\n", "size"),
        (b"o\n-1\n" + ROOT + b"\n", "size"),
        (b"o\n1_0\n" + ROOT + b"\n", "size"),
        (b"o\n 1\n" + ROOT + b"\n", "size"),
        ("o\n１\n".encode() + ROOT + b"\n", "size"),
        (b"o\n9223372036854775808\n" + ROOT + b"\n", "size"),
        (b"o\n" + b"9" * 5000 + b"\n" + ROOT + b"\n", "size"),
        (b"o\n1\n\n", "root"),
        (b"o\n1\n" + ROOT[:-1] + b"\n", "root"),
        (b"o\n1\n" + ROOT + b"=\n", "root"),
        (b"o\n1\n" + ROOT.replace(b"I=", b"J=") + b"\n", "root"),
        (b"o\n1\n" + ROOT + b" \n", "root"),
        (b"o\n0\n" + ROOT + b"\n", "root"),
        (b"o\n1\n" + ROOT + b"\n\n", "extension"),
        (b"o\n1\n" + ROOT + b"\nx\n\ny\n", "extension"),
    ],
)
def test_a_text_written_in_any_other_way_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(IntegrityFault, match=f"checkpoint-malformed reason='{reason}'"):
        Checkpoint.parse(text)


def test_the_largest_size_is_read_and_the_empty_tree_has_the_empty_root() -> None:
    assert Checkpoint.parse(b"o\n9223372036854775807\n" + ROOT + b"\n").size == 2**63 - 1
    assert Checkpoint("o", 0, EMPTY).text().startswith(b"o\n0\n47DEQpj8HBSa+/TImW+5")


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, LEAVES[0], ()),
        ("a\nb", 1, LEAVES[0], ()),
        ("\ud800", 1, LEAVES[0], ()),
        ("a", -1, LEAVES[0], ()),
        ("a", 2**63, LEAVES[0], ()),
        ("a", 1, b"", ()),
        ("a", 1, LEAVES[0], ("",)),
        ("a", 1, LEAVES[0], ("a\nb",)),
    ],
)
def test_what_would_not_read_back_cannot_be_made(
    origin: str, size: int, root: bytes, extensions: tuple[str, ...]
) -> None:
    with pytest.raises(IntegrityFault, match="checkpoint-malformed"):
        Checkpoint(origin, size, root, extensions)


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.lists(st.sampled_from([b"o", b"1", b"0", ROOT, b"", b"x"])).map(b"\n".join)
)
def test_reading_raises_nothing_but_our_own_errors_and_takes_only_what_it_would_write(text: bytes) -> None:
    with suppress(IntegrityFault):
        assert Checkpoint.parse(text).text() == text


def rekor(vectors: Path, name: str) -> bytes:
    bundle = json.loads((vectors / "rekor-bundles" / name / "bundle.sigstore.json").read_text())
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    return entry["inclusionProof"]["checkpoint"]["envelope"].encode()  # type: ignore[no-any-return]


REKOR = VerifierKey(
    "log2025-alpha1.rekor.sigstage.dev",
    bytes.fromhex("3e7f804441e805a67bc204b5cc1aa9c662d21a7ca1c578f8945c52756541f28f"),
)


@pytest.mark.parametrize("name", ["rekor2-happy-path", "rekor2-checkpoint-cosigned"])
def test_checkpoints_of_a_real_log_verify_with_its_key(vectors: Path, name: str) -> None:
    note = parse(rekor(vectors, name))
    assert verify(note, [REKOR], CHECKS)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == (REKOR.name, 736)


def test_a_real_checkpoint_whose_signature_names_another_log_is_refused(vectors: Path) -> None:
    note = parse(rekor(vectors, "rekor2-checkpoint-no-matching-signature_fail"))
    with pytest.raises(IntegrityFault, match="signer-unknown"):
        verify(note, [REKOR], CHECKS)


def test_a_real_checkpoint_without_its_size_is_refused(vectors: Path) -> None:
    with pytest.raises(IntegrityFault, match="checkpoint-malformed reason='lines'"):
        Checkpoint.parse(parse(rekor(vectors, "rekor2-checkpoint-missing-size_fail")).text)


def test_a_real_checkpoint_of_another_root_does_not_fit_its_proof(vectors: Path) -> None:
    name = "checkpoint-wrong-roothash_fail"
    bundle = json.loads((vectors / "rekor-bundles" / name / "bundle.sigstore.json").read_text())
    checkpoint = Checkpoint.parse(parse(rekor(vectors, name)).text)
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    assert (
        checkpoint.origin == "rekor.sigstore.dev - 2605736670972794746"
    )  # with spaces: readers must take it
    assert str(checkpoint.size) != entry["inclusionProof"]["treeSize"]

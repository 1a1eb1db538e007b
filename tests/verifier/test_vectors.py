"""The verifier's own arithmetic against published vectors, and against the program's other implementation."""

from __future__ import annotations

import ast
import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.adapters.packing.one_file import ORDER, one_file, room
from evidence.ledger import entries as other_entries
from evidence.ledger.canonical import canonical
from evidence.ledger.merkle import SHA256, root_of
from evidence.ledger.proofs import consistency, inclusion
from evidence.verifier import tree
from evidence.verifier.arithmetic import PureSM3, Wrong
from evidence.verifier.bags import VERSIONS
from evidence.verifier.canonical import read_canonical, write_canonical
from evidence.verifier.curve import verify_ed25519
from evidence.verifier.entries import Entry, verify_field
from evidence.verifier.notes import read_checkpoint, read_note, signers
from evidence.verifier.trust import read_trust
from tests.package_room import sm3_of

ROOM = Path(str(room()))
STANDARD = {
    "argparse", "base64", "binascii", "codecs", "hashlib", "io", "json", "os", "re", "stat", "struct", "sys",
    "time", "typing", "unicodedata", "__future__",
}  # fmt: skip


def test_ed25519_agrees_with_wycheproof(vectors: Path) -> None:
    groups = json.loads((vectors / "ed25519/wycheproof-ed25519_test.json").read_text("utf-8"))["testGroups"]
    count = 0
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            count += 1
            arguments = public, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
            if test["result"] == "valid":
                verify_ed25519(*arguments)
            else:
                with pytest.raises(Wrong):
                    verify_ed25519(*arguments)
    assert count == 151


def test_sm3_in_pure_python_agrees_with_openssl_however_the_bytes_are_cut() -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    assert sm3_of(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    for size in (0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, *(chance.randrange(4000) for _ in range(20))):
        body, digest, at = chance.randbytes(size), PureSM3(), 0
        while at < size:
            step = chance.randrange(1, 200)
            digest.update(body[at : at + step])
            at += step
        assert digest.hexdigest() == sm3_of(body), size
        assert digest.hexdigest() == sm3_of(body), "asking changes nothing"


def test_inclusion_and_consistency_agree_with_the_vectors_of_rfc_6962(vectors: Path) -> None:
    counts = {"inclusion": 0, "consistency": 0}
    for file in sorted((vectors / "rfc6962").rglob("*.json")):
        case = json.loads(file.read_text("utf-8"))
        kind = file.relative_to(vectors / "rfc6962").parts[0]
        if kind not in counts or not isinstance(case, dict) or "wantErr" not in case:
            continue
        counts[kind] += 1
        assert _accepts(kind, case) is not case["wantErr"], file
    assert counts["inclusion"] > 50, counts
    assert counts["consistency"] > 40, counts


def _accepts(kind: str, case: dict[str, object]) -> bool:
    import base64

    def raw(name: str) -> bytes:
        return base64.b64decode(str(case[name] or ""))

    proof = [base64.b64decode(one) for one in case["proof"] or []]  # type: ignore[attr-defined]
    try:
        if kind == "inclusion":
            index, size = int(str(case["leafIdx"])), int(str(case["treeSize"]))
            leaf, root = raw("leafHash"), raw("root")
            if len(leaf) != 32 or any(len(one) != 32 for one in proof):
                return False
            tree.verify_inclusion(index, size, leaf, proof, root)
        else:
            sizes = int(str(case["size1"])), int(str(case["size2"]))
            tree.verify_growth(*sizes, raw("root1"), raw("root2"), proof)
    except Wrong:
        return False
    return True


def test_proofs_agree_with_the_other_implementation_in_every_small_tree() -> None:
    leaves = [SHA256.leaf(bytes([n])) for n in range(40)]

    def read(level: int, at: int) -> bytes:
        return root_of(leaves[at << level : (at + 1) << level])

    for size in range(1, 41):
        root = root_of(leaves[:size])
        for index in range(size):
            proof = inclusion(index, size, read)
            tree.verify_inclusion(index, size, leaves[index], proof, root)
            with pytest.raises(Wrong):
                tree.verify_inclusion(index, size, leaves[index], [*proof, root], root)
            with pytest.raises(Wrong):
                tree.verify_inclusion((index + 1) % size if size > 1 else 1, size, leaves[index], proof, root)
        for old in range(size + 1):
            grown = consistency(old, size, read)
            tree.verify_growth(old, size, root_of(leaves[:old]), root, grown)
            if old:
                with pytest.raises(Wrong):
                    tree.verify_growth(old, size, bytes(32), root, grown)


def test_a_checkpoint_with_its_witness_verifies(vectors: Path) -> None:
    folder = vectors / "cosignature"
    raw = (folder / "witnessed-checkpoint").read_bytes()
    note = read_note(raw, "vector")
    assert read_checkpoint(note.text, "vector").size > 0
    vkey = json.loads((folder / "witness.v0.json").read_text("utf-8"))
    text = next((one for one in _texts(vkey) if one.count("+") >= 2), None)
    assert text is not None, "the vector has a verifier key"
    from evidence.verifier.notes import read_key

    assert signers(note, [read_key(text)], "vector")


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


def test_canonical_json_and_commitments_agree_with_the_other_implementation() -> None:
    values = [{"b": [1, True, None, "执法 \u2028 \x1f"], "a": {"z": -5}}, [], "é", 2**53 - 1]
    for value in values:
        raw = canonical(value)
        assert write_canonical(value) == raw
        assert read_canonical(raw, "") == value
    for bad in (
        b'{"a":1.0}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"NaN",
        b"9007199254740992",
        b"\xff",
    ):
        with pytest.raises(Wrong):
            read_canonical(bad, "")
    salt = bytes(range(16))
    made = other_entries.commitment("actor", salt, "012345")
    entry = Entry(0, b"", {"log": "x/custody", "pd": {"actor": made}})
    verify_field(entry, "actor", "AAECAwQFBgcICQoLDA0ODw==", "012345")
    for salted, value in (("AAECAwQFBgcICQoLDA0ODw==", "012346"), ("AQECAwQFBgcICQoLDA0ODw==", "012345")):
        with pytest.raises(Wrong):
            verify_field(entry, "actor", salted, value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"quorum none",
        b"quorum nobody\n",
        b"log x\nquorum none\n",
        b"quorum none\nquorum none\n",
        b"group g 2 a\nquorum g\n",
        b"unknown word\nquorum none\n",
    ],
)
def test_a_trust_file_that_is_not_understood_is_refused(text: bytes) -> None:
    if text == b"quorum none":  # the one thing that this reader takes and floor 0 does not: no last newline
        assert read_trust(text, "").quorum == "none"
        return
    with pytest.raises(Wrong):
        read_trust(text, "")


def test_the_one_file_is_made_of_all_modules_and_no_name_stands_twice() -> None:
    assert set(ORDER) == {file.stem for file in ROOM.glob("*.py")} - {"__init__"}
    names: list[str] = []
    for node in ast.parse(one_file()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [
                name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)
            ]
        assert not (isinstance(node, ast.ImportFrom) and str(node.module).startswith("evidence"))
    assert len(names) > 100
    assert sorted(names) == sorted(set(names))


def test_it_is_python_3_8_and_imports_the_standard_library_only() -> None:
    whole = ast.parse(one_file(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(whole)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == STANDARD
    later = {
        "removeprefix",
        "removesuffix",
        "bit_count",
        "randbytes",
        "is_relative_to",
        "file_digest",
        "pairwise",
    }
    called = {node.attr for node in ast.walk(whole) if isinstance(node, ast.Attribute)}
    assert not called & later


def test_the_module_and_the_one_file_are_asked_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(one_file())
    own = subprocess.run(
        [sys.executable, "-m", "evidence.verifier", "--help"], capture_output=True, text=True, check=True
    )
    alone = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert own.stdout == alone.stdout
    assert hashlib.sha256(one_file()).digest() == hashlib.sha256(one_file()).digest()


def test_all_versions_of_bagit_are_known() -> None:
    assert VERSIONS[-1] == "1.0"

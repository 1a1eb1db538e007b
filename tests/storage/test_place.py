"""One key's place: lock records that are damaged, missing or foreign, and what the census says of it all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from storage.errors import Damaged, Exists
from storage.local import LocalVault
from storage.vault import Debris, Lock
from tests.contracts.lock_rules import assert_nothing_stored, content
from tests.contracts.samples import BODY, DAY, LOCK, UNTIL


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(root: Path) -> LocalVault:
    return LocalVault.make(root)


def sealed_three(vault: LocalVault) -> list[Path]:
    """An object with three lock records: the paths of the records."""
    vault.seal_bytes("r/a", b"x", LOCK)
    vault.extend("r/a", UNTIL + DAY)
    vault.hold("r/a", "case")
    return [vault._tree.root / f"r/a~lock.{n:06d}.json" for n in (1, 2, 3)]


def assert_never_unlocked(vault: LocalVault) -> None:
    """The lock is damaged, so nothing loosens or removes; the bytes can still be read, and list does not hide
    it."""
    for act in (
        lambda: vault.stat("r/a"),
        lambda: vault.extend("r/a", UNTIL + 9 * DAY),
        lambda: vault.hold("r/a", "other"),
        lambda: vault.release("r/a", "case"),
        lambda: vault.dispose("r/a", UNTIL + 9 * DAY),
        lambda: list(vault.list()),
    ):
        with pytest.raises(Damaged):
            act()
    assert content(vault, "r/a") == b"x"


def test_every_flipped_bit_of_a_lock_record_is_found(vault: LocalVault) -> None:
    record = sealed_three(vault)[0]
    text = record.read_bytes()
    record.chmod(0o600)
    for at in range(len(text)):
        record.write_bytes(text[:at] + bytes([text[at] ^ (1 << at % 8)]) + text[at + 1 :])
        with pytest.raises(Damaged):
            vault.stat("r/a")
    record.write_bytes(text)
    assert vault.stat("r/a").lock == Lock(UNTIL + DAY, frozenset({"case"}))


def test_a_lock_record_is_canonical_json_whatever_the_ground_is_called(vault: LocalVault, root: Path) -> None:
    vault.seal_bytes("r/a", b"x", Lock(UNTIL, frozenset({'a "case"', "投诉\\1"})))
    vault.hold("r/a", "\"é'")
    for record in root.glob("r/a~lock.*"):
        said = json.loads(record.read_bytes())
        again = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert record.read_text("utf-8") == f"{again}\n"
    assert vault.stat("r/a").lock.holds == {'a "case"', "投诉\\1", "\"é'"}


@pytest.mark.parametrize("number", [0, 1])
def test_a_lock_record_missing_before_the_last_is_damage(vault: LocalVault, number: int) -> None:
    sealed_three(vault)[number].unlink()
    with pytest.raises(Damaged, match="lock-record-missing"):
        vault.stat("r/a")
    assert_never_unlocked(vault)
    assert list(vault.census()) == [Debris("r/a", "damaged")]


def test_an_object_whose_lock_is_gone_is_damaged_and_not_free(vault: LocalVault) -> None:
    for record in sealed_three(vault):
        record.unlink()
    assert_never_unlocked(vault)
    assert list(vault.census()) == [Debris("r/a", "object-without-lock")]
    with pytest.raises(Exists):
        vault.seal_bytes("r/a", b"x", LOCK)


@pytest.mark.parametrize("text", [b"", b"{}\n", b"[]", b"null", b"\xff", b"[" * 100_000, None])
def test_a_lock_record_that_is_no_record_is_damage(vault: LocalVault, text: bytes | None) -> None:
    record = sealed_three(vault)[2]
    half = record.read_bytes().replace(b'"ground":"case"', b'"ground":"\\ud800"')  # of a character
    record.unlink()
    record.write_bytes(half if text is None else text)
    assert_never_unlocked(vault)


def test_a_record_from_another_object_is_damage(vault: LocalVault, root: Path) -> None:
    vault.seal_bytes("r/b", b"x", Lock(UNTIL - 900 * DAY))
    record = sealed_three(vault)[0]
    record.unlink()
    record.write_bytes((root / "r/b~lock.000001.json").read_bytes())
    assert_never_unlocked(vault)


@pytest.mark.parametrize("body", [b"", b"xx"])
def test_an_object_of_another_length_is_damaged(vault: LocalVault, root: Path, body: bytes) -> None:
    vault.seal_bytes("r/a", b"x", LOCK)
    (root / "r/a").chmod(0o600)
    (root / "r/a").write_bytes(body)
    for act in (vault.stat, vault.open):
        with pytest.raises(Damaged):
            act("r/a")
    assert list(vault.census()) == [Debris("r/a", "damaged")]


def test_a_file_cut_while_it_is_read_is_an_error_and_no_short_read(vault: LocalVault, root: Path) -> None:
    vault.seal_bytes("a", BODY, LOCK)
    with vault.open("a") as file:
        assert file.read(10) == BODY[:10]
        os.truncate(root / "a", len(BODY) // 2)
        with pytest.raises(Damaged):
            file.read()


def test_an_object_that_was_removed_leaves_its_lock_as_a_trace(vault: LocalVault, root: Path) -> None:
    sealed_three(vault)
    (root / "r/a").unlink()
    assert list(vault.census()) == [Debris("r/a", "lock-without-object")]
    assert_nothing_stored(vault, "r/a")


def test_lost_bytes_are_restored_under_the_stricter_lock(vault: LocalVault, root: Path) -> None:
    sealed_three(vault)
    (root / "r/a").unlink()
    with pytest.raises(Exists):
        vault.seal_bytes("r/a", b"y", LOCK)
    assert vault.seal_bytes("r/a", b"x", LOCK).lock == Lock(UNTIL + DAY, frozenset({"case"}))


def test_census_names_what_does_not_belong(vault: LocalVault, root: Path) -> None:
    sealed = vault.seal_bytes("r/a", b"x", LOCK)
    (root / "r/~new.0011").write_bytes(b"half")
    (root / "r/Strange Name").write_bytes(b"?")
    (root / "r/link").symlink_to(root / "r/a")
    (root / "plain").write_bytes(b"never sealed")
    assert list(vault.census()) == [
        Debris("plain", "object-without-lock"),
        Debris("r/Strange Name", "alien"),
        sealed,
        Debris("r/link", "alien"),
        Debris("r/~new.0011", "temporary"),
    ]

"""Whether a vault is the site's own (service/own_vault.py)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.errors import Conflict
from evidence.service.own_vault import verify_own_vault
from storage.memory import MemoryVault
from storage.vault import Sealed, Vault
from tests import inside, tampering
from tests.log_room import LogRoom


def room_in(folder: Path) -> LogRoom:
    folder.mkdir()
    return LogRoom(folder)


def verify(room: LogRoom, vault: Vault | None = None) -> None:
    site = room.small.site
    verify_own_vault(site if vault is None else replace(site, vault=vault))


def test_a_site_that_has_sealed_nothing_takes_an_empty_vault(tmp_path: Path) -> None:
    verify(room_in(tmp_path / "new"), MemoryVault())


def test_the_vault_that_holds_the_log_or_a_recording_is_the_sites_own(tmp_path: Path) -> None:
    room = room_in(tmp_path / "one")
    room.seal()
    verify(room)
    room.publish()
    verify(room)


def test_another_sites_vault_and_an_empty_one_are_refused_whatever_lies_there(tmp_path: Path) -> None:
    room, other = room_in(tmp_path / "one"), room_in(tmp_path / "other")
    for one in (room, other):
        one.seal()
    for _ in ("sealed", "published"):
        for wrong in (other.small.site.vault, MemoryVault()):
            with pytest.raises(Conflict, match="vault-not-ours"):
                verify(room, wrong)
        for one in (room, other):
            one.publish()


def test_what_was_destroyed_in_the_own_vault_does_not_make_it_another_ones(tmp_path: Path) -> None:
    room = room_in(tmp_path / "one")
    room.seal()
    room.publish()
    for one in list(room.small.site.vault.census("log/custody/")):
        assert isinstance(one, Sealed)
        tampering.remove(room.folder, one.key)
        verify(room)


def test_a_row_that_cannot_be_read_keeps_nobody_from_looking_at_the_site(tmp_path: Path) -> None:
    room = room_in(tmp_path / "one")
    room.seal()
    inside.change(room.folder, "UPDATE recording SET sealed_at = 'yesterday'")
    verify(room)
    room.close()

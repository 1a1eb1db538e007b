"""What is sealed while a check of the logs looks at the vault is no fault: the list of the vault is older
than the rows that are held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.service.log.auditing import Auditing
from evidence.service.site import Site
from storage.vault import Debris, Lock, Sealed, Vault
from tests.derivative_room import DerivativeRoom
from tests.export_room import ExportRoom
from tests.log_room import OPERATOR, LogRoom

Listed = Sealed | Debris


class EarlierList:
    """A vault of which a whole room is listed as it was a moment ago."""

    def __init__(self, vault: Vault, earlier: Callable[[Listed], Listed | None]) -> None:
        self._vault, self._earlier = vault, earlier

    def census(self, prefix: str = "") -> Iterator[Listed]:
        """See Vault."""
        for one in self._vault.census(prefix):
            then = self._earlier(one) if prefix.count("/") < 2 else one
            if then is not None:
                yield then

    def __getattr__(self, name: str) -> object:
        return getattr(self._vault, name)


def found(room: LogRoom, site: Site, earlier: Callable[[Listed], Listed | None]) -> set[tuple[str, str]]:
    """Check everything with such a vault; return kind and item of what is told."""
    slow = replace(site, vault=EarlierList(site.vault, earlier))  # type: ignore[arg-type]
    return {(one.kind, one.item) for one in Auditing(slow, room.line, room.publishing.checks).fsck(OPERATOR)}


def without(*parts: str) -> Callable[[Listed], Listed | None]:
    """Leave away what ends so."""
    return lambda one: None if one.key.endswith(parts) else one


@pytest.mark.parametrize("parts", [("/data", "/manifest.json"), ("/manifest.json",)])
def test_a_recording_that_is_sealed_meanwhile(room: LogRoom, parts: tuple[str, ...]) -> None:
    assert found(room, room.small.site, without(*parts)) == set()


def test_an_original_whose_term_is_lengthened_meanwhile(room: LogRoom) -> None:
    def shorter(one: Listed) -> Listed:
        if not isinstance(one, Sealed) or not one.key.endswith("/data"):
            return one
        return replace(one, lock=Lock(one.lock.retain_until - timedelta(days=300), one.lock.holds))

    assert found(room, room.small.site, shorter) == set()


def test_a_derivative_that_is_made_meanwhile(tmp_path: Path) -> None:
    logs = LogRoom(tmp_path, embedded=True)
    room = DerivativeRoom(logs.small)
    recording = room.film()
    (made,) = room.made(recording)
    assert made.output is not None
    assert found(logs, room.site, without(made.output.key)) == set()


def test_a_copy_that_is_retained_meanwhile(tmp_path: Path) -> None:
    room = ExportRoom(tmp_path)
    room.designate()
    one = room.approved()
    room.build(one)
    room.hand_over(one)
    room.logs.publish()
    assert found(room.logs, room.site, lambda it: None if it.key.startswith("exports/") else it) == set()

"""What every vault must do, lies included; a backend's test module inherits `VaultContract` and gives its
fixtures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from time import sleep

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from storage.errors import BadKey, Exists, Locked, Mismatch, Missing
from storage.vault import Lock, Promise, Sealed, Vault
from tests.contracts.lock_rules import LockMachine, assert_nothing_stored, content
from tests.contracts.samples import BODY, DAY, LOCK, UNTIL, promise, stage

BAD_KEYS = ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a/.", "A", "a b", "a\\b", "a\0"]
BAD_KEYS += ["a~lock.000001.json"]
BAD_KEYS += ["证据", "a\n", "a" * 201, "/".join(["a" * 100] * 10), "~new.1"]


class VaultContract:
    """Inherit and give the fixtures `vault` (fresh and empty) and `fresh` (makes one).

    reads_at_sealing: False where it links unread; has_clock: the store itself judges whether a date has come.
    """

    reads_at_sealing = True
    has_clock = False

    def soon(self, seconds: int = 5) -> datetime:
        """A date that `come` can wait for."""
        now = datetime.now(UTC).replace(microsecond=0)
        return now + timedelta(seconds=seconds) if self.has_clock else UNTIL

    def come(self, date: datetime) -> None:
        """Let a date come by the store's clock, if it has one."""
        while self.has_clock and datetime.now(UTC) <= date + timedelta(seconds=0.5):
            sleep(0.1)

    def seal_shortly(self, vault: Vault, key: str, lock: Lock) -> None:
        """Seal something small whose date will come while the test waits."""
        vault.seal_bytes(key, b"x", lock)

    @pytest.fixture
    def room(self, tmp_path: Path) -> Path:
        """A folder for staging files."""
        folder = tmp_path / "room"
        folder.mkdir()
        return folder

    def test_what_was_sealed_is_read_back(self, vault: Vault, room: Path) -> None:
        sealed = vault.seal_file("rec/1/original", stage(room, BODY), promise(BODY), LOCK)
        assert (sealed.key, sealed.size_bytes, sealed.lock) == ("rec/1/original", len(BODY), LOCK)
        assert sealed.promise == promise(BODY)
        assert vault.stat("rec/1/original") == sealed
        assert list(vault.list()) == list(vault.census()) == [sealed]
        assert content(vault, "rec/1/original") == BODY

    def test_the_staging_file_stays_and_its_removal_changes_nothing(self, vault: Vault, room: Path) -> None:
        staged = stage(room, BODY)
        vault.seal_file("a", staged, promise(BODY), LOCK)
        assert staged.read_bytes() == BODY
        staged.unlink()
        assert content(vault, "a") == BODY

    def test_a_small_body_is_sealed_and_read_back(self, vault: Vault) -> None:
        sealed = vault.seal_bytes("rec/1/manifest.json", b"{}", LOCK)
        assert sealed.promise == promise(b"{}")
        assert content(vault, "rec/1/manifest.json") == b"{}"

    def test_what_a_look_has_found_is_read_without_another(self, vault: Vault) -> None:
        vault.seal_bytes("rec/1/manifest.json", b"{}", LOCK)
        (found,) = vault.census("rec/1")
        assert isinstance(found, Sealed)
        assert vault.read(found) == b"{}"
        with pytest.raises(Missing):
            vault.read(replace(found, key="rec/1/data"))

    def test_an_empty_file_is_an_object(self, vault: Vault, room: Path) -> None:
        vault.seal_file("empty", stage(room, b""), promise(b""), LOCK)
        assert content(vault, "empty") == b""

    @pytest.mark.parametrize("body", [BODY[:-1], BODY[: len(BODY) // 2], b"", BODY + b"\0"])
    def test_a_length_that_differs_from_the_promise_stores_nothing(
        self, vault: Vault, room: Path, body: bytes
    ) -> None:
        staged = stage(room, body)
        before = staged.stat()
        with pytest.raises(Mismatch):
            vault.seal_file("a/b", staged, promise(BODY), LOCK)
        assert_nothing_stored(vault, "a/b")
        assert (staged.read_bytes(), staged.stat().st_mode) == (body, before.st_mode)

    @pytest.mark.parametrize("at", [0, len(BODY) // 2, len(BODY) - 1])
    def test_one_flipped_bit_is_refused_or_seen_at_the_first_reading(
        self, vault: Vault, room: Path, at: int
    ) -> None:
        lie = bytearray(BODY)
        lie[at] ^= 4
        self._lie(vault, stage(room, bytes(lie)), promise(BODY))

    def test_a_wrong_digest_is_refused_or_seen_at_the_first_reading(self, vault: Vault, room: Path) -> None:
        self._lie(vault, stage(room, BODY), Promise(len(BODY), "0" * 64))

    def _lie(self, vault: Vault, staged: Path, promised: Promise) -> None:
        if self.reads_at_sealing:
            with pytest.raises(Mismatch):
                vault.seal_file("a", staged, promised, LOCK)
            assert_nothing_stored(vault, "a")
        else:
            vault.seal_file("a", staged, promised, LOCK)
            assert sha256(content(vault, "a")).hexdigest() != vault.stat("a").sha256

    def test_a_refused_lie_leaves_the_key_free(self, vault: Vault, room: Path) -> None:
        with pytest.raises(Mismatch):
            vault.seal_file("a", stage(room, BODY[:-1]), promise(BODY), LOCK)
        vault.seal_file("a", stage(room, BODY), promise(BODY), LOCK)
        assert content(vault, "a") == BODY

    def test_an_absent_staging_file_stores_nothing(self, vault: Vault, room: Path) -> None:
        with pytest.raises(Missing):
            vault.seal_file("a", room / "absent", promise(BODY), LOCK)
        assert_nothing_stored(vault, "a")

    def test_a_taken_key_is_never_overwritten(self, vault: Vault, room: Path) -> None:
        first = vault.seal_file("a", stage(room, BODY), promise(BODY), LOCK)
        other = stage(room, b"other", "other.part")
        with pytest.raises(Exists):
            vault.seal_file("a", other, promise(b"other"), Lock(UNTIL + DAY, frozenset({"case"})))
        with pytest.raises(Exists):
            vault.seal_bytes("a", BODY, LOCK)
        assert vault.stat("a") == first
        assert content(vault, "a") == BODY
        assert other.read_bytes() == b"other"

    def test_an_object_is_no_folder_and_a_folder_no_object(self, vault: Vault) -> None:
        vault.seal_bytes("a/b", b"x", LOCK)
        for key in ("a", "a/b/c"):
            with pytest.raises(Exists):
                vault.seal_bytes(key, b"y", LOCK)
            with pytest.raises(Missing):
                vault.stat(key)
        assert [found.key for found in vault.list()] == ["a/b"]

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_a_key_that_is_no_key_is_refused_everywhere(self, vault: Vault, room: Path, key: str) -> None:
        staged = stage(room, BODY)
        calls: list[Callable[[], object]] = [
            lambda: vault.seal_file(key, staged, promise(BODY), LOCK),
            lambda: vault.seal_bytes(key, b"", LOCK),
            lambda: vault.open(key),
            lambda: vault.stat(key),
            lambda: vault.extend(key, UNTIL),
            lambda: vault.hold(key, "case"),
            lambda: vault.release(key, "case"),
            lambda: vault.dispose(key, UNTIL),
        ]
        for call in calls:
            with pytest.raises(BadKey):
                call()
        assert list(vault.census()) == []

    def test_what_is_not_there_is_missing(self, vault: Vault) -> None:
        for call in (vault.open, vault.stat, lambda key: vault.extend(key, UNTIL)):
            with pytest.raises(Missing):
                call("a/b")
        for act in (vault.hold, vault.release):
            with pytest.raises(Missing):
                act("a/b", "case")
        with pytest.raises(Missing):
            vault.dispose("a/b", UNTIL)
        vault.seal_bytes("a/b", b"x", LOCK)
        with pytest.raises(Missing):
            vault.open("a/b", version="2")

    def test_the_handle_seeks_and_cannot_write(self, vault: Vault) -> None:
        vault.seal_bytes("a", b"0123456789", LOCK)
        with vault.open("a") as file:
            assert (file.seek(4), file.read(3), file.seek(-2, 2), file.read(), file.read()) == (
                4, b"456", 8, b"89", b"",
            )  # fmt: skip
        with pytest.raises((OSError, ValueError)), vault.open("a") as file:
            file.write(b"x")
            file.flush()
        assert content(vault, "a") == b"0123456789"

    def test_the_date_moves_later_and_never_earlier(self, vault: Vault) -> None:
        vault.seal_bytes("a", b"x", LOCK)
        assert vault.extend("a", UNTIL + DAY).lock.retain_until == UNTIL + DAY
        assert vault.extend("a", UNTIL + DAY).lock.retain_until == UNTIL + DAY
        for earlier in (UNTIL, UNTIL + DAY - timedelta(microseconds=1), datetime.min.replace(tzinfo=UTC)):
            with pytest.raises(Locked):
                vault.extend("a", earlier)
        assert vault.stat("a").lock == Lock(UNTIL + DAY)

    def test_a_date_in_another_zone_is_the_same_instant(self, vault: Vault) -> None:
        from zoneinfo import ZoneInfo

        vault.seal_bytes("a", b"x", Lock(UNTIL.astimezone(ZoneInfo("Asia/Shanghai"))))
        assert vault.stat("a").lock == LOCK

    def test_a_hold_stands_until_its_own_ground_is_released(self, vault: Vault) -> None:
        vault.seal_bytes("a", b"x", LOCK)
        vault.hold("a", "complaint")
        vault.hold("a", "complaint")
        assert vault.hold("a", "案件 12").lock.holds == {"complaint", "案件 12"}
        assert vault.release("a", "complaint").lock.holds == {"案件 12"}
        with pytest.raises(Missing):
            vault.release("a", "complaint")
        assert vault.stat("a").lock == Lock(UNTIL, frozenset({"案件 12"}))

    @pytest.mark.parametrize("ground", ["", "a\nb", "x" * 201])
    def test_a_ground_that_is_no_name_is_refused(self, vault: Vault, ground: str) -> None:
        vault.seal_bytes("a", b"x", LOCK)
        with pytest.raises(ValueError):
            vault.hold("a", ground)
        assert vault.stat("a").lock == LOCK

    def test_disposal_is_refused_before_the_date_and_under_a_hold(self, vault: Vault) -> None:
        until = self.soon()
        self.seal_shortly(vault, "a", Lock(until, frozenset({"case"})))
        with pytest.raises(Locked):
            vault.dispose("a", until + DAY)
        vault.release("a", "case")
        with pytest.raises(Locked):
            vault.dispose("a", until - timedelta(microseconds=1))
        assert content(vault, "a") == b"x"
        assert vault.stat("a").lock == Lock(until)
        self.come(until)
        vault.dispose("a", until)
        assert_nothing_stored(vault, "a")

    def test_a_disposed_key_stays_taken_and_its_neighbour_stays(self, vault: Vault) -> None:
        until = self.soon()
        self.seal_shortly(vault, "r/a", Lock(until))
        neighbour = vault.seal_bytes("r/a.b", b"y", LOCK)
        self.come(until)
        vault.dispose("r/a", until)
        for act in (lambda: vault.dispose("r/a", until), lambda: vault.hold("r/a", "case")):
            with pytest.raises(Missing):
                act()
        with pytest.raises(Exists):
            vault.seal_bytes("r/a", b"x", LOCK)
        assert list(vault.census()) == [neighbour]

    def test_objects_are_listed_by_prefix_in_key_order(self, vault: Vault) -> None:
        keys = ["a/b", "a-b", "a.b/c", "a0", "a/b-c", "b", "a/c/d"]
        for key in keys:
            vault.seal_bytes(key, key.encode(), LOCK)
        for prefix in ("", "a", "a/", "a/b", "a/c/d", "a.b/", "b", "c", "a/c/d/e"):
            wanted = sorted(key for key in keys if key.startswith(prefix))
            assert [found.key for found in vault.list(prefix)] == wanted
            assert [found.key for found in vault.census(prefix)] == wanted

    def test_of_eight_at_once_exactly_one_seals_each_key(self, vault: Vault, room: Path) -> None:
        bodies = [b"writer %d " % n * 1000 for n in range(8)]
        staged = [stage(room, body, f"{n}.part") for n, body in enumerate(bodies)]
        start = Barrier(8)

        def race(me: int) -> list[int]:
            start.wait()
            won = []
            for n in range(20):
                try:
                    vault.seal_file(f"race/{n}/original", staged[me], promise(bodies[me]), LOCK)
                except Exists:
                    continue
                won.append(n)
            return won

        with ThreadPoolExecutor(8) as pool:
            winners = list(pool.map(race, range(8)))
        assert sorted(n for won in winners for n in won) == list(range(20))
        for me, won in enumerate(winners):
            for n in won:
                assert content(vault, f"race/{n}/original") == bodies[me]
        assert len(list(vault.census())) == 20

    def test_who_loses_the_race_changes_not_even_the_lock(self, vault: Vault) -> None:
        locks = [Lock(UNTIL + n * DAY, frozenset({f"ground {n}"})) for n in range(8)]
        start = Barrier(8)

        def race(me: int) -> list[Sealed]:
            start.wait()
            won = []
            for n in range(20):
                with suppress(Exists):
                    won.append(vault.seal_bytes(f"race/{n}", b"the same bytes", locks[me]))
            return won

        with ThreadPoolExecutor(8) as pool:
            won = [(me, sealed) for me, mine in enumerate(pool.map(race, range(8))) for sealed in mine]
        assert len(won) == 20
        for me, sealed in won:
            assert vault.stat(sealed.key) == sealed
            assert sealed.lock == locks[me]

    def test_of_a_hold_and_a_disposal_at_once_one_is_refused(self, vault: Vault) -> None:
        until, rounds = self.soon(12), 6 if self.has_clock else 20
        for n in range(rounds):
            self.seal_shortly(vault, f"{n}/a", Lock(until))
        self.come(until)
        for n in range(rounds):
            key = f"{n}/a"
            with ThreadPoolExecutor(2) as pool:
                held = pool.submit(vault.hold, key, "case").exception
                gone = pool.submit(vault.dispose, key, until).exception
                outcome = (type(held()), type(gone()))
            assert outcome in {(type(None), Locked), (Missing, type(None))}
            assert [found.key for found in vault.list(key)] == ([key] if outcome[1] is Locked else [])

    def test_locks_only_get_stricter_whatever_is_asked(self, fresh: Callable[[], Vault]) -> None:
        few = self.has_clock  # each step is many requests
        quick = settings(max_examples=4 if few else 25, stateful_step_count=8 if few else 15, deadline=None,
                         suppress_health_check=list(HealthCheck))  # fmt: skip
        run_state_machine_as_test(lambda: LockMachine(fresh(), self.has_clock), settings=quick)

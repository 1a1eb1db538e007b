"""The signer as a child of whoever needs it: one for a site, started when it is needed, never left behind."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.adapters.log_signer import SignerChild, SignerLine
from evidence.errors import Unavailable
from tests import forms
from tests.signer.running import SignerProcess, has_ended


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that nobody serves."""
    data = tmp_path_factory.mktemp("site") / "data"
    forms.initialise(data)
    return data


@pytest.fixture
def child(site: Path) -> Iterator[SignerChild]:
    child = SignerChild(site / "signer", site)
    yield child
    child.close()


def signers(site: Path) -> list[int]:
    """Return the processes that are signers of this site."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if b"evidence.signer" in words and os.fsencode(site) in words:
            found.append(int(process.name))
    return found


def test_the_signer_is_started_when_it_is_needed_and_ends_when_it_is_let_go(
    site: Path, child: SignerChild
) -> None:
    assert signers(site) == []
    (vkey,) = child.keys("custody")
    assert vkey.startswith("test.example/site/custody+")
    assert len(signers(site)) == 1
    assert child.last("custody") == b""
    assert len(signers(site)) == 1
    child.close()
    assert signers(site) == []
    assert has_ended(site / "signer")


def test_a_signer_that_was_killed_is_started_again_and_is_the_same(site: Path, child: SignerChild) -> None:
    keys = child.keys("custody")
    (killed,) = signers(site)
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while child._child is not None and child._child.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert child.keys("custody") == keys
    assert signers(site) != [killed]


def test_another_process_asks_the_signer_that_is_there_and_does_not_end_it(site: Path) -> None:
    with SignerProcess(site, site / "signer") as first:
        second = SignerChild(site / "signer", site)
        assert second.keys("custody") == first.ask(ask="keys", log="custody")["keys"]
        assert signers(site) == [first.process.pid]
        second.close()
        assert signers(site) == [first.process.pid]


def test_two_who_start_it_at_once_both_get_their_answer(site: Path) -> None:
    children = [SignerChild(site / "signer", site) for _ in range(2)]
    answers: list[object] = []

    def ask(child: SignerChild) -> None:
        try:
            answers.append(child.keys("custody"))
        except Unavailable as problem:
            answers.append(problem)

    threads = [threading.Thread(target=ask, args=(child,)) for child in children]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers[0] == answers[1]
        assert isinstance(answers[0], list), answers
    finally:
        for child in children:
            child.close()
    assert signers(site) == []


def test_a_signer_that_another_is_only_starting_is_waited_for(site: Path, child: SignerChild) -> None:
    (site / "signer").mkdir(exist_ok=True)
    lock = os.open(site / "signer" / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)  # as a signer has it that does not listen yet
    later = threading.Timer(3, os.close, (lock,))
    later.start()
    assert len(child.keys("custody")) == 1
    later.join()


def test_where_nobody_is_to_start_it_nobody_does(site: Path) -> None:
    with pytest.raises(Unavailable, match="signer-unreachable"):
        SignerLine(site / "signer").keys("custody")
    with pytest.raises(Unavailable, match="signer-unreachable"):
        SignerLine(site / "not-there").keys("custody")
    assert signers(site) == []


def test_a_signer_that_cannot_start_is_told_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    child = SignerChild(tmp_path / "signer", tmp_path)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="signer-unreachable"):
        child.keys("custody")
    assert time.monotonic() - started < 15
    assert signers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []

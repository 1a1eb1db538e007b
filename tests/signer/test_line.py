"""The signer as a process of its own: who asks in a wrong way learns so, and nothing of its state changes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import Invalid, Unavailable
from evidence.signer import line
from evidence.signer.line import MOST_BYTES, ask
from tests import forms, inside
from tests.signer.running import SignerProcess, has_ended, until


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that nobody serves."""
    data = tmp_path_factory.mktemp("site") / "data"
    forms.initialise(data)
    return data


@pytest.fixture(scope="module")
def signer(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignerProcess]:
    """A signer in a folder whose name is longer than any socket's may be."""
    folder = tmp_path_factory.mktemp("room") / ("signer-" + "x" * 130)
    assert len(os.fsencode(folder)) > 120
    with SignerProcess(site, folder) as signer:
        signer.ask(ask="keys", log="custody")
        yield signer


def send(folder: Path, *pieces: bytes, pause_s: float = 0.0, is_open: bool = True) -> Any:
    """Send bytes as they stand; return the answer, None where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(20)
        line._with_short_name(folder, asking.connect)
        raw = b""
        try:
            for piece in pieces:
                asking.sendall(piece)
                time.sleep(pause_s)
            if not is_open:
                asking.shutdown(socket.SHUT_WR)
            while block := asking.recv(1 << 16):
                raw += block
        except (BrokenPipeError, ConnectionResetError):
            return None
        return json.loads(raw)


def state_of(signer: SignerProcess) -> dict[str, bytes]:
    """Return state and keys, byte for byte."""
    held = inside.files(signer.folder)
    return {name: body for name, body in held.items() if name not in ("socket", "lock")}


def test_the_socket_is_for_owner_and_group_only(signer: SignerProcess) -> None:
    assert (signer.folder / "socket").stat().st_mode & 0o777 == 0o660
    assert signer.folder.stat().st_mode & 0o007 == 0


def test_a_log_that_is_asked_for_again_has_the_same_key(signer: SignerProcess) -> None:
    before = state_of(signer)
    (vkey,) = signer.ask(ask="keys", log="custody")["keys"]
    assert vkey.startswith("test.example/site/custody+")
    assert signer.ask(ask="last", log="custody") == {"note": ""}
    assert signer.ask(ask="logs") == {"logs": []}  # begun, and nothing signed
    assert state_of(signer) == before


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b"7\n",
        b'"ask"\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"ask":"dance"}\n',
        b'{"ask":["sign"]}\n',
        b'{"ask":"keys"}\n',
        b'{"ask":"keys","log":"other"}\n',
        b'{"ask":"keys","log":["custody"]}\n',
        b'{"ask":"keys","log":"custody\\n"}\n',
        b'{"ask":"last","log":"../keys"}\n',
        b'{"ask":"rotate","log":"access/26"}\n',
        b'{"ask":"halt"}\n',
        b'{"ask":"halt","reason":7}\n',
        b'{"ask":"sign","log":"custody"}\n',
        b'{"ask":"sign","log":"custody","after":0,"ends":[]}\n',
        b'{"ask":"sign","log":"custody","after":0,"ends":5}\n',
        b'{"ask":"sign","log":"custody","after":0,"ends":"12"}\n',
        b'{"ask":"sign","log":"custody","after":"0","ends":[1]}\n',
        b'{"ask":"sign","log":"custody","after":0.5,"ends":[1]}\n',
        b'{"ask":"sign","log":"custody","after":false,"ends":[1]}\n',
        b'{"ask":"sign","log":"custody","after":0,"ends":[1.5]}\n',
        b'{"ask":"sign","log":"custody","after":0,"ends":[true]}\n',
        b'{"ask":"sign","log":"custody","after":-1,"ends":[1]}\n',
        b'{"ask":"sign","log":"custody","after":0,"ends":[2,1]}\n',
    ],
)
def test_a_question_that_is_none_is_refused_and_changes_nothing(signer: SignerProcess, raw: bytes) -> None:
    before = state_of(signer)
    answer = send(signer.folder, raw)
    assert (answer["error"], answer["family"]) == ("signer-question-malformed", "invalid")
    assert state_of(signer) == before


def test_a_question_that_breaks_off_is_refused(signer: SignerProcess) -> None:
    before = state_of(signer)
    answer = send(signer.folder, b'{"ask":"halt","reason":"x"}', is_open=False)
    assert answer["error"] == "signer-question-malformed"
    assert state_of(signer) == before


def test_what_the_desk_refuses_comes_back_as_the_same_error(signer: SignerProcess) -> None:
    before = state_of(signer)
    with pytest.raises(Invalid, match="signer-question-malformed"):
        signer.ask(ask="keys", log="custody/")
    with pytest.raises(Exception, match="segment-missing"):
        signer.ask(ask="sign", log="custody", after=0, ends=[3])
    with pytest.raises(Exception, match="log-not-continued"):
        signer.ask(ask="sign", log="custody", after=1, ends=[3])
    assert state_of(signer) == before


def test_a_line_without_an_end_is_not_read_for_ever(signer: SignerProcess) -> None:
    before = state_of(signer)
    question = b'{"ask":"last","log":"' + b"x" * (2 * MOST_BYTES)
    answer = send(signer.folder, question)
    assert answer is None or answer["error"] == "signer-question-malformed"
    assert signer.ask(ask="last", log="custody") == {"note": ""}
    assert state_of(signer) == before


def test_slow_and_silent_askers_keep_nobody_waiting(signer: SignerProcess) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        line._with_short_name(signer.folder, silent.connect)
        started = time.monotonic()
        assert signer.ask(ask="last", log="custody") == {"note": ""}
        slowly = [bytes([byte]) for byte in b'{"ask":"last","log":"custody"}\n']
        assert send(signer.folder, *slowly, pause_s=0.01) == {"note": ""}
        assert time.monotonic() - started < 20


def test_an_asker_who_leaves_before_the_answer_harms_nobody(signer: SignerProcess) -> None:
    for _ in range(20):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as leaving:
            line._with_short_name(signer.folder, leaving.connect)
            leaving.sendall(b'{"ask":"last","log":"custody"}\n')
    assert signer.ask(ask="last", log="custody") == {"note": ""}


def test_a_second_signer_on_the_same_folder_is_refused_and_so_is_a_resumption_beside_it(
    site: Path, signer: SignerProcess
) -> None:
    before = state_of(signer)
    for more in ((), ("--resume",)):
        second = SignerProcess(site, signer.folder, *more)
        assert second.process.wait(60) != 0
        assert "signer-running" in second.output()
    assert signer.ask(ask="last", log="custody") == {"note": ""}
    assert state_of(signer) == before


def test_a_halt_outlives_the_process_and_ends_by_resumption_only(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "signer"
    with SignerProcess(site, folder) as signer:
        signer.ask(ask="keys", log="custody")
        assert signer.ask(ask="halt", reason="a test") == {}
        signer.process.kill()  # and the socket stays behind
        signer.process.wait(20)
    with pytest.raises(Unavailable, match="signer-unreachable"):
        ask(folder, {"ask": "last", "log": "custody"})
    with SignerProcess(site, folder) as signer:
        before = state_of(signer)
        with pytest.raises(Unavailable, match="signer-halted") as refusal:
            signer.ask(ask="rotate", log="custody")
        assert refusal.value.fields["reason"] == "a test"
        assert state_of(signer) == before
        signer.process.terminate()
        assert signer.process.wait(20) == 0
    resumed = SignerProcess(site, folder, "--resume")
    assert resumed.process.wait(60) == 0, resumed.output()
    with SignerProcess(site, folder) as signer:
        assert len(signer.ask(ask="rotate", log="custody")["keys"]) == 1


def killed(parent: subprocess.Popen[bytes]) -> None:
    parent.send_signal(signal.SIGKILL)


def leaving(parent: subprocess.Popen[bytes]) -> None:
    parent.terminate()


@pytest.mark.parametrize("end", [killed, leaving])
def test_a_child_ends_with_its_parent_however_that_ends(
    site: Path, tmp_path: Path, end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    folder = tmp_path / "signer"
    words = ["-m", "evidence.signer", "--data", str(site), "--folder", str(folder), "--child"]
    program = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, *{words!r}], stdin=subprocess.PIPE,"
        " start_new_session=True)\n"
        "time.sleep(120)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    try:
        until(lambda: ask(folder, {"ask": "last", "log": "custody"}))
        end(parent)
        parent.wait(20)
    finally:
        parent.kill()
    assert has_ended(folder)
    with pytest.raises(Unavailable, match="signer-unreachable"):
        ask(folder, {"ask": "last", "log": "custody"})

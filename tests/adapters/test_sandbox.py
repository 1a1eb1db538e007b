"""The sandbox holds: what runs inside reaches no network, no file but its inputs, and keeps its limits."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from evidence.adapters import sandbox, syscall_filter
from evidence.adapters.collecting import SandboxResult
from evidence.adapters.sandbox import inside, run_sandboxed, self_test
from evidence.errors import Unavailable


def run_python(code: str, *inputs: Path, **limits: float) -> SandboxResult:
    return run_sandboxed([sys.executable, "-I", "-S", "-c", code], inputs=inputs, **limits)  # type: ignore[arg-type]


def test_the_self_test_passes_on_this_machine() -> None:
    self_test()


@pytest.mark.parametrize(
    "result",
    [
        SandboxResult(0, b"write:/usr\ntried\n", b""),
        SandboxResult(0, b"", b""),
        SandboxResult(1, b"tried\n", b"killed"),
    ],
    ids=["something escaped", "nothing was tried", "the trial broke off"],
)
def test_the_self_test_refuses_whatever_is_not_proof(
    result: SandboxResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "run_sandboxed", lambda *_, **__: result)
    with pytest.raises(Unavailable) as caught:
        self_test()
    assert caught.value.code == "sandbox-weak"


def test_a_sandbox_without_a_filter_for_system_calls_is_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscall_filter, "program", lambda _: None)
    with pytest.raises(Unavailable) as caught:
        self_test()
    assert caught.value.code == "sandbox-weak"


def test_inputs_are_readable_in_order_and_without_their_names(tmp_path: Path) -> None:
    first, second = tmp_path / "-i evil;name.mp4", tmp_path / "二.mp4"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    code = (
        f"import os; print(open('{inside(0)}').read(), open('{inside(1)}').read(), sorted(os.listdir('/in')))"
    )
    result = run_python(code, first, second)
    assert result == SandboxResult(0, b"one two ['0', '1']\n", b"")


def test_inputs_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "original"
    file.write_bytes(b"evidence")
    result = run_python(f"open('{inside()}', 'ab').write(b'x')", file)
    assert result.returncode == 1
    assert file.read_bytes() == b"evidence"


def test_other_files_do_not_exist_inside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    checkout = Path(sandbox.__file__).parents[2] / "pyproject.toml"
    tries = [str(secret), "/etc/shadow", "/etc/passwd", "/proc/self/environ", str(checkout)]
    result = run_python(f"import os; print([p for p in {tries!r} if os.path.exists(p)])")
    assert result.stdout == b"[]\n"


def test_nothing_can_be_written_anywhere() -> None:
    code = (
        "import os\n"
        "for d, _, _ in os.walk('/'):\n"
        "    try: open(os.path.join(d, 'x'), 'w'); print(d)\n"
        "    except OSError: pass\n"
    )
    assert run_python(code).stdout == b""


def test_a_listening_host_cannot_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run_python(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
    assert result.returncode == 1
    assert b"PermissionError" in result.stderr


def test_the_environment_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TOKEN", "secret")
    result = run_sandboxed(["/usr/bin/env"], env={"GIVEN": "yes"})
    assert b"secret" not in result.stdout
    assert b"GIVEN=yes\n" in result.stdout


def test_the_process_is_nobody_and_alone() -> None:
    result = run_python("import os; print(os.getuid(), os.getppid())")
    assert result.stdout.split()[0] == b"65534"
    assert int(result.stdout.split()[1]) <= 1


ENDLESS = {
    "busy": "while True: pass",
    "asleep": "import time; time.sleep(60)",
    "silent": "import os, time; os.close(1); os.close(2); time.sleep(60)",
    "forked": "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork(); time.sleep(60)",
}


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_does_not_end_is_killed_in_time(code: str) -> None:
    started = time.monotonic()
    result = run_python(code, timeout_s=0.7)
    assert result.timed_out
    assert time.monotonic() - started < 5


def test_nothing_is_left_running_after_a_kill(tmp_path: Path) -> None:
    mark = f"left-{os.getpid()}"
    run_python(f"import os, time; os.fork(); '{mark}'; time.sleep(60)", timeout_s=0.5)
    time.sleep(0.2)
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in lines if mark.encode() in line]


def test_too_much_output_ends_the_run() -> None:
    result = run_python("while True: print('x' * 1000)", output_bytes=100_000)
    assert result.cut_off
    assert not result.timed_out
    assert len(result.stdout) < 1_000_000


def test_memory_is_limited() -> None:
    result = run_python("x = bytearray(500 << 20)", memory_bytes=300 << 20)
    assert result.returncode == 1
    assert b"MemoryError" in result.stderr


def test_exit_code_and_both_outputs_come_back() -> None:
    result = run_python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    assert result == SandboxResult(7, b"out\n", b"err\n")


def test_a_missing_input_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_sandboxed(["/bin/true"], inputs=[tmp_path / "gone"])


def test_a_program_that_is_not_there_is_an_error_of_the_machine() -> None:
    with pytest.raises(Unavailable) as caught:
        run_sandboxed(["/usr/bin/no-such-parser"])
    assert caught.value.code == "sandbox-failed"


def test_a_program_cannot_pretend_that_the_sandbox_failed() -> None:
    result = run_python("import sys; print('bwrap: no permission', file=sys.stderr); sys.exit(1)")
    assert (result.returncode, result.stderr) == (1, b"bwrap: no permission\n")


def test_without_bwrap_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    sandbox._tool.cache_clear()
    sandbox._walls.cache_clear()
    try:
        with pytest.raises(Unavailable) as caught:
            run_sandboxed(["/bin/true"])
        assert caught.value.code == "sandbox-missing"
    finally:
        sandbox._tool.cache_clear()
        sandbox._walls.cache_clear()


def test_runs_side_by_side_do_not_disturb_each_other() -> None:
    results: dict[int, bytes] = {}

    def one(number: int) -> None:
        results[number] = run_python(f"print({number})").stdout

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"{number}\n".encode() for number in range(8)}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_has_the_same_sandbox() -> None:
    """Run the self-test as user 65534 with the system's Python, which that user may read."""
    root = tempfile.mkdtemp(prefix="readable-")  # a copy: the checkout may be closed to that user
    shutil.copytree(Path(sandbox.__file__).parents[1], Path(root) / "evidence")
    Path(root).chmod(0o755)
    subprocess.run(["chmod", "-R", "a+rX", root], check=True)
    code = f"import sys; sys.path.insert(0, {root!r})\n"
    code += "from evidence.adapters import sandbox; sandbox.self_test()"
    command = ["/usr/bin/python3", "-B", "-I", "-c", code]
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, user=65534, group=65534, extra_groups=[]
        )
    finally:
        shutil.rmtree(root)
    assert (done.returncode, done.stderr) == (0, b"")

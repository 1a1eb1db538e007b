"""A package verifies where there is no network, no program of ours, and nothing but Python's standard
library; and by stock commands alone.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.adapters.packing.one_file import one_file
from evidence.ledger.tlog_proofs import TlogProof
from tests.package_room import PackageRoom, a_witness

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> PackageRoom:
    room = PackageRoom(tmp_path_factory.mktemp("offline"), witness=a_witness())
    room.pack()
    return room


def walls(bag: Path) -> list[str]:
    """A place that holds the system's libraries, Python and a bag, all read-only, and no network."""
    words = ["bwrap", "--unshare-all", "--clearenv", "--dev", "/dev", "--proc", "/proc"]
    for folder in ("/usr", "/lib", "/lib64", "/bin", "/etc", sys.base_prefix):
        words += ["--ro-bind-try", folder, folder]
    return [*words, "--ro-bind", str(bag), "/mnt", "--chdir", "/mnt", PYTHON, "-I", "-S", "-B"]


def alone(bag: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier of a bag behind these walls."""
    return subprocess.run(
        [*walls(bag), "verify/verify.py", *words], capture_output=True, text=True, check=False
    )


def test_no_name_of_one_module_is_lost_to_another_where_they_are_one_file() -> None:
    names = [
        node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ast.unparse(node.targets[0])
        for node in ast.parse(one_file()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign)
    ]
    assert len(names) == len(set(names)) > 100


def test_it_passes_with_nothing_but_python(room: PackageRoom) -> None:
    done = alone(room.bag())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("通过 PASS") == 8
    last = done.stdout.splitlines()[-1]
    assert last.startswith("已查的全部通过；未核对：公钥是谁的")
    assert "ALL PASSED" not in done.stdout
    assert last.endswith("HAS PASSED; not checked: whose keys these are (--trust), the seal (--seal)")
    assert "proves only that package and key fit" in done.stdout
    assert "仅说明包与该公钥相符" in done.stdout


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_above_a_bag_it_does_not_pass_and_names_the_bag_below(
    room: PackageRoom, tmp_path: Path, more: tuple[str, ...]
) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    (disc / "bag\x1b[1m 盘").symlink_to(room.bag())
    (disc / "other").mkdir()
    words = [PYTHON, "-I", "-S", "-B", str(room.bag() / "verify/verify.py"), str(disc), *more]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "不符 FAIL" in done.stdout or '"FAIL"' in done.stdout
    assert "ALL PASSED" not in done.stdout
    (said,) = done.stderr.splitlines()
    assert str(disc / "bag\\x1b[1m 盘") in said
    assert "the bag is the folder below" in said
    assert "包在下一层文件夹" in said


@pytest.mark.parametrize(
    "code",
    [
        "import socket; s = socket.socket(); s.settimeout(2); s.connect(('127.0.0.1', 22))",
        "open('/mnt/new', 'w')",
        "import evidence",
        "import cryptography",
    ],
)
def test_the_walls_hold(room: PackageRoom, code: str) -> None:
    assert subprocess.run([*walls(room.bag()), "-c", "pass"], check=False).returncode == 0
    done = subprocess.run([*walls(room.bag()), "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Error" in done.stderr


def test_json_says_the_same(room: PackageRoom) -> None:
    done = alone(room.bag(), "--json")
    (told,) = json.loads(done.stdout)
    assert (told["ok"], told["unchecked"]) == (True, ["keys", "seal"])
    assert [one["result"] for one in told["steps"]] == ["PASS"] * 8 + ["SKIP"]
    assert [one["number"] for one in told["steps"]] == list(range(1, 10))
    assert told["steps"][2]["notes"][1].endswith(room.witness.vkey.label)  # type: ignore[union-attr]


def test_stock_commands_alone_say_the_same(room: PackageRoom) -> None:
    """Every command of the page that is printed in the package, typed as it stands."""
    page = (room.bag() / "verify/BY-HAND.txt").read_text("utf-8")
    lines = [line[4:] for line in page.splitlines() if line.startswith("    ")]
    assert len(lines) > 40
    done = typed(lines, room.bag())
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    digest = subprocess.check_output(["sha256sum", "tagmanifest-sha256.txt"], cwd=room.bag(), text=True)
    assert done.stdout == digest + "Signature Verified Successfully\n" * 2, "one for each log"


def typed(lines: list[str], bag: Path) -> subprocess.CompletedProcess[str]:
    only = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["sh", "-c", "\n".join(lines)], cwd=bag, capture_output=True, text=True, env=only, check=False
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("data/originals/*/*0002*", r"FAILED"),
        ("audit/entries.jsonl", r"entries.jsonl: FAILED|not what is proven"),
        ("audit/checkpoint", r"Failure"),
        ("audit/proofs/custody-*", r": wrong|not what is proven|another checkpoint"),
    ],
)
def test_stock_commands_find_a_change_too(room: PackageRoom, tmp_path: Path, path: str, said: str) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(room.bag(), bag)
    file = sorted(bag.glob(path))[0]
    body = bytearray(file.read_bytes())
    at = body.index(b"\n") + 3 if path.startswith("audit/c") else len(body) // 3
    body[at] ^= 1
    file.write_bytes(body)
    page = (bag / "verify/BY-HAND.txt").read_text("utf-8")
    done = typed([line[4:] for line in page.splitlines() if line.startswith("    ")], bag)
    assert re.search(said, done.stdout + done.stderr)


def test_stock_commands_find_an_entry_left_out(room: PackageRoom, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(room.bag(), bag)
    entries = bag / "audit/entries.jsonl"
    lines = entries.read_bytes().splitlines(keepends=True)
    (middle, *_) = [line for line in lines if b'"evidence.seal"' in line]
    entries.write_bytes(b"".join(line for line in lines if line is not middle))
    for proof in (bag / "audit/proofs").iterdir():
        if TlogProof.parse(proof.read_bytes()).extra == middle[:-1]:
            proof.unlink()
    page = (bag / "verify/BY-HAND.txt").read_text("utf-8")
    done = typed([line[4:] for line in page.splitlines() if line.startswith("    ")], bag)
    assert "left out before n=3" in done.stdout


def test_a_terminal_that_lacks_chinese_is_told_all_the_same(room: PackageRoom) -> None:
    file = room.bag() / "verify/verify.py"
    poor = "import io, runpy, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'ascii')\n"
    poor += (
        f"sys.argv = ['verify.py', {str(room.bag())!r}]\nrunpy.run_path({str(file)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([PYTHON, "-I", "-S", "-B", "-c", poor], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "\\u901a\\u8fc7 PASS" in done.stdout
    assert "WHAT WAS CHECKED HAS PASSED" in done.stdout


def pythons() -> list[str]:
    """Return every Python from 3.8 on that is here and can be started."""
    found = [shutil.which(f"python3.{minor}") for minor in range(8, 20)]
    return [
        one for one in found if one and not subprocess.run([one, "-c", ""], capture_output=True).returncode
    ]


def test_any_python_from_3_8_on_says_the_same(room: PackageRoom) -> None:
    command = ["-I", "-S", "-B", str(room.bag() / "verify/verify.py"), "--json"]
    for python in [PYTHON, *pythons()]:
        (told,) = json.loads(subprocess.check_output([python, *command]))
        assert [one["result"] for one in told["steps"]] == ["PASS"] * 8 + ["SKIP"], python


def test_where_python_has_no_sm3_its_own_takes_its_place(room: PackageRoom, tmp_path: Path) -> None:
    small = PackageRoom(tmp_path, sizes=(2_000, 3))
    small.pack()
    file = small.bag() / "verify/verify.py"
    lacking = "import hashlib, runpy, sys\nnew = hashlib.new\n"
    lacking += (
        "def less(name, *rest):\n    if name == 'sm3': raise ValueError(name)\n    return new(name, *rest)\n"
    )
    lacking += (
        f"hashlib.new = less\nsys.argv = ['verify.py']\nrunpy.run_path({str(file)!r}, run_name='__main__')\n"
    )
    command = [PYTHON, "-I", "-S", "-B", "-c", lacking]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SM3: pure Python" in done.stdout
    (one,) = small.bag().glob("data/originals/*/*0001*")
    one.write_bytes(b"\0\0\0")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "sm3" in done.stdout

"""deploy/make-secrets.sh makes each secret once, and gives it to the one account that reads it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose.reading import FILE, ROOT

SCRIPT = ROOT / "deploy" / "make-secrets.sh"


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPT), str(folder), *words]
    variables = {**os.environ, **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    done = run(folder, "station-7.example", "--keep-owner")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def document() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return read


def table() -> dict[str, tuple[int, int, int]]:
    """Return owner, group and mode of each file, as the script gives them."""
    rows = re.findall(r"^(\S+) +(\d+) +(\d+) +(\d{3})$", SCRIPT.read_text("utf-8"), re.MULTILINE)
    return {name: (int(owner), int(group), int(mode, 8)) for name, owner, group, mode in rows}


def test_exactly_the_secrets_of_the_file_are_made_and_the_authoritys_key(
    made: Path, document: dict[str, Any]
) -> None:
    names = {path.name for path in made.iterdir()}
    assert names == {*document["secrets"], "authority-key"} == set(table())


def test_every_service_can_read_its_secrets_and_no_other_account_can(document: dict[str, Any]) -> None:
    readers: dict[str, set[int]] = {}
    for service in document["services"].values():
        account, its_group = map(int, service["user"].split(":"))
        for secret in service.get("secrets", []):
            owner, group, mode = table()[secret]
            readers.setdefault(secret, set()).add(account if account == owner else its_group)
            reads = account == owner and mode & 0o400
            reads = reads or (its_group == group and mode & 0o040) or mode & 0o004
            assert reads, f"{account} cannot read {secret}"
    for secret, (owner, group, mode) in table().items():
        assert not mode & 0o333, f"{secret}: nobody writes or runs it"
        if not mode & 0o004:
            given = {owner} | ({group} if mode & 0o040 else set())
            assert given == readers.get(secret, {0}), secret


def test_public_files_are_certificates_and_nothing_else(made: Path) -> None:
    for path in made.iterdir():
        is_public = bool(stat.S_IMODE(path.stat().st_mode) & 0o004)
        assert is_public == ("CERTIFICATE" in path.read_text("ascii")), path.name
        assert stat.S_IMODE(path.stat().st_mode) == table()[path.name][2]


def test_a_second_run_changes_nothing_and_makes_what_is_missing(made: Path) -> None:
    def digests() -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made.iterdir()}

    before = digests()
    assert run(made, "station-7.example", "--keep-owner").returncode == 0
    assert digests() == before
    (made / "proxy-certificate").unlink()
    assert run(made, "station-8.example", "--keep-owner").returncode == 0
    assert {name for name, digest in digests().items() if before[name] != digest} == {
        "proxy-certificate",
        "proxy-key",
    }


def verified(folder: Path, name: str) -> bool:
    words = ["openssl", "verify", "-CAfile", str(folder / "inside-authority")]
    done = subprocess.run([*words, str(folder / f"{name}-certificate")], capture_output=True, check=False)
    return done.returncode == 0


def test_what_rests_on_a_renewed_file_is_made_anew_with_it_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    def rerun() -> set[str]:
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        done = run(folder, "station-7.example", "--keep-owner")
        assert (done.returncode, done.stderr) == (0, "")
        return {path.name for path in folder.iterdir() if before.get(path.name) != path.read_bytes()}

    assert run(folder, "station-7.example", "--keep-owner").returncode == 0
    (folder / "broker-password").unlink()
    assert rerun() == {"broker-password", "broker-users"}
    password = (folder / "broker-password").read_text("ascii").strip()
    assert f"#{hashlib.sha256(password.encode()).hexdigest()} " in (folder / "broker-users").read_text(
        "ascii"
    )

    inside = [f"{name}-{part}" for name in ("postgres", "object-store", "api", "proxy")
              for part in ("certificate", "key")]  # fmt: skip
    (folder / "inside-authority").unlink()
    assert rerun() == {"authority-key", "inside-authority", *inside}
    assert all(verified(folder, name) for name in ("postgres", "object-store", "api", "proxy"))
    assert rerun() == set()


def test_a_certificate_of_another_authority_stays_when_ours_is_renewed(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert run(folder, "station-7.example", "--keep-owner").returncode == 0
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=station-7.example"]
    for name in ("proxy-key", "proxy-certificate"):
        (folder / name).unlink()
    words += ["-keyout", str(folder / "proxy-key"), "-out", str(folder / "proxy-certificate")]
    subprocess.run(words, capture_output=True, check=True)
    before = (folder / "proxy-certificate").read_bytes()
    (folder / "inside-authority").unlink()
    assert run(folder, "station-7.example", "--keep-owner").returncode == 0
    assert (folder / "proxy-certificate").read_bytes() == before
    assert verified(folder, "api")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1.2.3.4.example.org", "DNS:1.2.3.4.example.org"),
        ("10.0.0.5", "IP Address:10.0.0.5"),
        ("2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1"),
        ("station", "DNS:station"),
    ],
)
def test_an_address_is_told_from_a_name(tmp_path: Path, name: str, said: str) -> None:
    done = run(tmp_path / "secrets", name, "--keep-owner")
    assert (done.returncode, done.stderr) == (0, "")
    words = ["openssl", "x509", "-in", str(tmp_path / "secrets" / "proxy-certificate"), "-noout"]
    names = subprocess.run([*words, "-ext", "subjectAltName"], capture_output=True, text=True, check=True)
    assert names.stdout.splitlines()[1].strip() == said


@pytest.mark.parametrize(
    "name", ["host:8443", "1.2.3.400", "1.2.3", "face::zz", "..", "a..b", "-x", "a,DNS:b", "a_b"]
)
def test_what_is_neither_is_refused_with_a_word_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    done = run(tmp_path / "secrets", name, "--keep-owner")
    assert done.returncode == 2
    assert f'"{name}" is no name and no address' in done.stderr
    assert not (tmp_path / "secrets").exists()


def test_a_run_that_fails_says_why_leaves_nothing_half_and_gives_what_is_there_its_mode(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "secrets"
    assert run(folder, "station-7.example", "--keep-owner").returncode == 0
    other = tmp_path / "other"
    assert run(other, "station-7.example", "--keep-owner").returncode == 0
    (folder / "authority-key").unlink()
    (folder / "authority-key").write_bytes((other / "authority-key").read_bytes())
    (folder / "api-certificate").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run(folder, "station-7.example", "--keep-owner")
    assert done.returncode == 1
    assert "key" in done.stderr, "openssl's own words"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == table()[path.name][2]


@pytest.mark.parametrize("name", ["api", "postgres", "object-store"])
def test_certificates_stand_up_to_a_strict_look(made: Path, name: str) -> None:
    words = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", name]
    words += ["-CAfile", str(made / "inside-authority"), str(made / f"{name}-certificate")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_authority_may_sign_and_its_certificates_may_not(made: Path) -> None:
    def says(file: str) -> str:
        words = ["openssl", "x509", "-in", str(made / file), "-noout", "-ext", "basicConstraints,keyUsage"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert "CA:TRUE" in says("inside-authority")
    assert "CA:FALSE" in says("api-certificate")
    assert "Certificate Sign" not in says("api-certificate")


def test_the_broker_knows_the_digest_of_the_password_and_not_the_password(made: Path) -> None:
    password = (made / "broker-password").read_text("ascii").strip()
    users = (made / "broker-users").read_text("ascii")
    assert password not in users
    assert f"#{hashlib.sha256(password.encode()).hexdigest()} " in users
    assert users.split()[-2:] == ["-@admin", "-@dangerous"]


def test_root_gives_each_file_to_its_owner(tmp_path: Path) -> None:
    programs, given = tmp_path / "programs", tmp_path / "given"
    programs.mkdir()
    for name, text in (("id", "echo 0"), ("chown", f'echo "$@" >>{given}')):
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    done = run(tmp_path / "secrets", "192.0.2.7", PATH=f"{programs}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert dict(line.split()[::-1] for line in given.read_text().splitlines()) == {
        name: f"{owner}:{group}" for name, (owner, group, _) in table().items()
    }


@pytest.mark.parametrize("words", [(), ("",), ("a b",), ("name", "--force")])
def test_a_wrong_call_makes_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path / "secrets", *words)
    assert done.returncode == 2
    assert not (tmp_path / "secrets").exists()


def test_it_says_what_it_made_and_where(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    done = run(folder, "station-7.example", "--keep-owner")
    made, advice = done.stdout.splitlines()
    where, _, names = made.removeprefix("made in ").partition(":")
    assert where == str(folder)
    assert set(names.split()) == set(table())
    assert "take it off this machine" in advice
    (folder / "authority-key").unlink()
    again = run(folder, "station-7.example", "--keep-owner")
    assert again.stdout == f"nothing to make: all is in {folder} already\n"


def test_its_usage_is_told_whole() -> None:
    done = subprocess.run([str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "make-secrets.sh FOLDER NAME [--keep-owner]" in done.stderr
    assert "NAME is the name (or address)" in done.stderr
    assert "Needs openssl." in done.stderr

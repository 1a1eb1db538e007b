"""Opening a site: its folders are closed to strangers, its parts are joined as the settings say."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

from evidence import bootstrap, founding, settings
from evidence.adapters.digesting import OneDigest, TwoDigests
from evidence.domain.access import Caller
from evidence.domain.rights import Kind
from evidence.domain.sign_in import PROFILES
from evidence.errors import Busy, Invalid, PolicyError
from tests import forms, inside

OPERATOR = Caller("operator", Kind.OPERATOR)


def initialise(data: Path, policy: str = "dazhe-2020", sm3: bool = True) -> bootstrap.Application:
    forms.initialise(data, policy, sm3=sm3)
    return bootstrap.build(data)


def add(data: Path, line: str) -> None:
    with (data / settings.FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_strangers_of_the_machine_can_read_nothing_of_a_site(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        initialise(tmp_path / "data")
    finally:
        os.umask(before)
    wanted = {".": 0o750, "keys": 0o700} | ({} if forms.GROWN else {"vault": 0o750})
    assert {name: stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) for name in wanted} == wanted
    for folder in ("staging", "scratch"):
        assert stat.S_IMODE((tmp_path / "data" / folder).stat().st_mode) & 0o027 == 0
    assert stat.S_IMODE((tmp_path / "data" / "keys" / "signing.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["执法 记录", "a?b", "a#b", "a%20b", "a&b=c", "-data"])
def test_a_site_lives_in_its_folder_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    application = initialise(tmp_path / name)
    application.accounts.add_dock(OPERATOR, "dock")
    assert (tmp_path / name / "evidence.db").is_file() is not forms.GROWN
    assert [path.name for path in tmp_path.iterdir()] == [name]
    again = bootstrap.build(tmp_path / name)
    assert [dock.name for dock in again.accounts.docks(OPERATOR)] == ["dock"]


@pytest.mark.parametrize("name", ["pack.toml", 'a "b" \\ c.toml', "规则.toml"])
def test_a_pack_of_the_operators_own_is_found_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shipped = resources.files("evidence.policy") / "packs" / "longquan.toml"
    (tmp_path / name).write_bytes(shipped.read_bytes())
    monkeypatch.chdir(tmp_path)
    forms.initialise(tmp_path / "data", name)
    monkeypatch.chdir("/")
    application = bootstrap.build(tmp_path / "data")
    assert application.site.policies.latest.id == "longquan"


def test_a_site_with_an_unknown_pack_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        founding.initialise(tmp_path / "data", "no-such-pack", "test.example/site", sm3=True)
    assert not (tmp_path / "data").exists()


def test_a_second_init_changes_nothing_of_a_site(tmp_path: Path) -> None:
    token, verifier = forms.initialise(tmp_path / "data")
    before = tree(tmp_path / "data")
    with pytest.raises(Invalid, match="folder-not-empty"):
        founding.initialise(tmp_path / "data", "longquan", "test.example/other", sm3=False)
    after = tree(tmp_path / "data")
    assert {name: body for name, body in after.items() if "evidence.db" not in name} == {
        name: body for name, body in before.items() if "evidence.db" not in name
    }
    application = bootstrap.build(tmp_path / "data")
    assert application.links.owner(token) == "administrator"
    assert application.site.signer.verifier_key() == verifier


def test_there_is_one_account_after_init_and_no_dock(tmp_path: Path) -> None:
    token, _ = forms.initialise(tmp_path / "data")
    application = bootstrap.build(tmp_path / "data")
    (account,) = application.account_desk.all(OPERATOR)
    assert (account.number, account.state) == ("administrator", "waiting")
    assert application.accounts.identify(token) is None, "a link is no token"
    assert application.accounts.docks(OPERATOR) == []
    assert token.encode() not in b"".join(inside.written(tmp_path / "data").values())


def test_the_settings_reach_the_parts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    initialise(data, sm3=False)
    add(
        data,
        "upload_rest_hours = 5\nfirst_check_hours = 6\nnext_check_days = 7\ndeep = false\nprofile = 'djcp3'",
    )
    site = bootstrap.build(data).site
    assert site.terms.sign_in is PROFILES["djcp3"]
    assert site.new_digests is OneDigest
    assert (site.terms.upload_rest, site.terms.first_check) == (timedelta(hours=5), timedelta(hours=6))
    assert (site.terms.next_check, site.terms.sm3, site.terms.deep) == (timedelta(days=7), False, False)
    assert initialise(tmp_path / "other").site.new_digests is TwoDigests


def test_a_vault_that_keeps_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    initialise(data)
    monkeypatch.setenv("EVIDENCE_VAULT", "memory:")
    with pytest.raises(Invalid, match="settings-wrong"):
        bootstrap.build(data)


def test_the_pass_in_the_background_reads_no_faster_than_the_setting(tmp_path: Path) -> None:
    data = tmp_path / "data"
    initialise(data)
    add(data, "check_mib_per_s = 10")
    application = bootstrap.build(data)
    began = time.monotonic()
    application.fixity_pass.throttle(1 << 20)
    assert time.monotonic() - began >= 0.1
    began = time.monotonic()
    application.fixity.throttle(1 << 30)
    assert time.monotonic() - began < 0.1, "`evidence verify` does not wait"


def test_the_lock_of_a_service_is_gone_with_its_process(tmp_path: Path) -> None:
    data = tmp_path / "data"
    initialise(data)
    holding = (
        "import sys; from pathlib import Path; from evidence.bootstrap import lock_service\n"
        "held = lock_service(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holding, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match="service-running"):
            bootstrap.lock_service(data)
    finally:
        other.kill()
        other.communicate()
    bootstrap.lock_service(data).close()


def test_commands_work_beside_a_running_service(tmp_path: Path) -> None:
    data = tmp_path / "data"
    initialise(data)
    with bootstrap.lock_service(data):
        bootstrap.build(data).accounts.add_dock(OPERATOR, "dock")
    assert [dock.name for dock in bootstrap.build(data).accounts.docks(OPERATOR)] == ["dock"]

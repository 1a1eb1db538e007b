"""A site's settings and its making: nothing unknown, nothing weak, and never another site by mistake."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from evidence import bootstrap, founding, settings
from evidence.errors import Busy, Invalid, Unavailable
from tests import forms

SITE = 'name = "test.example/site"\npolicy = "dazhe-2020"\n'


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "NAME", "POLICY", "WORKERS", "SM3", "DATABASE", "VAULT", "BROKER"):
        monkeypatch.delenv(f"EVIDENCE_{name}", raising=False)


def write(folder: Path, text: str = SITE) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / settings.FILE).write_text(text, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "站", "x" * 101])
def test_a_name_that_could_not_stand_in_a_signature_or_an_origin_is_refused(
    tmp_path: Path, name: str
) -> None:
    text = f'name = {json.dumps(name)}\npolicy = "dazhe-2020"\n'
    with pytest.raises(Invalid, match="settings-wrong"):
        settings.load(write(tmp_path, text))


def test_a_file_with_two_lines_is_enough(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path))
    assert (loaded.name, loaded.policy, loaded.data) == ("test.example/site", "dazhe-2020", tmp_path)
    assert loaded.database_url == f"sqlite:///{tmp_path / 'evidence.db'}"
    assert loaded.vault_url == (tmp_path / "vault").as_uri()


@pytest.mark.parametrize(
    "line",
    [
        'unknown = "x"',
        'data = "/elsewhere"',
        "first_check_hours = 25",
        "first_check_hours = 0",
        "next_check_days = 31",
        "workers = 0",
        "workers = 65",
        'workers = "many"',
        "check_mib_per_s = 0",
        "upload_rest_hours = 0",
    ],
)
def test_a_setting_that_is_unknown_or_weak_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(Invalid) as refusal:
        settings.load(write(tmp_path, f"{SITE}{line}\n"))
    assert refusal.value.code == "settings-wrong"
    assert refusal.value.fields["file"] == str(tmp_path / settings.FILE)
    assert line.split()[0] in str(refusal.value.fields["reason"])


@pytest.mark.parametrize("missing", ["name", "policy"])
def test_a_missing_setting_is_refused(tmp_path: Path, missing: str) -> None:
    kept = "".join(line for line in SITE.splitlines(True) if not line.startswith(missing))
    with pytest.raises(Invalid, match="settings-wrong"):
        settings.load(write(tmp_path, kept))


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="settings-unreadable"):
        settings.load(write(tmp_path, "name ="))


def test_a_folder_that_is_no_site_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        settings.load(tmp_path)
    assert (refusal.value.code, refusal.value.fields) == ("not-a-site", {"folder": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, f"{SITE}workers = 3\nsm3 = true\n")
    monkeypatch.setenv("EVIDENCE_WORKERS", "7")
    monkeypatch.setenv("EVIDENCE_SM3", "false")
    loaded = settings.load(tmp_path)
    assert (loaded.workers, loaded.sm3, loaded.policy) == (7, False, "dazhe-2020")


def test_a_weak_value_from_the_environment_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENCE_FIRST_CHECK_HOURS", "48")
    with pytest.raises(Invalid, match="settings-wrong"):
        settings.load(write(tmp_path))


def test_the_environment_never_says_which_site_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, wanted = write(tmp_path / "other"), write(tmp_path / "wanted")
    monkeypatch.setenv("EVIDENCE_DATA", str(other))
    loaded = settings.load(wanted)
    assert loaded.data == wanted
    assert str(other) not in loaded.database_url + loaded.vault_url
    assert settings.default_data() == other


def test_a_new_site_can_be_opened_again_and_says_what_was_asked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    token, verifier = forms.initialise(data, sm3=False)
    application = bootstrap.build(data)
    assert application.links.owner(token) == "administrator"
    assert application.site.signer.verifier_key() == verifier
    written = tomllib.loads((data / settings.FILE).read_text(encoding="utf-8"))
    asked = {"name": "test.example/site", "policy": "dazhe-2020", "sm3": False}
    assert written == asked | forms.engines(data)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    data = tmp_path / "data"
    forms.initialise(data)
    key = data / "keys" / "signing.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(mode)
    with pytest.raises(Unavailable) as refusal:
        bootstrap.build(data)
    assert refusal.value.code == "key-file-open-to-others"


def test_a_site_is_not_made_in_a_folder_that_holds_anything(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("kept")
    with pytest.raises(Invalid, match="folder-not-empty"):
        founding.initialise(tmp_path, "dazhe-2020", "site", sm3=True)
    assert contents(tmp_path) == {"something": b"kept"}


@pytest.mark.parametrize("name", ["", "with space", "a+b", 'a"b', "a\nb", "名", "n" * 101])
def test_a_site_with_a_name_that_cannot_stand_in_a_signature_is_not_made(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    with pytest.raises(Invalid, match="invalid-name"):
        founding.initialise(data, "dazhe-2020", name, sm3=True)
    assert not data.exists()


def test_one_service_at_a_time_serves_a_site(tmp_path: Path) -> None:
    write(tmp_path)
    held = bootstrap.lock_service(tmp_path)
    with pytest.raises(Busy, match="service-running"):
        bootstrap.lock_service(tmp_path)
    held.close()
    bootstrap.lock_service(tmp_path).close()


def test_a_folder_that_is_no_site_is_not_locked(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not-a-site"):
        bootstrap.lock_service(tmp_path)
    assert list(tmp_path.iterdir()) == []


ORIGIN_LINE = 'public_url = "https://station-7.example"\n'
OIDC_LINES = 'oidc_issuer = "https://id.example/realm"\noidc_client_id = "evidence"\n'


@pytest.mark.parametrize(
    "lines",
    [
        'public_url = "http://station-7.example"',
        'public_url = "https://station-7.example/"',
        'public_url = "https://station-7.example/path"',
        'public_url = "https://Station-7.example"',
        'public_url = "https://user@station-7.example"',
        'public_url = "https://"',
        'public_url = "station-7.example"',
        ORIGIN_LINE + 'oidc_issuer = "http://id.example"',
        ORIGIN_LINE + OIDC_LINES,
        OIDC_LINES + 'oidc_client_secret_file = "/run/secret"',
        ORIGIN_LINE + OIDC_LINES.replace("/realm", "/?x=1") + 'oidc_client_secret_file = "/run/secret"',
        ORIGIN_LINE + 'oidc_client_secret_file = "/run/secret"',
    ],
)
def test_an_address_that_is_no_origin_and_half_a_provider_are_refused(tmp_path: Path, lines: str) -> None:
    with pytest.raises(Invalid, match="settings-wrong"):
        settings.load(write(tmp_path, f"{SITE}{lines}\n"))


def test_a_provider_of_single_sign_on_has_its_secret_in_a_file_that_is_read_when_it_is_needed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "client"
    lines = f"{ORIGIN_LINE}{OIDC_LINES}oidc_client_secret_file = {json.dumps(str(file))}\n"
    loaded = settings.load(write(tmp_path / "site", SITE + lines))
    for wrong in (None, "", " \n"):
        if wrong is not None:
            file.write_text(wrong)
        with pytest.raises(Invalid, match="password-file-unreadable"):
            loaded.oidc_client_secret()
    file.write_text("secret\n")
    assert loaded.oidc_client_secret() == "secret"
    assert "secret\n" not in repr(loaded)


@pytest.mark.parametrize("url", ["http://localhost:8443", "http://127.0.0.1", "https://a.example:8443"])
def test_on_this_machine_an_origin_needs_no_tls(tmp_path: Path, url: str) -> None:
    loaded = settings.load(write(tmp_path, f'{SITE}public_url = "{url}"\n'))
    assert loaded.public_url == url

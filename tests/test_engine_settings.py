"""One address per engine; a password stands in a file and never in a setting, a text or a new site's file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from evidence import settings
from evidence.errors import Invalid


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://broker:6379/0?password_file={}", "redis://:p%2Fw%40%3A%25%20%E5%8F%A3@broker:6379/0"),
        (
            "postgresql://evidence@db/evidence?sslmode=verify-full&password_file={}",
            "postgresql://evidence:p%2Fw%40%3A%25%20%E5%8F%A3@db/evidence?sslmode=verify-full",
        ),
        ("s3://key@[::1]:7443/b?password_file={}", "s3://key:p%2Fw%40%3A%25%20%E5%8F%A3@[::1]:7443/b"),
        ("redis://broker:6379/0", "redis://broker:6379/0"),
        ("", ""),
    ],
)
def test_the_password_of_a_file_is_put_into_the_address_so_that_it_reads_back_the_same(
    tmp_path: Path, url: str, wanted: str
) -> None:
    file = tmp_path / "secret"
    file.write_text("p/w@:% 口\n", encoding="utf-8")
    assert settings.with_password(url.format(file)) == wanted
    if wanted and "password_file" in url:
        from urllib.parse import unquote

        assert unquote(urlsplit(wanted).password or "") == "p/w@:% 口"


@pytest.mark.parametrize("body", [None, b"", b"\n", b"\xff\xfe"])
def test_a_password_file_that_is_not_there_empty_or_no_text_is_refused(
    tmp_path: Path, body: bytes | None
) -> None:
    file = tmp_path / "secret"
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(Invalid, match="password-file-unreadable"):
        settings.with_password(f"redis://broker/0?password_file={file}")


def test_a_password_in_both_places_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one")
    with pytest.raises(Invalid, match="password-file-unreadable") as caught:
        settings.with_password(f"redis://:two@broker/0?password_file={tmp_path / 'secret'}")
    assert "two" not in str(caught.value)
    assert "one" not in str(caught.value.fields)


def test_a_new_site_remembers_its_engines_but_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_DATABASE", "postgresql://evidence@db/evidence?password_file=/run/secrets/db")
    monkeypatch.setenv("EVIDENCE_VAULT", "s3://key:in-the-open@store:7443/evidence")
    monkeypatch.delenv("EVIDENCE_BROKER", raising=False)
    assert settings.engines() == (
        'database = "postgresql://evidence@db/evidence?password_file=/run/secrets/db"\n'
    )

"""Addresses of engines: whatever stands in one, no part of a password is shown."""

from __future__ import annotations

import pytest

from evidence.domain.addresses import holds_password, is_readable, place


@pytest.mark.parametrize(
    ("url", "shown", "is_secret"),
    [
        ("s3://key@host:7443/bucket?password_file=/p&region=x", "s3://host:7443/bucket", False),
        ("s3://key:CANARY@host:7443/bucket/", "s3://host:7443/bucket", True),
        ("redis://:CANARY@[::1]:6379/0", "redis://[::1]:6379/0", True),
        ("postgresql://u@/db?host=/run&password=CANARY", "postgresql:///db?host=%2Frun", True),
        ("postgresql://u@h/db?sslpassword=CANARY", "postgresql://h/db", True),
        ("file:///srv/a@b/vault", "file:///srv/a@b/vault", False),
        ("sqlite:////srv/a@b/evidence.db", "sqlite:////srv/a@b/evidence.db", False),
        ("memory://", "memory://", False),
        ("memory:", "memory://", False),
        ("redis://host/0?password_file=/a@b", "redis://host/0", False),
    ],
)
def test_the_place_is_shown_and_nothing_else(url: str, shown: str, is_secret: bool) -> None:
    assert (place(url), holds_password(url), is_readable(url)) == (shown, is_secret, True)


@pytest.mark.parametrize("mark", ["/", "#", "?", "℀", "[", "@", ":"])
@pytest.mark.parametrize("user", ["key", ""])
def test_of_a_password_that_makes_another_address_of_it_nothing_is_shown(mark: str, user: str) -> None:
    url = f"s3://{user}:CANARY{mark}CANARY@host:7443/bucket"
    assert "CANARY" not in place(url)
    assert holds_password(url)


@pytest.mark.parametrize("text", ["CANARY", "", "//CANARY@host/b", "s3://key@host:CANARY/b"])
def test_what_is_no_address_is_not_shown_either(text: str) -> None:
    assert not is_readable(text)
    assert "CANARY" not in place(text)

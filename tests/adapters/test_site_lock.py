"""The lock of a site's folder: who may take it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evidence.adapters import site_lock
from evidence.errors import Invalid


@pytest.mark.parametrize("shared", [False, True])
def test_root_neither_serves_moves_nor_rebuilds_a_site_of_another_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    """What root makes there (a database, objects of the vault) the service's account could not write."""
    if os.geteuid() == 0:
        os.chown(tmp_path, 10001, -1)
    else:
        monkeypatch.setattr(site_lock, "geteuid", lambda: 0)
    with pytest.raises(Invalid, match="site-of-another-account") as refusal:
        site_lock.take(tmp_path, shared=shared)
    assert refusal.value.fields["uid"] == tmp_path.stat().st_uid
    assert list(tmp_path.iterdir()) == []


def test_an_account_serves_what_is_its_own(tmp_path: Path) -> None:
    site_lock.take(tmp_path, shared=False).close()
    assert (tmp_path / site_lock.FILE).is_file()

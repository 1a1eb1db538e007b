"""Making a new site: its folder, keys, settings, vault and database, and the first administrator's link."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from evidence import settings as site_settings
from evidence.adapters import site_lock
from evidence.adapters.keys import make_key
from evidence.adapters.moving import where
from evidence.adapters.packs import load_pack, shipped_packs
from evidence.adapters.time_codes import FILE as FACTORS_KEY
from evidence.adapters.time_codes import make_key as make_factors_key
from evidence.bootstrap import build
from evidence.errors import Conflict, Invalid
from storage.opening import open_vault, prepare_vault


def initialise(
    data: Path, policy: str, name: str, sm3: bool, administrator: str = "administrator"
) -> tuple[str, str]:
    """Make a new site; return the token of the first administrator's link (shown once) and the verifier key.

    What fails leaves the folder empty, so that it can be tried again.

    Raises: Invalid("folder-not-empty") when the folder holds anything; PolicyError for an unknown pack;
    Conflict("target-not-empty") for a vault that holds anything.
    """
    if not re.fullmatch(site_settings.NAME, name):
        raise Invalid("invalid-name", name=name)
    load_pack(policy)
    policy = policy if policy in shipped_packs() else str(Path(policy).absolute())
    data.mkdir(parents=True, exist_ok=True)
    if any(data.iterdir()):
        raise Invalid("folder-not-empty", folder=str(data))
    data.chmod(0o750)  # noqa: S103 (the group reads: a backup account)
    try:
        return _fill(data, policy, name, sm3, administrator)
    except BaseException:
        _clear(data)
        raise


def _fill(data: Path, policy: str, name: str, sm3: bool, administrator: str) -> tuple[str, str]:
    for folder, mode in (("keys", 0o700), ("staging", 0o750)):
        (data / folder).mkdir(mode=mode)
    verifier = make_key(data / "keys", name)
    make_factors_key(data / "keys" / FACTORS_KEY)
    # JSON's way to write a text is TOML's, but for one control character.
    quoted = json.dumps(policy, ensure_ascii=False).replace("\x7f", "\\u007f")
    text = f'name = "{name}"\npolicy = {quoted}\nsm3 = {str(sm3).lower()}\n{site_settings.engines()}'
    with (data / site_settings.FILE).open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    site_lock.take(data, shared=False).close()  # whoever serves it may see the folder read-only
    _prepare_vault(data)
    application = build(data, is_new=True)
    _sync_folders(data)
    try:
        return application.accounts.open_site(administrator, name), verifier
    finally:
        application.site.database.close()


def _prepare_vault(data: Path) -> None:
    """Make the vault of a new site. Raises: Conflict("target-not-empty") for one that holds anything: it is
    another site's, and what would be sealed into it is locked there for years.
    """
    settings = site_settings.load(data)
    if not settings.vault:
        (data / "vault").mkdir(mode=0o750)  # as the folder around it
    prepare_vault(settings.vault_url)
    if (found := next(open_vault(settings.vault_url).census(), None)) is not None:
        at = where(data, "vault", settings.vault)
        raise Conflict("target-not-empty", engine="vault", at=at, key=found.key)


def _clear(data: Path) -> None:
    """Empty the folder of a site that was not made: all in it is this call's."""
    for one in data.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()


def needs_qualification(data: Path) -> bool:
    """Tell whether a site's vault must pass its probes before anything is taken in."""
    return site_settings.load(data).vault_url.startswith("s3:")


def _sync_folders(data: Path) -> None:
    """Make the new site's folders durable, its own name in its parent too (drill F32)."""
    vault = data / "vault"  # not where the settings name another
    for folder in (data / "keys", *([vault] if vault.is_dir() else []), data / "staging", data, data.parent):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

"""Probing the object store of a site: floor 3 beside bootstrap, for it opens no site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evidence import settings as site_settings
from evidence.adapters import qualification
from evidence.adapters.clock import SystemClock
from evidence.adapters.keys import FileSigner
from storage.opening import bucket_address
from storage.qualify import Probe, qualify


def qualify_store(data: Path) -> Iterator[Probe]:
    """Probe the object store of a site, yield each outcome, and keep the signed whole at the end.

    An earlier pass ends where probing begins: what breaks off, however it does, has not passed.

    Raises: UnknownAddress where the vault is a folder; StoreUnavailable; Unavailable.
    """
    address = bucket_address(site_settings.load(data).vault_url)
    clock, signer = SystemClock(), FileSigner(data / "keys")
    probes: list[Probe] = []
    is_whole = False
    qualification.keep(data, signer, address, probes, clock.now(), is_whole=is_whole)
    try:
        for probe in qualify(address, clock.now):
            probes.append(probe)
            yield probe
        is_whole = True
    finally:
        qualification.keep(data, signer, address, probes, clock.now(), is_whole=is_whole)

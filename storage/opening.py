"""From an address to a vault: "file:///var/lib/evidence/vault" or "memory:"; anything else is an error."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.errors import UnknownAddress
from storage.local import LocalVault
from storage.memory import MemoryVault
from storage.vault import Vault


def open_vault(url: str, *, immutable: bool = False) -> Vault:
    """Open the vault at this address. immutable: the operator asks for `chattr +i` (folders only).

    Raises: UnknownAddress, StoreUnavailable.
    """
    parts = urlsplit(url)
    plain = not (parts.query or parts.fragment or parts.netloc)
    if parts.scheme == "file" and plain and parts.path.startswith("/"):
        return LocalVault(Path(unquote(parts.path)), immutable)
    if url == "memory:" and not immutable:
        return MemoryVault()
    raise UnknownAddress(scheme=parts.scheme, immutable=immutable)

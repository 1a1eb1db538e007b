"""Whether a vault is the site's own: what the database says was sealed lies there.

Another bucket or disc would answer as readily: seals would go into it and be locked there for years, and one
look at the recordings would mark each of them as lost. Entries of the log are salted, so an entry is in no
other site's log. One thing that is ours is enough: what else is missing or altered, the checks tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from evidence.errors import Conflict, IntegrityFault
from evidence.ledger.segments import Kind, Piece, read_segment
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.errors import Damaged, Missing, Withheld
from storage.vault import Vault

_LOG = "custody"  # the first entry of a site stands there
_MOST = 16  # recordings of which nothing is there: not all of them were destroyed one by one


def verify_own_vault(site: Site) -> None:
    """Refuse a vault that holds nothing of what this site has sealed, if it has sealed anything.

    Raises: Conflict("vault-not-ours"), StoreUnavailable.
    """
    with site.database.reading() as unit:
        looks = list(_looks(unit, site.vault))
    if looks and not any(looks):
        raise Conflict("vault-not-ours")


def _looks(unit: UnitOfWork, vault: Vault) -> Iterator[bool]:
    """Yield of some things that were sealed whether they are there, until one is."""
    published = unit.tree.published(_LOG)[0]
    ends = [end for end in unit.tree.planned(_LOG, 0) if end <= published]
    for end in dict.fromkeys((*ends[:1], *ends[-1:])):
        after = max((one for one in ends if one < end), default=0)
        yield (found := _holds_entries(unit, vault, after, end))
        if found:
            return
    with suppress(IntegrityFault):  # a row that cannot be read says nothing of the vault; the checks tell
        for stored in islice(unit.recordings.all(), _MOST):
            recording = stored.recording
            yield (found := _is_there(vault, recording.data_key) or _is_there(vault, recording.manifest_key))
            if found:
                return


def _holds_entries(unit: UnitOfWork, vault: Vault, after: int, end: int) -> bool:
    key = Piece(_LOG, end, Kind.ENTRIES).key()
    try:
        with vault.open(key, vault.stat(key).version) as stored:
            sealed = read_segment(stored.read(), after, end)
    except (Missing, Damaged, Withheld, IntegrityFault):
        return False
    return any(sealed[index - after] == row for index, row in unit.tree.numbered(_LOG, after, end))


def _is_there(vault: Vault, key: str) -> bool:
    try:
        vault.stat(key)
    except Missing:
        return False
    except (Damaged, Withheld):
        return True
    return True

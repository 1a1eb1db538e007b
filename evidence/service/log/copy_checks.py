"""Holding what was made from originals against the vault: what a row says lies there, as long as it says, and
nothing else lies beside it. Nothing is hashed: whoever hands one out reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.domain.derivatives import State
from evidence.service.court.deriving import DERIVED
from evidence.service.log.log_faults import Fault, listed_now
from evidence.service.site import Site
from storage.vault import Promise, Sealed


@dataclass(frozen=True)
class CopyCheck:
    """The check of one site."""

    site: Site

    def faults(self) -> Iterator[Fault]:
        """Yield what does not agree. Raises: StoreUnavailable."""
        there, odd = dict[str, Sealed](), dict[str, str]()
        for one in self.site.vault.census(DERIVED):
            if isinstance(one, Sealed):
                there[one.key] = one
            elif one.kind not in ("temporary", "disposal-unfinished"):
                odd[one.key] = one.kind
        known = set[str]()
        with self.site.database.reading() as unit:  # after the look into the vault: rows come last
            for row in unit.derivatives.lying():
                if row.output is None:
                    continue
                known.add(row.output.key)
                found = there.get(row.output.key)
                promise = Promise(row.output.size_bytes, row.output.digests.sha256)
                if found is not None and found.promise != promise:
                    yield Fault("row-altered", f"derivative {row.id}", {"against": "vault"})
                parent = unit.recordings.get(row.recording_id)
                is_going = parent is None or parent.gone_at is not None
                is_wanted = found is None and row.state is State.MADE and not is_going
                if is_wanted and row.output.key not in listed_now(self.site.vault, row.output.key):
                    yield Fault("object-missing", row.output.key)
        for key in sorted(there.keys() - known):
            yield Fault("object-without-entry", key)
        for key in sorted(odd.keys() - known):
            yield Fault("object-damaged", key, {"reason": odd[key]})

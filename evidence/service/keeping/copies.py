"""What was made from a recording goes with it, and is kept as long as it is.

Nothing but the destruction of the parent removes a derivative: who holds the parent holds them all. The
vault's lock on each moves with the parent's, but for proxies, which can be made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from evidence.domain.audit import Act, Entry, Reference
from evidence.domain.derivatives import SERVICE, Derivative, Operation, State
from evidence.service.court.deriving import RECORDING_GONE, about, fail
from evidence.service.keeping.certificates import is_there
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Missing, StoreUnavailable
from storage.vault import Debris

_WITHOUT_BYTES = "lock-without-object"


def copies_locked_with(unit: UnitOfWork, recording_id: str) -> Sequence[str]:
    """Return the keys of the derivatives whose locks move with that of their parent."""
    found = [(key, one) for key, one in _lying(unit, recording_id) if one.operation is not Operation.PROXY]
    return [key for key, one in found if one.state is State.MADE]


def copies_are_free(site: Site, recording_id: str) -> bool:
    """Tell whether the vault would give up all that was made from a recording."""
    with site.database.reading() as unit:
        found = _lying(unit, recording_id)
    now = site.clock.now()
    for key, _ in found:
        with suppress(Missing):
            lock = site.vault.stat(key).lock
            if lock.holds or now < lock.retain_until:
                return False
    return True


def end_copies_to_come(unit: UnitOfWork, recording_id: str, now: datetime) -> bool:
    """Call off what nobody has begun to seal; False where the vault is just being given one."""
    waiting = [one for one in unit.derivatives.of(recording_id) if one.state is State.ASKED]
    if any(one.output is not None for one in waiting):
        return False
    for one in waiting:
        fail(unit, one, RECORDING_GONE, now)
    return True


def remove_copies(site: Site, recording_id: str) -> None:
    """Remove all that was made from a recording whose destruction has begun; each has its entry. One whose
    bytes somebody removed past the program is not removed by us: its entry and the certificate say so.

    Raises: StoreUnavailable, Locked, Damaged: the sweep goes on later.
    """
    with site.database.reading() as unit:
        found = _lying(unit, recording_id)
    for key, one in found:
        is_absent = _was_taken_away(site, key)
        with suppress(Missing):  # an attempt that died has removed it, or somebody has
            site.vault.dispose(key, site.clock.now())
        if not is_absent and is_there(site.vault, key):
            raise StoreUnavailable(reason="not-removed", key=key)
        crashpoint("after-copy-removal")
        now = site.clock.now()
        with site.database.writing() as unit:
            if unit.derivatives.note_gone(one.id, now) and one.output is not None:
                ref = Reference(one.output.digests, one.output.size_bytes)
                facts: dict[str, object] = {"operation": one.operation.value}
                facts |= {"absent": True} if is_absent else {}
                entry = Entry(Act.DERIVATIVE_DESTROY, SERVICE, about(one), facts=facts, ref=ref)
                unit.log.append(entry, now)


def _was_taken_away(site: Site, key: str) -> bool:
    """Tell whether bytes have gone and it was not we who removed them: we leave no lock without an object.
    What the vault cannot read is there, and so is what lies under a mark of deletion in a bucket."""
    with suppress(Missing):
        site.vault.stat(key)
        return False
    found = [one for one in site.vault.census(key) if one.key == key]
    return bool(found) and all(isinstance(one, Debris) and one.kind == _WITHOUT_BYTES for one in found)


def _lying(unit: UnitOfWork, recording_id: str) -> list[tuple[str, Derivative]]:
    return [
        (one.output.key, one)
        for one in unit.derivatives.of(recording_id)
        if one.output is not None and one.gone_at is None
    ]

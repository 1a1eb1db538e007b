"""What one recording leaves behind, counted on a small real site: rows, entries of the log, objects.

The site is the product's own (SQLite, a vault in a folder): a card is announced and sent, everything that is
due is done, and half a day later it is read back. What looks, labels and publications leave is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence.service.examining.fixity import Fixity
from tests import clips, inside
from tests.builders import SmallSite, an_origin
from tests.domain.sessions import ZONE

CARD, SECONDS, SECOND = 12, 2, timedelta(seconds=1)
_LOG_ONLY = {
    "log_tile",
    "log_segment",
    "log_checkpoint",
    "row_piece",
    "row_pending",
}  # by publication, not by file


@dataclass(frozen=True)
class Leavings:
    """For each recording: rows by table, entries of the log, objects in the vault."""

    rows: Mapping[str, float]
    entries: float
    objects: float


def count(files: int = CARD) -> Leavings:
    """Send a card of so many files and count."""
    with TemporaryDirectory(prefix="simulate-") as folder:
        small = SmallSite(Path(folder), embedded=True)
        try:
            return _count(small, files)
        finally:
            small.database.close()


def _count(small: SmallSite, files: int) -> Leavings:
    body, dock = clips.clip("mp4", SECONDS), small.dock
    begun = small.clock.time - timedelta(hours=1)
    card = [
        an_origin(
            f"DSJX9A00123_012345_{begun + ZONE + SECONDS * place * SECOND:%Y%m%d%H%M%S}_{place + 1:04d}.mp4",
            size_bytes=len(body) + place,
            modified_at=begun + SECONDS * (place + 1) * SECOND,
        )
        for place in range(files)
    ]
    rows, objects = _rows(small), _objects(small)
    small.cards.announce(dock, card[0], card)
    for place, origin in enumerate(card):
        small.send(origin, body + bytes(place))  # each another one: equal bytes would be told
    small.do_jobs()
    small.clock.pass_by(timedelta(hours=13))
    while Fixity(small.site).plan():
        small.do_jobs()
    left = {name: (number - rows.get(name, 0)) / files for name, number in _rows(small).items()}
    return Leavings(
        {name: each for name, each in sorted(left.items()) if each and name not in _LOG_ONLY},
        left["audit_entry"],
        (_objects(small) - objects) / files,
    )


def _objects(small: SmallSite) -> int:
    """Return how many objects a bucket would hold: a folder keeps each one's lock in a file beside it."""
    return sum("~lock" not in name for name in inside.objects(small.folder))


def _rows(small: SmallSite) -> dict[str, int]:
    return {name: len(rows) for name, rows in inside.tables(small.folder).items()}

"""Case numbers by their normal form (domain/case_numbers.py), as views that migration 0018 makes.

The form is an expression over what was typed, so no row can tell another one, and there are indexes of it. It
is in views because SQLite parses no statement in which twenty calls stand within each other, twice.
"""

from __future__ import annotations

from sqlalchemy import column, table

from evidence.adapters.db.columns import AnyText, Id

case_numbered = table(
    "case_numbered",
    column("case_id", Id),
    column("normal", AnyText),
    column("docked", AnyText),
    column("quoted", AnyText),
)
"""docked: as JSON spells it, as far as recording_numbered.normal holds it; quoted: as it is in `whole`."""
label_numbered = table(
    "label_numbered", column("label_id", Id), column("name", AnyText), column("normal", AnyText)
)
recording_numbered = table(
    "recording_numbered", column("recording_id", Id), column("normal", AnyText), column("whole", AnyText)
)
"""normal: of the number that the dock said; on SQLite what stands before the first quote (docked.py). whole:
of all that the dock said."""

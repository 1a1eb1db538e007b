"""How the values of the domain stand in rows: times as text, labels as JSON, an origin over eight columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from evidence.domain.digests import Digests
from evidence.domain.ids import is_id
from evidence.domain.instants import from_text, to_text
from evidence.domain.recordings import Origin
from evidence.errors import Invalid
from evidence.service.catalogue import Section
from evidence.service.listing import Listing

_Key = TypeVar("_Key")
NAMES_AT_ONCE = 400  # names in one question; SQLite bounds the parameters of a statement


def time_or_none(text: str | None) -> datetime | None:
    """Read a nullable time column."""
    return None if text is None else from_text(text)


def text_or_none(instant: datetime | None) -> str | None:
    """Write a nullable time column."""
    return None if instant is None else to_text(instant)


def is_between(moment: ColumnElement[Any], section: Section) -> ColumnElement[bool]:
    """Return the condition under which a moment is within the days of a section."""
    since = [] if section.first is None else [moment >= to_text(section.first)]
    return and_(true(), *since, *([] if section.last is None else [moment < to_text(section.last)]))


def portions(ids: Collection[_Key]) -> Iterator[list[_Key]]:
    """Yield a few hundred of these at a time: no question may hold more."""
    every = list(ids)
    return (every[first : first + NAMES_AT_ONCE] for first in range(0, len(every), NAMES_AT_ONCE))


def turned(
    query: Select[Any], by: ColumnElement[Any], tie: ColumnElement[Any], listing: Listing, after: str
) -> Select[Any]:
    """Return a list in the order of a column without nulls, and from the row on that comes after the one with
    a value of `tie`, which no two rows share; from the first, where there is none."""
    last = select(by).where(tie == after).correlate(None).scalar_subquery()
    if listing.is_down:
        beyond = or_(by < last, and_(by == last, tie < after))
        query = query.order_by(by.desc(), tie.desc())
    else:
        beyond = or_(by > last, and_(by == last, tie > after))
        query = query.order_by(by, tie)
    return query.where(or_(last.is_(None), beyond)) if after else query


def name_digest(name: str) -> str:
    """Return what stands for a file's name in keys and indexes: its SHA-256 as UTF-8."""
    return hashlib.sha256(name.encode()).hexdigest()


def legible(text: str) -> str:
    """Return a message so that every engine can hold it: NUL and half characters are written as escapes."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def origin_columns(origin: Origin) -> dict[str, Any]:
    """Return the columns that hold an origin. Raises: Invalid when its card is no id."""
    if origin.card_id is not None and not is_id(origin.card_id):
        raise Invalid("invalid-text", field="card")
    return {
        "card_id": origin.card_id,
        "device": origin.device,
        "wearer": origin.wearer,
        "name": origin.name,
        "name_sha256": name_digest(origin.name),
        "size": origin.size_bytes,
        "modified_at": text_or_none(origin.modified_at),
        "clock_offset_ms": origin.clock_offset_ms,
        "labels": json.dumps(dict(origin.labels), ensure_ascii=False, sort_keys=True),
    }


def origin_of(row: Any, labels: str | None = None) -> Origin:
    """Read an origin from a row; `labels` where the row's table has no such column."""
    return Origin(
        device=row.device,
        wearer=row.wearer,
        name=row.name,
        size_bytes=row.size,
        modified_at=time_or_none(row.modified_at),
        clock_offset_ms=row.clock_offset_ms,
        card_id=row.card_id,
        labels=json.loads(row.labels if labels is None else labels),
    )


def digests_of(row: Any) -> Digests | None:
    """Read the digest columns; None where they are not known yet."""
    return None if row.sha256 is None else Digests(row.sha256, row.sm3)


def stored_bytes(value: object) -> bytes:
    """Return the bytes of a column, whatever somebody has put there past us: SQLite takes any type."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return str(value).encode("utf-8", "surrogateescape")

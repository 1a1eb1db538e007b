"""Looking into a site past the program: the rows of its database, the objects of its vault, all its bytes.

Each function takes the site's folder and means the same on both forms (tests/forms.py). What it costs on the
embedded form is a file opened; nothing is kept open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from evidence.adapters.db.tables import metadata
from storage.bucket import Bucket, give_back
from storage.opening import bucket_address, open_vault
from tests import forms


@cache
def _engine(url: str) -> Engine:
    address = make_url(url)
    driver = {"postgresql": "postgresql+psycopg"}.get(address.drivername, address.drivername)
    return create_engine(address.set(drivername=driver), poolclass=NullPool)


@contextmanager
def connection(folder: Path) -> Iterator[Connection]:
    """Open a transaction of our own on a site's database; it is committed at the end."""
    with _engine(forms.database_url(folder)).begin() as opened:
        yield opened


def rows(folder: Path, sql: str, **values: object) -> list[tuple[Any, ...]]:
    """Ask a site's database; ":name" in the SQL stands for a value."""
    with connection(folder) as opened:
        return [tuple(row) for row in opened.execute(text(sql), values)]


def records(folder: Path, sql: str, **values: object) -> list[dict[str, Any]]:
    """Ask a site's database; each row by the names of its columns."""
    with connection(folder) as opened:
        return [dict(row) for row in opened.execute(text(sql), values).mappings()]


def count(folder: Path, sql: str, **values: object) -> int:
    """Return the one number that an SQL statement asks for."""
    ((number,),) = rows(folder, sql, **values)
    return int(number or 0)


def change(folder: Path, sql: str, **values: object) -> int:
    """Change a site's database as whoever administers it can; return the number of rows."""
    with connection(folder) as opened:
        return opened.execute(text(sql), values).rowcount


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the program's tables."""
    with connection(folder) as opened:
        return {
            name: [tuple(row) for row in opened.execute(text(f'SELECT * FROM "{name}" ORDER BY 1'))]
            for name in metadata.tables
        }


@cache
def bucket(url: str) -> Bucket:
    """Return the bucket of a vault's URL."""
    return Bucket(bucket_address(url))


def objects(folder: Path) -> dict[str, bytes]:
    """Return everything in a site's vault with its bytes: the files of a folder; in a bucket each version of
    each key, and what hides one.
    """
    if not forms.is_grown(folder):
        return files(folder / "vault")
    held, found = bucket(forms.vault_url(folder)), {}
    for one in held.versions(""):
        answer = None if one.is_marker else held.get(one.key, one.id)
        found[f"{one.key}?{one.id}"] = answer.read() if answer else b"hidden"
        if answer:
            give_back(answer)
    return found


def sealed(folder: Path, key: str) -> bytes:
    """Return the bytes of a sealed object."""
    with open_vault(forms.vault_url(folder)).open(key) as file:
        return file.read()


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def written(folder: Path) -> dict[str, bytes]:
    """Return all that a site has written anywhere: its files, its rows, its objects."""
    found = files(folder)
    if forms.is_grown(folder):
        found |= {f"table {name}": repr(held).encode() for name, held in tables(folder).items()}
        found |= {f"object {name}": body for name, body in objects(folder).items()}
    return found

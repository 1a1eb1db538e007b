"""Where a site lies, and what its database says, read without the product."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ground:
    """Where a site lies. database: its file, wherever the settings put it."""

    data: Path
    database: Path

    @property
    def staging(self) -> Path:
        """The folder of unfinished uploads."""
        return self.data / "staging"

    def staged(self, upload: str) -> Path:
        """The staged file of an upload."""
        return self.staging / f"{upload}.part"

    def object(self, key: str) -> Path:
        """The file of an object in the vault."""
        return self.data / "vault" / key


@dataclass
class Rows:
    """The rows of the database, by table; complaint: what SQLite's own check says."""

    tables: dict[str, list[dict[str, Any]]]
    complaint: str

    @staticmethod
    def read(database: Path) -> Rows:
        """Read a copy: opening the original would repair the very state that is to be judged."""
        with tempfile.TemporaryDirectory(prefix="oracle-", dir=_scratch()) as room:
            for end in ("", "-wal"):
                if (source := database.with_name(database.name + end)).exists():
                    shutil.copyfile(source, Path(room) / f"db{end}")
            with closing(sqlite3.connect(Path(room) / "db")) as reader:
                reader.row_factory = sqlite3.Row
                complaint = reader.execute("pragma integrity_check").fetchone()[0]
                names = ("upload", "recording", "job", "audit_entry", "audit_about", "claim", "announced")
                tables = {
                    name: [dict(row) for row in reader.execute(f"select * from {name}")] for name in names
                }
        return Rows(tables, complaint)


def _scratch() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def settle(database: Path) -> None:
    """Bring what still stands in the write-ahead log into the file of a database that nobody has open."""
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("pragma wal_checkpoint(truncate)")

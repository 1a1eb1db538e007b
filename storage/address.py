"""Where a bucket is and who we are there: read from a setting, without loading any SDK.

Not here: how the text of the setting is read (storage/opening.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where a bucket is and who we are there. ca_file: the authority that signed the server's certificate,
    None for the system's own list."""

    host: str  # "name:port"
    bucket: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"
    ca_file: Path | None = None

    def __repr__(self) -> str:
        """Leave the secret out: addresses get into error texts."""
        return f"Address(s3://{self.access_key}@{self.host}/{self.bucket})"

"""In which order a list is asked for: by one of the keys that the list knows, up or down."""

from __future__ import annotations

from typing import NamedTuple


class Listing(NamedTuple):
    """key "": as the list is by itself."""

    key: str = ""
    is_down: bool = False

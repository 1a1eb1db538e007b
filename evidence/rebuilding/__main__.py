"""A helper of a rebuild: looks into the parts of a vault that stand on standard input (manifests.py)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from evidence.rebuilding.manifests import few_collections, look_into


def main() -> None:
    """Look into each part."""
    said = json.load(sys.stdin)
    with few_collections():
        for part in said["parts"]:
            look_into(said["url"], Path(said["keys"]), Path(said["scratch"]), part)


if __name__ == "__main__":
    os.nice(10)  # the process that waits for us has the longer way, and comes first
    main()

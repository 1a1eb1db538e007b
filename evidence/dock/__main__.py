"""`python -m evidence.dock`: the agent on its own, where only this folder and floor 0 are installed."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from evidence.dock.agent import MOST_PARALLEL, Order
from evidence.dock.journal import default_folder
from evidence.dock.terminal import (
    HELP,
    PATIENCE_S,
    Lines,
    labels,
    milliseconds,
    patience,
    run,
)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, dock the card, return the exit code."""
    given = _parser().parse_args(arguments)
    lines = Lines(sys.stderr, quiet=given.json)

    def order() -> Order:
        return Order(
            folder=given.folder,
            url=given.url,
            token=given.token,
            device=given.device,
            wearer=given.wearer,
            state=given.state,
            clock_offset_ms=milliseconds(given.clock_offset),
            clock_offset_confirmed=given.clock_offset_confirmed,
            labels=labels(given.case, given.party, given.commander),
            parallel=given.parallel,
            key=given.key,
            patience=patience(given.patience),
        )

    return run(order, lines, lines.line, as_json=given.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("evidence.dock", description=__doc__)
    parser.add_argument("folder", type=Path, help=HELP["folder"])
    parser.add_argument("--url", required=True, help=HELP["url"])
    parser.add_argument("--token", default=os.environ.get("EVIDENCE_TOKEN", ""), help=HELP["token"])
    parser.add_argument("--device", required=True, help=HELP["device"])
    parser.add_argument("--wearer", required=True, help=HELP["wearer"])
    parser.add_argument("--clock-offset", type=float, default=None, help=HELP["clock-offset"])
    parser.add_argument("--clock-offset-confirmed", action="store_true", help=HELP["clock-offset-confirmed"])
    parser.add_argument("--case", help=HELP["case"])
    parser.add_argument("--party", help=HELP["party"])
    parser.add_argument("--commander", help=HELP["commander"])
    parser.add_argument("--json", action="store_true", help=HELP["json"])
    parser.add_argument("--state", type=Path, default=default_folder(), help=HELP["state"])
    parser.add_argument(
        "--parallel", type=int, choices=range(1, MOST_PARALLEL + 1), default=2, help=HELP["parallel"]
    )
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help=HELP["patience"])
    parser.add_argument("--key", help=HELP["key"])
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`./dev.sh bench ingest|examine|engines|ledger|rebuild|reports|package|pages|load|growth`."""

from __future__ import annotations

import sys

from tests.bench import engines, examine, growth, ingest, ledger, package, pages, rebuild, reports
from tests.bench.load import main as load

BENCHES = {
    "ingest": ingest.main,
    "examine": examine.main,
    "engines": engines.main,
    "ledger": ledger.main,
    "rebuild": rebuild.main,
    "reports": reports.main,
    "package": package.main,
    "pages": pages.main,
    "load": load.main,
    "growth": growth.main,
}

if len(sys.argv) < 2 or sys.argv[1] not in BENCHES:
    print(f"usage: ./dev.sh bench {'|'.join(BENCHES)}", file=sys.stderr)
    sys.exit(2)
sys.exit(BENCHES[sys.argv[1]](sys.argv[2:]))

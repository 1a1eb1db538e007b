"""The parsers behind one door: index reading, deep decoding, and facts as text. All of it runs in the
sandbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evidence.adapters.deep import examine_deep
from evidence.adapters.probing import facts_from_text, facts_to_text, probe
from evidence.domain.findings import Finding
from evidence.domain.media import MediaFacts
from evidence.domain.pictures import judge_deep
from evidence.policy.rules import Pack


class SandboxedProber:
    """See service.ports.Prober."""

    def probe(self, path: Path, name: str, modified_at: datetime | None = None) -> MediaFacts:
        """Return what the file's index says; never raises for bad media."""
        return probe(path, name, modified_at)

    def write(self, facts: MediaFacts) -> str:
        """Write facts as JSON text."""
        return facts_to_text(facts)

    def read(self, text: str) -> MediaFacts:
        """Read facts that `write` wrote."""
        return facts_from_text(text)

    def examine_deep(self, path: Path, facts: MediaFacts, pack: Pack) -> Sequence[Finding]:
        """Decode the whole file and return what was found."""
        return judge_deep(examine_deep(path, facts), facts, pack)

"""What the law bars auxiliary personnel from: the pack in force, for most acts the union of all documents.

The documents differ (duties.md, "Conflicts between the five documents"). An auxiliary can never do what any
of them forbids about recordings; only who may take evidence is left to the agency's own pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from evidence.policy.rules import Act, Citation, Pack

LEFT_TO_THE_PACK = frozenset({Act.TAKE_EVIDENCE, Act.TAKE_EVIDENCE_ALONE, Act.SIGN_FOR_OFFICER})


@cache
def bars_of(pack: Pack, strictest: Pack) -> Mapping[Act, tuple[Citation, ...]]:
    """Return the acts that are barred, each with its articles: those of the pack, else those of the union."""
    found = {}
    for act in Act:
        cites = pack.barred(act) or (() if act in LEFT_TO_THE_PACK else strictest.barred(act))
        if cites:
            found[act] = cites
    return found


def secrecy_of(pack: Pack, strictest: Pack) -> tuple[Citation, ...]:
    """Return the articles by which secrets are kept under the law of secrecy and not here."""
    return pack.secrecy_cites or strictest.secrecy_cites


def may_assist_evidence(pack: Pack) -> bool:
    """Tell whether auxiliary personnel may help to take evidence under an officer's command.

    The documents differ: Lanzhou art. 9(3) bars it altogether, the others allow it with an officer.
    """
    return not pack.barred(Act.TAKE_EVIDENCE)

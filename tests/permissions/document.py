"""docs/permissions.md, made of the reviewed table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evidence.domain.rights import Action, Kind, Role
from tests.permissions.reading import COMMANDS, JOBS, ROUTES, TABLE, Row

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
_SHORT = {
    Role.FIELD_OFFICER: "officer",
    Role.AUXILIARY: "auxiliary",
    Role.CUSTODIAN: "custodian",
    Role.UNIT_HEAD: "unit head",
    Role.AGENCY_HEAD: "agency head",
    Role.AUDITOR: "auditor",
    Role.SYSTEM_ADMINISTRATOR: "system",
    Role.SECURITY_ADMINISTRATOR: "security",
    Role.AUDIT_ADMINISTRATOR: "audit",
}
_NOTES = {
    "purpose": "for a purpose",
    "not-involved": "not if involved in a serious event or complained of",
    "not-own": "not of one's own, or commanded",
    "no-transfer": "not under transfer",
    "no-hold": "not on hold",
    "any-class": "restricted ones too",
}
_HEAD = """\
# Permissions

Made of the reviewed table `tests/permissions/table.toml` by `python -m tests.permissions --write`; do not
edit it here. Tests hold the policy, every route and this page against that table.

* **unit**: about everything of the unit where the role was granted, and below. **own**: about what one has
  recorded oneself. What is not said is not allowed; what is not granted does not exist for one (404).
* **case**: members can be given it for the recordings of a case. **emergency**: one recording, opened for a
  while by somebody else. **token**: tokens of other systems can be made for it; never restricted ones.
* **barred**: what the law bars auxiliaries (行政执法辅助人员) from, whatever roles or cases they have.
* Restricted recordings (privacy, minors, commercial secrets) exist only for those on their list of readers,
  and never for auxiliaries.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_actions(), "", *_routes(), "", *_others(), ""])


def _actions() -> Iterator[str]:
    roles = list(Role)
    yield "## Actions and roles\n"
    yield "| action | " + " | ".join(_SHORT[role] for role in roles) + " | also | barred | limits |"
    yield "|---" * (len(roles) + 4) + "|"
    for action in Action:
        row = TABLE[action]
        cells = [" ".join(_where(row, role)) for role in roles]
        also = [word for word in ("case", "emergency", "token") if word in row.rules]
        also += [kind.value for kind in Kind if kind in row.accounts]
        limits = [text for rule, text in _NOTES.items() if rule in row.rules]
        yield (
            "| "
            + " | ".join(
                [
                    f"`{action.value}`",
                    *cells,
                    ", ".join(also),
                    row.bar.value if row.bar else "",
                    "; ".join(limits),
                ]
            )
            + " |"
        )


def _where(row: Row, role: Role) -> Iterator[str]:
    if role in row.unit:
        yield "unit"
    if role in row.own:
        yield "own"


def _routes() -> Iterator[str]:
    yield "## Routes\n"
    yield "| route | action |"
    yield "|---|---|"
    for route, action in sorted(ROUTES.items(), key=lambda pair: pair[0].split()[::-1]):
        yield f"| `{re.sub(r'{[a-z_]+}', '<id>', route)}` | `{action.value}` |"


def _others() -> Iterator[str]:
    yield "## Commands and jobs\n"
    operators = [f"`{name}`" for name, who in sorted(COMMANDS.items()) if who == "operator"]
    free = [f"`{name}`" for name, who in sorted(COMMANDS.items()) if who == "anyone"]
    yield f"Commands on a site are the operator's, who can read its data folder: {', '.join(operators)}."
    yield f"Without a site, for anyone: {', '.join(free)}."
    yield f"Jobs, which only the service itself makes: {', '.join(f'`{job}`' for job in JOBS)}."

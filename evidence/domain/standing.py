"""The standing of a recording: what the policy of access asks about it. Values only.

Which unit answers for it, who wore the recorder, its class and who needs to know, what bars it now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.domain.people import WHOLE


class Classification(StrEnum):
    """How far a recording is to be kept from sight. State secrets do not belong in this system at all."""

    ORDINARY = "ordinary"  # 一般
    PRIVACY = "privacy"  # 个人隐私
    MINORS = "minors"  # 涉未成年人
    COMMERCIAL_SECRET = "commercial-secret"  # noqa: S105 (a class: 商业秘密)

    @property
    def is_restricted(self) -> bool:
        """Whether only those on the list of readers may know of it."""
        return self is not Classification.ORDINARY


STATE_SECRET = "state-secret"  # noqa: S105 - no class of ours: such footage does not belong here


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a recording belongs: which unit answers for it, who wore the recorder, under whose command; None
    where nobody knows.
    """

    recording_id: str
    unit_id: str | None
    person_id: str | None
    commander_id: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the policy needs to know about one recording, at one moment.

    unit_path: of the unit that answers for it, WHOLE where nobody knows. person_id: the wearer, if on the
    roll. commander_id: the officer under whom they did, where the dock named one. readers: who may know of it
    while it is restricted. case_rights: the actions (their values) that members of its cases were given.
    involved: who took part in a serious event that it shows. complained: about whom a complaint is open that
    it is held for.
    """

    recording_id: str
    unit_path: str = WHOLE
    person_id: str | None = None
    commander_id: str | None = None
    classification: Classification = Classification.ORDINARY
    readers: frozenset[str] = frozenset()
    case_rights: Mapping[str, frozenset[str]] = field(default_factory=dict)
    involved: frozenset[str] = frozenset()
    complained: frozenset[str] = frozenset()
    on_hold: bool = False
    under_transfer: bool = False

    def is_by(self, person_id: str) -> bool:
        """Tell whether somebody made this recording: wore the recorder, or commanded who did."""
        return person_id in (self.person_id, self.commander_id)

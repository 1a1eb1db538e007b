"""The desks that watch over access, in one: grants, classes, events, emergencies, views, denials."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.oversight.classes import Classes
from evidence.service.oversight.denials import Denials
from evidence.service.oversight.emergencies import Emergencies
from evidence.service.oversight.serious import SeriousEvents
from evidence.service.oversight.views import Views
from evidence.service.people.grants import Grants
from evidence.service.site import Site


@dataclass(frozen=True)
class Oversight:
    """All of them, over one site."""

    site: Site

    @property
    def grants(self) -> Grants:
        """Roles."""
        return Grants(self.site)

    @property
    def emergencies(self) -> Emergencies:
        """Emergencies."""
        return Emergencies(self.site)

    @property
    def classes(self) -> Classes:
        """Classes and readers."""
        return Classes(self.site)

    @property
    def serious(self) -> SeriousEvents:
        """Serious events."""
        return SeriousEvents(self.site)

    @property
    def views(self) -> Views:
        """Who looked."""
        return Views(self.site)

    @property
    def denials(self) -> Denials:
        """Denied tries, notices."""
        return Denials(self.site)

"""Which units provide footage to procuratorates and courts (相关职能科室, Dazhe 2020 art. 14)."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.domain.access import Caller
from evidence.domain.audit import Act, Entry
from evidence.domain.rights import Action
from evidence.errors import Conflict
from evidence.service.gate import admits
from evidence.service.people.roll_scope import admit_to_unit
from evidence.service.site import Site


@dataclass(frozen=True)
class TransferUnits:
    """The desk that names them."""

    site: Site

    @admits(Action.MANAGE_UNITS)
    def name(self, caller: Caller, unit_id: str, *, ends: bool = False) -> None:
        """Note that a unit provides the footage of what lies beside and below it to procuratorates and
        courts; ends: no more.

        Raises: NotFound("unit-not-found"), Conflict("unit-closed", "not-a-transfer-unit").
        """
        mine, now = admit_to_unit(self.site, caller, Action.MANAGE_UNITS, unit_id), self.site.clock.now()
        with self.site.database.writing() as unit:
            act = unit.transfer_units.end if ends else unit.transfer_units.name
            if act(mine.id, caller.id, now):
                said = Act.TRANSFER_UNIT_END if ends else Act.TRANSFER_UNIT_NAME
                unit.log.append(Entry(said, caller.id, (("unit", mine.id),)), now)
            elif ends:
                raise Conflict("not-a-transfer-unit", unit=mine.id)

"""The court desk: all desks about footage on its way out, made for one site."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.court.export_building import ExportBuilding
from evidence.service.court.export_desk import ExportDesk
from evidence.service.court.export_ports import Derivatives, Papers, Shelf
from evidence.service.court.exports import Exports
from evidence.service.court.handing_over import HandingOver
from evidence.service.court.media_register import MediaRegister
from evidence.service.court.proofs_for_export import ExportProofs
from evidence.service.court.sharing import Sharing
from evidence.service.court.taking_out import TakingOut
from evidence.service.court.transfer_units import TransferUnits
from evidence.service.court.withdrawing import Withdrawing
from evidence.service.site import Site


@dataclass(frozen=True)
class Court:
    """The desks."""

    exports: Exports
    transfer_units: TransferUnits
    building: ExportBuilding
    handing_over: HandingOver
    papers: Papers
    media: MediaRegister
    sharing: Sharing
    desk: ExportDesk
    taking_out: TakingOut
    withdrawing: Withdrawing


def court_of(
    site: Site, derivatives: Derivatives, shelf: Shelf, papers: Papers, proofs: ExportProofs
) -> Court:
    """Make the desks."""
    return Court(
        Exports(site, derivatives),
        TransferUnits(site),
        ExportBuilding(site, derivatives, shelf, papers, proofs),
        HandingOver(site, shelf),
        papers,
        MediaRegister(site),
        Sharing(site, derivatives),
        ExportDesk(site, derivatives),
        TakingOut(site, shelf, papers),
        Withdrawing(site),
    )

"""The court desk: all desks about footage on its way out, made for one site."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.export_ports import Derivatives
from evidence.service.exports import Exports
from evidence.service.site import Site
from evidence.service.transfer_units import TransferUnits


@dataclass(frozen=True)
class Court:
    """The desks."""

    exports: Exports
    transfer_units: TransferUnits


def court_of(site: Site, derivatives: Derivatives) -> Court:
    """Make the desks."""
    return Court(Exports(site, derivatives), TransferUnits(site))

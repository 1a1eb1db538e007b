"""The desks about recording devices, in one: the register, hands they are in, what there is to see."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.devices.device_custody import DeviceCustody
from evidence.service.devices.device_register import DeviceRegister
from evidence.service.devices.device_reports import DeviceReports
from evidence.service.site import Site


@dataclass(frozen=True)
class Equipment:
    """All of them, over one site."""

    site: Site

    @property
    def register(self) -> DeviceRegister:
        """The register."""
        return DeviceRegister(self.site)

    @property
    def custody(self) -> DeviceCustody:
        """Checks, issue and return, faults."""
        return DeviceCustody(self.site)

    @property
    def reports(self) -> DeviceReports:
        """Lists."""
        return DeviceReports(self.site)

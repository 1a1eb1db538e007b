"""A room with devices: a custodian and officers of a unit, a device there; and the desks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from evidence.adapters.packs import load_pack
from evidence.domain.access import Caller
from evidence.domain.recordings import Origin
from evidence.domain.rights import Role
from evidence.service.devices.device_custody import DeviceCustody
from evidence.service.devices.device_register import DeviceRegister
from evidence.service.devices.device_reports import DeviceReports
from evidence.service.people.leaving import Leaving
from tests.builders import an_origin
from tests.people_room import OPERATOR, Room

SERIAL = "DSJX9A00123"


@dataclass
class DeviceRoom(Room):
    """The desks are made anew for each use, so that another pack is seen at once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.custodian = self.new(Role.CUSTODIAN, number="0008")
        self.officer = self.new(Role.FIELD_OFFICER, number="0001")
        self.second = self.new(Role.FIELD_OFFICER, number="0002")
        self.register.add(self.custodian, SERIAL, "body-camera", self.unit.id)

    @property
    def register(self) -> DeviceRegister:
        """The desk for the register."""
        return DeviceRegister(self.site)

    @property
    def custody(self) -> DeviceCustody:
        """The desk for issue and return."""
        return DeviceCustody(self.site)

    @property
    def reports(self) -> DeviceReports:
        """The desk for lists."""
        return DeviceReports(self.site)

    @property
    def leaving(self) -> Leaving:
        """The desk for off-boarding."""
        return Leaving(self.site)

    def under(self, pack: str) -> None:
        """Let another pack be in force."""
        self.small.site = replace(self.small.site, policies=load_pack(pack))

    def check(self, serial: str = SERIAL, battery: int = 100, free: int = 100, offset_ms: int = 0) -> None:
        """Check a device, in order if nothing else is said."""
        self.custody.check(self.custodian, serial, battery, free, offset_ms)

    def issue(self, number: str = "0001", serial: str = SERIAL) -> None:
        """Check a device and hand it out."""
        self.check(serial)
        self.custody.issue(self.custodian, serial, number)

    def dock(self, *names: str, serial: str = SERIAL, wearer: str = "0001", **card: Any) -> list[Origin]:
        """Let a dock tell a card's list."""
        about = an_origin("-", size_bytes=0, device=serial, wearer=wearer, **card)
        files = [an_origin(name, size_bytes=4, device=serial, wearer=wearer, **card) for name in names]
        self.small.cards.announce(self.small.dock, about, files, offset_confirmed=True)
        return files

    def bring_in(self, origin: Origin) -> None:
        """Send a file and have it sealed."""
        self.small.send(origin, b"sent")
        self.small.do_jobs()

    def listed(self, caller: Caller = OPERATOR, serial: str = SERIAL) -> Any:
        """Return a device's line of the list."""
        (one,) = [one for one in self.reports.all(caller) if one.device.serial == serial]
        return one

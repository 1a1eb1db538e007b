"""A room with recordings that browsers cannot play, and the desk for what is made from them."""

from __future__ import annotations

from pathlib import Path

from evidence.domain.derivatives import Derivative
from evidence.domain.ids import new_id
from evidence.service.court.derivatives import Derivatives
from evidence.service.jobs import JobName
from tests.builders import SmallSite, an_origin
from tests.clips import clip
from tests.keeping_room import LABELS, KeepingRoom
from tests.people_room import OPERATOR


class DerivativeRoom(KeepingRoom):
    """The room, and its officer as a caller."""

    def __init__(self, folder: Path | SmallSite) -> None:
        super().__init__(folder)
        self.wearer = self.caller(self.officer)

    @property
    def desk(self) -> Derivatives:
        """The desk for derivatives."""
        return Derivatives(self.site)

    def film(self, kind: str = "avi", body: bytes | None = None, *, is_derived: bool = True) -> str:
        """Seal a clip of the officer; do all jobs, those that make derivatives only where that is asked."""
        body = clip(kind) if body is None else body
        named = {"wearer": self.wearer.name, "size_bytes": len(body), "labels": LABELS}
        upload = self.small.send(an_origin(f"{new_id()}.{kind}", **named), body)
        jobs = [one for one in JobName if is_derived or one is not JobName.DERIVE]
        while self.small.work.do_next("tester", jobs):
            pass
        return upload.id

    def made(self, recording: str) -> list[Derivative]:
        """Return all derivatives of a recording."""
        return list(self.desk.of(OPERATOR, recording).derivatives)

    def proxy(self, recording: str) -> Derivative:
        """Return the only derivative of a recording."""
        (one,) = self.made(recording)
        return one

    def bytes_of(self, one: Derivative) -> bytes:
        """Return what lies in the vault."""
        assert one.output is not None
        with self.small.vault.open(one.output.key) as file:
            return file.read()

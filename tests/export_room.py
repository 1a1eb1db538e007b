"""A room for footage on its way out: a case with recordings, who asks, who decides, who hands over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evidence.adapters.export_shelf import ExportShelf
from evidence.adapters.packing.building import Packing
from evidence.adapters.packs import load_pack
from evidence.adapters.printing import TypstPress
from evidence.documents.court import CourtPapers
from evidence.domain.access import Caller
from evidence.domain.exports import Export, Ground, Medium, Said, Way
from evidence.domain.people import PersonType
from evidence.domain.rights import Role
from evidence.domain.standing import Classification
from evidence.service.court.court import Court, court_of
from evidence.service.court.export_ports import MadeDerivatives
from evidence.service.court.exports import Wish
from evidence.service.court.proofs_for_export import ExportProofs
from evidence.service.oversight.classes import Classes
from tests.keeping_room import KeepingRoom
from tests.log_room import LogRoom
from tests.people_room import OPERATOR

COURT = Said("某区人民法院", "行政诉讼举证", "（2026）某行初1号举证通知书")
PARTY = Said("李四", "查阅执法过程", "2026年11月1日书面申请", "李四", "被处罚人", "身份证原件核验")
OUTSIDE = Said("某电视台", "普法宣传", "某函〔2026〕1号")


class ExportRoom(KeepingRoom):
    """The room. legal: the unit that hands over to courts, with its clerk and a second officer."""

    def __init__(self, folder: Path, policy: str | None = None) -> None:
        self.logs, self.folder = LogRoom(folder, embedded=True), folder
        super().__init__(self.logs.small)
        if policy is not None:
            self.use(policies=load_pack(policy))
        self.agency_head = self.new(Role.AGENCY_HEAD, where=self.agency)
        self.legal = self.add_unit("legal", self.agency)
        self.clerk = self.new(Role.CUSTODIAN, where=self.legal)
        self.second = self.new(Role.CUSTODIAN, where=self.legal)
        self.auxiliary = self.new(Role.CUSTODIAN, Role.AGENCY_HEAD, type_=PersonType.AUXILIARY)
        self.case_id = self.case()
        self.one, self.two = (self.linked() for _ in range(2))

    @property
    def court(self) -> Court:
        """The desks."""
        proofs = ExportProofs(self.site, self.logs.publishing.publish)
        return court_of(self.site, MadeDerivatives(), self.shelf, CourtPapers(TypstPress()), proofs)

    @property
    def shelf(self) -> ExportShelf:
        """Where packages lie."""
        return ExportShelf(self.folder / "exports", Packing(self.folder / "exports"))

    def build(self, export: str) -> Export:
        """Have an export built, as a worker does."""
        self.court.building.build(export)
        return self.export(export)

    def written(self, export: str, who: Caller | None = None) -> str:
        """Note each medium of a package as written and read back; return the export."""
        built = self.export(export).built
        for one in built.volumes if built else ():
            note = self.court.handing_over.note_written
            note(who or self.clerk, export, one.number, f"SN-{one.number}", one.sha256)
        return export

    def hand_over(self, export: str, who: Caller | None = None) -> Export:
        """Have a package written, read back and handed over by the legal unit."""
        who = who or self.clerk
        self.written(export, who)
        return self.court.handing_over.hand_over(who, export, self.second.name, "王法官")

    def approved(self, way: Way = Way.TRANSFER, *recordings: str, **more: object) -> str:
        """Have an export asked for and approved."""
        return self.approve(self.asked(way, *recordings, **more))

    def designate(self) -> None:
        """Name the legal unit to hand over to courts."""
        self.court.transfer_units.name(OPERATOR, self.legal.id)

    def linked(self) -> str:
        """Seal a recording of the case."""
        recording = self.sealed()
        self.cases.link(self.head, self.case_id, recording)
        return recording

    def restrict(self, recording: str, class_: Classification, *readers: Caller) -> None:
        """Give a recording a class that only these may know of."""
        desk = Classes(self.site)
        desk.classify(self.custodian, recording, class_, "涉密")
        for reader in readers:
            desk.name_reader(OPERATOR, recording, reader.id, self.later(days=30))

    def wish(self, way: Way = Way.TRANSFER, *recordings: str, **more: object) -> Wish:
        """What is asked for: all of the case, if nothing else is said."""
        said = {Way.TRANSFER: COURT, Way.PARTY_COPY: PARTY, Way.SUPPLY: OUTSIDE}[way]
        told = {"said": said, "medium": Medium.FOLDER, "case_id": self.case_id, **more}
        return Wish(way, recordings or (self.one, self.two), **told)  # type: ignore[arg-type]

    def asked(self, way: Way = Way.TRANSFER, *recordings: str, **more: object) -> str:
        """Have the custodian ask; return the id."""
        return self.court.exports.ask(self.custodian, self.wish(way, *recordings, **more)).export.id

    def approve(self, export: str, refused: Mapping[str, Ground] | None = None) -> str:
        """Have the head of the agency approve it."""
        how = {"reason": "同意", "secrecy": "经审查不涉密"}
        self.court.exports.decide(self.agency_head, export, is_approved=True, refused=refused, **how)
        return export

    def export(self, export: str) -> Export:
        """Return an export as it stands."""
        with self.small.database.reading() as unit:
            found = unit.exports.get(export)
        assert found is not None
        return found

"""The desks of a site that need nothing but the site: one field each, made as its type says."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, get_type_hints

from evidence.service.backups import Backups
from evidence.service.cases.act_documents import ActDocuments
from evidence.service.cases.case_filing import CaseFiling
from evidence.service.cases.case_pages import CasePages
from evidence.service.cases.cases import Cases
from evidence.service.cases.complaints import Complaints
from evidence.service.cases.marker_lists import MarkerLists
from evidence.service.cases.markers import Markers
from evidence.service.cases.matrix import Matrix
from evidence.service.cases.steps import Steps
from evidence.service.court.derivatives import Derivatives
from evidence.service.court.proposing import Proposing
from evidence.service.devices.equipment import Equipment
from evidence.service.examining.fixity import Fixity
from evidence.service.gaps.deadlines import Deadlines
from evidence.service.gaps.exemptions import Exemptions
from evidence.service.gaps.explanations import Explanations
from evidence.service.gaps.fault_files import FaultFiles
from evidence.service.gaps.own_gaps import OwnGaps
from evidence.service.gaps.own_shift import OwnShift
from evidence.service.gaps.reports import Reports
from evidence.service.gaps.reviewing import Reviewing
from evidence.service.gaps.supervision import Supervision
from evidence.service.gaps.trends import Trends
from evidence.service.intake.binding import Binding
from evidence.service.intake.cards import Cards
from evidence.service.intake.hand_docking import HandDocking
from evidence.service.keeping.disposals import Disposals
from evidence.service.keeping.held import HeldList
from evidence.service.keeping.holds import Holds
from evidence.service.keeping.keeping import Keeping
from evidence.service.keeping.pack_changes import PackChanges
from evidence.service.log.disclosing import Disclosing
from evidence.service.log.log_exploring import LogExploring
from evidence.service.log.log_tiles import LogTiles
from evidence.service.naming import Naming
from evidence.service.oversight.oversight import Oversight
from evidence.service.oversight.sampling import Sampling
from evidence.service.recordings.dossiers import Dossiers
from evidence.service.recordings.labelling import Labelling
from evidence.service.recordings.playing import Playing
from evidence.service.recordings.recordings import Recordings
from evidence.service.recordings.searching import Searching
from evidence.service.recordings.unlabelled import Unlabelled
from evidence.service.rules_in_force import RulesInForce
from evidence.service.sign_in.account_desk import AccountDesk
from evidence.service.sign_in.accounts import Accounts
from evidence.service.sign_in.links import Links
from evidence.service.sign_in.own_account import OwnAccount
from evidence.service.sign_in.sessions import Sessions
from evidence.service.sign_in.signing_in import SigningIn
from evidence.service.sign_in.tokens import Tokens
from evidence.service.site import Site


@dataclass(frozen=True)
class Desks:
    """Use cases over one site."""

    site: Site
    account_desk: AccountDesk = field(init=False)
    accounts: Accounts = field(init=False)
    act_documents: ActDocuments = field(init=False)
    backups: Backups = field(init=False)
    binding: Binding = field(init=False)
    cards: Cards = field(init=False)
    case_filing: CaseFiling = field(init=False)
    case_pages: CasePages = field(init=False)
    cases: Cases = field(init=False)
    complaints: Complaints = field(init=False)
    deadlines: Deadlines = field(init=False)
    derivatives: Derivatives = field(init=False)
    disclosing: Disclosing = field(init=False)
    disposals: Disposals = field(init=False)
    dossiers: Dossiers = field(init=False)
    equipment: Equipment = field(init=False)
    exemptions: Exemptions = field(init=False)
    explanations: Explanations = field(init=False)
    fault_files: FaultFiles = field(init=False)
    fixity: Fixity = field(init=False)
    hand_docking: HandDocking = field(init=False)
    held: HeldList = field(init=False)
    holds: Holds = field(init=False)
    keeping: Keeping = field(init=False)
    labelling: Labelling = field(init=False)
    links: Links = field(init=False)
    log_exploring: LogExploring = field(init=False)
    log_tiles: LogTiles = field(init=False)
    marker_lists: MarkerLists = field(init=False)
    markers: Markers = field(init=False)
    matrix: Matrix = field(init=False)
    naming: Naming = field(init=False)
    oversight: Oversight = field(init=False)
    own_account: OwnAccount = field(init=False)
    own_gaps: OwnGaps = field(init=False)
    own_shift: OwnShift = field(init=False)
    pack_changes: PackChanges = field(init=False)
    playing: Playing = field(init=False)
    proposing: Proposing = field(init=False)
    recordings: Recordings = field(init=False)
    reports: Reports = field(init=False)
    reviewing: Reviewing = field(init=False)
    rules_in_force: RulesInForce = field(init=False)
    sampling: Sampling = field(init=False)
    searching: Searching = field(init=False)
    sessions: Sessions = field(init=False)
    signing_in: SigningIn = field(init=False)
    steps: Steps = field(init=False)
    supervision: Supervision = field(init=False)
    tokens: Tokens = field(init=False)
    trends: Trends = field(init=False)
    unlabelled: Unlabelled = field(init=False)

    def __post_init__(self) -> None:
        kinds = _kinds()
        for one in fields(self):
            if not one.init:
                object.__setattr__(self, one.name, kinds[one.name](self.site))


@cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(Desks)

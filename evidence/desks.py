"""The desks of a site that need nothing but the site: one field each, made as its type says."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, get_type_hints

from evidence.service.account_desk import AccountDesk
from evidence.service.accounts import Accounts
from evidence.service.act_documents import ActDocuments
from evidence.service.backups import Backups
from evidence.service.binding import Binding
from evidence.service.cards import Cards
from evidence.service.case_filing import CaseFiling
from evidence.service.case_pages import CasePages
from evidence.service.cases import Cases
from evidence.service.complaints import Complaints
from evidence.service.deadlines import Deadlines
from evidence.service.derivatives import Derivatives
from evidence.service.disclosing import Disclosing
from evidence.service.disposals import Disposals
from evidence.service.dossiers import Dossiers
from evidence.service.equipment import Equipment
from evidence.service.exemptions import Exemptions
from evidence.service.explanations import Explanations
from evidence.service.fault_files import FaultFiles
from evidence.service.fixity import Fixity
from evidence.service.hand_docking import HandDocking
from evidence.service.held import HeldList
from evidence.service.holds import Holds
from evidence.service.keeping import Keeping
from evidence.service.labelling import Labelling
from evidence.service.links import Links
from evidence.service.log_exploring import LogExploring
from evidence.service.log_tiles import LogTiles
from evidence.service.marker_lists import MarkerLists
from evidence.service.markers import Markers
from evidence.service.matrix import Matrix
from evidence.service.naming import Naming
from evidence.service.oversight import Oversight
from evidence.service.own_account import OwnAccount
from evidence.service.own_gaps import OwnGaps
from evidence.service.own_shift import OwnShift
from evidence.service.pack_changes import PackChanges
from evidence.service.playing import Playing
from evidence.service.proposing import Proposing
from evidence.service.recordings import Recordings
from evidence.service.reports import Reports
from evidence.service.reviewing import Reviewing
from evidence.service.rules_in_force import RulesInForce
from evidence.service.sampling import Sampling
from evidence.service.searching import Searching
from evidence.service.sessions import Sessions
from evidence.service.signing_in import SigningIn
from evidence.service.site import Site
from evidence.service.steps import Steps
from evidence.service.supervision import Supervision
from evidence.service.tokens import Tokens
from evidence.service.trends import Trends
from evidence.service.unlabelled import Unlabelled


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

"""The organisation: all desks about units and people, joined over one site."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.cases.act_document_table import ActDocumentTable
from evidence.service.cases.activities import Activities
from evidence.service.people.leaving import Leaving
from evidence.service.people.people import People
from evidence.service.people.people_lists import PeopleLists
from evidence.service.people.people_sheets import Sheets
from evidence.service.people.personnel_files import PersonnelFiles
from evidence.service.people.roster import PublicTerms, Roster
from evidence.service.people.sheet_ports import SheetFiles
from evidence.service.people.units import Units
from evidence.service.site import Site


@dataclass(frozen=True)
class Organisation:
    """The desks. files: tables as files, for whoever writes one."""

    units: Units
    people: People
    lists: PeopleLists
    sheets: Sheets
    personnel: PersonnelFiles
    leaving: Leaving
    roster: Roster
    activities: Activities
    act_document_table: ActDocumentTable
    files: SheetFiles


def organisation_of(site: Site, files: SheetFiles, terms: PublicTerms) -> Organisation:
    """Join the desks of a site."""
    return Organisation(
        Units(site),
        People(site),
        PeopleLists(site),
        Sheets(site, files),
        PersonnelFiles(site),
        Leaving(site),
        Roster(site, terms),
        Activities(site, files),
        ActDocumentTable(site, files),
        files,
    )

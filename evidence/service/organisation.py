"""The organisation: all desks about units and people, joined over one site."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.service.act_document_table import ActDocumentTable
from evidence.service.activities import Activities
from evidence.service.leaving import Leaving
from evidence.service.people import People
from evidence.service.people_lists import PeopleLists
from evidence.service.people_sheets import Sheets
from evidence.service.personnel_files import PersonnelFiles
from evidence.service.roster import PublicTerms, Roster
from evidence.service.sheet_ports import SheetFiles
from evidence.service.site import Site
from evidence.service.units import Units


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

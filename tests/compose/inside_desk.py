"""Run in `admin`: the people of a court desk, their sessions, and a case of what has been docked.

How people are entered and how they sign in is tried elsewhere; here they are only to be there.
"""

import json
import os
from pathlib import Path

from evidence.bootstrap import Application, build
from evidence.domain.access import Caller
from evidence.domain.ids import new_id
from evidence.domain.people import Person, PersonType
from evidence.domain.rights import Kind, Role
from evidence.service.people.people_ports import StoredGrant
from evidence.service.sign_in.sessions import open_session
from evidence.service.sign_in.sign_in_ports import StoredSignIn

OPERATOR = Caller("operator", Kind.OPERATOR)


def hired(app: Application, number: str, *roles: Role) -> tuple[str, str]:
    """Enter somebody with roles over the agency; return token and second token of their session."""
    now = app.site.clock.now()
    with app.site.database.writing() as unit:
        (agency,) = unit.units.all()
        person = Person(new_id(), number, "某人", PersonType.OFFICER, agency.id)
        unit.people.add(person, now)
        unit.sign_ins.add(StoredSignIn(person.id, number, now))
        for role in roles:
            unit.grants.add(StoredGrant(new_id(), person.id, role, agency.id, "post", "operator", now))
        return open_session(unit, app.site, person.id, ("password", "totp"), "10.0.0.1")


def main() -> None:
    """Print what the journey goes on with."""
    app = build(Path(os.environ["EVIDENCE_DATA"]))
    desk = {
        "custodian": hired(app, "000101", Role.CUSTODIAN),
        "second": hired(app, "000102", Role.CUSTODIAN),
        "head": hired(app, "000103", Role.UNIT_HEAD, Role.AGENCY_HEAD),
    }
    with app.site.database.reading() as unit:
        (agency,) = unit.units.all()
    app.organisation.people.add(OPERATOR, "012345", PersonType.OFFICER, agency.id)  # who wore the recorder
    recordings = [one.recording.id for one in app.recordings.list(OPERATOR)]
    case = app.cases.open(OPERATOR, "杭综执〔2026〕7号", agency.id).id
    for one in recordings:
        app.cases.link(OPERATOR, case, one)
    app.court.transfer_units.name(OPERATOR, agency.id)
    print(json.dumps({**desk, "case": case, "recordings": recordings}))


main()

"""The terminal door: the `evidence` command. Exit codes: 0 done; 1 refused, or something was found wrong by a
command
that checks; 2 wrong usage or a wrong setting; 3 the machine cannot now, try again; 4 an integrity fault."""

from __future__ import annotations

import sys

import typer
from typer.exceptions import TyperException

from evidence.cli import lists, site
from evidence.cli.accounts import accounts
from evidence.cli.activities import app as activities_app
from evidence.cli.case_files import app as case_files_app
from evidence.cli.cases import app as cases_app
from evidence.cli.complaints import app as complaints_app
from evidence.cli.devices import app as devices_app
from evidence.cli.disposals import app as disposals_app
from evidence.cli.dock import dock, receipts
from evidence.cli.documents import app as documents_app
from evidence.cli.examine import examine
from evidence.cli.explanations import app as explanations_app
from evidence.cli.explanations import exemptions as exemptions_app
from evidence.cli.exports import app as exports_app
from evidence.cli.fault_files import app as faults_app
from evidence.cli.gaps import gaps
from evidence.cli.holds import app as holds_app
from evidence.cli.identities import app as identities_app
from evidence.cli.labels import app as labels_app
from evidence.cli.log import app as log_app
from evidence.cli.log import signer
from evidence.cli.markers import app as markers_app
from evidence.cli.matrix import app as matrix_app
from evidence.cli.media import app as media_app
from evidence.cli.move import move
from evidence.cli.oversight import grants, views
from evidence.cli.people import app as people_app
from evidence.cli.policy import app as policy_app
from evidence.cli.rebuild import rebuild
from evidence.cli.retention import app as retention_app
from evidence.cli.samples import app as samples_app
from evidence.cli.storage import app as storage_app
from evidence.cli.tokens import app as tokens_app
from evidence.cli.units import app as units_app
from evidence.cli.verify import verify
from evidence.cli.witness import app as witness_app
from evidence.cli.words import printable
from evidence.errors import EvidenceError, IntegrityFault, Invalid, Misconfigured, Unavailable
from evidence.locale import say
from storage.errors import Misconfigured as StoreMisconfigured
from storage.errors import StorageError, StoreUnavailable, UnknownAddress

app = typer.Typer(
    name="evidence",
    help="执法记录仪证据管理 / Body-camera evidence: from the recorder's card to the court.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(site.init)
app.command()(site.serve)
app.add_typer(accounts, name="accounts")
app.add_typer(site.docks, name="docks")
app.add_typer(tokens_app, name="tokens")
app.add_typer(identities_app, name="identities")
app.command()(dock)
app.command()(receipts)
app.command()(examine)
app.command()(lists.recordings)
app.command()(lists.findings)
app.command()(lists.deadlines)
app.command()(gaps)
app.add_typer(explanations_app, name="explanations")
app.add_typer(exemptions_app, name="exemptions")
app.add_typer(faults_app, name="faults")
app.command()(views)
app.add_typer(grants, name="grants")
app.command()(verify)
app.command()(move)
app.command()(rebuild)
app.command()(signer)
app.add_typer(exports_app, name="exports")
app.add_typer(holds_app, name="holds")
app.add_typer(retention_app, name="retention")
app.add_typer(disposals_app, name="disposals")
app.add_typer(cases_app, name="cases")
app.add_typer(case_files_app, name="case-files")
app.add_typer(complaints_app, name="complaints")
app.add_typer(devices_app, name="devices")
app.add_typer(matrix_app, name="matrix")
app.add_typer(documents_app, name="documents")
app.add_typer(samples_app, name="samples")
app.add_typer(labels_app, name="labels")
app.add_typer(markers_app, name="markers")
app.add_typer(media_app, name="media")
app.add_typer(activities_app, name="activities")
app.add_typer(log_app, name="log")
app.add_typer(units_app, name="units")
app.add_typer(people_app, name="people")
app.add_typer(policy_app, name="policy")
app.add_typer(storage_app, name="storage")
app.add_typer(witness_app, name="witness")


def exit_code(problem: EvidenceError | StorageError) -> int:
    """Return the exit code of an error."""
    if isinstance(problem, IntegrityFault):
        return 4
    if isinstance(problem, Invalid | Misconfigured | UnknownAddress | StoreMisconfigured):
        return 2
    if isinstance(problem, Unavailable | StoreUnavailable):
        return 3
    return 1


def main() -> None:
    """Run the command line; an error becomes a sentence in Chinese and English, and an exit code."""
    try:
        sys.exit(typer.main.get_command(app).main(standalone_mode=False) or 0)
    except typer.Abort:
        sys.exit(130)
    except TyperException as problem:  # usage: in the words of the library, which knows English only
        print(say("cli.usage"), file=sys.stderr)
        problem.show()  # type: ignore[attr-defined]  # typer shows them itself elsewhere
        sys.exit(2)
    except (EvidenceError, StorageError) as problem:
        print(say(f"error.{problem.code}", **problem.fields), file=sys.stderr)
        for field, value in problem.fields.items():
            print(f"  {field}: {printable(str(value))}", file=sys.stderr)
        sys.exit(exit_code(problem))
    except (
        OSError,
        ValueError,
    ) as problem:  # a folder that is a file, a key that cannot be read, a mistyped number
        print(f"{say('error.unavailable')}: {printable(str(problem))}", file=sys.stderr)
        sys.exit(3)

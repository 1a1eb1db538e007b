"""The dock at a terminal: one line per file for people, one JSON document for programs, one exit code.

Lines go to standard error, the JSON document to standard output. Names of files are data from a card: what
could steer a terminal is written as `\\xNN` or `\\uNNNN` before it is shown. Texts stand in evidence/locale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TextIO

from evidence.dock.agent import Order, dock_card
from evidence.dock.finding import Found, Listing
from evidence.dock.outcome import Outcome, Report, State, Watch, error_json
from evidence.dock.patience import Patience, stopped
from evidence.errors import EvidenceError, IntegrityFault, Invalid, Unavailable
from evidence.ledger.keys import VerifierKey
from evidence.locale import CHINESE, LANGUAGES, catalogue, say, text

PATIENCE_S = 600.0
WORTH_TELLING_S = 3.0  # of waits: the first ones are tenths of a second
_CONTRADICTED = (State.DAMAGED, State.DISPROVED)
SITE_CONTRADICTED = 5  # exit code: the site shows another past than this dock kept
STOPPED = 130  # what a shell says of a program ended by SIGINT
HELP = {
    "folder": "记录仪存储卡的目录，只读不写 / folder of the recorder's card; nothing is written to it",
    "url": "服务地址（https；仅本机可用 http） / address of the service (https; http on this machine only)",
    "token": "采集站令牌，最好用环境变量 EVIDENCE_TOKEN / the dock's token, better in EVIDENCE_TOKEN",
    "device": "记录仪编号 / serial of the recorder",
    "wearer": "佩戴人编号 / number of the person who wore it",
    "clock-offset": "应加到记录仪时钟上的秒数 / seconds to add to the recorder's clock to get true time",
    "clock-offset-confirmed": "时钟偏差虽大但已核对 / the clock offset is large and was checked",
    "case": "案件编号 / case number",
    "party": "当事人 / inspected party",
    "commander": "带队执法人员编号 / number of the commanding officer",
    "json": "输出一个 JSON 文档 / print one JSON document",
    "state": "采集站自己的状态目录，不可在卡上 / the dock's own state folder, never on the card",
    "parallel": "同时传送的文件数 / files sent at once",
    "patience": "无进展时继续重试的秒数 / seconds to go on trying without progress",
    "key": "服务的验证公钥，首次时固定 / verifier key of the service, pinned the first time",
}


class Lines:
    """Tells what happens in plain lines. quiet leaves out all but what somebody must act on."""

    def __init__(self, out: TextIO, *, quiet: bool = False) -> None:
        self._out, self._quiet = out, quiet

    def pinned(self, key: VerifierKey, origin: str) -> None:
        """Say which key is believed from now on, loudly when nobody vouched for it."""
        self.line(say(f"dock.pinned-{origin}", key=key.text()))

    def listed(self, listing: Listing) -> None:
        """Say what is on the card and what is not sent."""
        size = sum(found.size_bytes for found in listing.files)
        self._chat(say("dock.listed", files=len(listing.files), bytes=size))
        for skipped in listing.skipped:
            tell = self.line if skipped.is_loss else self._chat
            tell(say("dock.skipped", name=printable(skipped.name), reason=skipped.reason))

    def moved(self, found: Found, done_bytes: int) -> None:
        """Nothing: a line per file is enough."""

    def waits(self, found: Found | None, problem: EvidenceError, seconds: float) -> None:
        """Say that something is tried again; of a file once the wait is worth a look, for a restart of the
        service would fill the screen else."""
        if found is not None and seconds < WORTH_TELLING_S:
            return
        name = printable(found.name) if found else None
        key = "dock.waits" if found else "dock.waits-first"
        self._chat(_told(problem, key, name=name, seconds=f"{seconds:.1f}"))

    def sealing(self, files: int, seconds: float) -> None:
        """Say that receipts are waited for."""
        self._chat(say("dock.sealing", files=files, seconds=round(seconds)))

    def settled(self, outcome: Outcome) -> None:
        """Say what became of a file."""
        name, size = printable(outcome.found.name), outcome.found.size_bytes
        if outcome.error is not None:
            key = "dock.failed" if outcome.state is State.FAILED else "dock.sealed-but-disproved"
            self.line(_told(outcome.error, key, name=name))
        elif outcome.state is State.DAMAGED:
            self.line(say("dock.sealed-but-damaged", name=name, check=printable(str(outcome.check))))
        else:
            self._chat(say(f"dock.{outcome.state}", name=name, bytes=size, recording=outcome.recording))

    def line(self, text: str) -> None:
        """Write one line, whole, so that threads do not mix theirs."""
        self._out.write(text + "\n")
        self._out.flush()

    def _chat(self, text: str) -> None:
        if not self._quiet:
            self.line(text)


def run(order: Callable[[], Order], watch: Watch, tell: Callable[[str], None], *, as_json: bool) -> int:
    """Dock a card; return 0 when every file has a checked receipt, 4 when a sealed original is known to be
    damaged, the log does not hold what a receipt says, of this card or an earlier one, or a half-sent file is
    not on the card any more, else 1 (STOPPED at Ctrl-C, the code of the error when the docking did not
    begin); SITE_CONTRADICTED before all these.

    order is called here, so that a bad order is reported like any other error.
    """
    try:
        report = dock_card(order(), watch)
    except EvidenceError as problem:
        tell(explain(problem))
        if as_json:
            _print_json(_refusal(problem))
        return exit_code(problem)
    except KeyboardInterrupt:
        tell(explain(stopped()))
        if as_json:
            _print_json(_refusal(stopped()))
        return STOPPED
    if report.not_stored:
        tell(_in_vain(report))
    for line in (*_about_proofs(report), *_about_log(report), *_warnings(report)):
        tell(line)
    tell(_summary(report))
    if as_json:
        _print_json(report.as_json())
    if report.is_contradicted:
        return SITE_CONTRADICTED
    contradicted = any(outcome.state in _CONTRADICTED for outcome in report.files)
    if contradicted or report.earlier.disproved or report.gone:
        return 4
    return 0 if report.is_complete else 1


def exit_code(problem: EvidenceError) -> int:
    """Return the exit code of an error, the same as the `evidence` command's."""
    if isinstance(problem, IntegrityFault):
        return 4
    if isinstance(problem, Unavailable):
        return 3
    return 2 if isinstance(problem, Invalid) else 1


def milliseconds(seconds: float | None) -> int | None:
    """Return whole milliseconds, None where nobody measured. Raises: Invalid for what is no length."""
    if seconds is None:
        return None
    try:
        return round(seconds * 1000)
    except (ValueError, OverflowError):
        raise Invalid("invalid-clock-offset", seconds=str(seconds)) from None


def patience(seconds: float) -> Patience:
    """Return the patience a person at the dock has: 0 < seconds. Raises: Invalid."""
    if not 0 < seconds < 1e9:
        raise Invalid("invalid-patience", seconds=str(seconds))
    usual = Patience()
    contact_s, proof_s = min(seconds, usual.contact_s), min(seconds, usual.proof_s)
    return replace(usual, total_s=seconds, receipt_s=seconds, contact_s=contact_s, proof_s=proof_s)


def labels(case: str | None, party: str | None, commander: str | None = None) -> dict[str, str]:
    """Return the labels that were given."""
    given = {"case-number": case, "inspected-party": party, "commander": commander}
    return {name: text for name, text in given.items() if text}


def explain(problem: EvidenceError) -> str:
    """Say an error: its text, its code and its facts (which may come from outside), or where the catalogue
    has words for the facts of that error at the dock (dock.why), these."""
    return _told(problem, None)


def _told(problem: EvidenceError, key: str | None, **fields: object) -> str:
    """Say an error, or a sentence that holds it, whole in one language and then in the other."""
    known = {k: printable(str(v)) for k, v in problem.fields.items() if v is not None}
    own = f"dock.why.{problem.code}"
    is_own = own in catalogue(CHINESE)
    why = own if is_own else f"error.{problem.code}"
    if why not in catalogue(CHINESE) and "status" in known:  # no answer of a service: a proxy's, say
        why = "dock.unexplained"

    def told(language: str) -> str:
        words = text(language, why, **known) if why in catalogue(language) else why
        return text(language, key, problem=words, **fields) if key else words

    facts = "" if is_own else ", ".join(f"{k}={v}" for k, v in known.items())
    sentence = " / ".join(dict.fromkeys(told(language) for language in LANGUAGES))
    return f"{sentence} [{problem.code}{': ' if facts else ''}{facts}]"


def printable(text: str) -> str:
    """Write what could steer a terminal as an escape; everything else stays."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _summary(report: Report) -> str:
    failed = sum(outcome.state in (State.FAILED, *_CONTRADICTED) for outcome in report.files)
    lost = sum(skipped.is_loss for skipped in report.skipped)
    key = "dock.incomplete"
    if report.is_taken:
        key = "dock.lacking" if report.gone else "dock.doubted" if report.is_contradicted else "dock.complete"
    if report.not_files:
        key += "-but"
    gone, changed = len(report.gone), len(report.changed)
    failed += lost + changed + gone
    return say(key, files=len(report.files), failed=failed, gone=gone, others=report.not_files)


def _warnings(report: Report) -> Iterator[str]:
    """Say what somebody must look into although nothing is lost: names that tell another number than was
    given, and a service on alarm."""
    for one in report.named_otherwise:
        told, given = printable(one.told), printable(one.given)
        yield say(f"dock.named-other-{one.what}", told=told, given=given, files=one.files)
    for name in report.changed:
        yield say("dock.changed", name=printable(name))
    for lost in report.gone:
        yield say(
            "dock.gone", name=printable(lost.name), size=str(lost.size_bytes), received=str(lost.received)
        )
    if report.alarms:
        yield say("dock.service-on-alarm", alarms=report.alarms)


def _about_proofs(report: Report) -> Iterator[str]:
    """Say how many entries of the log are proven and owed, and which of earlier cards are proven wrong."""
    for one in report.earlier.disproved:
        named = {"name": printable(one.name), "device": printable(one.device), "recording": one.recording}
        yield _told(one.error, "dock.earlier-disproved", **named)
    if report.has_proofs:
        yield say("dock.proofs", proven=report.proven, owed=report.owed)
    if report.earlier.proven or report.earlier.owed:
        yield say("dock.proofs-earlier", proven=report.earlier.proven, owed=report.earlier.owed)


def _about_log(report: Report) -> Iterator[str]:
    """Say that the site shows another past than this dock kept, or that it could not be asked."""
    growth = report.growth
    if growth is not None and growth.error is not None:
        key = "dock.log-contradicted" if growth.is_contradicted else "dock.log-unchecked"
        yield _told(growth.error, key, kept=growth.kept if growth.kept is not None else 0)
        if growth.is_told:
            yield say("dock.log-told")


def _in_vain(report: Report) -> str:
    """Say what was given now and is not stored, each thing once."""
    keys = sorted({key for fields in report.not_stored.values() for key in fields})

    def named(language: str) -> str:
        known = catalogue(language)
        return ", ".join(known.get(f"dock.given.{key}", printable(key)) for key in keys)

    files = len(report.not_stored)
    return " / ".join(text(one, "dock.not-stored", fields=named(one), files=files) for one in LANGUAGES)


def _refusal(problem: EvidenceError) -> dict[str, object]:
    return {"complete": False, "files": [], "error": error_json(problem)}


def _print_json(document: Mapping[str, object]) -> None:
    # All ASCII, so that any console takes it; names come back the same from any JSON reader.
    sys.stdout.write(json.dumps(document, indent=1) + "\n")
    sys.stdout.flush()

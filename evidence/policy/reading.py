"""TOML text → Pack, strictly: what is unknown, missing, uncited or contradictory is a PolicyError.

The form is docs/formats/policy-pack.md. Every fault names file and line. A rule without a citation is
refused, and so is a citation or an instrument that nothing rests on: what a pack shows is what it does.
Reading files and finding the shipped packs is not here (adapters/packs.py).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import date, timedelta

from evidence.errors import PolicyError
from evidence.policy.conduct import read_conduct
from evidence.policy.consequences import read_consequences
from evidence.policy.fields import Table, open_table
from evidence.policy.filing import read_labels, read_must_record
from evidence.policy.personnel import read_before_duty, read_person_number, read_personnel_duties
from evidence.policy.rules import (
    Act,
    AuxiliaryBar,
    Cause,
    Citation,
    Continuity,
    Ground,
    Instrument,
    LongTerm,
    NoEditing,
    NumberCause,
    Pack,
    RetentionFloor,
    SetByDefault,
    UploadDeadline,
)
from evidence.policy.sets import PolicySet, overlap
from evidence.policy.upkeep import read_upkeep

_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Article, paragraph, item, sub-item; or the list that stands behind all articles.
_CITE = re.compile(r"([a-z0-9-]+):(annex|[0-9]+(\.[0-9]+)?(\([0-9]+\)){0,2})")
_NUMERAL = "[一二三四五六七八九十百]+"
_ARTICLE = re.compile(rf"附件|清单|第{_NUMERAL}条(第{_NUMERAL}款)?(第（{_NUMERAL}）项)?(第[0-9]+目)?")


def read_pack(text: str, file: str, zones: Container[str] | None = None) -> Pack:
    """Read one pack. file is its name for messages; zones are the time zones the machine knows (None: any).

    Raises: PolicyError with file, line, reason and key.
    """
    top = open_table(text, file)
    return _Reader(top, zones).pack()


def read_set(files: Mapping[str, str], zones: Container[str] | None = None) -> PolicySet:
    """Read the versions of one pack: file name → text, at least one.

    Raises: PolicyError: as read_pack, and `other-pack`, `version-twice`, `overlap`, naming the later file.
    """
    tops = [open_table(text, file) for file, text in files.items()]
    read = [(_Reader(top, zones).pack(), top) for top in tops]
    read.sort(key=lambda one: (one[0].in_force_from, one[0].version))
    for number, (pack, top) in enumerate(read):
        for earlier, _ in read[:number]:
            if pack.id != earlier.id:
                top.fail("id", "other-pack", expected=earlier.id, found=pack.id)
            if pack.version == earlier.version:
                top.fail("version", "version-twice", found=pack.version)
            if overlap(earlier, pack):
                top.table("in_force").fail("from", "overlap", other=earlier.version)
    if not read:
        raise PolicyError(file="", line=1, reason="empty", key="")
    return PolicySet(tuple(pack for pack, _ in read))


class _Reader:
    """Reads one pack from its outermost table and keeps account of what was cited."""

    def __init__(self, top: Table, zones: Container[str] | None) -> None:
        self._top = top
        self._zones = zones
        self._used: set[str] = set()
        self._instruments = self._read_instruments()
        self._citations = self._read_citations()

    def pack(self) -> Pack:
        top = self._top
        start, end, in_force_cites, note = self._in_force()
        basis_zh, basis_cites = self._basis()
        pack = Pack(
            id=self._word(top, "id"),
            version=top.text("version"),
            title_zh=top.text("title_zh"),
            title_en=top.text("title_en"),
            in_force_from=start or date.min,
            in_force_to=end,
            time_zone=self._zone(),
            upload_deadline=self._deadline(),
            continuity=self._continuity(),
            retention=self._retention(),
            long_term=self._long_term(),
            labels=read_labels(top, self._cites),
            no_editing=self._no_editing(),
            auxiliary_bars=tuple(self._bar(table) for table in top.tables("auxiliary_bars")),
            citations=tuple(self._citations.values()),
            basis_zh=basis_zh,
            basis_cites=basis_cites,
            in_force_cites=in_force_cites,
            in_force_stated=start is not None,
            in_force_note_zh=note[0],
            in_force_note_en=note[1],
            instruments=tuple(self._instruments.values()),
            defaults=self._defaults(),
            secrecy_cites=self._secrecy(),
            person_number=read_person_number(top, self._cites),
            before_duty=read_before_duty(top, self._cites),
            personnel_duties=read_personnel_duties(top, self._cites),
            must_record=read_must_record(top, self._cites),
            **read_conduct(top, self._cites),
            **read_consequences(top, self._cites),
            **read_upkeep(top, self._cites),
        )
        self._nothing_idle()
        top.close()
        return pack

    def _word(self, table: Table, key: str) -> str:
        value = table.text(key)
        if not _WORD.fullmatch(value):
            table.fail(key, "malformed", found=value)
        return value

    def _zone(self) -> str:
        zone = self._top.text("time_zone")
        if self._zones is not None and zone not in self._zones:
            self._top.fail("time_zone", "unknown-time-zone", found=zone)
        return zone

    def _read_instruments(self) -> dict[str, Instrument]:
        tables = self._top.table("instruments")
        found: dict[str, Instrument] = {}
        for key in tables.values:
            self._check_word(tables, key)
            table = tables.table(key)
            adopted = table.both("adopted") if "adopted" in table else ("", "")
            found[key] = Instrument(key, table.text("title_zh"), table.text("title_en"), *adopted)
            table.close()
        return found

    @staticmethod
    def _check_word(table: Table, key: str) -> None:
        if not _WORD.fullmatch(key):
            table.fail(key, "malformed", found=key)

    def _read_citations(self) -> dict[str, Citation]:
        found: dict[str, Citation] = {}
        for table in self._top.tables("citations"):
            citation = self._citation(table)
            if citation.id in found:
                table.fail("id", "twice", word=citation.id)
            found[citation.id] = citation
        return found

    def _citation(self, table: Table) -> Citation:
        cite_id, article = table.text("id"), table.text("article")
        shape = _CITE.fullmatch(cite_id)
        if shape is None:
            table.fail("id", "malformed", found=cite_id)
        if not _ARTICLE.fullmatch(article):
            table.fail("article", "malformed", found=article)
        instrument = self._instruments.get(shape.group(1))
        if instrument is None:
            table.fail("id", "unknown-instrument", found=shape.group(1))
        text_zh, gloss_en = table.text("text_zh"), table.text("gloss_en")
        table.close()
        return Citation(cite_id, article, instrument.title_zh, instrument.title_en, text_zh, gloss_en)

    def _cites(self, table: Table) -> tuple[Citation, ...]:
        """Return what a rule rests on. Raises: PolicyError `missing-citation`, `unknown-citation`."""
        if not table.values.get("cites"):
            table.fail("cites", "missing-citation")
        ids = table.words("cites")
        for cite_id in ids:
            if cite_id not in self._citations:
                table.fail("cites", "unknown-citation", found=cite_id)
        self._used.update(ids)
        return tuple(self._citations[cite_id] for cite_id in ids)

    def _in_force(self) -> tuple[date | None, date | None, tuple[Citation, ...], tuple[str, str]]:
        """Read the time in force. An instrument whose text gives no date has no `from` but a note why."""
        table = self._top.table("in_force")
        start = table.day("from") if "from" in table else None
        end = table.day("to") if "to" in table else None
        if start is not None and end is not None and end <= start:
            table.fail("to", "ends-before-start")
        note = table.both("note") if start is None or "note" in table else ("", "")
        cites = self._cites(table)
        table.close()
        return start, end, cites, note

    def _basis(self) -> tuple[str, tuple[Citation, ...]]:
        table = self._top.table("basis")
        basis = table.text("text_zh"), self._cites(table)
        table.close()
        return basis

    def _deadline(self) -> UploadDeadline:
        table = self._top.table("upload_deadline")
        within = timedelta(hours=table.number("within_h", 1 / 60, 24 * 366))
        warn_before = timedelta(hours=table.number("warn_before_h", 1 / 60, 24 * 366))
        if warn_before >= within:
            table.fail("warn_before_h", "warns-before-start")
        largest_offset = timedelta(seconds=table.number("largest_offset_s", 0, 86_400))
        rule = UploadDeadline(within, warn_before, largest_offset, self._cites(table))
        table.close()
        return rule

    def _continuity(self) -> Continuity:
        table = self._top.table("continuity")
        tolerance = timedelta(seconds=table.number("tolerance_s", 0, 3600))
        same_activity = timedelta(minutes=table.number("same_activity_min", 1 / 60, 24 * 60))
        if tolerance >= same_activity:
            table.fail("tolerance_s", "tolerance-too-long")
        causes = table.choices("accepted_causes", Cause)
        of_numbers = table.choices("number_causes", NumberCause) if "number_causes" in table else ()
        rule = Continuity(tolerance, same_activity, causes, self._cites(table), of_numbers)
        table.close()
        return rule

    def _retention(self) -> RetentionFloor:
        table = self._top.table("retention")
        rule = RetentionFloor(table.whole("years", 1, 200), self._cites(table))
        table.close()
        return rule

    def _long_term(self) -> LongTerm:
        table = self._top.table("long_term")
        rule = LongTerm(table.choices("grounds", Ground), self._cites(table))
        table.close()
        return rule

    def _no_editing(self) -> NoEditing:
        table = self._top.table("no_editing")
        rule = NoEditing(self._cites(table))
        table.close()
        return rule

    def _secrecy(self) -> tuple[Citation, ...]:
        if "secrecy" not in self._top:
            return ()
        table = self._top.table("secrecy")
        cites = self._cites(table)
        table.close()
        return cites

    def _bar(self, table: Table) -> AuxiliaryBar:
        acts = frozenset(Act(word) for word in table.choices("acts", Act))
        reading = table.both("reading") if "reading" in table else ("", "")
        bar = AuxiliaryBar(acts, self._cites(table), *reading)
        table.close()
        return bar

    def _defaults(self) -> tuple[SetByDefault, ...]:
        if "set_by_default" not in self._top:
            return ()
        table = self._top.table("set_by_default")
        for name in table.values:
            if not self._has(name):
                table.fail(name, "unknown-key")
        return tuple(SetByDefault(name, *table.both(name)) for name in table.values)

    def _has(self, name: str) -> bool:
        """Tell whether the pack has a value of this full name ("continuity.tolerance_s")."""
        value: object = self._top.values
        for part in name.split("."):
            if not isinstance(value, dict) or part not in value:
                return False
            value = value[part]
        return True

    def _nothing_idle(self) -> None:
        """Refuse citations and instruments that no rule rests on."""
        for number, cite_id in enumerate(self._citations):
            if cite_id not in self._used:
                self._top.source.fail(("citations", number, "id"), "citation-never-used", found=cite_id)
        named = {cite_id.partition(":")[0] for cite_id in self._citations}
        for key in self._instruments:
            if key not in named:
                self._top.source.fail(("instruments", key), "instrument-never-used", found=key)

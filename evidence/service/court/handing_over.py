"""Handing a package over, and its receipt (Dazhe 2020 art. 14).

1. Each medium, disc or drive, is noted as written and read back, and what was read is what was built; before
   that nothing is handed over.
2. Two people of ours hand it over, and one of ours notes the receipt: signed in, never from the command line
   on the server, which has no unit and nobody's name. A transfer to procuratorate or court is handed over by
   the unit named for it, and in the same step a copy is sealed in the vault, and held: else nothing is.
3. The receipt is a document that the site signs; with it a transfer is over.
Who received is a commitment in the log, and in no piece of rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from evidence import __version__
from evidence.domain.access import Caller
from evidence.domain.audit import Act
from evidence.domain.exports import Built, Export, HandOver, Receipt, State, Volume, Way
from evidence.domain.instants import to_text
from evidence.domain.people import Person, PersonType
from evidence.domain.retention import retain_until
from evidence.domain.rights import Action
from evidence.domain.wording import is_plain
from evidence.errors import Conflict, NotFound, Refused
from evidence.ledger.canonical import canonical
from evidence.policy.rules import Act as Barred
from evidence.policy.rules import cite_ids
from evidence.service.court.export_access import (
    Handout,
    about_export,
    entry_of,
    handout_of,
    lapse_if_changed,
    mark_transfer,
    over,
    rule_of,
    stands,
    verify_is_person,
    verify_transfer_unit,
)
from evidence.service.court.export_ports import Shelf
from evidence.service.court.package_names import person_of
from evidence.service.gate import admits
from evidence.service.instruments import pack_at
from evidence.service.log.retained_checks import RETAINED, retained_digest
from evidence.service.oversight.refusals import person_on_roll
from evidence.service.people.roll_scope import check_text
from evidence.service.ports import UnitOfWork
from evidence.service.site import Site
from storage.crashpoints import crashpoint
from storage.errors import Exists
from storage.vault import Lock, Promise

RECEIPT = "evidence.export-receipt/1"


@dataclass(frozen=True)
class HandingOver:
    """The desk that hands over."""

    site: Site
    shelf: Shelf

    @admits(Action.EXPORT)
    def note_written(
        self,
        caller: Caller,
        export_id: str,
        number: int,
        serial: str,
        read_back: str,
        *,
        is_read: bool = False,
    ) -> Export:
        """Note that a medium was written, by its own serial number, with the SHA-256 of what was read back.
        is_read: the program has read it; else it is the caller's word, and page and form say so.

        Raises: NotFound("export-not-found", "medium-not-found"), Conflict("not-built", "already-handed-over",
        "read-back-differs"), Invalid("invalid-text"), Refused("not-the-transfer-unit").
        """
        check_text("serial", serial)
        now = self.site.clock.now()
        with self._about(caller, export_id, State.BUILT, in_person=False) as (unit, found, built):
            volume = next((one for one in built.volumes if one.number == number), None)
            if volume is None:
                raise NotFound("medium-not-found", number=number)
            if volume.sha256 != read_back.strip().lower():
                raise Conflict("read-back-differs", label=volume.label, expected=volume.sha256)
            how = {"written_by": caller.id, "is_read": is_read}
            written = replace(volume, serial=serial, written_at=now, **how)  # type: ignore[arg-type]
            volumes = tuple(written if one.id == volume.id else one for one in built.volumes)
            done = replace(found, built=replace(built, volumes=volumes))
            unit.exports.put(done)
            facts = {"medium": volume.label, "read": is_read, "serial": serial, "sha256": volume.sha256}
            unit.log.append(entry_of(Act.EXPORT_WRITE, caller.id, done, facts), now)
        return done

    @admits(Action.EXPORT)
    def hand_over(self, caller: Caller, export_id: str, beside: str, receiver: str) -> Export:
        """Hand a package over. beside: number of the second person of ours. receiver: who took it.

        Raises: NotFound("export-not-found", "person-not-found"), Conflict("not-built", "not-read-back",
        "already-handed-over", "approval-lapsed", "no-transfer-unit"),
        Refused("persons-only", "not-the-transfer-unit", "one-person", "not-on-roll", "barred-by-law");
        Invalid("invalid-text"); storage errors: nothing is handed over then.
        """
        check_text("receiver", receiver)
        with self._about(caller, export_id, State.BUILT) as (unit, found, built):
            _verify_read_back(built)
            self._second(unit, caller, beside)
        lapse_if_changed(self.site, found)
        kept = self._retained(found) if found.way is Way.TRANSFER else None
        crashpoint("after-retained")
        lapse_if_changed(self.site, found)  # sealing the copy may have taken hours
        now = self.site.clock.now()
        with self._about(caller, export_id, State.BUILT) as (unit, found, built):
            if not stands(unit, self.site, found, {State.BUILT}):
                raise Conflict("approval-lapsed", export=found.id)
            second = self._second(unit, caller, beside)
            _verify_read_back(built)
            if kept is not None:
                built = replace(built, retained_key=kept[0], retained_sha256=kept[1])
            gave = HandOver(caller.id, second.id, receiver, caller.id, now)
            done = replace(found, built=built, hand_over=gave)
            unit.exports.put(done)
            facts = {
                "beside": second.id,
                "cites": list(cite_ids(rule_of(self.site, found.way, found.asked_at).cites)),
                "media": _media(built),
                "package_sha256": built.package_sha256,
                "retained": built.retained_key,
                "retained_sha256": built.retained_sha256,
            }
            unit.log.append(
                entry_of(Act.EXPORT_HAND_OVER, caller.id, done, facts, {"receiver": receiver}), now
            )
        return done

    @admits(Action.EXPORT)
    def note_receipt(self, caller: Caller, export_id: str, seal: str | None = None) -> bytes:
        """Note that the recipient has signed, and return the receipt that the site signs. seal: number of the
        seal (封存编号).

        Raises: NotFound("export-not-found"), Conflict("not-handed-over", "already-received"),
        Refused("persons-only", "not-the-transfer-unit").
        """
        if seal is not None:
            check_text("seal", seal)
        now = self.site.clock.now()
        with self._about(caller, export_id, State.HANDED_OVER) as (unit, found, built):
            document = self.site.signer.sign(canonical(_receipt_body(unit, found, built, seal, now)))
            done = replace(found, receipt=Receipt(caller.id, now, document))
            unit.exports.put(done)
            mark_transfer(unit, done)
            facts = {"receipt_sha256": hashlib.sha256(document).hexdigest()}
            unit.log.append(entry_of(Act.EXPORT_RECEIPT, caller.id, done, facts), now)
        return document

    @admits(Action.READ_EXPORTS)
    def receipt(self, caller: Caller, export_id: str) -> Handout:
        """Return the signed receipt. Raises: NotFound("export-not-found"), Conflict("no-receipt")."""
        with about_export(self.site, caller, Action.READ_EXPORTS, export_id) as (unit, found):
            if found.receipt is None or found.receipt.document is None:
                raise Conflict("no-receipt", export=found.id)
            return handout_of(unit, found, "receipt.json", found.receipt.document)

    @contextmanager
    def _about(
        self, caller: Caller, export_id: str, state: State, *, in_person: bool = True
    ) -> Iterator[tuple[UnitOfWork, Export, Built]]:
        """Open a transaction about an export in a state, for whoever may go on with it.

        Raises: Conflict("not-built", "not-handed-over", "already-handed-over", "already-received",
        "approval-lapsed", "no-transfer-unit"), Refused("persons-only", "not-the-transfer-unit").
        """
        with about_export(self.site, caller, Action.EXPORT, export_id) as (unit, found):
            if in_person:
                verify_is_person(caller, Action.EXPORT)
            verify_transfer_unit(unit, self.site, caller, found)
            if found.state is not state or found.built is None:
                early = "not-built" if state is State.BUILT else "not-handed-over"
                raise Conflict(over(found.state) or early, export=found.id, state=found.state)
            yield unit, found, found.built

    def _second(self, unit: UnitOfWork, caller: Caller, number: str) -> Person:
        """Return the second person.

        Raises: NotFound, Refused("one-person", "not-on-roll", "barred-by-law").
        """
        found = unit.people.by_number(number) if is_plain(number) else None
        if found is None:
            raise NotFound("person-not-found", number=number)
        if found.id == caller.id:
            raise Refused("one-person", action=Action.EXPORT.value)
        if found.type is PersonType.AUXILIARY:
            cites = " ".join(cite_ids(self.site.bars().get(Barred.EXPORT, ())))
            raise Refused("barred-by-law", action=Action.EXPORT.value, person=found.id, cites=cites)
        return person_on_roll(unit, self.site, found.id, self.site.clock.now())

    def _retained(self, one: Export) -> tuple[str, str]:
        """Seal a copy of all media in the vault, held; return its key and the digest of what was sealed.

        A copy that a crash left under this key is adopted, if it is the same.
        """
        assert one.built is not None
        key, copies = f"{RETAINED}{one.id}", list[tuple[str, Promise]]()
        pack = pack_at(self.site.policies, self.site.clock.now())
        lock = Lock(retain_until(self.site.clock.now(), pack.retention), frozenset({one.id}))
        for volume in one.built.volumes:
            name = f"{key}/{volume.number}"
            with self.shelf.copy(one.number, volume.file) as copy:
                promise = _promise(copy)
                try:
                    self.site.vault.seal_file(name, copy, promise, lock)
                except Exists:
                    if self.site.vault.stat(name).promise != promise:
                        raise Conflict("retained-differs", key=name) from None
            copies.append((name, promise))
        return key, retained_digest(copies)


def _verify_read_back(built: Built) -> None:
    """See that each medium was written, and read back the same. Raises: Conflict("not-read-back")."""
    waiting = [one.label for one in built.volumes if one.written_at is None]
    if waiting or not built.volumes:
        raise Conflict("not-read-back", labels=waiting[:10], number=len(waiting))


def _promise(copy: Path) -> Promise:
    with copy.open("rb") as body:
        return Promise(copy.stat().st_size, hashlib.file_digest(body, "sha256").hexdigest())


def _media(built: Built) -> list[dict[str, object]]:
    return [_medium(one) for one in built.volumes]


def _medium(one: Volume) -> dict[str, object]:
    return {"label": one.label, "serial": one.serial, "sha256": one.sha256, "sm3": one.sm3}


def _receipt_body(
    unit: UnitOfWork, one: Export, built: Built, seal: str | None, now: datetime
) -> dict[str, object]:
    gave = one.hand_over
    assert gave is not None
    return {
        "beside": person_of(unit, gave.beside),
        "export": one.id,
        "gave": person_of(unit, gave.gave),
        "handed_over": to_text(gave.at),
        "media": _media(built),
        "number": one.number,
        "package_sha256": built.package_sha256,
        "received": to_text(now),
        "receiver": gave.receiver,
        "recipient": one.said.recipient,
        "retained_sha256": built.retained_sha256,
        "seal": seal,
        "software": f"evidence {__version__}",
        "type": RECEIPT,
        "way": one.way.value,
    }

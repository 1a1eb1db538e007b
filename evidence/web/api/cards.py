"""Card lists over HTTP (docs/formats/dock-protocol.md, 1)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from evidence.domain.access import Caller
from evidence.domain.instants import to_text
from evidence.domain.recordings import NOT_MEASURED, Origin
from evidence.domain.rights import Action
from evidence.service.intake.card_losses import GoneFile
from evidence.service.intake.cards import FileStanding
from evidence.web.bodies import Instant, described, read_json
from evidence.web.deps import App, admitted

router = APIRouter(prefix="/api/v1/cards", tags=["cards"])

_LONGEST_LIST_BYTES = 32 << 20  # 20,000 files with names of 1,500 bytes: far more than a card holds


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FileIn(_Strict):
    """One file of the card."""

    name: str = Field(min_length=1, max_length=4096)
    size: int = Field(ge=0, lt=2**63)
    modified: AwareDatetime | None = Field(default=None, strict=False)


class CardIn(_Strict):
    """A card's list."""

    device: str = Field(min_length=1, max_length=200)
    wearer: str = Field(min_length=1, max_length=200)
    clock_offset_ms: int | None = None  # None: nobody measured
    clock_offset_confirmed: bool = False
    labels: dict[str, str] = Field(default_factory=dict, max_length=20)
    files: list[FileIn] = Field(max_length=20_000)
    sent: Instant | None = Field(default=None, strict=False)  # by the sender's own clock


class FileOut(BaseModel):
    """Where one file stands."""

    name: str
    size: int
    modified: str | None
    state: str
    upload: str | None
    recording: str | None
    check: str | None
    not_stored: list[str]


class GoneOut(BaseModel):
    """A file of which a part was sent, and that this list lacks. received: bytes that are here, kept as
    `upload`."""

    name: str
    size: int
    modified: str | None
    received: int
    upload: str


class CardOut(BaseModel):
    """The answer to a card's list."""

    card: str
    files: list[FileOut]
    gone: list[GoneOut]


@router.post("", status_code=201, openapi_extra=described(CardIn))
async def announce(request: Request, app: App, caller: Caller = admitted(Action.ANNOUNCE_CARD)) -> CardOut:
    """Take a card's list: from now on its files are owed."""
    card = await read_json(request, CardIn, _LONGEST_LIST_BYTES)
    return await run_in_threadpool(_announce, app, caller, card)


def _announce(app: App, caller: Caller, card: CardIn) -> CardOut:
    def origin(name: str, size: int, file: FileIn | None) -> Origin:
        return Origin(
            device=card.device,
            wearer=card.wearer,
            name=name,
            size_bytes=size,
            modified_at=file.modified if file else None,
            clock_offset_ms=card.clock_offset_ms or 0,
            labels={**card.labels, **({} if card.clock_offset_ms is not None else NOT_MEASURED)},
        )

    files = [origin(file.name, file.size, file) for file in card.files]
    card_id, standings, gone = app.cards.announce(
        caller,
        origin("-", 0, None),
        files,
        offset_confirmed=card.clock_offset_confirmed,
        sent_at=card.sent,
    )
    files_out, gone_out = [_out(one) for one in standings], [_gone_out(one) for one in gone]
    return CardOut(card=card_id, files=files_out, gone=gone_out)


def _gone_out(one: GoneFile) -> GoneOut:
    origin = one.file.origin
    return GoneOut(
        name=origin.name,
        size=origin.size_bytes,
        modified=to_text(origin.modified_at) if origin.modified_at else None,
        received=one.upload.offset,
        upload=one.upload.id,
    )


def _out(standing: FileStanding) -> FileOut:
    origin = standing.file.origin
    return FileOut(
        name=origin.name,
        size=origin.size_bytes,
        modified=to_text(origin.modified_at) if origin.modified_at else None,
        state=standing.state,
        upload=standing.upload_id,
        recording=standing.recording_id,
        check=standing.check,
        not_stored=list(standing.not_stored),
    )

"""Where policy packs come from: the shipped ones inside the package, or a file or folder of the operator's.

A shipped pack is named by its id; several shipped files of one id are its versions. A folder holds the
versions of one pack, one file each. What a pack may say is not decided here (policy/reading.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evidence.errors import PolicyError
from evidence.locale import LANGUAGES, text
from evidence.policy.citations import Citation
from evidence.policy.fields import open_table
from evidence.policy.reading import read_set
from evidence.policy.rules import Pack
from evidence.policy.sets import PolicySet

_SHIPPED = Path(str(resources.files("evidence.policy") / "packs"))
STRICTEST = "strict"  # the shipped pack that is the union of all bars


class _KnownZones:
    """The time zones this machine can compute with."""

    def __contains__(self, name: object) -> bool:
        try:
            ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder ("Asia")
            return False
        return True


KNOWN_ZONES = _KnownZones()


@cache
def shipped_packs() -> Mapping[str, PolicySet]:
    """Return the packs that ship with this version, by id, in order. Raises: PolicyError."""
    return {pack_id: _shipped(pack_id) for pack_id in sorted(_shipped_texts())}


def load_pack(name_or_path: str | Path) -> PolicySet:
    """Return a shipped pack by its id; else the pack in a file, or the versions of one in a folder (*.toml).

    Raises: PolicyError; `policy-not-found` where nothing has that name.
    """
    text = str(name_or_path)
    if text in _shipped_texts():
        return _shipped(text)
    if not Path(text).exists():
        raise PolicyError("policy-not-found", name=text, known=", ".join(sorted(_shipped_texts())))
    return load_path(Path(text))


def load_path(path: Path) -> PolicySet:
    """Return the pack in a file, or the versions of one pack in a folder (*.toml). Raises: PolicyError."""
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise PolicyError(file=str(path), line=1, reason="no-pack-in-folder", key="")
    return read_set({str(file): _read(file) for file in files}, KNOWN_ZONES)


def files_of(name_or_path: str) -> Mapping[str, Path]:
    """Return the files of a pack by their names, as `load_pack` chooses them. One that cannot be read as a
    pack any more is among them: whoever compares must see it."""
    shipped = {file.name: file for file in _SHIPPED.glob("*.toml") if _may_be(file, name_or_path)}
    if shipped:
        return shipped
    path = Path(name_or_path)
    return {file.name: file for file in path.glob("*.toml")} if path.is_dir() else {path.name: path}


def _may_be(file: Path, pack_id: str) -> bool:
    try:
        return open_table(_read(file), file.name).text("id") == pack_id
    except PolicyError:
        return file.stem == pack_id


def citation_text(cite_id: str, home: Pack | None) -> str:
    """Return a citation as people read it: instrument and article, Chinese first; the id itself where neither
    the pack nor a shipped one has it. home: the pack in force here, None where there is none: what it takes
    over from an instrument of elsewhere is said to be adopted, never to be the law of the place.

    This is the one place that says a citation to people.
    """
    own = {} if home is None else {one.id: one for one in home.citations}
    known = own.get(cite_id) or _shipped_citations().get(cite_id)
    chinese = cite_id if known is None else f"《{known.title_zh}》{known.article}"
    is_adopted = home is not None and not home.is_own(cite_id)
    words = [f"{text(language, 'policy.adopted')} " if is_adopted else "" for language in LANGUAGES]
    if known is None and not is_adopted:
        return cite_id
    return f"{words[0].strip()}{chinese} / {words[1]}{cite_id}"


@cache
def _shipped_citations() -> Mapping[str, Citation]:
    return {
        one.id: one for packs in shipped_packs().values() for pack in packs.packs for one in pack.citations
    }


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise PolicyError(
            file=str(file), line=1, reason="unreadable", key="", said=problem.strerror
        ) from problem
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise PolicyError(file=str(file), line=line, reason="not-utf-8", key="") from problem


@cache
def _shipped(pack_id: str) -> PolicySet:
    return read_set(_shipped_texts()[pack_id], KNOWN_ZONES)


@cache
def _shipped_texts() -> Mapping[str, Mapping[str, str]]:
    """Return pack id → file name → text. Only the ids are read: most need one pack of them all."""
    by_id: dict[str, dict[str, str]] = {}
    for file in sorted(_SHIPPED.glob("*.toml"), key=lambda file: file.name):
        text = _read(file)
        by_id.setdefault(open_table(text, file.name).text("id"), {})[file.name] = text
    return by_id

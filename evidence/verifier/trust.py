"""The trust file (C2SP tlog-policy): whose signatures count. Read strictly: what is not understood is an
error.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.notes import COSIGNATURE, ED25519, ML_DSA_44, Key, read_key

_WORDS = {"log": (2, 3), "witness": (3, 4), "group": (4, 1 << 18), "quorum": (2, 2)}  # least and most words
_JSON = (
    "这是 JSON，不是信任文件；请向出具单位索取信任文件（证明页、导出页“下载信任文件”） / "
    "this is JSON and no trust file: ask the agency for its trust file"
)


class Trust(NamedTuple):
    """Keys of logs; witnesses by name; groups: how many of which; the quorum's name, or "none"."""

    logs: List[Key]
    witnesses: Dict[str, Key]
    groups: Dict[str, Tuple[int, List[str]]]
    quorum: str

    def is_quorum(self, cosigners: Set[Key], name: Optional[str] = None) -> bool:
        """Tell whether these witnesses are enough."""
        name = self.quorum if name is None else name
        if name == "none":
            return True
        if name in self.witnesses:
            return self.witnesses[name] in cosigners
        needed, members = self.groups[name]
        return sum(self.is_quorum(cosigners, one) for one in members) >= needed


def only(vkey: str) -> Trust:
    """Return the trust in one log's key, without witnesses. Raises: Wrong."""
    return Trust([read_key(vkey)], {}, {}, "none")


def read_trust(raw: bytes, where: str) -> Trust:
    """Read a trust file. Raises: Wrong("trust-file"), which says what is wrong with it, and in which line."""
    trust = Trust([], {}, {}, "none")
    used: Set[str] = set()
    quorums: List[str] = []
    if raw.lstrip()[:1] in (b"{", b"["):
        raise Wrong("trust-file", where, _JSON)
    try:
        lines = raw.decode("utf-8").split("\n")
    except ValueError:
        raise Wrong("trust-file", where, "不是 UTF-8 文本 / not UTF-8") from None
    for number, line in enumerate(lines, 1):
        words = line.replace("\t", " ").split()
        if not words or words[0][0] == "#":
            continue
        try:
            _read_line(words, trust, used, quorums)
        except Wrong as fault:
            said = fault.more if fault.code == "trust-file" else "公钥读不出 / not a verifier key"
            more = "第 %d 行 / line %d: %s: %s" % (number, number, said, line[:80])
            raise Wrong("trust-file", where, more) from None
    publics = [key.public for key in (*trust.logs, *trust.witnesses.values())]
    if not quorums:
        raise Wrong("trust-file", where, "缺少 quorum 行 / no line `quorum`")
    if len(set(publics)) != len(publics):
        raise Wrong("trust-file", where, "同一公钥出现两次 / a key stands twice")
    return trust._replace(quorum=quorums[0])


def _read_line(words: List[str], trust: Trust, used: Set[str], quorums: List[str]) -> None:
    known = {"none", *trust.witnesses, *trust.groups}
    least, most = _WORDS.get(words[0], (0, 0))
    if not least:
        raise _wrong("不认识的行，应以 log、witness、group、quorum 开头 / unknown word")
    if not least <= len(words) <= most:
        raise _wrong("词数不符 / wrong number of words")
    if words[0] in ("witness", "group") and words[1] in known:
        raise _wrong("名称重复 / a name twice")
    if words[0] == "log":
        trust.logs.append(_key(words[1], (ED25519, ML_DSA_44)))
    elif words[0] == "witness":
        trust.witnesses[words[1]] = _key(words[2], (COSIGNATURE, ML_DSA_44))
    elif words[0] == "group":
        _read_group(words, trust, used, known)
    elif quorums or words[1] not in known:
        raise _wrong("quorum 重复或名称未定义 / `quorum` twice, or a name that is not defined")
    else:
        quorums.append(words[1])


def _read_group(words: List[str], trust: Trust, used: Set[str], known: Set[str]) -> None:
    members = words[3:]
    if used & set(members) or len(set(members)) != len(members) or not set(members) <= known - {"none"}:
        raise _wrong("成员未定义或重复 / a member that is not defined, or twice")
    used |= set(members)
    told = {"any": "1", "all": str(len(members))}.get(words[2], words[2])
    if not re.fullmatch("[1-9][0-9]{0,8}", told) or int(told) > len(members):
        raise _wrong("成员数不符 / wrong number of members")
    trust.groups[words[1]] = int(told), members


def _key(vkey: str, types: Tuple[int, ...]) -> Key:
    key = read_key(vkey)
    if key.type not in types:
        raise _wrong("公钥种类不符 / key of another kind")
    return key


def _wrong(said: str) -> Wrong:
    return Wrong("trust-file", more=said)

"""The trust file (C2SP tlog-policy): whose signatures count. Read strictly: what is not understood is an
error.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from evidence.verifier.arithmetic import Wrong
from evidence.verifier.notes import COSIGNATURE, ED25519, ML_DSA_44, Key, read_key


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
    """Read a trust file. Raises: Wrong("trust-file")."""
    trust = Trust([], {}, {}, "none")
    used: Set[str] = set()
    quorum: Optional[str] = None
    try:
        for line in raw.decode("utf-8").split("\n"):
            words = line.replace("\t", " ").split()
            if not words or words[0][0] == "#":
                continue
            known = {"none", *trust.witnesses, *trust.groups}
            if words[0] == "log" and len(words) in (2, 3):
                trust.logs.append(_key(words[1], (ED25519, ML_DSA_44)))
            elif words[0] == "witness" and len(words) in (3, 4) and words[1] not in known:
                trust.witnesses[words[1]] = _key(words[2], (COSIGNATURE, ML_DSA_44))
            elif words[0] == "group" and len(words) >= 4 and words[1] not in known:
                members = words[3:]
                if used & set(members) or len(set(members)) != len(members) or not set(members) < known:
                    raise Wrong("trust-file")
                used |= set(members)
                needed = {"any": 1, "all": len(members)}.get(words[2]) or int(words[2])
                if not 1 <= needed <= len(members) or "none" in members:
                    raise Wrong("trust-file")
                trust.groups[words[1]] = needed, members
            elif words[0] == "quorum" and len(words) == 2 and quorum is None and words[1] in known:
                quorum = words[1]
            else:
                raise Wrong("trust-file")
    except (Wrong, ValueError):
        raise Wrong("trust-file", where) from None
    publics = [key.public for key in (*trust.logs, *trust.witnesses.values())]
    if quorum is None or len(set(publics)) != len(publics):
        raise Wrong("trust-file", where)
    return trust._replace(quorum=quorum)


def _key(vkey: str, types: Tuple[int, ...]) -> Key:
    key = read_key(vkey)
    if key.type not in types:
        raise Wrong("trust-file")
    return key

"""How findings and doers are said on a page, in the language of its reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.domain.wording import printable
from evidence.locale import NOTHING, catalogue
from evidence.service.oversight.views import Seer
from evidence.web.pages.desk import Reading


def finding_sentence(reader: Reading, body: Mapping[str, Any]) -> str:
    """Return the sentence of a finding: that of its manner where there is one, else the general."""
    told = ("measured", "limit", "file", "start_s", "end_s")
    facts = {**body.get("detail", {}), **{name: body.get(name) for name in told}}
    manner = f"finding.{body['code']}.{facts.get('manner')}"
    key = manner if manner in catalogue(reader.language) else f"finding.{body['code']}.text"
    return printable(reader.say(key, **facts))


def doer_words(reader: Reading, seer: Seer | None, id_: str | None = None) -> str:
    """Return who somebody is: name and number of a person, else what kind of doer it is."""
    if seer is None:
        return id_ or NOTHING
    if seer.name or seer.number:
        return printable(" ".join(one for one in (seer.name, seer.number) if one))
    key = f"officer.seer-{seer.kind}"
    return reader.say(key) if key in catalogue(reader.language) else seer.id

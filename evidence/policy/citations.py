"""Citations: the articles that rules rest on, each with its own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """One article. id is stable and unique: "dazhe-2020:12"; article "第十二条"; title_zh is the instrument's
    name, title_en and gloss_en short English; text_zh the article's own words, as far as the rule rests
    on them."""

    id: str
    article: str
    title_zh: str
    title_en: str
    text_zh: str
    gloss_en: str


def cite_ids(cites: Iterable[Citation]) -> tuple[str, ...]:
    """Return the stable ids of citations, for findings and records."""
    return tuple(citation.id for citation in cites)

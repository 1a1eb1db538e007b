"""Codes and the words that people have for them, at every door: either may be typed, both are shown.

A code belongs to a group of the catalogues ("ground.objection" is the code "objection" of "ground"); classes
of case files have their words from the number of years in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from evidence.answers.policy.keeping import term_text
from evidence.domain import derivatives, exports
from evidence.domain.explanations import GapState
from evidence.errors import Known
from evidence.locale import CHINESE, ENGLISH, LANGUAGES, both, catalogue, text
from evidence.policy.rules import Pack

_GROUPS = {
    "action": "action",
    "actions": "action",
    "deciders": "role",
    "held": "role",
    "keeps": "keeps",
    "label": "label",
    "needs": "need",
    "role": "role",
    "scopes": "action",
    "way": "export-way",
}
"""Facts of an error that are codes, by their field."""
_STATES: Mapping[type, str] = {
    exports.State: "export-state",
    derivatives.State: "derivative-state",
    GapState: "gap-state",
}


def code_of(group: str, word: str) -> str:
    """Return the code of what somebody typed in the words of the catalogues ("案号"); anything else as it was
    typed.
    """
    return _by_word(group).get(word.strip(), word)


def term_of(pack: Pack, typed: str) -> str:
    """Return the class of case files that somebody typed in words ("10年"); anything else as it was typed."""
    for term in () if pack.case_terms is None else pack.case_terms.classes:
        if typed in {_words("case-term", term, language) for language in LANGUAGES}:
            return term
    return typed


def with_words(group: str, code: str) -> str:
    """Return a code with its words, as both may be typed: "objection (…异议… / objection …)". What has no
    words stands alone.
    """
    words = both(partial(_words, group, code))
    return code if words == both(lambda _: code) else f"{code} ({words})"


def fact_words(field: str, value: str) -> str:
    """Return a fact of an error, its codes with their words."""
    group = _GROUPS.get(field)
    return value if group is None else "; ".join(with_words(group, code) for code in value.split())


def state_key(value: object) -> str | None:
    """Return the key of the words for a state, as errors carry it; None for what is none."""
    group = _STATES.get(type(value))
    return None if group is None else f"{group}.{value}"


def choices(fields: Mapping[str, object]) -> list[dict[str, str]]:
    """Return the codes that an error says would have been taken, each with its words in both languages."""
    every = [one for one in fields.values() if isinstance(one, Known)]
    return [
        {"code": code, "zh": _words(one.group, code, CHINESE), "en": _words(one.group, code, ENGLISH)}
        for one in every
        if one.group is not None
        for code in one.taken
    ]


@cache
def _by_word(group: str) -> Mapping[str, str]:
    found = dict[str, str]()
    for language in LANGUAGES:
        for key, words in catalogue(language).items():
            of, _, code = key.rpartition(".")
            if of in (group, f"also.{group}"):
                found.setdefault(words, code)
    return found


def _words(group: str, code: str, language: str) -> str:
    if group == "case-term":
        return term_text(code, partial(text, language))
    return catalogue(language).get(f"{group}.{code}", code)

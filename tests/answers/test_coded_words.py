"""Codes and their words: either may be typed, both are shown, at every door."""

from __future__ import annotations

import json

import pytest

from evidence.adapters.packs import shipped_packs
from evidence.answers.coded_words import code_of, fact_words, term_of, with_words
from evidence.errors import Invalid, Known
from evidence.locale import LANGUAGES, text
from evidence.web.errors import problem_response


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_either_language_are_read_as_their_code(language: str) -> None:
    assert code_of("cause", text(language, "cause.battery")) == "battery"
    assert code_of("ground", text(language, "cause.battery")) == text(language, "cause.battery")


def test_what_would_have_been_taken_is_told_with_its_words_in_a_problem_document() -> None:
    refused = Invalid("unknown-ground", ground="x", known=Known(("objection", "other"), "ground"))
    told = json.loads(problem_response(400, refused.code, refused.fields).body)
    assert told["known"] == "objection other"
    assert told["choices"][0] == {
        "code": "objection",
        "zh": text(LANGUAGES[0], "ground.objection"),
        "en": text(LANGUAGES[1], "ground.objection"),
    }
    assert [one["code"] for one in told["choices"]] == ["objection", "other"]


def test_words_without_codes_are_told_as_they_are_typed() -> None:
    refused = Invalid("not-in-annex", known=Known(("现场检查", "听证")))
    told = json.loads(problem_response(400, refused.code, refused.fields).body)
    assert told["known"] == "现场检查; 听证"
    assert "choices" not in told


def test_classes_of_case_files_have_words_from_their_years() -> None:
    assert with_words("case-term", "10-years") == "10-years (10年 / 10 years)"
    pack = shipped_packs()["dazhe-2020"].latest
    assert term_of(pack, "10年") == "10-years"
    assert term_of(pack, "11年") == "11年"


def test_facts_that_are_codes_are_told_with_their_words() -> None:
    assert fact_words("label", "stage") == with_words("label", "stage") != "stage"
    assert fact_words("label", "what nobody named") == "what; nobody; named"
    assert fact_words("number", "stage") == "stage"

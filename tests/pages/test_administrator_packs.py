"""The rules in force as a page: every rule the command line tells, in one language, with its articles."""

from __future__ import annotations

import html
from functools import partial

import pytest

from evidence.answers.policy.packs import rules_of
from evidence.locale import CHINESE, ENGLISH, catalogue, text
from tests.pages.room import NARROW, Desks
from tests.web.browser import Browser


def signed_in(desks: Desks, word: str) -> Browser:
    browser = Browser(desks)
    browser.take(desks, desks.staff[word].number)
    return browser


@pytest.mark.parametrize(("tag", "language"), [("zh-CN", CHINESE), ("en", ENGLISH)])
def test_every_rule_stands_with_its_numbers_its_articles_and_its_defaults(
    desks: Desks, tag: str, language: str
) -> None:
    browser = signed_in(desks, "audit")
    browser.post("/language", {"language": tag, "back": "/packs"})
    page = html.unescape(browser.get("/packs").text)
    pack = desks.site.policies.latest
    assert pack.version in page
    assert f"<code>{pack.id}</code>" in page
    rules = list(rules_of(pack, partial(text, language)))
    for name, value, _, cites in rules:
        assert catalogue(language)[f"policy.{name}"] in page
        assert value in page
        for cite in cites:
            assert cite.text_zh in page
            assert cite.gloss_en in page
            assert f"《{cite.title_zh}》{cite.article}" in page
    told = {field for _, _, fields, _ in rules for field in fields}
    defaults = [one for one in pack.defaults if one.field in told]
    assert defaults
    for one in defaults:
        assert catalogue(language)[f"policy-field.{one.field}"] in page
        assert (one.reason_zh if language == CHINESE else one.reason_en) in page
    assert "evidence retention dry-run PACK" in page


def test_heads_auditors_and_administrators_read_them_and_nobody_else(desks: Desks) -> None:
    for word in ("head", "auditor", "system", "security", "audit"):
        browser = signed_in(desks, word)
        assert browser.get("/packs").status_code == 200, word
        assert 'href="/packs"' in browser.get("/packs").text
    for word in ("officer", "custodian"):
        browser = signed_in(desks, word)
        assert browser.get("/packs").status_code == 403, word
        assert 'href="/packs"' not in browser.get("/custody/search").text
    assert Browser(desks).get("/packs").status_code in (303, 401)


def test_the_rules_are_read_on_a_telephone_too(desks: Desks) -> None:
    with desks.window("auditor", "en") as page:
        page.goto(desks.url("/packs"))
        desks.look(page, "packs-en")
    with desks.window("head", size=NARROW, dark=True) as page:
        page.goto(desks.url("/packs"))
        desks.look(page, "packs-narrow-dark")

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from html import unescape

import pytest

from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.security import MachineQuote
from wattshift.report.figures import number, sentence
from wattshift.report.page.brief import brief_html
from wattshift.report.securitywords import attack_headline, machine_in_words, risk, security_facts, usd


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (755.4, "755"),
        (921_926.0, "921,926"),
        (999_600.0, "1.00 million"),
        (1.13e6, "1.13 million"),
        (42.34e6, "42.3 million"),
        (3.972e9, "3.97 billion"),
        (507e9, "507 billion"),
        (1.85e12, "1.85 trillion"),
        (-2.5e6, "\N{MINUS SIGN}2.50 million"),
    ],
)
def test_sums(value: float, told: str) -> None:
    assert usd(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.0, "certain"),
        (0.000591, "0.0591 %"),
        (0.156, "15.6 %"),
        (1.2e-7, "1.2e-05 %"),
        (0.0, "0 %"),
        (1e-305, "under 1e-300 %"),
    ],
)
def test_risks(value: float, told: str) -> None:
    assert risk(value) == told


def test_facts_are_the_states(document: BriefDocument) -> None:
    state = document.security
    facts = {fact.what: fact for fact in security_facts(state)}
    assert facts["block interval"].value == number(state.mean_interval_s / 60, 2)
    assert facts["security budget"].value == usd(state.budget.usd_per_day)
    assert facts["hidden miners"].value == f"up to {number(state.hidden.hidden_high_ehs, 1)}"
    assert facts["matching it, machines"].value == "not known", "the last price is older than a year"
    assert {what for what, fact in facts.items() if not fact.interval} == {
        "hidden miners",
        "matching it, machines",
    }


def test_what_is_not_known_is_said(document: BriefDocument) -> None:
    facts = {fact.what: fact for fact in security_facts(replace(document.security, pool=None))}
    assert "--machine-price" in facts["matching it, machines"].says
    assert "largest pool's double spend" not in facts


def test_machines_are_told_with_their_age() -> None:
    given = MachineQuote(usd_per_th=4.0, tier="as given", published_on=None, age_days=None)
    assert machine_in_words(given) == "machines at 4 USD/TH as given"
    published = replace(given, tier="25-38 J/TH", published_on=date(2025, 6, 1), age_days=200.0)
    assert machine_in_words(published) == (
        "machines at 4 USD/TH (25-38 J/TH, published 2025-06-01, 200 days old)"
    )
    assert "--machine-price" in machine_in_words(None)


def test_a_headline_leans_on_no_stale_price(document: BriefDocument) -> None:
    state = document.security
    for age_days, is_told in ((30.0, True), (500.0, False), (None, True)):
        quote = MachineQuote(usd_per_th=4.0, tier="any", published_on=None, age_days=age_days)
        attack = replace(state.attack, machine=quote, machines_usd=3.7e9)
        told = attack_headline(replace(state, attack=attack))
        assert ("3.70 billion USD of machines" in told) == is_told


def test_the_page_of_the_brief_tells_every_fact(document: BriefDocument) -> None:
    page = unescape(brief_html(document))
    assert "How safe payments are" in page
    assert sentence(attack_headline(document.security)) in page
    for fact in security_facts(document.security):
        assert fact.value in page
    assert math.isfinite(document.security.slow_prob)

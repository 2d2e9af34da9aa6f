from __future__ import annotations

from dataclasses import replace

from wattshift.report import words
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.facts import network_facts
from wattshift.report.figures import interval, number


def test_figures_are_the_documents(document: BriefDocument) -> None:
    facts = {fact.what: fact for fact in network_facts(document)}
    hashrate, hashprice = document.hashrate, document.hashprice
    assert facts["hashrate"].value == number(hashrate.mean_ehs)
    assert facts["hashrate"].interval == interval(hashrate.low_ehs, hashrate.high_ehs)
    assert words.luck_in_words(hashrate.change.luck_prob) in facts["hashrate"].says
    assert facts["Bitcoin Core's"].value == number(hashrate.core_ehs)
    assert facts["next adjustment"].value == words.percent(document.difficulty.calibrated.change_frac)
    assert " to " in facts["next adjustment"].interval
    assert facts["by mempool.space"].interval == ""
    assert facts["hashprice"].value == number(hashprice.usd_per_ph_day, 2)
    assert facts["bitcoin"].value == number(hashprice.detail.price.price_usd_per_btc)
    assert facts["fees per block"].says == hashprice.detail.fees.basis.value


def test_a_peak_only_where_one_was_asked_for(document: BriefDocument) -> None:
    without = replace(document, hashrate=replace(document.hashrate, peak=None))
    assert len(network_facts(without)) == len(network_facts(document)) - 1
    assert not any(fact.what == "its peak" for fact in network_facts(without))

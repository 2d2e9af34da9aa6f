"""A whole text: when it was written, what was known then, what is listed, and no chance anywhere."""

from __future__ import annotations

from datetime import datetime

import pytest

from wattshift.app.evidence import ArchiveEvidence
from wattshift.claims.check import Checked, check, told_at
from wattshift.claims.claim import Finding, Verdict
from wattshift.claims.text import read_text
from wattshift.clock import parse_instant
from wattshift.errors import InputError

ARTICLE = """# Bitcoin network slips under one zettahash
January 19, 2026

Bitcoin\u2019s hashrate fell below 1 ZH/s for the first time since mid-September, down roughly **15%** from
its October peak of 1,157 EH/s. The seven-day average stood at 992 EH/s on Monday.

Difficulty is expected to fall 4.34% in about three days, on January 22. It has dropped four times since
mid-November. Hashprice recovered to $41.22 per PH/s per day on January 17, and new machines earn
$57\u2013129 per megawatt. The shares of Riot gained 3.5%.

Some miners say they will repurpose their ASICs for AI.
"""


def verdicts(checked: Checked) -> list[Verdict]:
    return [found.verdict for found in checked.findings]


def only(checked: Checked) -> Finding:
    assert len(checked.findings) == 1
    return checked.findings[0]


@pytest.fixture(scope="module")
def article(evidence: ArchiveEvidence) -> Checked:
    return check(ARTICLE, evidence)


def test_an_article(article: Checked) -> None:
    told = {found.claim.quote.split()[0]: found for found in article.findings}
    assert article.told.start_at == parse_instant("2026-01-19")
    assert verdicts(article).count(Verdict.HOLDS) == 4
    assert verdicts(article).count(Verdict.MISSTATED_UNIT) == 1
    assert verdicts(article).count(Verdict.CONTRADICTED) == 1
    assert told["Some"].verdict is Verdict.CONTRADICTED
    assert "3.5%" in [each.words for each in article.unmatched]


def test_claims_are_in_the_order_of_the_text_and_quoted_as_printed(article: Checked) -> None:
    starts = [found.claim.start for found in article.findings]
    assert starts == sorted(starts)
    quotes = [found.claim.quote for found in article.findings]
    assert any("$57\u2013129 per megawatt" in quote for quote in quotes)
    assert any(quote.startswith("Bitcoin\u2019s hashrate") for quote in quotes)


def test_the_same_text_gives_the_same_answer(article: Checked, evidence: ArchiveEvidence) -> None:
    again = check(ARTICLE.encode(), evidence)
    assert again.findings == article.findings
    assert again.unmatched == article.unmatched


def test_html_and_plain_text_agree(article: Checked, evidence: ArchiveEvidence) -> None:
    body = (
        ARTICLE.replace("**", "").replace("# ", "").replace("\u2013", "&ndash;").replace("\u2019", "&rsquo;")
    )
    page = "<html><body><p>" + body.replace("\n\n", "</p><p>") + "</p></body></html>"
    assert verdicts(check(page, evidence)) == verdicts(article)


@pytest.mark.parametrize(
    ("source", "as_of", "start"),
    [
        ("Hashrate is 992 EH/s.", "2026-01-19", "2026-01-19"),
        ("Published 18 January 2026. Hashrate is 992 EH/s.", "2026-01-19T12:00Z", "2026-01-19T12:00Z"),
        ("Published 18 January 2026. Hashrate is 992 EH/s.", None, "2026-01-18"),
        (
            '<html><meta property="article:published_time" content="2026-01-17T08:00Z"><p>x',
            None,
            "2026-01-17",
        ),
        ("Hashrate is 992 EH/s.", None, "2026-04-22T21:50:03Z"),
        ("Published 18 January 2027. Hashrate is 992 EH/s.", None, "2026-04-22T21:50:03Z"),
    ],
)
def test_when_a_text_was_written(
    evidence: ArchiveEvidence, source: str, as_of: str | None, start: str
) -> None:
    given = None if as_of is None else parse_instant(as_of)
    told = told_at(read_text(source), as_of=given, newest_at=evidence.known_to_at)
    assert told.start_at == parse_instant(start)


def test_an_instant_without_a_zone_is_refused(evidence: ArchiveEvidence) -> None:
    with pytest.raises(InputError):
        check("x", evidence, as_of=datetime(2026, 1, 19))  # noqa: DTZ001  # that is what is refused


def test_only_what_was_known_then_counts(evidence: ArchiveEvidence) -> None:
    statement = "Difficulty dropped 3.28% on January 22."
    assert only(check(statement, evidence, as_of=parse_instant("2026-01-23"))).verdict is Verdict.HOLDS
    before = only(check(statement, evidence, as_of=parse_instant("2026-01-21")))
    assert before.verdict is Verdict.CANNOT_CHECK


def test_an_instant_is_narrower_than_its_day(evidence: ArchiveEvidence) -> None:
    statement = "Difficulty is expected to fall 4.34%."
    assert only(check(statement, evidence, as_of=parse_instant("2026-01-19"))).verdict is Verdict.HOLDS
    noon = only(check(statement, evidence, as_of=parse_instant("2026-01-19T12:00Z")))
    assert noon.verdict is Verdict.WITHIN_NOISE


def test_a_text_without_a_date_is_not_contradicted_by_guesses(evidence: ArchiveEvidence) -> None:
    assert (
        only(check("Blocks took 23 minutes on average in late June.", evidence)).verdict
        is Verdict.CANNOT_CHECK
    )
    assert only(check("Hashrate plunged to 90 EH/s.", evidence)).verdict is Verdict.CANNOT_CHECK
    assert only(check("The hashrate is now 300 EH/s.", evidence)).verdict is Verdict.CONTRADICTED
    assert only(check("Hashrate was 900 EH/s in July 2021.", evidence)).verdict is Verdict.CONTRADICTED


def test_before_and_after_the_history_nothing_is_judged(evidence: ArchiveEvidence) -> None:
    for day in ("2018-06-01", "2026-06-01"):
        found = only(check("The network's hashrate is 40 EH/s.", evidence, as_of=parse_instant(day)))
        assert found.verdict is Verdict.CANNOT_CHECK
        assert found.explanation


def test_undated_levels_of_the_past_year_are_not_contradicted(evidence: ArchiveEvidence) -> None:
    found = only(check("Hashrate reached 850 EH/s.", evidence, as_of=parse_instant("2026-01-19")))
    assert found.verdict is Verdict.CANNOT_CHECK
    assert "no date is given" in found.explanation


def test_every_number_is_claimed_or_listed(article: Checked) -> None:
    claimed = sum(found.claim.stated is not None for found in article.findings)
    listed = [each.words for each in article.unmatched]
    assert claimed == 8
    assert listed == ["one zettahash", "January 19, 2026", "January 22", "January 17", "3.5%"]

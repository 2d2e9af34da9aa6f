from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from wattshift.app.security import Backlog, SecurityAsk, security
from wattshift.app.snapshot import Archive
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.securitywords import security_facts, usd
from wattshift.report.terminal.brief import brief_view
from wattshift.report.terminal.security import security_view

AT = datetime(2026, 1, 19, 12, tzinfo=UTC)
ASK = SecurityAsk(
    value_usd=5e7,
    elapsed_s=3_600,
    backlogs=(
        Backlog(fee_sat_per_vb=5, ahead_vmb=3.2, inflow_vmb_per_s=8e-4),
        Backlog(fee_sat_per_vb=1, ahead_vmb=90, inflow_vmb_per_s=3e-3),
    ),
)


def text_of(view: RenderableType, *, width: int = 400) -> str:
    out = StringIO()
    Console(file=out, width=width, highlight=False).print(view)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_its_width(archive: Archive, width: int) -> None:
    text = text_of(security_view(security(archive, ASK, at=AT)), width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert not {"nan", "None", "inf"} & set(text.split())


def test_it_tells_every_part(archive: Archive) -> None:
    document = security(archive, ASK, at=AT)
    text = " ".join(text_of(security_view(document)).split())
    assert document.in_words in text
    assert "They came in 60 minutes" in text
    for fact in security_facts(document.state):
        assert fact.says in text
    for point in document.surface:
        assert usd(point.machines_usd) in text
    for race in document.races:
        assert usd(race.deterred_usd) in text
    assert "over a week" in text
    assert "for 50.0 million USD" in text
    for origin in document.origins:
        assert origin.source in text


def test_without_prices_and_confirmations(archive: Archive) -> None:
    ask = SecurityAsk(attacker_frac=0.5, confirmations=0)
    text = text_of(security_view(security(archive, ask, at=datetime(2020, 6, 1, tzinfo=UTC))))
    for words in ("give --machine-price", "Without a confirmation", "over 10,000", "certain"):
        assert words in text


def test_the_brief_tells_the_state(document: BriefDocument) -> None:
    text = " ".join(text_of(brief_view(document)).split())
    assert "How safe payments are" in text
    for fact in security_facts(document.security):
        assert fact.says in text

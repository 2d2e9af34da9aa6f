from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from wattshift.app.snapshot import Archive
from wattshift.app.stress import pools, stress
from wattshift.app.why import why
from wattshift.clock import Window
from wattshift.report.terminal.stress import pools_view, stress_view, why_view
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


def text_of(view: RenderableType) -> str:
    out = StringIO()
    Console(file=out, width=200, highlight=False).print(view)
    return out.getvalue()


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_why_names_every_cause_and_every_clue(archive: Archive) -> None:
    document = why(archive, Window(start_at=day("2021-02-11"), end_at=day("2021-02-21")))
    text = text_of(why_view(document))
    for row in document.causes:
        assert row.cause.value in text
    for piece in document.evidence:
        assert piece.finding.split(" (")[0] in text
    assert "2021-02-11T00:00Z to 2021-02-21T00:00Z" in text
    assert "The evidence is thin" in text


def test_stress_shows_signals_tests_and_costs(archive: Archive) -> None:
    text = text_of(stress_view(stress(archive, day("2026-01-19"))))
    for word in ("hash ribbons", "Puell multiple", "J/TH", "GW", "under water", "luck alone"):
        assert word in text


def test_too_short_a_history_says_so(archive: Archive) -> None:
    assert "fewer than two years" in text_of(stress_view(stress(archive, day("2020-02-10"))))


def test_pools_shows_shares_and_the_hidden_bound(archive: Archive) -> None:
    document = pools(archive, day("2026-01-28"), window_s=4 * 86_400)
    text = text_of(pools_view(document))
    assert "foundryusa" in text
    assert "Nakamoto coefficient" in text
    assert "a sum over pools" in text
    assert f"{len(document.mix.pools) - 12} more" in text

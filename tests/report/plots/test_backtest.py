from __future__ import annotations

from datetime import UTC, datetime

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from wattshift.app.backtest.run import backtest
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.report.documents.backtest import BacktestDocument
from wattshift.report.plots.backtest import draw_backtest
from wattshift.report.plots.style import PictureForm, render
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="module")
def document() -> BacktestDocument:
    start_at, end_at = datetime(2023, 8, 1, 5, tzinfo=UTC), datetime(2023, 9, 12, 5, tzinfo=UTC)
    return backtest(Archive(BundledStore()), open_site(None)[0], start_at=start_at, end_at=end_at)


def test_it_names_every_span_way_and_source(document: BacktestDocument) -> None:
    figure = Figure(figsize=(12, 6.75))
    draw_backtest(document, figure)
    told = "\n".join(text.get_text() for text in figure.findobj(Text))
    for span in document.spans[1:]:
        assert span.name in told
    for wanted in ("planner", "last price", "fleet average", "ERCOT", "Houston 100", "As of"):
        assert wanted in told


def test_a_share_beyond_the_axis_is_written(document: BacktestDocument) -> None:
    figure = Figure(figsize=(12, 6.75))
    draw_backtest(document, figure)
    told = [text.get_text() for text in figure.findobj(Text)]
    assert any("always mine 51 %" in each for each in told)


@pytest.mark.parametrize("form", PictureForm)
def test_the_same_data_gives_the_same_bytes(document: BacktestDocument, form: PictureForm) -> None:
    first, second = (
        render(lambda figure: draw_backtest(document, figure), form, title="backtest") for _ in range(2)
    )
    assert first == second
    assert len(first) > 30_000

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from wattshift.app.securityplots import security_picture
from wattshift.app.snapshot import Archive
from wattshift.report.plots.security import draw_security
from wattshift.report.plots.style import PictureForm, render
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.mark.parametrize(("year", "marked"), [(2020, "no price of such machines is"), (2026, "days old")])
def test_it_is_full_reproducible_and_sourced(archive: Archive, year: int, marked: str) -> None:
    draw = partial(draw_security, security_picture(archive, at=datetime(year, 2, 1, tzinfo=UTC)))
    content = render(draw, PictureForm.SVG, title="security")
    assert content == render(draw, PictureForm.SVG, title="security")
    assert content.count(b"<path") > 40
    figure = Figure(figsize=(12, 6.75))
    draw(figure)
    told = " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())
    for words in ("double spend, by share of the hashrate", "EH/s to match", "45 %", "Rosenfeld", marked):
        assert words in told
    assert f" {year}, 00:00 UTC." in told

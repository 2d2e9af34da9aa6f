from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from wattshift.report.documents.simulation import SimulationDocument
from wattshift.report.plots.simulation import draw_simulation
from wattshift.report.plots.style import PictureForm, render


@pytest.mark.parametrize("is_compared", [True, False])
def test_it_is_full_reproducible_and_sourced(simulated: SimulationDocument, is_compared: bool) -> None:
    document = simulated if is_compared else replace(simulated, comparison=None)
    draw = partial(draw_simulation, document)
    content = render(draw, PictureForm.SVG, title="simulation")
    assert content == render(draw, PictureForm.SVG, title="simulation")
    figure = Figure(figsize=(12, 6.75))
    draw(figure)
    told = " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())
    for words in ("ban: down to", "coming retargets", "block interval", "hashprice", "no forecast"):
        assert words in told
    assert ("winter-storm" in told) is is_compared
    assert len(figure.axes) == 4

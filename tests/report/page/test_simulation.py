from __future__ import annotations

import re
from dataclasses import replace

import pytest

from support.documents import HOSTILE
from support.pages import Page
from wattshift.report.documents.simulation import SimulationDocument
from wattshift.report.page.fancharts import fan_chart, retarget_chart
from wattshift.report.page.simulation import simulation_html
from wattshift.report.simulationwords import shown


@pytest.fixture(scope="module")
def page(simulated: SimulationDocument) -> Page:
    return Page(simulation_html(simulated))


def test_it_asks_nothing_of_the_world(page: Page, simulated: SimulationDocument) -> None:
    source = simulation_html(simulated)
    assert source.rstrip().endswith("</html>")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "img", "form", "base", "audio", "video"}
    for _, attrs in page.elements:
        assert not any(name.startswith("on") for name in attrs)
        assert str(attrs.get("href", "data:")).startswith(("data:", "#"))
    assert "url(" not in source
    assert not re.search(r"\b(nan|NaN|None|inf|Undefined)\b", page.text)


def test_it_tells_every_part(page: Page, simulated: SimulationDocument) -> None:
    for line in simulated.in_words:
        assert line[1:] in page.text
    for row in simulated.states:
        if row.name in {"hashrate_ehs", "interval_s", "hashprice_usd_per_ph_day"}:
            assert shown(row.name, row.bands[-1].median) in page.text
    for month in simulated.forward:
        assert month.month in page.text
    for each in ("winter-storm instead", "How long confirmations take", "5 sat/vB", *simulated.events):
        assert each[1:] in page.text


def test_the_pull_of_ai_and_what_leaving_changes_are_told(
    pulled: SimulationDocument, simulated: SimulationDocument
) -> None:
    assert pulled.ai_effect is not None
    told, calm = Page(simulation_html(pulled)), Page(simulation_html(simulated))
    headings = {attrs.get("id") for tag, attrs in told.elements if tag == "h2"}
    assert {"h-pulled", "h-left"} <= headings
    assert "h-pulled" not in {attrs.get("id") for tag, attrs in calm.elements if tag == "h2"}
    for effect in (pulled.ai_effect, pulled.exit_effect):
        for row in effect.differences:
            if not row.band.low == row.band.high == row.mean:
                assert shown(row.name, row.mean, signed=True) in told.text
                assert shown(row.name, row.band.high, signed=True) in told.text


def test_who_left_is_told_by_the_price_of_power(pulled: SimulationDocument) -> None:
    told = Page(simulation_html(pulled)).text
    (converted,) = [row for row in pulled.departures if row.cause == "converted"]
    assert f"{converted.total_gw:.2f}" in told
    assert f"{sum(converted.by_power_gw[:4]):.2f}" in told
    nobody = replace(pulled, departures=())
    assert "nobody has left" in Page(simulation_html(nobody)).text


def test_ids_are_unique_and_charts_have_tables(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    charts = [attrs for attrs in page.named("svg") if attrs.get("role") == "img"]
    assert len(charts) == len(page.named("details")) >= 10


@pytest.mark.parametrize("attack", HOSTILE)
def test_names_are_no_markup(simulated: SimulationDocument, attack: str) -> None:
    assert simulated.comparison is not None
    comparison = replace(simulated.comparison, scenario=attack, note=attack)
    gone = tuple(replace(each, cause=attack, total_gw=1.0) for each in simulated.departures)
    attacked = replace(
        simulated, scenario=attack, note=attack, events=(attack,), departures=gone, comparison=comparison
    )
    page = Page(simulation_html(attacked))
    assert "script" not in {tag for tag, _ in page.elements}
    assert not any("onload" in attrs for _, attrs in page.elements)


def test_a_fan_is_drawn_beside_another(simulated: SimulationDocument) -> None:
    both = fan_chart(simulated, "hashrate_ehs")
    alone = fan_chart(replace(simulated, comparison=None), "hashrate_ehs")
    assert both.svg.count("line thin c2") == 2
    assert "c2" not in alone.svg
    assert alone.svg.count('class="band') == 2
    assert len(alone.rows) == len(simulated.at)


def test_no_retarget_is_no_picture(simulated: SimulationDocument) -> None:
    chart = retarget_chart(replace(simulated, retargets=()))
    assert chart.rows == ()
    assert "circle" not in chart.svg
    assert "None within" in chart.summary

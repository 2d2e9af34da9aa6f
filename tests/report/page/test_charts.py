"""The charts: what is drawn has a name, a description, and a table with the document's own figures."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from support.documents import hostile
from wattshift.measures.difficulty import NOISE_FLOOR_FRAC
from wattshift.report import words
from wattshift.report.documents.brief import BriefDocument, DailySeries
from wattshift.report.documents.site import PlanDocument, PlanSeries
from wattshift.report.figures import day, number
from wattshift.report.page.charts import Chart, adjustment_chart, hashprice_chart, hashrate_chart
from wattshift.report.page.sitecharts import month_chart, profit_chart, use_styles, worth_chart


def all_charts(document: BriefDocument) -> tuple[Chart, ...]:
    styles = use_styles(document.month)
    return (
        hashrate_chart(document),
        adjustment_chart(document.difficulty),
        hashprice_chart(document),
        worth_chart(document.value, styles),
        month_chart(document.month, styles),
        profit_chart(document.month),
    )


def drawn_texts(chart: Chart) -> list[str]:
    root = ET.fromstring(chart.svg)  # noqa: S314  # made by this project
    return [element.text or "" for element in root.iter("text")]


def figure_of(text: str) -> float:
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-").removesuffix(" %"))


@pytest.mark.parametrize("attacked", [False, True])
def test_every_chart_is_whole(document: BriefDocument, attacked: bool) -> None:
    charts = all_charts(hostile(document) if attacked else document)
    assert len({chart.key for chart in charts}) == len(charts) == 6
    for chart in charts:
        root = ET.fromstring(chart.svg)  # noqa: S314  # made by this project
        title, desc = root.find("title"), root.find("desc")
        assert title is not None
        assert desc is not None
        assert title.text
        assert desc.text
        assert {element.tag for element in root.iter()} <= {
            "svg", "title", "desc", "text", "line", "path", "rect", "circle",
        }  # fmt: skip
        assert not re.search(r"\b(nan|NaN|inf|None)\b", chart.svg)
        assert chart.rows
        assert all(len(row) == len(chart.header) for row in chart.rows)


def test_series_are_tabled_as_they_are(document: BriefDocument) -> None:
    for chart, series, digits in (
        (hashrate_chart(document), document.hashrate_series, 0),
        (hashprice_chart(document), document.hashprice_series, 2),
    ):
        columns = list(zip(*chart.rows, strict=True))
        assert list(columns[0]) == [day(at) for at in series.at]
        for column, values in zip(columns[1:], (series.mean, series.low, series.high), strict=True):
            assert [figure_of(text) for text in column] == pytest.approx(values, abs=0.5 * 10**-digits)


def test_the_peak_is_marked(document: BriefDocument) -> None:
    peak = document.hashrate.peak
    assert peak is not None
    assert f"peak {number(peak.mean_ehs)}" in drawn_texts(hashrate_chart(document))
    without = replace(document, hashrate=replace(document.hashrate, peak=None))
    assert not any("peak" in text for text in drawn_texts(hashrate_chart(without)))


def test_a_series_may_be_short_or_empty(document: BriefDocument) -> None:
    whole = document.hashprice_series
    for count in (0, 1, 2):
        cut = DailySeries(
            title=whole.title,
            unit=whole.unit,
            at=whole.at[:count],
            mean=whole.mean[:count],
            low=whole.low[:count],
            high=whole.high[:count],
        )
        chart = hashprice_chart(replace(document, hashprice_series=cut))
        assert len(chart.rows) == count
        assert ("<path" in chart.svg) == (count > 0)


def test_adjustments_carry_their_z_and_verdict(document: BriefDocument) -> None:
    chart = adjustment_chart(document.difficulty)
    past = document.difficulty.adjustments
    for row, adjustment in zip(chart.rows, past, strict=False):
        assert row[0] == str(adjustment.height)
        assert figure_of(row[2]) / 100 == pytest.approx(adjustment.change_frac, abs=5e-5)
        assert figure_of(row[5]) == pytest.approx(adjustment.z, abs=0.005)
        assert row[6] == words.adjustment_verdict(adjustment)
    assert [row[6] for row in chart.rows[len(past) :]] == [
        f"projected: {document.difficulty.calibrated.rule.value}",
        f"projected: {document.difficulty.mempool.rule.value}",
    ]
    assert "whisker" in chart.svg


def test_luck_is_as_wide_as_the_verdict_says(document: BriefDocument) -> None:
    edge = words.WITHIN_LUCK_Z * NOISE_FLOOR_FRAC
    assert f"{100 * edge:.1f} %" in adjustment_chart(document.difficulty).summary
    first = document.difficulty.adjustments[0]
    for factor, verdict in ((0.999, "within luck"), (1.001, "hardly luck"), (1.4, "more than luck")):
        moved = replace(first, change_frac=factor * edge, z=factor * edge / NOISE_FLOOR_FRAC)
        assert words.adjustment_verdict(moved) == verdict


def test_a_projection_without_interval_has_no_whisker(document: BriefDocument) -> None:
    bare = replace(document.difficulty, calibrated=document.difficulty.mempool)
    assert "whisker" not in adjustment_chart(bare).svg


def test_worth_is_tabled_as_it_is(document: BriefDocument) -> None:
    chart = worth_chart(document.value, use_styles(document.month))
    for row, use in zip(chart.rows, document.value.uses, strict=True):
        assert row[0] == use.name
        assert [figure_of(text) for text in row[2:]] == pytest.approx(
            [
                use.worth_usd_per_mwh, use.low_usd_per_mwh, use.high_usd_per_mwh, use.power_usd_per_mwh,
                use.margin_usd_per_mwh, use.capital_usd_per_mwh, use.net_usd_per_mwh,
            ],
            abs=0.005,
        )  # fmt: skip
    told = drawn_texts(chart)
    assert f"delivered power {number(document.value.delivered_usd_per_mwh, 1)}" in told
    assert "margin 0.0" in told  # the grid itself


def test_a_use_keeps_its_colour(document: BriefDocument) -> None:
    styles = use_styles(document.month)
    assert len(set(styles.values())) == len(styles)
    chart = worth_chart(document.value, styles)
    for use in document.value.uses:
        assert f"dot {styles.get(use.name, 'c0')}" in chart.svg


def test_stretches_tell_every_load(document: BriefDocument) -> None:
    series = document.month.series
    chart = month_chart(document.month, use_styles(document.month))
    states = [(cap, *loads) for cap, *loads in zip(series.cap_mw, *series.load_mw, strict=True)]
    runs = [state for index, state in enumerate(states) if index == 0 or state != states[index - 1]]
    assert len(chart.rows) == len(runs)
    for row, state in zip(chart.rows, runs, strict=True):
        assert [figure_of(text) for text in row[3:]] == pytest.approx(list(state), abs=0.05)
    for row, following in zip(chart.rows, chart.rows[1:], strict=False):
        assert row[1] == following[0]
    ends = [figure_of(end) for row in chart.rows for end in row[2].split(" to ")]
    assert min(ends) == pytest.approx(min(series.spot_usd_per_mwh), abs=0.005)
    assert max(ends) == pytest.approx(max(series.spot_usd_per_mwh), abs=0.005)


def test_spikes_beyond_the_axis_are_marked(document: BriefDocument) -> None:
    chart = month_chart(document.month, use_styles(document.month))
    highest = number(max(document.month.series.spot_usd_per_mwh))
    assert f"\N{UPWARDS ARROW} {highest}" in drawn_texts(chart)
    assert "beyond" in chart.svg


def restless(document: PlanDocument, uses: int) -> PlanDocument:
    """A month in which every load of a site with many uses changes every quarter of an hour."""
    series, count = document.series, len(document.series.start_at)
    return replace(
        document,
        series=PlanSeries(
            start_at=series.start_at,
            hours=series.hours,
            spot_usd_per_mwh=tuple(float((37 * index) % 411 - 50) for index in range(count)),
            cap_mw=tuple(100.0 + index % 3 for index in range(count)),
            uses=tuple(f"use {number}" for number in range(uses)),
            load_mw=tuple(
                tuple(float((index * (use + 2)) % 11) for index in range(count)) for use in range(uses)
            ),
        ),
    )


def test_a_restless_month_is_tabled_by_day(document: BriefDocument) -> None:
    month = restless(document.month, 8)
    chart = month_chart(month, use_styles(month))
    assert 30 <= len(chart.rows) <= 31
    assert " to " in chart.rows[0][4]


def test_no_intervals_no_picture(document: BriefDocument) -> None:
    nothing = PlanSeries(start_at=(), hours=0.25, spot_usd_per_mwh=(), cap_mw=(), uses=("a",), load_mw=((),))
    chart = month_chart(replace(document.month, series=nothing), {"a": "c1"})
    assert chart.rows == ()
    assert not drawn_texts(chart)


def test_profits_are_tabled_as_they_are(document: BriefDocument) -> None:
    chart = profit_chart(document.month)
    for row, account in zip(chart.rows, document.month.accounts, strict=True):
        assert row[:2] == (account.rule, account.what)
        assert [figure_of(text) for text in row[2:7]] == pytest.approx(
            [
                account.profit_usd, account.versus_plan_usd, account.revenue_usd,
                account.power_usd, account.energy_mwh,
            ],
            abs=0.5,
        )  # fmt: skip


def test_losses_are_drawn_to_the_left(document: BriefDocument) -> None:
    accounts = tuple(replace(account, profit_usd=-account.profit_usd) for account in document.month.accounts)
    chart = profit_chart(replace(document.month, accounts=accounts))
    bars = list(ET.fromstring(chart.svg).iter("rect"))  # noqa: S314  # made by this project
    assert all(float(bar.attrib["x"].rstrip("%")) < 10 for bar in bars)
    assert all(float(bar.attrib["width"].rstrip("%")) > 0 for bar in bars)

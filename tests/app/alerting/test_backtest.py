"""What rules would have said over the real winter of 2026, judged by the real outcome."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    Heartbeat,
    PriceSpike,
    RetargetBeyond,
    Rule,
)
from wattshift.app.alerting.backtest import backtest_alerts, kind_of
from wattshift.app.alerting.chaineye import ChainEye
from wattshift.app.alerting.observing import HistoryEye
from wattshift.app.alerting.running import run_rules
from wattshift.app.alerting.truth import Judge
from wattshift.app.snapshot import Archive
from wattshift.clock import Window, to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.statespace import filter_level
from wattshift.report.documents.alerts import AlertsBacktestDocument
from wattshift.report.plots.alerts import draw_alerts
from wattshift.report.plots.style import PictureForm, render
from wattshift.report.terminal.alerts import alerts_backtest_view
from wattshift.report.terminal.layout import console
from wattshift.store.bundled import BundledStore

START, END = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC)
RULES: tuple[Rule, ...] = (
    HashrateBelow(name="below", below_ehs=1_000.0),
    HashrateDrop(name="drop"),
    RetargetBeyond(name="falls", change_frac=-0.05),
    HashpriceBelowBreakEven(name="even", efficiency_j_per_th=30.0, power_usd_per_mwh=55.0),
    PriceSpike(name="spike", above_usd_per_mwh=500.0, clear_usd_per_mwh=200.0),
    Heartbeat(name="alive"),
)


@pytest.fixture(scope="module")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


@pytest.fixture(scope="module")
def document(archive: Archive) -> AlertsBacktestDocument:
    return backtest_alerts(archive, RULES, start_at=START, end_at=END)


def test_the_storm_of_january_is_seen(document: AlertsBacktestDocument) -> None:
    rows = {row.rule: row for row in document.rules}
    (below,) = rows["below"].episodes
    assert datetime(2026, 1, 24, tzinfo=UTC) < below.onset_at < datetime(2026, 1, 27, tzinfo=UTC)
    assert below.is_false is False
    assert below.sure_prob is not None
    assert below.sure_prob > 0.95
    (falls,) = rows["falls"].episodes  # difficulty fell by 11 % on 7 February
    assert falls.is_false is False
    assert falls.delay_s is not None
    assert falls.delay_s < -10 * 86_400
    assert rows["falls"].n_missed == 0
    assert [row.n_false for row in document.rules] == [0] * 5


def test_a_spike_is_each_of_the_settled_prices_above(
    document: AlertsBacktestDocument, archive: Archive
) -> None:
    frame = archive.table("power_price")
    ends = [start + timedelta(minutes=15) for start in frame["start"]]
    dear = [
        end
        for end, price in zip(ends, frame["price_usd_per_mwh"], strict=True)
        if START <= end <= END and price > 500
    ]
    row = next(row for row in document.rules if row.rule == "spike")
    assert row.episodes[0].onset_at == dear[0]
    for end in dear:
        assert any(each.onset_at <= end <= (each.recovery_at or END) for each in row.episodes)


def test_what_history_cannot_answer_is_named(document: AlertsBacktestDocument, archive: Archive) -> None:
    assert document.left_out == ("alive",)
    with pytest.raises(InputError, match="cannot answer"):
        backtest_alerts(archive, [Heartbeat(name="alive")], start_at=START, end_at=END)


def test_a_stretch_that_is_not_known_is_refused(archive: Archive) -> None:
    with pytest.raises(OutOfSpan):
        backtest_alerts(archive, RULES[:1], start_at=START, end_at=datetime(2030, 1, 1, tzinfo=UTC))
    with pytest.raises(InputError, match="six years"):
        backtest_alerts(archive, RULES[:1], start_at=datetime(2010, 1, 1, tzinfo=UTC), end_at=END)


def test_nothing_from_later_is_used(archive: Archive) -> None:
    """Rules say the same of a history that ends before the drop of 24 January is raised, and of one after."""
    rules = RULES[:3]
    midnight_at = datetime(2026, 1, 24, tzinfo=UTC)
    eye = ChainEye(archive.blocks, archive.level, rules)
    seen = (eye.see_drops(midnight_at + timedelta(hours=hour))[52_560].last for hour in range(48))
    raised_at = next(last.raised_at for last in seen if last is not None and last.raised_at > midnight_at)
    for cut_at in (raised_at - timedelta(hours=1), raised_at + timedelta(hours=30)):
        _assert_nothing_from_later(archive, rules, cut_at)


def _assert_nothing_from_later(archive: Archive, rules: tuple[Rule, ...], cut_at: datetime) -> None:
    window = Window(start_at=datetime(2026, 1, 23, tzinfo=UTC), end_at=cut_at)
    known = archive.blocks.known_at(cut_at)
    level = filter_level(arrivals_of(known.header_time_s, known.work_hashes, known.first_height))
    cut = ChainEye(BlockHistory(whole=known), level, rules)
    whole = HistoryEye(archive, rules)

    def look(at: datetime, _rules: Collection[Rule]) -> Observations:
        return Observations(
            at=at, level=cut.see_level(at), drops=cut.see_drops(at), retarget=cut.see_retarget(at)
        )

    assert run_rules(rules, look, window) == run_rules(rules, whole.look, window)


def test_a_false_alarm_is_called_false(archive: Archive) -> None:
    """In quiet times, rules are judged wrong where they said what did not come."""
    judge = Judge(archive, ChainEye(archive.blocks, archive.level, RULES))
    quiet_at = datetime(2025, 11, 20, tzinfo=UTC)
    assert judge.judge(RULES[0], quiet_at).is_false is True
    assert judge.judge(RetargetBeyond(name="x", change_frac=-0.2), quiet_at).is_false is True
    assert judge.judge(
        HashpriceBelowBreakEven(name="x", efficiency_j_per_th=10.0, power_usd_per_mwh=10.0), quiet_at
    ).is_false
    newest = judge.judge(RULES[2], archive.newest_at)
    assert newest.is_false is None, "the next adjustment is not known"


def test_where_its_data_end_a_rule_is_blind(archive: Archive) -> None:
    eye = HistoryEye(archive, RULES)
    late = archive.newest_at + timedelta(days=1)
    seen = eye.look(late, RULES)
    assert seen.level is None
    assert seen.retarget is None
    assert seen.hashprice is None
    early = eye.look(datetime(2019, 1, 1, tzinfo=UTC), RULES)
    assert early.power == {}
    assert early.level is None


def test_power_is_seen_only_once_it_is_settled(archive: Archive) -> None:
    at = datetime(2026, 1, 15, 12, 14, 59, tzinfo=UTC)
    (seen,) = HistoryEye(archive, RULES).look(at, RULES[4:5]).power.values()
    assert to_unix(seen.at) == to_unix(at.replace(minute=0, second=0))


def test_the_view_and_the_picture_show_every_rule(document: AlertsBacktestDocument) -> None:
    shown = console(width=160)
    with shown.capture() as captured:
        shown.print(alerts_backtest_view(document))
    text = captured.get()
    assert all(row.rule in text for row in document.rules)
    assert "history cannot answer: alive" in text
    picture = render(lambda figure: draw_alerts(document, figure), PictureForm.SVG, title="alerts")
    assert picture.startswith(b"<?xml")
    false = replace(document.rules[0].episodes[0], is_false=True, recovery_at=None)
    row = replace(document.rules[0], episodes=(false,) * 20)
    wrong = replace(document, rules=(row,))
    assert render(lambda figure: draw_alerts(wrong, figure), PictureForm.SVG, title="alerts") != picture
    with shown.capture() as captured:
        shown.print(alerts_backtest_view(wrong))
    assert "FALSE" in captured.get()
    assert "the last 12 of 20" in captured.get()


def test_kinds_have_names() -> None:
    assert [kind_of(rule) for rule in RULES[:2]] == ["hashrate below", "hashrate drop"]

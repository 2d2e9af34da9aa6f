"""Stress, pools and causes for the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.measures.pools import PoolShare
from wattshift.report.documents.stress import PoolsDocument, StressDocument, WhyDocument
from wattshift.report.figures import number
from wattshift.report.terminal.layout import headline, origins_view, table
from wattshift.report.words import counted, odds, percent

__all__ = ["pools_view", "stress_view", "why_view"]

_MOST_ROWS = 12


def _page(title: str, at: str, *parts: RenderableType) -> Group:
    return Group(headline(title, detail=f"as of {at}"), *parts)


def _share(value_frac: float) -> str:
    return percent(value_frac, signed=False)


def why_view(document: WhyDocument) -> Group:
    """`wattshift why`."""
    causes = table("cause", ">probability", "speaks for it", "speaks against it")
    for row in document.causes:
        causes.add_row(
            row.cause.value,
            odds(row.prob),
            ", ".join(row.speaks_for),
            ", ".join(row.speaks_against),
        )
    clues = table("clue", "finding")
    for piece in document.evidence:
        clues.add_row(piece.name, piece.finding if piece.known else Text(piece.finding, style="dim"))
    span = f"{format_instant(document.start_at)} to {format_instant(document.end_at)}"
    return _page(
        f"Why did the hashrate move, {span}?",
        format_instant(document.as_of),
        Text(document.in_words),
        causes,
        clues,
        origins_view(document.origins),
    )


def stress_view(document: StressDocument) -> Group:
    """`wattshift stress`."""
    parts: list[RenderableType] = [Text(document.in_words), _signals(document), _backtests(document)]
    for alarms in document.false_alarms:
        every = "never" if alarms.every_years is None else f"every {alarms.every_years * 12:.1f} months"
        parts.append(
            Text(
                f"{alarms.signal} by luck alone, {_growth(alarms.growth_frac)}: {every}, on"
                f" {_share(alarms.on_frac)} of the days"
            )
        )
    parts += [_divergence(document), _costs(document), origins_view(document.origins)]
    return _page("Stress", format_instant(document.as_of), *parts)


def _growth(growth_frac: float) -> str:
    return f"while hashrate grows {_share(growth_frac)} a period" if growth_frac else "at constant hashrate"


def _signals(document: StressDocument) -> RenderableType:
    rows = table("signal", "day", ">value", "state", ">episodes", "in words")
    for signal in document.signals:
        rows.add_row(
            signal.name,
            signal.day.isoformat(),
            signal.value,
            Text("on", style="yellow") if signal.on else "off",
            str(signal.episodes),
            signal.in_words,
        )
    return rows


def _backtests(document: StressDocument) -> RenderableType:
    rows = table(
        "then", "claim", ">days", ">return after", ">usual", ">false alarms", ">usual", ">luck alone"
    )
    for test in document.backtests:
        rows.add_row(
            test.signal,
            f"{test.claim.value} in {test.horizon_days} days",
            str(test.events),
            percent(test.mean_frac),
            percent(test.base_frac),
            percent(test.false_alarm_frac, digits=0, signed=False),
            percent(test.base_false_frac, digits=0, signed=False),
            percent(test.luck_prob, digits=0, signed=False),
        )
    return rows


def _divergence(document: StressDocument) -> Text:
    found = document.divergence
    if found is None:
        return Text("price and hashrate: fewer than two years known together", style="dim")
    if found.luck_prob > 0.05:
        relation = "no lead or lag that unrelated series would not show"
    else:
        strength = number(found.best_correlation_ratio, 2, signed=True)
        relation = f"the price leads by {counted(found.best_lag_weeks, 'week')} (r {strength})"
    return Text(
        f"price and hashrate, {found.weeks} weeks: {relation} (luck alone {_share(found.luck_prob)});"
        f" last {found.span_weeks} weeks hashrate {percent(found.hashrate_frac)}, expected"
        f" {percent(found.expected_frac)}, z {number(found.z, 1, signed=True)}, as far in"
        f" {_share(found.diverges_prob)} of past weeks"
    )


def _costs(document: StressDocument) -> RenderableType:
    fleet, water, power = document.fleet, document.under_water, document.power
    rows = table("cost curve", ">value", ">95 % interval", "note")
    rows.add_row(
        "fleet's mean efficiency",
        f"{fleet.mean_j_per_th:.1f} J/TH",
        f"{fleet.low_j_per_th:.1f} to {fleet.high_j_per_th:.1f}",
        f"a tenth below {fleet.tenth_j_per_th:.1f}, a tenth above {fleet.ninth_tenth_j_per_th:.1f};"
        f" {fleet.anchor}",
    )
    rows.add_row(
        "hashrate under water",
        _share(water.share_frac),
        f"{_share(water.low_frac)} to {_share(water.high_frac)}",
        f"at {water.hashprice_usd_per_ph_day:.1f} USD/PH/day and a median of"
        f" {document.power_median_usd_per_mwh:.0f} USD/MWh; half of it at"
        f" {water.break_even_usd_per_ph_day:.1f} USD/PH/day",
    )
    rows.add_row(
        "network power",
        f"{power.mean_gw:.1f} GW",
        f"{power.low_gw:.1f} to {power.high_gw:.1f}",
        f"{power.energy_twh_per_year:.0f} TWh a year at this pace",
    )
    return rows


def pools_view(document: PoolsDocument) -> Group:
    """`wattshift pools`."""
    mix = document.mix
    shown = table(
        "pool", ">blocks", ">share", ">95 % interval", ">EH/s", ">95 % interval", ">before", ">luck"
    )
    moved = {move.name: move for move in document.movements}
    for share in mix.pools[:_MOST_ROWS]:
        move = moved.get(share.name)
        shown.add_row(
            *_pool_cells(share),
            "" if move is None else _share(move.before_frac),
            "" if move is None else odds(move.luck_prob),
        )
    rest = mix.pools[_MOST_ROWS:]
    lines: list[RenderableType] = [Text(document.in_words), shown]
    if rest:
        blocks = sum(share.blocks for share in rest)
        lines.append(
            Text(f"and {len(rest)} more with {blocks:,} of {mix.total.blocks:,} blocks", style="dim")
        )
    held, hidden = document.concentration, document.hidden
    chances = ", ".join(f"{entry.pools}: {_share(entry.prob)}" for entry in held.nakamoto_chances)
    lines += [
        Text(
            f"Nakamoto coefficient {chances}; {held.nakamoto_worst} if the unlabelled blocks were the largest"
            " pool's"
        ),
        Text(
            f"total {hidden.total_ehs:,.1f} EH/s, of labelled pools {hidden.named_ehs:,.1f}; a sum over pools"
            f" misses {hidden.hidden_ehs:,.1f}, at most {hidden.hidden_high_ehs:,.1f}"
        ),
        origins_view(document.origins),
    ]
    return _page("Pools", format_instant(document.as_of), *lines)


def _pool_cells(share: PoolShare) -> tuple[str, ...]:
    return (
        share.name,
        f"{share.blocks:,}",
        _share(share.share_frac),
        f"{_share(share.low_frac)} to {_share(share.high_frac)}",
        f"{share.hashrate_ehs:,.1f}",
        f"{share.low_ehs:,.0f} to {share.high_ehs:,.0f}",
    )

"""The score in words and for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.report.documents.score import DepthVerdict, ParameterFit, ScoreDocument, ScoreRow, Standing
from wattshift.report.figures import day
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.words import percent

__all__ = ["fits_in_words", "score_in_words", "score_view"]

_STYLE = {
    Standing.SURELY_BETTER: "green",
    Standing.PROBABLY_BETTER: "",
    Standing.TIED: "yellow",
    Standing.WORSE: "red",
}


def _listed(verdicts: Sequence[DepthVerdict]) -> str:
    return ", ".join(str(verdict.depth) for verdict in verdicts)


def score_in_words(verdicts: Sequence[DepthVerdict], cover_frac: tuple[float, float]) -> str:
    """The verdict over all depths, with those where our rule is not better.

    Args:
        verdicts: one for each depth.
        cover_frac: the limits of what counts as a coverage of 95 %.
    """
    by = {standing: [each for each in verdicts if each.standing is standing] for standing in Standing}
    sure, probable = by[Standing.SURELY_BETTER], by[Standing.PROBABLY_BETTER]
    lower = len(sure) + len(probable)
    told = [f"RMSE and CRPS below every baseline's at {lower} of {len(verdicts)} depths"]
    if lower:
        told[0] += f", at {len(sure) or 'none'} of them with at least 95 % probability"
    if probable:
        told.append(f"not surely at {_listed(probable)}")
    if by[Standing.TIED]:
        told.append(f"tied with the best baseline at {_listed(by[Standing.TIED])}")
    if by[Standing.WORSE]:
        told.append(f"worse than a baseline at {_listed(by[Standing.WORSE])}")
    return f"{'; '.join(told)}. {_coverage_in_words(verdicts, cover_frac)}"


def _coverage_in_words(verdicts: Sequence[DepthVerdict], cover_frac: tuple[float, float]) -> str:
    raw, mended = [v.cover_95_frac for v in verdicts], [v.adaptive_95_frac for v in verdicts]
    spans = [f"{100 * min(each):.1f} to {percent(max(each), signed=False)}" for each in (raw, mended)]
    limits = f"{100 * cover_frac[0]:.0f} to {percent(cover_frac[1], digits=0, signed=False)}"
    missed = [verdict for verdict in verdicts if not verdict.is_covered]
    verdict = "at every depth" if not missed else f"except at {_listed(missed)}"
    return (
        f"The 95 % intervals held {spans[0]} of the adjustments as drawn, {spans[1]} after the conformal"
        f" correction: within {limits} {verdict}."
    )


def fits_in_words(fits: Sequence[ParameterFit]) -> str:
    """What the parameters could know."""
    dated = [fit for fit in fits if fit.fitted_before_at is not None]
    told = []
    if dated:
        told.append(
            "Parameters were fitted once a year, only to blocks before the periods that they score; each"
            " projection sees only the blocks known then."
        )
    if len(dated) < len(fits):
        prior = next(fit for fit in fits if fit.fitted_before_at is None)
        told.append(
            f"Periods {prior.first_period} to {prior.last_period} were scored with the prior, which is fitted"
            " to nothing."
        )
    told.append("The form of the model was chosen with the whole history in view.")
    return " ".join(told)


def score_view(document: ScoreDocument) -> Group:
    """`wattshift score`."""
    span = (
        f"periods {document.first_period} to {document.last_period} ({document.periods} complete periods,"
        f" {day(document.start_at)} to {day(document.end_at)}), {document.draws:,} draws a projection,"
        f" seed {document.seed}"
    )
    parts: list[RenderableType] = [
        prose(document.in_words),
        prose(document.fits_in_words, style="dim"),
        prose(span, style="dim"),
        _errors(
            document,
            "RMSE, percentage points",
            lambda scored: scored.rmse_frac,
            {verdict.depth: verdict.rmse_better_prob for verdict in document.verdicts},
        ),
        _errors(
            document,
            "CRPS, percentage points (of a bare point: mean absolute error)",
            lambda scored: scored.crps_frac,
            {verdict.depth: verdict.crps_better_prob for verdict in document.verdicts},
        ),
        _coverages(document),
        origins_view(document.origins),
    ]
    title = headline(
        "Projections of the next adjustment, scored", detail=f"as of {format_instant(document.as_of)}"
    )
    return Group(title, *parts)


def _errors(
    document: ScoreDocument, title: str, loss: Callable[[ScoreRow], float], better_prob: dict[int, float]
) -> Table:
    """One loss of every rule by depth, the lowest in bold."""
    rules = list(dict.fromkeys(scored.rule for scored in document.rows))
    found = {(scored.rule, scored.depth): loss(scored) for scored in document.rows}
    made = table(">depth", *(f">{rule}" for rule in rules), ">better than all", title=title)
    for depth, chance in better_prob.items():
        values = [found[rule, depth] for rule in rules]
        cells = [Text(f"{100 * value:.3f}", style="bold" if value == min(values) else "") for value in values]
        row(made, str(depth), *cells, percent(chance, digits=0, signed=False))
    return made


def _coverages(document: ScoreDocument) -> Table:
    title = f"Share of adjustments inside the intervals: {document.rule}"
    made = table(">depth", ">50 %", ">80 %", ">95 %", ">95 % conformal", "verdict", title=title)
    ours = {scored.depth: scored for scored in document.rows if scored.rule == document.rule}
    for verdict in document.verdicts:
        found = ours[verdict.depth]
        shares = (found.cover_50_frac, found.cover_80_frac, found.cover_95_frac, found.adaptive_95_frac)
        row(
            made,
            str(verdict.depth),
            *("" if share is None else percent(share, signed=False) for share in shares),
            Text(verdict.standing.value, style=_STYLE[verdict.standing]),
        )
    return made

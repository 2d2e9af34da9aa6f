"""The document about the score: how good projections of the next adjustment were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wattshift.provenance import Origin

__all__ = ["DepthVerdict", "ParameterFit", "ScoreDocument", "ScoreRow", "Standing"]


class Standing(StrEnum):
    """How our rule stands against all baselines at one depth, by RMSE and by CRPS together."""

    SURELY_BETTER = "better than every baseline"
    PROBABLY_BETTER = "lower than every baseline, not surely"
    TIED = "tied with the best baseline"
    WORSE = "worse than a baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One rule at one depth.

    Args:
        rule: its name.
        depth: blocks after the period's first one.
        rmse_frac: root mean squared error of the change that it named.
        crps_frac: mean continuous ranked probability score; of a rule that names a point, the mean absolute
            error.
        cover_50_frac: share of periods inside its 50 % interval; None for a point.
        cover_80_frac: likewise, 80 %.
        cover_95_frac: likewise, 95 %.
        adaptive_95_frac: likewise, after the conformal correction, which knows earlier periods only.
        rmse_beaten_prob: probability that our rule's RMSE is lower; None for our rule.
        crps_beaten_prob: likewise for CRPS.
    """

    rule: str
    depth: int
    rmse_frac: float
    crps_frac: float
    cover_50_frac: float | None
    cover_80_frac: float | None
    cover_95_frac: float | None
    adaptive_95_frac: float | None
    rmse_beaten_prob: float | None
    crps_beaten_prob: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthVerdict:
    """Our rule against the best baseline at one depth.

    Args:
        depth: blocks after the period's first one.
        standing: the verdict.
        rmse_rival: the baseline with the lowest RMSE.
        rmse_gain_frac: how much lower our RMSE is, 1 - ours / the rival's.
        rmse_better_prob: the smallest probability, over all baselines, that our RMSE is lower.
        crps_rival: the baseline with the lowest CRPS.
        crps_gain_frac: how much lower our CRPS is.
        crps_better_prob: likewise for CRPS.
        cover_95_frac: share of periods inside our 95 % interval.
        adaptive_95_frac: the same after the conformal correction.
        is_covered: the corrected share lies within the stated limits.
    """

    depth: int
    standing: Standing
    rmse_rival: str
    rmse_gain_frac: float
    rmse_better_prob: float
    crps_rival: str
    crps_gain_frac: float
    crps_better_prob: float
    cover_95_frac: float
    adaptive_95_frac: float
    is_covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFit:
    """Which parameters some of the periods were scored with.

    Args:
        fitted_before_at: only blocks known before this instant were fitted; None for the prior, which is
            fitted to nothing.
        first_period: the first period scored with them (height // 2016).
        last_period: the last one.
    """

    fitted_before_at: datetime | None
    first_period: int
    last_period: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDocument:
    """`wattshift score`.

    Args:
        as_of: the instant; later blocks are not used.
        first_period: the first period scored (height // 2016).
        last_period: the last one.
        periods: how many.
        start_at: header time of the first one's first block.
        end_at: header time of the block after the last one.
        rule: our rule.
        rows: every rule at every depth.
        verdicts: our rule against the baselines, at every depth.
        fits: the parameters used, each fitted to blocks before the periods that it scored.
        cover_low_frac: lower limit of what counts as a coverage of 95 %.
        cover_high_frac: upper limit.
        draws: courses drawn for each projection.
        seed: of the draws and of the bootstrap.
        in_words: the verdict.
        fits_in_words: what the parameters could know.
        origins: where it comes from.
    """

    as_of: datetime
    first_period: int
    last_period: int
    periods: int
    start_at: datetime
    end_at: datetime
    rule: str
    rows: tuple[ScoreRow, ...]
    verdicts: tuple[DepthVerdict, ...]
    fits: tuple[ParameterFit, ...]
    cover_low_frac: float
    cover_high_frac: float
    draws: int
    seed: int
    in_words: str
    fits_in_words: str
    origins: tuple[Origin, ...]

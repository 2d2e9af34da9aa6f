"""What moved the hashprice between two instants: difficulty, fees, subsidy or price."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wattshift.measures.hashprice import Hashprice

__all__ = ["HashpriceAttribution", "attribute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceAttribution:
    """A change of hashprice, split exactly into the changes of its factors.

    Each contribution is the share of the log change, scaled so that the four add up to `change_frac`.

    Args:
        change_frac: after / before - 1.
        difficulty_frac: part due to difficulty.
        subsidy_frac: part due to the subsidy.
        fees_frac: part due to fees.
        price_frac: part due to the bitcoin price.
    """

    change_frac: float
    difficulty_frac: float
    subsidy_frac: float
    fees_frac: float
    price_frac: float


def attribute(before: Hashprice, after: Hashprice) -> HashpriceAttribution:
    """Split the change between two hashprices.

    log hashprice = log(subsidy + fees) - log difficulty + log price. The reward's part is divided between
    subsidy and fees by the logarithmic mean, so that no order of substitution is preferred.
    """
    reward_before = before.subsidy_btc + before.fees.mean_btc
    reward_after = after.subsidy_btc + after.fees.mean_btc
    mean_reward = _log_mean(reward_before, reward_after)
    parts = {
        "difficulty": math.log(before.difficulty / after.difficulty),
        "subsidy": (after.subsidy_btc - before.subsidy_btc) / mean_reward,
        "fees": (after.fees.mean_btc - before.fees.mean_btc) / mean_reward,
        "price": math.log(after.price.price_usd_per_btc / before.price.price_usd_per_btc),
    }
    total = math.log(after.usd_per_ph_day / before.usd_per_ph_day)
    scale = math.expm1(total) / total if total else 1.0
    return HashpriceAttribution(
        change_frac=math.expm1(total),
        difficulty_frac=parts["difficulty"] * scale,
        subsidy_frac=parts["subsidy"] * scale,
        fees_frac=parts["fees"] * scale,
        price_frac=parts["price"] * scale,
    )


def _log_mean(first: float, second: float) -> float:
    """Logarithmic mean: (b - a) / log(b / a), and a itself where they agree."""
    if math.isclose(first, second, rel_tol=1e-12):
        return first
    return (second - first) / math.log(second / first)

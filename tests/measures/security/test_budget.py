from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wattshift.app.snapshot import Archive
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import subsidy_sat, total_supply_sat
from wattshift.measures.security.budget import issued_btc, security_budget
from wattshift.store.bundled import BundledStore


@pytest.mark.parametrize(
    ("height", "coins"),
    [(0, 50.0), (209_999, 10_500_000), (839_999, 19_687_500), (840_000, 19_687_503.125)],
)
def test_coins_issued(height: int, coins: float) -> None:
    assert issued_btc(height) == coins


def test_all_coins_are_issued_in_the_end() -> None:
    assert issued_btc(7_000_000) == pytest.approx(total_supply_sat() / 1e8, rel=1e-15)


def test_each_block_adds_its_subsidy() -> None:
    for height in (1, 209_999, 210_000, 630_001):
        added = issued_btc(height) - issued_btc(height - 1)
        assert added == pytest.approx(subsidy_sat(height, MAINNET) / 1e8, abs=1e-6)


def test_the_budget_is_the_hashprice_of_all_hashrate(store: BundledStore) -> None:
    snapshot = Archive(store).as_of(datetime(2026, 1, 19, 12, tzinfo=UTC))
    budget = security_budget(snapshot.hashprice, snapshot.blocks.tip_height)
    # At a block in ten minutes the hashrate is difficulty x 2^32 / 600.
    hashrate_ph = snapshot.blocks.next_difficulty * 2**32 / 600 / 1e15
    assert budget.usd_per_day == pytest.approx(snapshot.hashprice.usd_per_ph_day * hashrate_ph)
    assert budget.low_usd_per_day < budget.usd_per_day < budget.high_usd_per_day
    assert budget.reward_per_block_usd * 144 == pytest.approx(budget.usd_per_day)
    assert budget.usd_per_year == pytest.approx(365 * budget.usd_per_day)
    # A year of subsidy is 0.82 % of the coins then issued, whatever the price.
    assert budget.share_frac * (1 - budget.fee_frac) == pytest.approx(3.125 * 144 * 365 / 19.97e6, rel=1e-3)
    assert 0 < budget.fee_frac < 0.02

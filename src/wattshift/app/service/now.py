"""The use-case `now`: all that is shown of the present, each number with interval, age and origin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from wattshift.allocate.plan import make_plan
from wattshift.allocate.problem import build
from wattshift.app import network
from wattshift.app.planning import decisions_of
from wattshift.app.power import last_price, present_interval
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.app.valuing import value
from wattshift.assets.site import Site
from wattshift.errors import OutOfSpan
from wattshift.provenance import Origin
from wattshift.report import headlines
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.now import LiveFigure, NowDocument
from wattshift.report.documents.site import Decision, ValueDocument

__all__ = ["present"]

_NOT_LUCK_PROB = 0.05
_VALUE_LEVEL = 0.95


def present(
    archive: Archive, site: Site, *, at: datetime | None = None, is_replay: bool = False, lag_s: float = 0.0
) -> NowDocument:
    """What the network does, what a MWh is worth, and what to run, at one instant.

    Args:
        archive: the kept history.
        site: the site.
        at: the instant; by default the newest one known.
        is_replay: whether it is history that runs again.
        lag_s: how far the newest block lies behind the present [s].

    Raises:
        OutOfSpan: if the chain or the bitcoin price is not known then; without a power price the site's part
            is left out and says so.
    """
    snapshot = archive.as_of(at)
    at = snapshot.as_of
    hashrate = network.hashrate_over(archive, at=at)
    difficulty = network.difficulty(archive, at=at)
    hashprice = network.hashprice(archive, at=at)
    worth, decisions, in_words = _site(snapshot, site)
    figures = [*_network_figures(snapshot, hashrate, difficulty), *_market_figures(snapshot, hashprice)]
    if worth is not None:
        figures += _site_figures(snapshot, site, worth)
    groups = (hashrate.origins, hashprice.origins, () if worth is None else worth.origins)
    return NowDocument(
        as_of=at,
        is_replay=is_replay,
        lag_s=lag_s,
        tip_height=snapshot.blocks.tip_height,
        tip_at=snapshot.blocks.tip_at,
        is_move_real=hashrate.change.luck_prob < _NOT_LUCK_PROB,
        headlines=(
            headlines.hashrate_headline(hashrate),
            headlines.difficulty_headline(difficulty),
            headlines.hashprice_headline(hashprice),
        ),
        figures=tuple(figures),
        hashrate=hashrate,
        difficulty=difficulty,
        hashprice=hashprice,
        site=site.name,
        value=worth,
        decisions=decisions,
        decisions_in_words=in_words,
        origins=tuple({origin.name: origin for group in groups for origin in group}.values()),
    )


def _site(snapshot: Snapshot, site: Site) -> tuple[ValueDocument | None, tuple[Decision, ...], str]:
    """Value and decisions; where no power price is known, why there are none."""
    try:
        worth = value(snapshot.archive, site, at=snapshot.as_of)
        prices = present_interval(last_price(snapshot, site), snapshot.as_of)
    except OutOfSpan as error:
        return None, (), f"not known: {error.message}"
    problem = build(site, prices, hashprice_usd_per_ph_day=snapshot.hashprice.usd_per_ph_day)
    decisions = decisions_of(problem, make_plan(problem), 0)
    return worth, decisions, headlines.decisions_in_words(decisions, as_of=snapshot.as_of, lag_s=None)


def _network_figures(
    snapshot: Snapshot, hashrate: HashrateDocument, difficulty: DifficultyDocument
) -> Iterator[LiveFigure]:
    blocks = snapshot.blocks
    chain = _From(snapshot, blocks.tip_at, _named(hashrate.origins, 0))
    yield chain.exact("tip_height_blocks", "Height of the chain", "blocks", blocks.tip_height)
    yield chain.within(
        "hashrate_ehs",
        "Hashrate, 7 days",
        "EH/s",
        (hashrate.mean_ehs, hashrate.low_ehs, hashrate.high_ehs),
        hashrate.level,
    )
    posterior = hashrate.posterior
    if posterior is not None:
        yield chain.within(
            "hashrate_now_ehs",
            "Hashrate now, by the model",
            "EH/s",
            (posterior.median_ehs, posterior.low_ehs, posterior.high_ehs),
            posterior.level,
        )
    yield chain.exact("difficulty", "Difficulty", "", difficulty.progress.difficulty)
    coming = difficulty.calibrated
    if coming.low_frac is not None and coming.high_frac is not None:
        between = (coming.change_frac, coming.low_frac, coming.high_frac)
        yield chain.within("next_change_frac", "Next adjustment", "", between, coming.level)
    remaining = float(difficulty.progress.blocks_remaining)
    yield chain.exact("retarget_blocks", "Blocks to the next adjustment", "blocks", remaining)


def _market_figures(snapshot: Snapshot, hashprice: HashpriceDocument) -> Iterator[LiveFigure]:
    price = hashprice.detail.price
    market = _From(snapshot, price.close_at, snapshot.origins("btc_usd_daily")[0].name)
    yield market.within(
        "hashprice_usd_per_ph_day",
        "Hashprice",
        "USD/PH/day",
        (hashprice.usd_per_ph_day, hashprice.low_usd_per_ph_day, hashprice.high_usd_per_ph_day),
        hashprice.detail.level,
    )
    yield market.within(
        "bitcoin_usd_per_btc",
        "Bitcoin",
        "USD",
        (price.price_usd_per_btc, price.low_usd_per_btc, price.high_usd_per_btc),
        _VALUE_LEVEL,
    )


def _site_figures(snapshot: Snapshot, site: Site, worth: ValueDocument) -> Iterator[LiveFigure]:
    last = last_price(snapshot, site)
    ended_at = present_interval(last, snapshot.as_of)["start"][0]
    power = _From(snapshot, min(ended_at, snapshot.as_of), _named(worth.origins, -1))
    unit = "USD/MWh"
    yield power.exact("spot_usd_per_mwh", "Power, spot", unit, worth.spot_usd_per_mwh)
    yield power.exact("delivered_usd_per_mwh", "Power, delivered", unit, worth.delivered_usd_per_mwh)
    for use in worth.uses:
        between = (use.worth_usd_per_mwh, use.low_usd_per_mwh, use.high_usd_per_mwh)
        yield power.within(
            "worth_usd_per_mwh", f"A MWh in {use.name}", unit, between, _VALUE_LEVEL, of=use.name
        )


def _named(origins: tuple[Origin, ...], index: int) -> str:
    return origins[index].name if origins else "the site file"


class _From:
    """Figures that share their evidence."""

    def __init__(self, snapshot: Snapshot, known_at: datetime, origin: str) -> None:
        self._known_at = known_at
        self._age_s = max(0.0, (snapshot.as_of - known_at).total_seconds())
        self._origin = origin

    def exact(self, key: str, title: str, unit: str, number: float) -> LiveFigure:
        return self._figure(key, title, unit, (float(number), None, None), None, "")

    def within(
        self,
        key: str,
        title: str,
        unit: str,
        between: tuple[float, float, float],
        level: float | None,
        *,
        of: str = "",
    ) -> LiveFigure:
        return self._figure(key, title, unit, between, level, of)

    def _figure(
        self,
        key: str,
        title: str,
        unit: str,
        between: tuple[float, float | None, float | None],
        level: float | None,
        of: str,
    ) -> LiveFigure:
        value, low, high = between
        return LiveFigure(
            key=key,
            of=of,
            title=title,
            unit=unit,
            value=value,
            low=low,
            high=high,
            level=level,
            known_at=self._known_at,
            age_s=self._age_s,
            origin=self._origin,
        )

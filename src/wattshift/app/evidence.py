"""Answers the questions of `wattshift.claims` from the archive, as of each instant, each answer once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np
import polars as pl

from wattshift.app.belief import outlook_of
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.app.why import why
from wattshift.claims.evidence import (
    Contract,
    HashrateCurve,
    Machine,
    MachineOffer,
    MeanInterval,
    PowerRange,
    PriceSpan,
    Retarget,
)
from wattshift.clock import Window, format_instant, from_unix, to_unix
from wattshift.errors import NoData
from wattshift.measures.attribution import HashpriceAttribution, attribute
from wattshift.measures.difficulty import (
    Adjustment,
    Projection,
    adjustments,
    mempool_projection,
    period_progress,
    pooled_projection,
)
from wattshift.measures.hashprice import Hashprice
from wattshift.measures.hashrate import (
    WEEK_S,
    HashrateChange,
    HashrateEstimate,
    change_between,
    getnetworkhashps,
    hashrate_of_window,
)
from wattshift.measures.machines import parse_tier
from wattshift.measures.stress.costcurve import network_power
from wattshift.measures.stress.fleet import fleet_at
from wattshift.units import HASHES_PER_EH, hs_to_ehs
from wattshift.value.contracts import contract_facts, contract_value

__all__ = ["ArchiveEvidence"]

_KEPT = 4_096
_KEPT_CURVES = 64
_MOST_CAUSES = 10
_MOST_HASHPRICES = 4_000
_MOST_CURVES = 600
"""Bounds on what one text can ask: a hostile one is answered "cannot be checked here"."""

_LONG = timedelta(days=60)
"""A longer curve is cut from the whole one with the same end, which many statements share."""

_Z95 = 1.96


class ArchiveEvidence:
    """Evidence from the bundled history; nothing later than each instant is used.

    Args:
        archive: the kept history.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._snapshot = lru_cache(maxsize=_KEPT)(archive.as_of)
        self._projections = lru_cache(maxsize=_KEPT)(self._project)
        self._adjustments = lru_cache(maxsize=_KEPT)(self._adjust)
        self._retarget = lru_cache(maxsize=_KEPT)(self._foresee)
        self._powers = lru_cache(maxsize=_KEPT)(self._power)
        self._causes: dict[tuple[datetime, datetime], str] = {}
        self._curves = lru_cache(maxsize=_KEPT_CURVES)(self._curve)
        self._n_curves = 0
        self._priced: set[datetime] = set()

    @property
    def known_from_at(self) -> datetime:
        """The first instant at which the chain is known."""
        return from_unix(int(self._archive.blocks.whole.running_max_s[1]))

    @property
    def known_to_at(self) -> datetime:
        """The last one."""
        return self._archive.newest_at

    def _at(self, at: datetime) -> Snapshot:
        return self._snapshot(at)

    def hashrate(self, at: datetime, *, window_s: int) -> HashrateEstimate:
        """Work of the last `window_s` per second."""
        return hashrate_of_window(self._at(at).blocks, window_s=window_s)

    def core_hashrate_ehs(self, at: datetime) -> float:
        """Bitcoin Core's getnetworkhashps over 120 blocks [EH/s]."""
        return hs_to_ehs(getnetworkhashps(self._at(at).blocks))

    def hashrate_curve(
        self, start_at: datetime, end_at: datetime, *, window_s: int, step_s: int
    ) -> HashrateCurve:
        """The moving average on a grid of whole steps (of UTC midnight) inside the stretch.

        Raises:
            NoData: if nothing of it is known, or more curves were asked for than a text can sensibly need.
        """
        grid_end_at = from_unix(to_unix(end_at) // step_s * step_s)
        last_at = grid_end_at if grid_end_at >= start_at else end_at
        if last_at - start_at <= _LONG:
            return self._curves(start_at, last_at, window_s, step_s)
        whole = self._curves(self.known_from_at, last_at, window_s, step_s)
        kept = whole.at_s >= to_unix(start_at)
        if not kept.any():
            raise NoData("no such average is known in that stretch", start=format_instant(start_at))
        return HashrateCurve(at_s=whole.at_s[kept], mean_ehs=whole.mean_ehs[kept], window_s=window_s)

    def _curve(self, start_at: datetime, last_at: datetime, window_s: int, step_s: int) -> HashrateCurve:
        """Means alone: the intervals of `hashrate_series` would cost ten times as much."""
        self._n_curves += 1
        if self._n_curves > _MOST_CURVES:
            raise NoData("the text asks for too many averages of hashrate", limit=_MOST_CURVES)
        known = self._at(last_at).blocks
        steps = int((last_at - start_at).total_seconds()) // step_s + 1
        ends_s = to_unix(last_at) - step_s * np.arange(steps - 1, -1, -1, dtype=np.float64)
        ends_s = ends_s[ends_s - window_s >= known.running_max_s[0]]
        if not len(ends_s):
            raise NoData("no such average is known in that stretch", start=format_instant(start_at))
        first = int(np.searchsorted(known.running_max_s, int(ends_s[0]) - window_s - 1, side="right"))
        order = np.argsort(known.header_time_s[first:], kind="stable")
        times_s = known.header_time_s[first:][order].astype(np.float64)
        sums = np.concatenate(([0.0], np.cumsum(known.work_hashes[first:][order])))
        low, high = (np.searchsorted(times_s, edge, side="right") for edge in (ends_s - window_s, ends_s))
        return HashrateCurve(
            at_s=ends_s.astype(np.int64),
            mean_ehs=(sums[high] - sums[low]) / window_s / HASHES_PER_EH,
            window_s=window_s,
        )

    def hashrate_change(self, before_at: datetime, after_at: datetime, *, window_s: int) -> HashrateChange:
        """How two moving averages compare; the earlier window ends where the later starts, or before."""
        before_at = min(before_at, after_at - timedelta(seconds=window_s))
        return change_between(
            self.hashrate(before_at, window_s=window_s), self.hashrate(after_at, window_s=window_s)
        )

    def difficulty(self, at: datetime) -> float:
        """The difficulty that miners work on."""
        return self._at(at).blocks.next_difficulty

    def adjustments(self, at: datetime) -> Sequence[Adjustment]:
        """All adjustments known, oldest first."""
        return self._adjustments(at)

    def _adjust(self, at: datetime) -> tuple[Adjustment, ...]:
        known = self._at(at).blocks
        interval = known.network.retarget_interval
        return adjustments(known, count=known.tip_height // interval - (known.first_height - 1) // interval)

    def projections(self, at: datetime) -> Sequence[Projection]:
        """The next adjustment by mempool.space's rule and by a pooled estimate, in that order."""
        return self._projections(at)

    def _project(self, at: datetime) -> tuple[Projection, Projection]:
        known = self._at(at).blocks
        return mempool_projection(known), pooled_projection(known)

    def retarget(self, at: datetime) -> Retarget:
        """The next adjustment by the state-space model."""
        return self._retarget(at)

    def _foresee(self, at: datetime) -> Retarget:
        snapshot = self._at(at)
        outlook = outlook_of(snapshot, period_progress(snapshot.blocks))
        return Retarget(
            mean_frac=outlook.next.mean_frac,
            low_frac=outlook.next.low_frac,
            high_frac=outlook.next.high_frac,
            expected_at=outlook.expected_at,
            earliest_at=outlook.earliest_at,
            latest_at=outlook.latest_at,
        )

    def causes_in_words(self, start_at: datetime, end_at: datetime) -> str:
        """What moved the hashrate in a stretch of time, as known at its end: causes with probabilities.

        Raises:
            NoData: if more stretches were asked about than a text can sensibly name.
        """
        key = start_at, end_at
        if key not in self._causes:
            if len(self._causes) >= _MOST_CAUSES:
                raise NoData("the text names more periods than are weighed", limit=_MOST_CAUSES)
            self._causes[key] = self._weigh(start_at, end_at)
        return self._causes[key]

    def _weigh(self, start_at: datetime, end_at: datetime) -> str:
        found = why(self._archive, Window(start_at=start_at, end_at=end_at), at=end_at)
        causes = ", ".join(f"{row.cause.value} {row.prob * 100:.0f} %" for row in found.causes[:3])
        return f"{causes}{' (thin evidence)' if found.thin else ''}"

    def network_power(self, at: datetime) -> PowerRange:
        """Power of the network from its hashrate and a model of its fleet."""
        return self._powers(at)

    def _power(self, at: datetime) -> PowerRange:
        level = self.hashrate(at, window_s=2 * WEEK_S)
        fleet = fleet_at(
            self._archive.table("asic_catalog"),
            self._archive.table("difficulty_periods"),
            at,
            hashrate_ehs=level.mean_ehs,
        )
        found = network_power(fleet, low_ehs=level.low_ehs, high_ehs=level.high_ehs)
        return PowerRange(
            mean_mw=found.mean_gw * 1e3,
            low_mw=found.low_gw * 1e3,
            high_mw=found.high_gw * 1e3,
            basis=f"{level.mean_ehs:,.0f} EH/s, a fleet of {fleet.mean_j_per_th:.1f} J/TH anchored to a "
            f"survey of 2024",
        )

    def mean_interval(self, start_at: datetime, end_at: datetime) -> MeanInterval:
        """Mean time between the blocks whose header time lies in a stretch of time."""
        known = self._at(end_at).blocks
        times = known.header_time_s
        inside = np.flatnonzero((times >= to_unix(start_at)) & (times <= to_unix(end_at)))
        if start_at < self.known_from_at or len(inside) < 2:
            raise NoData("too few blocks are known in that stretch", start=format_instant(start_at))
        count = int(inside[-1] - inside[0])
        mean_s = float(times[inside[-1]] - times[inside[0]]) / count
        spread = math.exp(_Z95 / math.sqrt(count))
        return MeanInterval(
            mean_s=mean_s,
            low_s=mean_s / spread,
            high_s=mean_s * spread,
            blocks=count,
            start_at=from_unix(int(times[inside[0]])),
            end_at=from_unix(int(times[inside[-1]])),
        )

    def hashprice(self, at: datetime) -> Hashprice:
        """Hashprice, with its interval.

        Raises:
            NoData: if more instants were asked about than a text can sensibly name.
        """
        self._priced.add(at)
        if len(self._priced) > _MOST_HASHPRICES:
            raise NoData("the text asks about hashprice at too many instants", limit=_MOST_HASHPRICES)
        return self._at(at).hashprice

    def hashprice_parts(self, before_at: datetime, after_at: datetime) -> HashpriceAttribution:
        """What moved the hashprice."""
        return attribute(self.hashprice(before_at), self.hashprice(after_at))

    def price(self, day: date, *, known_at: datetime) -> PriceSpan:
        """What bitcoin cost on a day: its close, the close before, and hourly closes where they are bundled.

        Where the day had not closed yet, the close before stands for it.
        """
        start_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        closes = self._closes.filter(
            (pl.col("start") >= start_at - timedelta(days=1)) & (pl.col("end") <= known_at)
        ).filter(pl.col("start") <= start_at)
        if closes.is_empty() or closes["start"][0] < start_at - timedelta(days=1):
            raise NoData("no bitcoin price is bundled for that day", day=day, hint="ask about another day")
        hours = self._archive.table("btc_usd_hourly").filter(
            (pl.col("start") >= start_at)
            & (pl.col("start") < start_at + timedelta(days=1))
            & (pl.col("start") + pl.duration(hours=1) <= known_at)
        )
        prices = [*closes["close_usd_per_btc"].to_list(), *hours["close_usd_per_btc"].to_list()]
        detail = "daily and hourly closes" if hours.height else "closes of the day and the day before"
        return PriceSpan(
            close_usd_per_btc=float(closes["close_usd_per_btc"][-1]),
            low_usd_per_btc=float(min(prices)),
            high_usd_per_btc=float(max(prices)),
            detail=detail,
        )

    @cached_property
    def _closes(self) -> pl.DataFrame:
        daily = self._archive.table("btc_usd_daily").drop_nulls("close_usd_per_btc")
        return daily.with_columns((pl.col("start") + pl.duration(hours=24)).alias("end"))

    def contracts(self, at: datetime) -> Sequence[Contract]:
        """Public AI contracts announced by then; those without a date count as known at the end."""
        table = self._archive.table("ai_contracts")
        known = table.filter(
            (pl.col("date") <= at.date()) | (pl.col("date").is_null() & pl.lit(at >= self.known_to_at))
        )
        return tuple(
            Contract(
                provider=row["provider"],
                ticker=row["ticker"],
                customer=row["customer"],
                announced=row["date"],
                contract_type=row["contract_type"],
                critical_it_mw=row["critical_it_mw"],
                gross_mw=row["gross_mw"],
                value_usd_bn=row["value_usd_bn"],
                term_years=row["term_years"],
                noi_usd_m_per_year=row["noi_usd_m_per_year"],
                basis=row["basis"],
                gross_usd_per_mwh=contract_value(fact).gross_usd_per_mwh,
                credit_support=row["credit_support"],
                value_with_options_usd_bn=row["value_with_options_usd_bn"],
                mw_basis=fact.mw_basis.value,
            )
            for row, fact in zip(known.iter_rows(named=True), contract_facts(known), strict=True)
        )

    def machines(self) -> Sequence[Machine]:
        """The catalogue."""
        return tuple(
            Machine(
                model=row["model"],
                hashrate_ths=row["hashrate_ths"],
                power_w=row["power_w"],
                efficiency_j_per_th=row["efficiency_j_per_th"],
                release_year=row["release_year"],
            )
            for row in self._archive.table("asic_catalog").iter_rows(named=True)
        )

    def machine_offers(self, at: datetime) -> Sequence[MachineOffer]:
        """Published prices of machines, oldest first."""
        table = self._archive.table("asic_price_points").filter(pl.col("date") <= at.date()).sort("date")
        offers = []
        for row in table.iter_rows(named=True):
            tier = parse_tier(row["tier"])
            offers.append(
                MachineOffer(
                    tier=row["tier"],
                    low_j_per_th=tier.low_j_per_th,
                    high_j_per_th=tier.high_j_per_th,
                    price_usd_per_th=row["price_usd_per_th"],
                    published_on=row["date"],
                )
            )
        return tuple(offers)

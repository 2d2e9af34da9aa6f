"""What a store knew at an instant, whatever it learned later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.chains import Bundle, easy_start, facts_of
from support.faults import scaled
from support.headers import Branch
from wattshift import tables
from wattshift.app.snapshot import Archive
from wattshift.store.bundled import BundledStore
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.kept import KeptStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start
from wattshift.tables import TABLES

FIRST = 300 * 2016
START_AT = datetime(2027, 2, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KNOWN_BLOCKS = 5

Rows = dict[str, list[tuple[object, ...]]]


class Feed:
    """A store that learns things one after the other, and what it knows."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.home, self.start = Home(folder), start
        self._series = SeriesStore(self.home.series)

    def headers(self, raw: bytes, at: datetime) -> None:
        """Headers that came at an instant."""
        with SqliteLedger.lead(self.home.ledger) as ledger:
            ChainStore.open(ledger, self.start.network, start=self.start, now=at).take(
                raw, now=at, origin=None
            )

    def row(self, name: str, at: datetime, **values: object) -> None:
        """A row that came at an instant."""
        self._series.append(name, pl.DataFrame([values], schema=TABLES[name].schema), known_at=at)

    def close(self, day: int, usd_per_btc: float, at: datetime) -> None:
        """The close of a day after the bundled ones."""
        start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=day)
        self.row(
            "btc_usd_daily",
            at,
            start=start,
            hours=24.0,
            close_usd_per_btc=usd_per_btc,
            source="a venue",
            close_kind="last",
        )

    def power(self, start: datetime, usd_per_mwh: float, at: datetime) -> None:
        """A price of power."""
        self.row(
            "grid_prices",
            at,
            start=start,
            hours=0.25,
            market="ercot_rtm",
            location="HB_HOUSTON",
            price_usd_per_mwh=usd_per_mwh,
            source="ercot",
        )

    def fees(self, branch: Branch, height: int, source: str, fee_sat: int, at: datetime) -> None:
        """What a source says of a block."""
        one = facts_of(branch, height - 1, sources=(source,)).head(1)
        said = one.with_columns(
            pl.lit(fee_sat, pl.Int64).alias("fee_sat"), pl.lit(f"p{fee_sat}").alias("pool")
        )
        self._series.append("block_facts", said, known_at=at)

    @property
    def history(self) -> KeptStore:
        """The store as it is, opened anew."""
        return KeptStore(self.home, bundled=Small(self.start), start=self.start)

    def known(self, at: datetime) -> Rows:
        """All rows that count at an instant."""
        past = self.history.as_known(at)
        blocks = past.read("blocks").filter(pl.col("header_time_s").cum_max() <= at.timestamp())
        tip = blocks["height"].item(-1)
        fees, periods = past.read("block_fees"), past.read("difficulty_periods")
        return {
            "blocks": blocks.rows(),
            "block_fees": fees.filter(pl.col("height") <= tip).rows(),
            "difficulty_periods": periods.filter(pl.col("first_height") <= tip).rows(),
            **{
                name: tables.known_at(past.read(name), name, at).rows()
                for name in ("btc_usd_daily", "power_price")
            },
        }


class Small(Bundle):
    """A bundled history that is read at once: of closes and prices a handful, and made up periods."""

    def read(self, name: str) -> pl.DataFrame:
        """The rows of a table."""
        rows = super().read(name)
        if name == "difficulty_periods":
            earlier = pl.concat([rows] * 300).with_columns(
                pl.int_range(300, dtype=pl.Int64).alias("period"),
                pl.int_range(0, 300 * 2016, 2016, dtype=pl.Int64).alias("first_height"),
            )
            return pl.concat([earlier, rows])
        return rows.tail(20) if name in {"btc_usd_daily", "power_price"} else rows


def grown(blocks: int) -> tuple[Start, Branch, datetime]:
    """A start, a chain of so many blocks more, and the time of its tip."""
    start, branch = easy_start(FIRST, time_s=int(START_AT.timestamp()))
    branch.grow(blocks)
    return start, branch, datetime.fromtimestamp(branch.parsed[-1].time_s, UTC)


VALUES = st.sampled_from((5, 6))
# (table, which row, source, value): rows whose first version is kept in time.
FIRSTS = (
    *(("btc_usd_daily", day, "", 5) for day in range(3)),
    *(("grid_prices", step, "", 5) for step in range(3)),
    *(("block_facts", block, "one", 5) for block in range(1, KNOWN_BLOCKS + 1)),
)
REVISIONS = st.one_of(
    st.tuples(st.sampled_from(("btc_usd_daily", "grid_prices")), st.integers(0, 2), st.just(""), VALUES),
    st.tuples(
        st.just("block_facts"), st.integers(1, KNOWN_BLOCKS), st.sampled_from(("one", "two", "three")), VALUES
    ),
)


def learn(feed: Feed, branch: Branch, told: tuple[str, int, str, int], at: datetime) -> None:
    """Feed one row."""
    name, place, source, value = told
    if name == "btc_usd_daily":
        feed.close(place, value, at)
    elif name == "grid_prices":
        feed.power(START_AT - timedelta(minutes=15 * (place + 1)), value, at)
    else:
        feed.fees(branch, FIRST + place, source, value, at)


@settings(max_examples=scaled(8, 100))
@given(
    before=st.lists(REVISIONS, max_size=8).flatmap(lambda more: st.permutations([*FIRSTS, *more])),
    later=st.lists(REVISIONS, max_size=8),
    grows=st.integers(0, 2),
    depth=st.integers(0, 4),
)
def test_what_is_learned_later_changes_nothing_that_was_known(
    before: list[tuple[str, int, str, int]], later: list[tuple[str, int, str, int]], grows: int, depth: int
) -> None:
    start, branch, tip_at = grown(KNOWN_BLOCKS)
    with TemporaryDirectory() as folder:
        feed = Feed(Path(folder), start)
        feed.headers(branch.above(FIRST), tip_at + SECOND)
        instants = (tip_at + SECOND * second for second in count(2))
        for told in before:
            learn(feed, branch, told, next(instants))
        at = next(instants)
        known = feed.known(at)
        assert known["blocks"][-1][0] == FIRST + KNOWN_BLOCKS
        for told in later:
            learn(feed, branch, told, next(instants))
        longer = branch.fork(branch.height).grow(grows, salt=1)
        feed.headers(longer.above(FIRST), next(instants) + timedelta(hours=1))
        other = branch.fork(branch.height - depth).grow(depth + grows + 1, salt=2)
        feed.headers(other.above(FIRST), next(instants) + timedelta(hours=2))
        feed.close(31, 9.0, tip_at + timedelta(days=2))
        assert feed.known(at) == known
        today = feed.known(tip_at + timedelta(days=3))
        assert today["blocks"][-1][0] == other.height
        assert today["btc_usd_daily"][-1][2] == 9.0


def test_history_that_is_imported_late_is_used_in_its_first_version(tmp_path: Path) -> None:
    start, branch, tip_at = grown(2)
    feed = Feed(tmp_path, start)
    feed.headers(branch.above(FIRST), tip_at + timedelta(days=30))
    for usd_per_btc, days in ((1.0, 30), (2.0, 31), (3.0, 32)):
        feed.close(3, usd_per_btc, tip_at + timedelta(days=days))
        feed.fees(branch, FIRST + 1, "one", int(usd_per_btc), tip_at + timedelta(days=days))
    found = [feed.known(tip_at + timedelta(days=days, hours=1)) for days in (0, 29, 30, 31, 32)]
    assert [rows["btc_usd_daily"][-1][2] for rows in found] == [1, 1, 1, 2, 3]
    assert [rows["block_fees"][-1][1] for rows in found] == [1, 1, 1, 2, 3]
    assert {len(rows["blocks"]) for rows in found} == {11 + 2}


@pytest.mark.parametrize("late", [timedelta(minutes=5), timedelta(hours=3)])
def test_a_branch_that_was_not_followed_in_its_time_counts_for_nothing(
    tmp_path: Path, late: timedelta
) -> None:
    """A store that was filled later never knew it for the best, then."""
    start, branch, tip_at = grown(3)
    feed = Feed(tmp_path, start)
    feed.headers(branch.above(FIRST), tip_at + late)
    other = branch.fork(FIRST + 2).grow(2, salt=3)
    feed.headers(other.above(FIRST), tip_at + late + timedelta(days=1))
    was_followed = late < timedelta(hours=2)
    for at in (tip_at, tip_at + late):
        assert feed.known(at)["blocks"][-1][0] == FIRST + (3 if was_followed or at == tip_at else 4)
    fees = [facts_of(each, FIRST + 2, sources=("one",)) for each in (branch, other)]
    SeriesStore(feed.home.series).append("block_facts", pl.concat(fees), known_at=tip_at + timedelta(days=2))
    paid = {height: fee for height, fee, _ in feed.known(tip_at)["block_fees"]}
    assert paid[FIRST + 3] == fees[0 if was_followed else 1]["fee_sat"][0]
    # Two hours after its last block a store that has stood still knows nothing of its own.
    assert feed.known(tip_at + timedelta(hours=2))["blocks"][-1][0] == FIRST + 4


def test_of_two_reorganisations_each_counts_in_its_time(tmp_path: Path) -> None:
    """The second goes deeper than the first, below blocks that both had left alone."""
    start, branch, tip_at = grown(3)
    feed = Feed(tmp_path, start)
    feed.headers(branch.above(FIRST), tip_at + SECOND)
    longer = branch.fork(FIRST + 3).grow(1, salt=1)
    shallow, deep = branch.fork(FIRST + 3).grow(2, salt=2), branch.fork(FIRST + 1).grow(5, salt=3)
    known = {}
    for minutes, chain in ((0, branch), (11, longer), (25, shallow), (40, deep)):
        feed.headers(chain.above(FIRST), tip_at + timedelta(minutes=minutes))
        at = tip_at + timedelta(minutes=minutes, seconds=30)
        past = feed.history.as_known(at)
        assert past.best_chain["block_hash"].item(-1) == chain.hash(chain.height)[::-1].hex()
        known[at] = past.best_chain
    for at, then in known.items():
        again = feed.history.as_known(at).best_chain.filter(pl.col("height") <= then["height"].max())
        assert again.equals(then)


def test_an_archive_shows_the_past_as_it_was(tmp_path: Path) -> None:
    start, branch, tip_at = grown(3)
    feed = Feed(tmp_path, start)
    feed.headers(branch.above(FIRST), tip_at + SECOND)
    feed.close(3, 1.0, tip_at + SECOND)
    before = Archive(feed.history)
    tip, origins = before.as_of().blocks, before.as_of().origins("btc_usd_daily")
    feed.close(3, 2.0, tip_at + timedelta(minutes=20))
    feed.headers(branch.fork(FIRST + 2).grow(3, salt=3).above(FIRST), tip_at + timedelta(minutes=20))
    archive = Archive(feed.history)
    now, then = archive.as_of(), archive.as_of(tip_at + timedelta(minutes=10))
    assert (then.blocks.tip_height, now.blocks.tip_height) == (FIRST + 3, FIRST + 5)
    assert (then.blocks.header_time_s == tip.header_time_s).all()
    assert (then.price.price_usd_per_btc, now.price.price_usd_per_btc) == (1.0, 2.0)
    assert then.origins("btc_usd_daily")[0].sha256 == origins[0].sha256
    assert then.archive.as_of().as_of == now.as_of
    # As of the newest instant all that is kept counts, and of old instants nothing differs.
    assert archive.as_of(now.as_of).archive is archive
    earlier = archive.as_of(START_AT - timedelta(minutes=30))
    assert earlier.archive.blocks is archive.blocks
    assert earlier.price.price_usd_per_btc == 1.0


def test_tables_that_never_changed_are_read_once(tmp_path: Path) -> None:
    start, branch, tip_at = grown(3)
    feed = Feed(tmp_path, start)
    feed.headers(branch.above(FIRST), tip_at + SECOND)
    feed.close(3, 1.0, tip_at + SECOND)
    unchanged = feed.history
    assert unchanged.as_known(tip_at) is unchanged
    feed.close(3, 2.0, tip_at + SECOND * 3)
    history = feed.history
    past = history.as_known(tip_at)
    assert past is not history
    assert past is history.as_known(tip_at + SECOND * 2)
    assert history is history.as_known(tip_at + SECOND * 3) is past.as_known(tip_at + SECOND * 3)
    for name in ("blocks", "power_price", "gpu_prices", "pools"):
        assert past.read(name) is history.read(name)
    assert not past.read("btc_usd_daily").equals(history.read("btc_usd_daily"))


def test_a_bundled_history_is_known_alike_at_all_times(store: BundledStore) -> None:
    assert store.as_known(START_AT) is store

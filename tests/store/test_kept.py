from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import polars as pl
import pytest

from support.chains import NOW, Bundle, easy_start, facts_of, kept, taken
from support.commandline import Run
from support.headers import START_S
from wattshift.app.network import difficulty, hashprice, hashrate_over
from wattshift.app.snapshot import Archive
from wattshift.errors import Conflict, Corrupt, InputError, Missing
from wattshift.provenance import FetchOrigin
from wattshift.store.bundled import BundledStore
from wattshift.store.chainstore import ChainStore
from wattshift.store.continuation import BEST_CHAIN
from wattshift.store.home import Home
from wattshift.store.kept import KeptStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start
from wattshift.tables import TABLES

FIRST = 300 * 2016
CONTINUED = ("blocks", "block_fees", "difficulty_periods", "btc_usd_daily")


def test_a_store_without_anything_is_the_bundled_history(tmp_path: Path, store: BundledStore) -> None:
    empty = KeptStore(Home(tmp_path))
    assert list(empty.files) == list(store.files)
    for name, file in store.files.items():
        assert empty.files[name] == file
        assert empty.read(name).equals(store.read(name))
    assert len(empty.files) == len(store.files)
    with pytest.raises(InputError):
        empty.file("nothing")
    assert "nothing" not in empty.files


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no store") as caught:
        KeptStore(Home(tmp_path / "gone"))
    assert "wattshift follow" in str(caught.value)


def test_a_store_that_only_knows_its_start_adds_nothing(tmp_path: Path, store: BundledStore) -> None:
    home = Home(tmp_path)
    taken(home.ledger, Start.bundled(), [])
    assert KeptStore(home).read("blocks").equals(store.read("blocks"))
    assert KeptStore(home).best_chain["height"].to_list() == [878_976]


def test_what_was_followed_continues_what_is_bundled(tmp_path: Path) -> None:
    start, branch = easy_start(FIRST, time_s=START_S)
    branch.grow(2020)
    history = kept(tmp_path / "store", start, [branch.raw()], [facts_of(branch, FIRST + 2010)])
    blocks = history.read("blocks")
    assert blocks["height"].to_list() == list(range(FIRST - 10, FIRST + 2021))
    assert blocks["header_time_s"].to_list()[10:] == [header.time_s for header in branch.parsed]
    assert blocks["pool"].to_list()[:11] == ["a pool"] * 11
    assert set(blocks["pool"][11:-10]) == {"unknown"}
    assert set(blocks["pool"][-10:]) <= {"pool 0", "pool 1", "pool 2"}
    last = history.read("difficulty_periods").row(-1, named=True)
    assert (last["period"], last["first_height"]) == (301, FIRST + 2016)
    assert last["bits"] == branch.parsed[2016].bits
    assert last["prev_block_hash"] == branch.hash(FIRST + 2015)[::-1].hex()
    fees = history.read("block_fees")
    assert fees["height"].to_list() == [FIRST, *range(FIRST + 2011, FIRST + 2021)]
    for name in ("blocks", "block_fees", "difficulty_periods"):
        assert history.read_checked(name).height == history.files[name].rows


def test_the_origin_names_both(tmp_path: Path) -> None:
    start, branch = easy_start(FIRST, time_s=START_S)
    home = Home(tmp_path)
    origin = FetchOrigin(source="home node", upstream="me", url="http://x", fetched_at=NOW, sha256="00")
    with SqliteLedger.lead(home.ledger) as ledger:
        chain = ChainStore.open(ledger, start.network, start=start, now=NOW)
        chain.take(branch.grow(3).raw(), now=NOW, origin=origin)
        chain.take(branch.grow(2).raw(), now=NOW, origin=None)
    bundled = BundledStore().files["blocks"]
    file = KeptStore(home, bundled=Bundle(start), start=start).files["blocks"]
    assert file.sources == (*bundled.sources, ("followed by this store: home node", "facts"))
    assert file.span == (str(FIRST - 10), str(FIRST + 5))
    added = KeptStore(home, bundled=Bundle(start), start=start).added("blocks")
    assert (file.rows, added.height) == (16, 5)
    assert file.sha256 == hashlib.sha256((bundled.sha256 + added.write_csv()).encode()).hexdigest()
    assert file.note == f"{bundled.note} 5 rows were followed by this store."
    told = file.origin(as_of=NOW, newest_at=NOW)
    assert "home node" in told.source
    assert bundled.sources[0][0] in told.source


def test_sources_that_disagree_are_told_and_leave_a_null(tmp_path: Path) -> None:
    start, branch = easy_start(FIRST, time_s=START_S)
    facts = facts_of(branch.grow(6), FIRST)
    wrong = (pl.col("source") == "two") & (pl.col("height") == FIRST + 3)
    lies = facts.with_columns(
        pl.when(wrong).then(1).otherwise(pl.col("fee_sat")).alias("fee_sat"),
        pl.when(wrong).then(pl.lit("thief")).otherwise(pl.col("pool")).alias("pool"),
    )
    history = kept(tmp_path / "store", start, [branch.raw()], [lies])
    fees = dict(history.read("block_fees").select("height", "fee_sat").rows())
    assert [height for height, fee_sat in fees.items() if fee_sat is None] == [FIRST + 3]
    assert history.read("blocks").row(-4)[::2] == (FIRST + 3, "unknown")
    told = "sources disagree on the fees of 1 block"
    assert history.files["block_fees"].note.endswith(" Sources disagree on the fees of 1 block.")
    assert history.files["block_fees"].origin(as_of=NOW, newest_at=NOW, note="why").note == f"why; {told}"
    assert history.files["blocks"].caveat == "sources disagree on the pools of 1 block"


def test_what_one_source_alone_says_is_used_and_said(tmp_path: Path) -> None:
    start, branch = easy_start(FIRST, time_s=START_S)
    facts = facts_of(branch.grow(6), FIRST)
    lone = (pl.col("source") == "one") | (pl.col("height") > FIRST + 4)
    history = kept(tmp_path / "store", start, [branch.raw()], [facts.filter(lone)])
    assert history.read("block_fees").drop_nulls().height == 1 + 6
    assert history.files["block_fees"].caveat == "fees of 4 blocks by one source, unchecked"
    assert history.files["blocks"].caveat == "pools of 4 blocks by one source, unchecked"
    both = kept(tmp_path / "both", start, [branch.raw()], [facts])
    assert {both.files[name].caveat for name in ("blocks", "block_fees", "difficulty_periods")} == {""}


def test_a_damaged_ledger_is_not_read(tmp_path: Path) -> None:
    start, branch = easy_start(FIRST, time_s=START_S)
    history = kept(tmp_path / "store", start, [branch.grow(9).raw()])
    content = bytearray(history.home.ledger.read_bytes())
    at = content.index(branch.headers[5])
    content[at + 70] ^= 1
    history.home.ledger.write_bytes(bytes(content))
    with pytest.raises(Corrupt, match="not what was recorded"):
        history.read("blocks")


# Series


def daily(day: date, close_usd_per_btc: float | None) -> pl.DataFrame:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    row = {
        "start": [start],
        "hours": [24.0],
        "close_usd_per_btc": [close_usd_per_btc],
        "source": ["a venue"],
        "close_kind": ["last"],
    }
    return pl.DataFrame(row, schema=TABLES["btc_usd_daily"].schema)


def test_closes_are_added_and_holes_filled_but_nothing_is_overwritten(
    tmp_path: Path, daily_frame: pl.DataFrame
) -> None:
    hole = daily_frame.filter(pl.col("close_usd_per_btc").is_null())["start"][0]
    first, last = daily_frame["start"][0], daily_frame["start"][-1]
    series = SeriesStore(Home(tmp_path).series)
    for day in (hole, first, last + timedelta(days=1), last + timedelta(days=3)):
        series.append("btc_usd_daily", daily(day.date(), 12345.0), known_at=NOW)
    history = KeptStore(Home(tmp_path))
    closes = dict(history.read("btc_usd_daily").select("start", "close_usd_per_btc").rows())
    bundled = dict(daily_frame.select("start", "close_usd_per_btc").rows())
    changed = {start: close for start, close in closes.items() if bundled.get(start) != close}
    assert changed == dict.fromkeys((hole, last + timedelta(days=1), last + timedelta(days=3)), 12345.0)
    file = history.files["btc_usd_daily"]
    assert (file.rows, file.span) == (daily_frame.height + 2, ("2010-07-17", "2026-08-24"))
    assert file.sources[-1] == ("followed by this store: a venue", "facts")


def test_power_prices_continue_by_the_same_point_of_the_same_market(
    tmp_path: Path, store: BundledStore
) -> None:
    bundled = store.read("power_price")
    last = bundled["start"][-1]
    rows = [
        ("ercot_rtm", "HB_HOUSTON", 0, 0.25, 1.0),
        ("ercot_rtm", "HB_HOUSTON", 1, 0.25, -2.5),
        ("ercot_rtm", "HB_HOUSTON", 2, 1.0, 3.0),
        ("ercot_rtm", "HB_WEST", 2, 0.25, 4.0),
        ("ercot_dam", "HB_HOUSTON", 2, 0.25, 5.0),
    ]
    columns = {
        "start": [last + timedelta(minutes=15 * step) for _, _, step, _, _ in rows],
        "hours": [hours for *_, hours, _ in rows],
        "market": [row[0] for row in rows],
        "location": [row[1] for row in rows],
        "price_usd_per_mwh": [row[-1] for row in rows],
        "source": ["ercot"] * 5,
    }
    grid = pl.DataFrame(columns, schema=TABLES["grid_prices"].schema)
    SeriesStore(Home(tmp_path).series).append("grid_prices", grid, known_at=NOW)
    history = KeptStore(Home(tmp_path))
    power = history.read("power_price")
    assert power.height == bundled.height + 1
    assert power.row(-1) == (last + timedelta(minutes=15), 0.25, -2.5)
    assert power.head(bundled.height).equals(bundled)
    assert history.files["power_price"].sources[-1][0].endswith(": ercot")


def test_offers_are_united(tmp_path: Path, store: BundledStore) -> None:
    bundled = store.read("gpu_prices")
    known = bundled.tail(2)
    offer = known.tail(1).with_columns(pl.lit(9.99).alias("price_usd_per_gpu_h"))
    SeriesStore(Home(tmp_path).series).append("gpu_prices", pl.concat([known, offer]), known_at=NOW)
    history = KeptStore(Home(tmp_path))
    assert history.read("gpu_prices").equals(pl.concat([bundled, offer]))


# The same documents


class Cut(BundledStore):
    """The bundled history as it would be had it ended earlier."""

    def __init__(self, height: int, day: date) -> None:
        super().__init__()
        self._height, self._day = height, day

    def read(self, name: str) -> pl.DataFrame:
        """The rows of a table, those of the chain and of the closes up to the cut."""
        rows = super().read(name)
        if name in {"blocks", "block_fees"}:
            return rows.filter(pl.col("height") <= self._height)
        if name == "difficulty_periods":
            return rows.filter(pl.col("first_height") <= self._height)
        if name == "btc_usd_daily":
            return rows.filter(pl.col("start").dt.date() <= self._day)
        return rows


class Followed(KeptStore):
    """A store whose chain went on as the real one did; its headers are not bundled, so its rows are given."""

    @cached_property
    def best_chain(self) -> pl.DataFrame:
        """The real blocks, as if each header had been validated."""
        whole = BundledStore()
        periods = whole.read("difficulty_periods").with_columns(pl.col("first_height").alias("height"))
        blocks = whole.read("blocks").filter(pl.col("height") >= 878_976).drop("pool")
        named = blocks.join_asof(periods.select("height", "bits"), on="height").join(
            periods.select("height", "prev_block_hash"), on="height", how="left"
        )
        # Hashes in between are not known; any that differ from each other will do.
        own = pl.concat_str(pl.lit("block "), pl.col("height")).alias("block_hash")
        return named.with_columns(own).select(BEST_CHAIN.names()).cast(dict(BEST_CHAIN))  # type: ignore[arg-type]  # polars' own schema


@pytest.mark.parametrize("height", [931_000, 934_600, 945_503, 946_235])
def test_a_followed_chain_gives_the_documents_of_a_bundled_one(tmp_path: Path, height: int) -> None:
    whole, day = BundledStore(), date(2026, 2, 1)
    cut, home = Cut(height, day), Home(tmp_path)
    taken(home.ledger, Start.bundled(), [])
    followed = Followed(home, bundled=cut)
    chain = followed.best_chain.filter(pl.col("height") > height)
    labels = whole.read("blocks").select("height", pl.col("pool").cast(pl.String))
    fees = whole.read("block_fees")
    facts = (
        chain.join(labels, on="height")
        .join(fees, on="height", how="left")
        .with_columns(
            pl.from_epoch("header_time_s").dt.date().alias("date"), pl.lit("a node").alias("source")
        )
        .select(list(TABLES["block_facts"].schema))
    )
    series = SeriesStore(home.series)
    series.append("block_facts", facts, known_at=NOW)
    closes = whole.read("btc_usd_daily").filter(pl.col("start").dt.date() > day)
    series.append("btc_usd_daily", closes, known_at=NOW)

    assert followed.read("blocks").equals(whole.read("blocks"))
    assert followed.read("btc_usd_daily").equals(whole.read("btc_usd_daily"))
    known = [name for name in CONTINUED if not followed.added(name).is_empty()]
    assert "blocks" in known
    for document in (hashrate_over, difficulty, hashprice):
        ours, theirs = (plain(document(Archive(each))) for each in (followed, whole))
        assert ours == theirs
    # A document as of an instant before the cut does not know of the continuation.
    at = datetime(2026, 1, 10, tzinfo=UTC)
    assert plain(hashrate_over(Archive(followed), at=at)) == plain(hashrate_over(Archive(whole), at=at))


def plain(document: object) -> dict[str, object]:
    """A document without the hashes and the names of what it was read from."""
    assert dataclasses.is_dataclass(document)
    assert not isinstance(document, type)
    return {
        field.name: getattr(document, field.name)
        for field in dataclasses.fields(document)
        if field.name != "origins"
    }


def test_a_chain_that_contradicts_the_bundled_one_is_a_conflict(tmp_path: Path) -> None:
    start, branch = easy_start(FIRST, time_s=START_S)
    history = kept(tmp_path / "store", start, [branch.grow(5).raw()])

    class Longer(Bundle):
        def read(self, name: str) -> pl.DataFrame:
            rows = super().read(name)
            if name != "blocks":
                return rows
            next_row = {"height": [FIRST + 1], "header_time_s": [START_S + 601], "pool": ["a pool"]}
            return pl.concat([rows, pl.DataFrame(next_row, schema=rows.schema)])

    with pytest.raises(Conflict, match=f"differ at block {FIRST + 1:,}") as caught:
        KeptStore(history.home, bundled=Longer(start), start=start).read("blocks")
    assert caught.value.context["height"] == FIRST + 1
    assert (caught.value.context["bundled"], caught.value.context["kept"]) == (START_S + 601, START_S + 600)


# The command line


def test_verbs_read_the_store_that_is_named(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = SeriesStore(Home(tmp_path).series)
    series.append("btc_usd_daily", daily(date(2026, 9, 1), 99_000.0), known_at=NOW)
    bundled = run("data", "--json").json()
    named = run("--store", str(tmp_path), "data", "--json").json()
    rows = [{file["table"]: file["rows"] for file in document["files"]} for document in (bundled, named)]
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} == {"btc_usd_daily"}
    monkeypatch.setenv("WATTSHIFT_STORE", str(tmp_path))
    assert run("data", "--json").json() == named
    monkeypatch.delenv("WATTSHIFT_STORE")
    assert run("data", "--json").json() == bundled
    ended = run("--store", str(tmp_path / "gone"), "hashrate")
    assert (ended.status, "there is no store" in ended.err) == (3, True)


def test_a_reorganisation_at_the_edge_of_a_chunk_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattshift.store.rebuild._CHUNK", 4)
    start, branch = easy_start(FIRST, time_s=START_S)
    old, new = branch.fork(FIRST).grow(12, salt=1), branch.fork(FIRST).grow(2, salt=1).grow(13, salt=2)
    store = kept(tmp_path / "store", start, [old.above(FIRST), new.above(FIRST)])
    assert store.best_chain["height"].item(-1) == new.height

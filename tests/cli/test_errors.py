"""Bad input: one clear message, what to do, the right exit status, never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.commandline import Ended, Run
from wattshift.app.sites import EXAMPLE_SITE
from wattshift.store import bundled


def assert_taught(ended: Ended, *, status: int, words: tuple[str, ...]) -> None:
    assert ended.status == status
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert "what to do:" in ended.err
    for word in words:
        assert word in ended.err


def site_with(tmp_path: Path, old: str, new: str) -> Path:
    text = EXAMPLE_SITE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "site.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("connection_mw = 100.0", "connection_kw = 100000.0", ("connection_kw", "connection_mw")),
        ("efficiency_j_per_th = 16.0", "efficiency_j_per_th = -16.0", ("efficiency_j_per_th", "-16")),
        ("pool_fee_frac = 0.01", "pool_fees = 0.01", ("pool_fees", "pool_fee_frac")),
        ("connection_mw = 100.0", "connection_mw = 10.0", ("floor",)),
        ("adder_usd_per_mwh = 6.0", "adder_usd_per_mwh = nan", ("adder_usd_per_mwh",)),
        ("[mining]", "[mining", ("line",)),
        ("connection_mw = 100.0", "connection_mw = 100,0", ("line", "decimal point")),
        ("pool_fee_frac = 0.01", "pool_fee_frac = 1", ("pool_fee_frac", "write 0.01")),
        ("hashrate_ths = 335.0", "hashrate_ths = 0.335", ("hashrate_ths", "write 335 (TH/s")),
        ('"leased hall"', '"grid"', ("halls[0].name", "another name")),
        ('"air 18.5 J/TH"', '"hydro 16 J/TH"', ("mining.classes[1].name", "differently")),
    ],
)
@pytest.mark.parametrize("verb", ["brief", "value", "plan"])
def test_site_files(run: Run, tmp_path: Path, verb: str, old: str, new: str, words: tuple[str, ...]) -> None:
    path = site_with(tmp_path, old, new)
    assert_taught(run(verb, "--site", str(path)), status=2, words=(str(path), *words))


def test_a_missing_site_file(run: Run, tmp_path: Path) -> None:
    assert_taught(run("brief", "--site", str(tmp_path / "no.toml")), status=2, words=("no.toml",))


@pytest.mark.parametrize("verb", ["hashrate", "difficulty", "hashprice", "value", "plan", "brief"])
@pytest.mark.parametrize("at", ["2009-01-03", "2030-01-01"])
def test_instants_outside_the_data(run: Run, verb: str, at: str) -> None:
    assert_taught(run(verb, "--at", at), status=2, words=("not known at",))


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "1768824000"])
def test_texts_that_are_no_instants(run: Run, at: str) -> None:
    assert_taught(run("hashrate", "--at", at), status=2, words=("is not an instant", "2026-01-19T12:00Z"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hashrate", "--window", "1s"), "2 blocks or more"),
        (("hashrate", "--window", "soon"), "is not a duration"),
        (("hashrate", "--window", "9000d"), "the 9000 days before"),
        (("hashrate", "--peak-window", "1d"), "span searched"),
        (("hashrate", "--period", "470"), "last_period=469"),
        (("hashrate", "--period", "-1"), "first_period=303"),
        (("hashrate", "--period", "469", "--fall", "0.1"), "--fall does nothing beside --period"),
        (("hashrate", "--period", "469", "--window", "7d"), "--window does nothing"),
        (("difficulty", "--count", "9", "--at", "2020-02-01"), "fewer than 9 retargets"),
        (("hashrate", "--below", "-1"), "positive"),
        (("hashrate", "--versus", "2026-04-22"), "overlap"),
        (("hashrate", "--period", "462", "--versus-period", "463"), "earlier"),
        (("hashrate", "--versus-period", "463"), "--period"),
        (("hashprice", "--since", "2026-04-23", "--at", "2026-04-22"), "earlier"),
        (("hashprice", "--mean-start", "2026-01-01"), "--mean-end"),
        (
            ("hashprice", "--at", "2026-01-05", "--mean-start", "2026-01-01", "--mean-end", "2026-01-06"),
            "beyond what is known",
        ),
        (("plan", "--start", "2026-02-01", "--end", "2026-01-01"), "end after it starts"),
        (("plan", "--start", "2026-05-01", "--end", "2026-05-02"), "do not cover"),
        (("value", "--machine", "-3"), "efficiency_j_per_th"),
        (("value", "--hashprice", "nan"), "finite"),
        (("value", "--power-price", "inf"), "finite"),
        (("value", "--at", "2020-06-01"), "--at inside the series"),
        (("why", "--start", "2026-01-20", "--end", "2026-01-20T06:00"), "a day or more"),
        (("value", "--machine", "19", "--machine-price", "0"), "positive"),
    ],
)
def test_arguments_that_make_no_sense(run: Run, words: tuple[str, ...], told: str) -> None:
    assert_taught(run(*words), status=2, words=(told,))


def priced_site(tmp_path: Path, rows: list[str]) -> Path:
    (tmp_path / "prices.csv").write_text(
        "start,price_usd_per_mwh\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return site_with(tmp_path, 'price_series = "ercot_rtm_hb_houston_15min"', 'price_file = "prices.csv"')


def hours(first: int, last: int) -> list[str]:
    return [f"2026-01-19T{hour:02d}:00Z,{30 + hour}" for hour in range(first, last)]


def test_a_price_series_with_a_gap(run: Run, tmp_path: Path) -> None:
    path = priced_site(tmp_path, hours(0, 5) + hours(7, 12))
    window = ("--start", "2026-01-19T00:00Z", "--end", "2026-01-19T12:00Z", "--at", "2026-01-20")
    assert_taught(run("plan", "--site", str(path), *window), status=3, words=("prices.csv", "after line 6"))


def test_a_price_series_with_a_repeated_clock_change_hour(run: Run, tmp_path: Path) -> None:
    local = [f"2025-11-02T{hour:02d}:00,40" for hour in (0, 1, 1, 2, 3)]
    path = priced_site(tmp_path, local)
    window = ("--start", "2025-11-02T05:00Z", "--end", "2025-11-02T09:00Z", "--at", "2025-11-03")
    assert_taught(run("plan", "--site", str(path), *window), status=3, words=("prices.csv", "offset"))


def test_a_price_series_of_the_users_own(run: Run, tmp_path: Path) -> None:
    path = priced_site(tmp_path, hours(0, 12))
    window = ("--start", "2026-01-19T00:00Z", "--end", "2026-01-19T12:00Z", "--at", "2026-01-20")
    body = run("plan", "--site", str(path), *window, "--json").json()
    assert body["intervals"] == 12
    assert body["series"]["spot_usd_per_mwh"] == [30.0 + hour for hour in range(12)]


@pytest.fixture
def data_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(bundled.DATA_FOLDER, folder)
    monkeypatch.setattr(bundled.BundledStore.__init__, "__defaults__", (folder,))
    return folder


@pytest.mark.parametrize("verb", ["hashrate", "brief", "data"])
def test_a_corrupted_file_is_named(run: Run, data_copy: Path, verb: str) -> None:
    path = data_copy / "blocks_time_pool.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert_taught(run(verb), status=3, words=("blocks_time_pool.parquet", "damaged"))


def test_a_missing_file_is_named(run: Run, data_copy: Path) -> None:
    (data_copy / "blocks_fees.parquet").unlink()
    assert_taught(run("hashprice"), status=3, words=("blocks_fees.parquet",))
    assert run("hashrate").status == 0


def test_a_page_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    ended = run("brief", "--html", str(tmp_path / "none" / "brief.html"))
    assert_taught(ended, status=2, words=("cannot be written",))

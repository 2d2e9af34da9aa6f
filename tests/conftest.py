"""What the tests of all rooms share: the bundled history, read once."""

from __future__ import annotations

import sys

import polars as pl
import pytest
from hypothesis import settings

from support.commandline import Ended, Run
from wattshift.cli import main
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.store.bundled import BundledStore

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def store() -> BundledStore:
    """The bundled store."""
    return BundledStore()


@pytest.fixture(scope="session")
def block_frame(store: BundledStore) -> pl.DataFrame:
    """Table `blocks`: heights 610,683 to 946,236."""
    return store.read("blocks")


@pytest.fixture(scope="session")
def period_frame(store: BundledStore) -> pl.DataFrame:
    """Table `difficulty_periods`: periods 0 to 473."""
    return store.read("difficulty_periods")


@pytest.fixture(scope="session")
def header_frame(store: BundledStore) -> pl.DataFrame:
    """Table `retarget_headers`: the first header of periods 1 to 436."""
    return store.read("retarget_headers")


@pytest.fixture(scope="session")
def fee_frame(store: BundledStore) -> pl.DataFrame:
    """Table `block_fees`: five stretches, the last of heights 909,458 to 934,575."""
    return store.read("block_fees")


@pytest.fixture(scope="session")
def daily_frame(store: BundledStore) -> pl.DataFrame:
    """Table `btc_usd_daily`."""
    return store.read("btc_usd_daily")


@pytest.fixture(scope="session")
def history(block_frame: pl.DataFrame, period_frame: pl.DataFrame) -> BlockHistory:
    """The real chain, 2019-12-31 to 2026-04-22."""
    return BlockHistory.from_tables(block_frame, period_frame)


@pytest.fixture(scope="session")
def newest(history: BlockHistory) -> KnownBlocks:
    """All of it, as known at its end."""
    return history.known_at(history.newest_at)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, with its exit status."""

    def call(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["wattshift", *words])
        status = 0
        try:
            main()
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return call

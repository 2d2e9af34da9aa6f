from __future__ import annotations

from datetime import UTC, datetime

from wattshift.app.history import bundled_data
from wattshift.store.bundled import BundledStore


def test_every_file_of_the_manifest_is_listed(store: BundledStore) -> None:
    document = bundled_data(store)
    assert {row.table for row in document.files} == set(store.files)
    assert document.as_of == document.newest_at
    assert all(0 < row.known_rows <= row.rows for row in document.files)


def test_less_was_known_earlier(store: BundledStore) -> None:
    early, late = (
        {row.table: row.known_rows for row in bundled_data(store, at=at).files}
        for at in (datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert all(early[name] <= late[name] for name in early)
    assert early["ai_contracts"] == 0
    assert (
        early["btc_usd_daily"] == (datetime(2022, 1, 1, tzinfo=UTC) - datetime(2010, 7, 17, tzinfo=UTC)).days
    )

"""A process that writes to a ledger: one byte on standard output for each call that returned.

python writers.py join URL NAME COUNT     keeps records, beside any others
python writers.py lead URL FIRST COUNT    leads, and appends headers one by one
python writers.py race URL START_S LEAD_S tries to lead at an instant; stays for as long, if it may
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from support.children import FIRST_AT, fake_rows
from wattshift.errors import StoreError
from wattshift.store.postgres import PostgresLedger


def told() -> None:
    os.write(1, b".")


def join(url: str, name: str, count: str) -> None:
    with PostgresLedger.join(url) as ledger:
        for number in range(int(count)):
            at = FIRST_AT + timedelta(seconds=number)
            ledger.record("journal", known_at=at, body=f"{name} {number}".encode())
            told()


def lead(url: str, first: str, count: str) -> None:
    with PostgresLedger.lead(url) as ledger:
        for row in fake_rows(int(first), int(count)):
            ledger.append_headers([row], known_at=FIRST_AT)
            told()


def race(url: str, _: str, stay_s: str) -> None:
    told()
    sys.stdin.read(1)
    with PostgresLedger.lead(url) as ledger:
        ledger.append_headers(fake_rows(0, 1), known_at=FIRST_AT)
        told()
        time.sleep(float(stay_s))


JOBS: dict[str, Callable[[str, str, str], None]] = {"join": join, "lead": lead, "race": race}

if __name__ == "__main__":
    try:
        JOBS[sys.argv[1]](*sys.argv[2:])
    except StoreError as error:
        sys.exit(f"{type(error).__name__}: {error}")

"""What every implementation of the ledger's port must do; a test module subclasses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.children import FIRST_AT, fake_rows
from wattshift.chain.header import BlockHeader
from wattshift.errors import Conflict, InputError
from wattshift.store.port import GENESIS, HEADER, Ledger, Record, to_micros
from wattshift.store.receipts import Receipt

HOUR = timedelta(hours=1)
Opened = Callable[[], Ledger]


class LedgerConformance:
    """Subclasses give the fixture `ledger`: empty and open for writing; and `fresh`, which makes more."""

    def test_an_empty_ledger_has_nothing(self, ledger: Ledger) -> None:
        assert ledger.tip() is None
        assert ledger.headers(0, 10) == []
        assert ledger.records("receipt") == []
        assert list(ledger.entries()) == []
        assert ledger.verify() == 0

    def test_headers_come_back_as_they_went_in(self, ledger: Ledger) -> None:
        rows = fake_rows(100, 20)
        assert ledger.append_headers(rows, known_at=FIRST_AT) == Receipt(new=20, same=0, conflicting=0)
        assert ledger.headers(0, 1000) == rows
        assert ledger.headers(105, 110) == rows[5:10]
        assert ledger.headers(0, 100) == ledger.headers(120, 130) == []
        assert ledger.tip() == rows[-1]
        assert ledger.verify() == 20

    def test_nothing_is_a_batch(self, ledger: Ledger) -> None:
        assert ledger.append_headers([], known_at=FIRST_AT) == Receipt(new=0, same=0, conflicting=0)
        assert ledger.verify() == 0

    def test_extreme_rows_fit(self, ledger: Ledger) -> None:
        widest = replace(
            fake_rows(0, 1)[0], height=(1 << 32) - 1, work_hashes=(1 << 256) - 1, branch="é" * 99
        )
        narrow = replace(fake_rows(1, 1)[0], height=0, work_hashes=0, branch="")
        ledger.append_headers([widest, narrow], known_at=FIRST_AT)
        assert ledger.tip() == widest
        assert ledger.headers(0, 1) == [narrow]
        assert ledger.headers(-(1 << 80), 1 << 80) == [narrow, widest]
        assert [ledger.record("x", known_at=FIRST_AT, body=body).body for body in (b"", b"\0" * 100_000)]
        assert ledger.verify() == 4

    def test_a_header_is_named_by_its_double_hash(self) -> None:
        row = fake_rows(7, 1)[0]
        assert row.block_hash == BlockHeader.parse(row.header).hash

    def test_appending_again_adds_nothing(self, ledger: Ledger) -> None:
        rows = fake_rows(0, 10)
        ledger.append_headers(rows, known_at=FIRST_AT)
        before = list(ledger.entries())
        again = Receipt(new=0, same=10, conflicting=0)
        for known_at in (FIRST_AT, FIRST_AT + HOUR, FIRST_AT - HOUR):
            assert ledger.append_headers(rows, known_at=known_at) == again
        assert list(ledger.entries()) == before

    def test_a_batch_may_repeat_itself(self, ledger: Ledger) -> None:
        rows = fake_rows(0, 3)
        receipt = ledger.append_headers([*rows, *rows], known_at=FIRST_AT)
        assert receipt == Receipt(new=3, same=3, conflicting=0)

    def test_a_reorganisation_relabels_and_keeps_what_was_known(self, ledger: Ledger) -> None:
        rows = fake_rows(0, 5)
        ledger.append_headers(rows, known_at=FIRST_AT)
        stale = replace(rows[4], branch="stale")
        receipt = ledger.append_headers([*rows[:4], stale], known_at=FIRST_AT + HOUR)
        assert receipt == Receipt(new=0, same=4, conflicting=1)
        assert ledger.headers(0, 5) == [*rows[:4], stale]
        assert ledger.headers(0, 5, known_at=FIRST_AT + HOUR) == [*rows[:4], stale]
        assert ledger.headers(0, 5, known_at=FIRST_AT + HOUR / 2) == rows
        assert ledger.headers(0, 5, known_at=FIRST_AT - HOUR) == []
        assert ledger.tip() == stale
        assert ledger.tip(known_at=FIRST_AT) == rows[4]
        assert ledger.tip(known_at=FIRST_AT - HOUR) is None
        # The old label again, later, is news; the first append again is not.
        assert ledger.append_headers(rows, known_at=FIRST_AT).same == 5
        assert ledger.append_headers(rows, known_at=FIRST_AT + 2 * HOUR).conflicting == 1
        assert ledger.headers(0, 5) == rows
        assert ledger.verify() == 7

    def test_the_past_is_settled(self, ledger: Ledger) -> None:
        rows = fake_rows(0, 5)
        ledger.append_headers(rows, known_at=FIRST_AT)
        before = list(ledger.entries())
        for known_at in (FIRST_AT, FIRST_AT - HOUR):
            with pytest.raises(Conflict, match="known later"):
                ledger.append_headers([*fake_rows(5, 1), replace(rows[0], branch="x")], known_at=known_at)
        assert list(ledger.entries()) == before

    @pytest.mark.parametrize("change", [{"height": 9}, {"work_hashes": 1}])
    def test_height_and_work_are_facts(self, ledger: Ledger, change: dict[str, int]) -> None:
        rows = fake_rows(0, 5)
        ledger.append_headers(rows, known_at=FIRST_AT)
        wrong = replace(
            rows[2], height=change.get("height", 2), work_hashes=change.get("work_hashes", 3 << 64)
        )
        with pytest.raises(Conflict, match="another height"):
            ledger.append_headers([*fake_rows(5, 1), wrong], known_at=FIRST_AT + HOUR)
        assert ledger.headers(0, 99) == rows

    def test_rivals_at_one_height_stay_and_the_first_of_equals_leads(self, ledger: Ledger) -> None:
        first, rival, heavier = (replace(row, height=7, work_hashes=10) for row in fake_rows(0, 3))
        heavier = replace(heavier, work_hashes=11, height=6)
        ledger.append_headers([first], known_at=FIRST_AT)
        ledger.append_headers([rival], known_at=FIRST_AT + HOUR)
        assert ledger.headers(7, 8) == [first, rival]
        assert ledger.tip() == first
        ledger.append_headers([heavier], known_at=FIRST_AT + 2 * HOUR)
        assert ledger.tip() == heavier  # though it is the lower one
        assert ledger.tip(known_at=FIRST_AT + HOUR) == first

    def test_records_are_kept_once_and_in_order(self, ledger: Ledger) -> None:
        kept = [ledger.record("receipt", known_at=FIRST_AT + n * HOUR, body=b"%d" % n) for n in range(5)]
        assert ledger.record("receipt", known_at=FIRST_AT, body=b"0") == kept[0]
        other = ledger.record("decision", known_at=FIRST_AT, body=b"0")
        twin = ledger.record("receipt", known_at=FIRST_AT, body=b"another at that instant")
        assert ledger.records("receipt") == [*kept, twin]
        assert ledger.records("receipt", known_at=FIRST_AT + HOUR) == [*kept[:2], twin]
        assert ledger.records("receipt", known_at=FIRST_AT - HOUR) == []
        assert ledger.records("decision") == [other]
        assert [entry.seq for entry in ledger.entries()] == [1, 2, 3, 4, 5, 6, 7]

    def test_records_are_kept_with_headers_or_not_at_all(self, ledger: Ledger) -> None:
        rows, told = fake_rows(0, 3), [Record("batch", b"three"), Record("note", b"")]
        receipt = ledger.append_headers(rows, known_at=FIRST_AT, records=told)
        assert receipt == Receipt(new=3, same=0, conflicting=0)
        kinds = [HEADER, HEADER, HEADER, "batch", "note"]
        assert [entry.kind for entry in ledger.entries()] == kinds
        (batch,) = ledger.records("batch")
        assert (batch.seq, batch.body, batch.known_at) == (4, b"three", FIRST_AT)
        assert ledger.append_headers(rows, known_at=FIRST_AT, records=told).same == 3
        assert [entry.kind for entry in ledger.entries()] == kinds
        for kind in ("", HEADER):
            with pytest.raises(InputError, match="no kind"):
                ledger.append_headers(
                    fake_rows(3, 3), known_at=FIRST_AT, records=[Record("batch", b"six"), Record(kind, b"")]
                )
        wrong = replace(rows[0], height=9)
        with pytest.raises(Conflict):
            ledger.append_headers([wrong], known_at=FIRST_AT + HOUR, records=[Record("batch", b"nine")])
        assert ledger.verify() == 5

    def test_a_scan_gives_the_entries_as_tuples(self, ledger: Ledger) -> None:
        assert list(ledger.scan()) == []
        ledger.append_headers(fake_rows(0, 3), known_at=FIRST_AT, records=[Record("x", b"y")])
        ledger.record("z", known_at=FIRST_AT + HOUR, body=b"")
        assert list(ledger.scan()) == [
            (entry.seq, entry.kind, to_micros(entry.known_at), entry.body, entry.chain_hash)
            for entry in ledger.entries()
        ]

    def test_each_entry_is_chained_to_the_one_before(self, ledger: Ledger) -> None:
        ledger.append_headers(fake_rows(0, 3), known_at=FIRST_AT)
        ledger.record("receipt", known_at=FIRST_AT, body=b"three")
        parent = GENESIS
        for entry in ledger.entries():
            assert entry.proved_by(parent)
            assert not entry.proved_by(bytes(31) + b"x")
            for change in (
                replace(entry, seq=entry.seq + 1),
                replace(entry, kind=entry.kind + "x"),
                replace(entry, known_at=entry.known_at + timedelta(microseconds=1)),
                replace(entry, body=entry.body + b"x"),
                replace(entry, kind=entry.kind[:-1], body=entry.kind[-1:].encode() + entry.body),
            ):
                assert not change.proved_by(parent)
            parent = entry.chain_hash

    def test_instants_keep_their_microseconds(self, ledger: Ledger) -> None:
        for known_at in (
            datetime(9999, 1, 1, 1, 1, 1, 999_999, tzinfo=UTC).replace(year=3800),
            datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        ):
            assert ledger.record("x", known_at=known_at, body=b"").known_at == known_at

    def test_what_makes_no_sense_is_refused(self, ledger: Ledger) -> None:
        naive = FIRST_AT.replace(tzinfo=None)
        with pytest.raises(InputError, match="time zone"):
            ledger.append_headers(fake_rows(0, 1), known_at=naive)
        with pytest.raises(InputError, match="time zone"):
            ledger.record("x", known_at=naive, body=b"")
        with pytest.raises(InputError, match="time zone"):
            ledger.headers(0, 1, known_at=naive)
        for kind in ("", HEADER):
            with pytest.raises(InputError, match="no kind"):
                ledger.record(kind, known_at=FIRST_AT, body=b"")
        assert ledger.verify() == 0

    def test_any_split_gives_the_same_ledger(self, fresh: Opened) -> None:
        rows = fake_rows(0, 40)
        whole = fresh()
        whole.append_headers(rows, known_at=FIRST_AT)
        expected = list(whole.entries())
        whole.close()  # the place of one may be that of the next

        @settings(max_examples=30)
        @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8))
        def split_into(parts: list[tuple[int, int]]) -> None:
            ledger, reached = fresh(), 0
            for start, end in sorted((min(part), max(part)) for part in parts):
                # Batches may overlap and repeat, but leave no hole.
                ledger.append_headers(rows[min(start, reached) : end], known_at=FIRST_AT)
                reached = max(reached, end)
            ledger.append_headers(rows[reached:], known_at=FIRST_AT)
            assert list(ledger.entries()) == expected
            ledger.close()

        split_into()

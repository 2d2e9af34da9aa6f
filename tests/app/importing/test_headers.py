"""Headers from files into the chain of a store."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.headers import Branch, anchored, easy, unmined
from wattshift.app.importing import files as importing
from wattshift.app.importing.files import Wish, import_files
from wattshift.app.importing.target import IMPORT
from wattshift.chain.anchor import Anchor
from wattshift.chain.header import HEADER_SIZE, hash_to_hex
from wattshift.chain.params import MAINNET, NETWORKS, SIGNET, Network
from wattshift.errors import Conflict, InputError, InvalidHeader, Locked, Malformed, Missing, Unwritable
from wattshift.report.documents.keeping import ImportDocument
from wattshift.sources.files.filekind import FileKind
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.ledger import SqliteLedger
from wattshift.store.start import Start

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SIGNET_FILE = Path(__file__).parents[2] / "fixtures" / "signet_headers.bin"
EASY = easy(MAINNET, interval=20)
GENESIS = Start(network=EASY, anchor=Anchor.genesis(EASY))
PLAIN = Wish()
STEM = Branch(EASY).grow(400)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def imported(
    home: Path, *paths: Path, start: Start = GENESIS, wish: Wish = PLAIN, after_s: int = 0
) -> ImportDocument:
    now = NOW + timedelta(seconds=after_s)
    return import_files(paths, home=Home(home), start=start, wish=wish, now=now)


def state(home: Path, start: Start = GENESIS) -> bytes:
    with SqliteLedger.lead(Home(home).ledger) as ledger:
        return ChainStore.open(ledger, start.network, start=start, now=NOW).chain.state_hash()


def entries(home: Path) -> list[tuple[str, bytes]]:
    with SqliteLedger.view(Home(home).ledger) as ledger:
        return [(entry.kind, entry.chain_hash) for entry in ledger.entries()]


def counts(document: ImportDocument) -> list[tuple[int, int, int, int]]:
    """New, same, conflicting and refused headers of each file."""
    tables = [table for file in document.files for table in file.tables]
    assert {table.table for table in tables} == {"headers"}
    return [(table.new, table.same, table.conflicting, table.refused) for table in tables]


def test_a_real_signet_goes_in_once(tmp_path: Path) -> None:
    """4,060 headers with two retargets, mined by Bitcoin Core; again they are all the same."""
    start = Start.genesis(SIGNET)
    first = imported(tmp_path, SIGNET_FILE, start=start)
    assert counts(first) == [(4060, 0, 0, 0)]
    assert (first.chain.before.height, first.chain.after.height) == (0, 4060)
    assert first.chain.after.block_hash.startswith("00000")
    (file,) = first.files
    assert (file.kind, file.first, file.last, file.size_bytes) == ("headers", "1", "4060", 324_800)
    assert file.sha256 == "539424f8356a7dfb11cd130daf8d59f01bb75f7da2c231a0a5c2b7186cb61ae8"
    kept = entries(tmp_path)
    again = imported(tmp_path, SIGNET_FILE, start=start, after_s=60)
    assert counts(again) == [(0, 4060, 0, 0)]
    assert again.chain.before == again.chain.after
    assert entries(tmp_path) == kept


def test_the_receipt_is_kept_in_the_ledger(tmp_path: Path) -> None:
    document = imported(tmp_path, SIGNET_FILE, start=Start.genesis(SIGNET))
    with SqliteLedger.view(Home(tmp_path).ledger) as ledger:
        (entry,) = ledger.records(IMPORT)
    receipt = json.loads(entry.body)
    assert receipt["sha256"] == document.files[0].sha256
    assert receipt["tables"] == [{"table": "headers", "new": 4060, "same": 0, "conflicting": 0, "refused": 0}]
    assert str(tmp_path) not in entry.body.decode()


@pytest.mark.parametrize("kind", ["raw", "with genesis", "csv", "parquet", "ledger"])
def test_every_format_gives_the_same_store(tmp_path: Path, kind: str) -> None:
    fields = header_fields(STEM.raw())
    match kind:
        case "raw":
            path = put(tmp_path / "a", STEM.raw())
        case "with genesis":
            path = put(tmp_path / "a", STEM.raw(0))
        case "csv":
            fields.write_csv(path := tmp_path / "a")
        case "parquet":
            fields.sample(fraction=1, shuffle=True, seed=1).write_parquet(path := tmp_path / "a")
        case _:
            imported(tmp_path / "other", put(tmp_path / "a", STEM.raw()))
            path = Home(tmp_path / "other").ledger
    document = imported(tmp_path / "store", path)
    assert counts(document) == [(400, int(kind == "with genesis"), 0, 0)]
    assert state(tmp_path / "store") == state_of(STEM.raw())


def header_fields(raw: bytes) -> pl.DataFrame:
    """Headers as people publish them, with their heights."""
    rows = [struct.unpack_from("<i32s32sIII", raw, start) for start in range(0, len(raw), HEADER_SIZE)]
    return pl.DataFrame(
        {
            "height": range(1, len(rows) + 1),
            "version": [row[0] for row in rows],
            "prev_hash": [row[1][::-1].hex() for row in rows],
            "merkle_root": [row[2][::-1].hex() for row in rows],
            "time": [row[3] for row in rows],
            "bits": [row[4] for row in rows],
            "nonce": [row[5] for row in rows],
        }
    )


def state_of(raw: bytes) -> bytes:
    from wattshift.chain.headerchain import HeaderChain

    chain = HeaderChain(EASY)
    chain.extend(raw, int(NOW.timestamp()))
    return chain.state_hash()


@settings(max_examples=10)
@given(st.permutations(range(8)), st.booleans())
def test_files_in_any_order_end_in_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], at_once: bool
) -> None:
    home = tmp_path_factory.mktemp("store")
    parts = [put(home / f"part{at}", STEM.raw()[at * 4000 : at * 4000 + 4000]) for at in range(8)]
    if at_once:
        document = imported(home, *(parts[at] for at in order))
        assert sum(new for new, *_ in counts(document)) == 400
        assert document.chain.waiting == 0
    else:
        for at in sorted(order, key=lambda at: -at) + sorted(order):  # a file whose parents come later
            document = imported(home, parts[at])
    assert document.chain.after.height == 400
    assert state(home) == state_of(STEM.raw())


def test_headers_without_a_parent_are_told_and_not_kept(tmp_path: Path) -> None:
    document = imported(tmp_path, put(tmp_path / "late", STEM.raw(200)))
    assert counts(document) == [(0, 0, 0, 0)]
    assert document.chain.waiting == 201
    assert "201 not kept" in document.in_words
    assert len(entries(tmp_path)) == 2  # the start and the receipt


def test_many_headers_without_a_parent_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattshift.app.importing.headers._MAX_WAITING", 100)
    document = imported(tmp_path, put(tmp_path / "late", STEM.raw(200)))
    assert counts(document) == [(0, 0, 0, 201)]
    (fault,) = document.files[0].faults
    assert "its parent is not known" in fault.problem
    assert (fault.found, document.chain.waiting) == (hash_to_hex(STEM.hash(199)), 0)


def test_holes_are_passed_over(tmp_path: Path) -> None:
    """Electrum's file: nothing below its checkpoints, then headers, each at 80 times its height."""
    imported(tmp_path, put(tmp_path / "low", STEM.raw()[: 99 * HEADER_SIZE]))
    document = imported(tmp_path, put(tmp_path / "blockchain_headers", bytes(100 * 80) + STEM.raw(100)))
    assert counts(document) == [(301, 0, 0, 0)]
    assert "100 places are empty" in document.files[0].notes[0]
    assert state(tmp_path) == state_of(STEM.raw())


@pytest.mark.parametrize("with_anchor", [True, False])
def test_headers_below_the_start_are_left_alone(tmp_path: Path, with_anchor: bool) -> None:
    start = Start(network=EASY, anchor=anchored(EASY, 40, time_s=STEM.parsed[40].time_s))
    above = Branch(EASY, [start.anchor.header], first=40).grow(30)
    file = put(tmp_path / "a", STEM.raw(0)[: 40 * HEADER_SIZE] + (above.raw(0) if with_anchor else b""))
    document = imported(tmp_path / "store", file, start=start)
    assert counts(document) == [(30, 1, 0, 0) if with_anchor else (0, 0, 0, 0)]
    assert document.files[0].notes == (
        "40 headers below block 40, where this store starts, were not looked at",
    )
    assert document.chain.after.height == (70 if with_anchor else 40)


def test_a_header_that_breaks_a_rule_ends_the_file_and_is_named(tmp_path: Path) -> None:
    headers = [*STEM.headers[1:151], STEM.fork(150).next(STEM.parsed[150].time_s + 1, bits=0x1F7FFFFF)]
    file = put(tmp_path / "a", b"".join([*headers, *STEM.headers[151:160]]))
    document = imported(tmp_path / "store", file)
    assert counts(document) == [(150, 0, 0, 10)]
    (fault,) = document.files[0].faults
    assert (fault.place, fault.height, fault.found) == ("header 150", 151, "1f7fffff")
    assert fault.expected == f"{STEM.parsed[151].bits:08x}"
    assert "bad-diffbits" in fault.problem
    assert "9 headers behind a refused one were not looked at" in document.files[0].notes
    assert document.chain.after.height == 150


@pytest.mark.parametrize("place", [0, 77, 399])
def test_a_flipped_bit_is_named_by_its_place(tmp_path: Path, place: int) -> None:
    content = bytearray(STEM.raw())
    bad = unmined(STEM.headers[place + 1])
    content[place * HEADER_SIZE : (place + 1) * HEADER_SIZE] = bad
    wish = Wish(kind=FileKind.HEADERS)  # one that starts like this cannot be told
    document = imported(tmp_path / "store", put(tmp_path / "a", bytes(content)), wish=wish)
    assert [fault.place for fault in document.files[0].faults] == [f"header {place:,}"]
    assert document.chain.after.height == place
    assert counts(document) == [(place, 0, 0, 400 - place)]


def test_a_side_branch_is_kept_and_a_longer_one_wins(tmp_path: Path) -> None:
    side = STEM.fork(300).grow(20, salt=7)
    longer = side.fork(320).grow(90, salt=8)
    imported(tmp_path, put(tmp_path / "a", STEM.raw()))
    beside = imported(tmp_path, put(tmp_path / "b", side.raw(301)))
    assert counts(beside) == [(0, 0, 20, 0)]
    assert (beside.chain.after.height, beside.chain.beside, beside.chain.reorg_blocks) == (400, 20, 0)
    wins = imported(tmp_path, put(tmp_path / "c", longer.raw(301)))
    assert counts(wins) == [(90, 20, 0, 0)]
    assert (wins.chain.after.height, wins.chain.beside, wins.chain.reorg_blocks) == (410, 100, 100)


def test_strict_keeps_nothing_if_anything_is_refused(tmp_path: Path) -> None:
    good = put(tmp_path / "a", STEM.raw()[:8000])
    bad = put(tmp_path / "b", STEM.headers[101] + unmined(STEM.headers[102]))
    with pytest.raises(Malformed, match="nothing was imported") as caught:
        imported(tmp_path / "store", good, bad, wish=Wish(strict=True))
    assert caught.value.context["file"] == "b"
    assert not (tmp_path / "store").exists()
    with pytest.raises(Malformed, match="201 headers lack a parent"):
        imported(tmp_path / "store", put(tmp_path / "c", STEM.raw(200)), wish=Wish(strict=True))
    assert not (tmp_path / "store").exists()
    assert imported(tmp_path / "store", good, wish=Wish(strict=True)).chain.after.height == 100


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; the lock and SQLite's scratch files aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal", ".lock"))
    }


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    low, high = put(tmp_path / "a", STEM.raw()[:8000]), put(tmp_path / "b", STEM.raw(50))
    fresh = imported(tmp_path / "store", low, wish=Wish(dry_run=True))
    assert not (tmp_path / "store").exists()
    assert counts(fresh) == [(100, 0, 0, 0)]
    imported(tmp_path / "store", low)
    with SqliteLedger.lead(Home(tmp_path / "store").ledger):  # beside a follower
        before = tree_of(tmp_path / "store")
        dry = imported(tmp_path / "store", high, wish=Wish(dry_run=True))
        assert tree_of(tmp_path / "store") == before
    real = imported(tmp_path / "store", high)
    assert (dry.chain, counts(dry)) == (real.chain, counts(real))
    assert dry.dry_run
    assert dry.in_words == f"nothing was written; {real.in_words}"


def test_a_follower_keeps_the_lease(tmp_path: Path) -> None:
    file = put(tmp_path / "a", STEM.raw())
    imported(tmp_path / "store", put(tmp_path / "b", STEM.raw()[:80]))
    with SqliteLedger.lead(Home(tmp_path / "store").ledger), pytest.raises(Locked) as caught:
        imported(tmp_path / "store", file)
    assert caught.value.context["pid"].isdigit()  # type: ignore[attr-defined]  # it is a text


# Networks


@pytest.mark.parametrize("store_of", NETWORKS)
@pytest.mark.parametrize("file_of", NETWORKS)
def test_the_genesis_block_of_another_network_is_refused_before_any_write(
    tmp_path: Path, store_of: str, file_of: str
) -> None:
    """Five genesis blocks, five stores; fresh ones and such as exist already."""
    start, home = Start.genesis(NETWORKS[store_of]), tmp_path / "store"
    file = put(tmp_path / "genesis", NETWORKS[file_of].genesis_header)
    if store_of == file_of:
        assert counts(imported(home, file, start=start)) == [(0, 1, 0, 0)]
        return
    with pytest.raises(InvalidHeader, match=f"the file is of {file_of}, the store of {store_of}") as caught:
        imported(home, file, start=start)
    assert f"--network {file_of}" in str(caught.value)
    assert not home.exists()
    imported(home, put(tmp_path / "own", NETWORKS[store_of].genesis_header), start=start)
    before = entries(home)
    with pytest.raises(InvalidHeader):
        imported(home, file, start=start)
    assert entries(home) == before


@pytest.mark.parametrize("other", [network for network in NETWORKS.values() if network != SIGNET])
def test_a_store_of_another_network_is_refused(tmp_path: Path, other: Network) -> None:
    imported(tmp_path / "store", SIGNET_FILE, start=Start.genesis(SIGNET))
    before = entries(tmp_path / "store")
    file = put(tmp_path / "genesis", other.genesis_header)
    with pytest.raises(Conflict, match=f"the store follows signet, not {other.name}"):
        imported(tmp_path / "store", file, start=Start.genesis(other))
    with pytest.raises(Missing, match=f"holds no headers of {other.name}"):
        imported(tmp_path / "new", Home(tmp_path / "store").ledger, start=Start.genesis(other))
    assert entries(tmp_path / "store") == before
    assert not (tmp_path / "new").exists()


def test_the_start_is_that_of_the_store(tmp_path: Path) -> None:
    home = Home(tmp_path)
    fresh = importing.start_of(home, network_name=None, from_genesis=False)
    assert (fresh.network, fresh.anchor.height) == (MAINNET, 878_976)
    assert importing.start_of(home, network_name=None, from_genesis=True).anchor.height == 0
    imported(tmp_path, SIGNET_FILE, start=Start.genesis(SIGNET))
    assert importing.start_of(home, network_name=None, from_genesis=False).network == SIGNET
    with pytest.raises(InputError, match="not a Bitcoin network"):
        importing.start_of(home, network_name="dogecoin", from_genesis=False)


# Files that are wrong altogether


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (STEM.raw()[:-1], "399 headers of 80 bytes and 79 bytes more"),
        (bytes(8000), "no kind of file"),
        (b"", "is empty"),
        (b"\0" * 79, "no kind of file"),
    ],
)
def test_a_wrong_file_is_refused_before_any_write(tmp_path: Path, content: bytes, words: str) -> None:
    good, bad = put(tmp_path / "good", STEM.raw()), put(tmp_path / "bad", content)
    with pytest.raises((InputError, Malformed), match=words):
        imported(tmp_path / "store", good, bad)
    assert not (tmp_path / "store").exists()


def test_a_kind_that_is_named_is_not_guessed(tmp_path: Path) -> None:
    file = put(tmp_path / "a", STEM.raw()[:-1])
    with pytest.raises(Malformed, match="UTF-8"):
        imported(tmp_path / "store", file, wish=Wish(kind=FileKind.BLOCKS))
    with pytest.raises(InputError, match="no file is named"):
        imported(tmp_path / "store")


def test_a_store_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="cannot be made"):
        imported(put(tmp_path / "taken", b"x"), put(tmp_path / "a", STEM.raw()))


def test_progress_is_told_up_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattshift.sources.files.headerfile._CHUNK", 150 * HEADER_SIZE)
    told: list[tuple[str, int, int]] = []
    file = put(tmp_path / "a", STEM.raw())
    import_files([file], home=Home(tmp_path), start=GENESIS, now=NOW, told=lambda *step: told.append(step))
    assert told == [("a", 150, 400), ("a", 300, 400), ("a", 400, 400)]


def test_small_pieces_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattshift.sources.files.headerfile._CHUNK", 7 * HEADER_SIZE)
    start = Start(network=EASY, anchor=anchored(EASY, 40, time_s=STEM.parsed[40].time_s))
    above = Branch(EASY, [start.anchor.header], first=40).grow(50).headers
    places = [*STEM.headers[:40], *above[:20], bytes(HEADER_SIZE), *above[20:]]
    document = imported(tmp_path / "store", put(tmp_path / "a", b"".join(places)), start=start)
    assert counts(document) == [(50, 1, 0, 0)]
    assert document.chain.after.height == 90

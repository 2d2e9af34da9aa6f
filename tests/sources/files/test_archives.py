from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.power import zipped
from wattshift.errors import Malformed
from wattshift.sources.files.archives import ArchiveLimits, leaves, pack, unpack

LIMITS = ArchiveLimits(members=4, total_bytes=10_000, expansion_ratio=50.0)


def made(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def noise(length: int) -> bytes:
    """Bytes that nothing packs."""
    return hashlib.shake_128(b"noise").digest(length)


def refuse(data: bytes, limits: ArchiveLimits = LIMITS) -> Malformed:
    with pytest.raises(Malformed) as raised:
        unpack(data, name="a.zip", limits=limits)
    assert raised.value.context["file"] == "a.zip"
    assert raised.value.hint
    return raised.value


def test_files_come_in_order_and_folders_do_not() -> None:
    found = unpack(made({"b.csv": b"2", "folder/": b"", "a.csv": b"1" * 1000}), name="a.zip")
    assert [(member.name, len(member.content)) for member in found] == [("b.csv", 1), ("a.csv", 1000)]


def test_what_is_packed_comes_back_and_is_the_same_each_time() -> None:
    files = {"0.zip": b"first", "1.zip": b""}
    assert pack(files) == pack(files)
    assert {member.name: member.content for member in unpack(pack(files), name="a")} == files


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a whole zip"),
        (b"PK\x03\x04 and then nothing", "not a whole zip"),
        (made({"a": b"x" * 500})[:-10], "not a whole zip"),
        (made({str(number): b"" for number in range(5)}), "too much: files"),
        (made({"a": noise(10_001)}), "too much: bytes unpacked"),
        (made({"a": bytes(9_999)}), "times its packed size"),
        (made({"a": b"x"}, method=zipfile.ZIP_BZIP2), "method 12"),
        (made({"a": b"x"}, method=zipfile.ZIP_LZMA), "method 14"),
    ],
)
def test_refusals(data: bytes, says: str) -> None:
    assert says in str(refuse(data))


def test_a_directory_too_large_to_list_is_refused_unread() -> None:
    many = made({f"{number:0100}": b"" for number in range(300)})
    tracemalloc.start()
    assert "a directory" in str(refuse(many))
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_encrypted_files_are_refused() -> None:
    data = bytearray(made({"a": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in str(refuse(bytes(data)))


def test_a_zip64_is_refused() -> None:
    data = made({"a": b"x"})
    end = data.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + bytes(16)
    assert "zip64" in str(refuse(data[:end] + locator + data[end:]))


def test_a_bomb_that_lies_about_its_size_unpacks_no_further_than_it_says() -> None:
    """30 MB of zeros that claim to be 1,000 bytes: zlib is stopped there, and the checksum tells."""
    data = bytearray(made({"a": bytes(30_000_000)}))
    for magic, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(magic) + place
        data[at : at + 4] = (1_000).to_bytes(4, "little")
    tracemalloc.start()
    assert "damaged" in str(refuse(bytes(data)))
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_files_that_share_their_bytes_count_each_time() -> None:
    """The overlapping bomb: many directory entries, one packed body."""
    one = made({"a": noise(6_000)})
    start, end = one.index(b"PK\x01\x02"), one.rindex(b"PK\x05\x06")
    entry = one[start:end]
    tail = bytearray(one[end:])
    tail[8:12] = (2).to_bytes(2, "little") * 2
    tail[12:16] = (2 * len(entry)).to_bytes(4, "little")
    assert "bytes unpacked" in str(refuse(one[:start] + entry * 2 + bytes(tail)))


TRAVERSALS = [
    f"{prefix}{middle}{name}"
    for prefix in (
        "../",
        "..\\",
        "/",
        "C:\\",
        "\\\\host\\share\\",
        "....//",
        "%2e%2e/",
        "./../",
        "~/",
        "file:///",
    )
    for middle in ("", "../../", "a/../../", "\x1b[31m", "\u202e")
    for name in ("etc/passwd", "x.csv", ".ssh/authorized_keys", "a" * 300)
]


def test_names_that_climb_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(TRAVERSALS) == 200
    monkeypatch.chdir(tmp_path)
    for name in TRAVERSALS:
        (member,) = unpack(made({name: b"content"}), name="a.zip")
        assert member.content == b"content"
        assert member.name.isprintable()
        assert len(member.name) <= 80
    assert list(tmp_path.parent.rglob("*passwd*")) == []
    assert list(tmp_path.iterdir()) == []


def test_leaves_go_one_archive_deeper_and_no_further() -> None:
    inner = zipped(a_csv=b"1")
    outer = zipped(b_csv=b"2", inner_zip=inner, c_csv=b"3")
    found = [(leaf.name, leaf.content) for leaf in leaves(outer, name="o.zip", levels=2)]
    assert found == [("o.zip/b.csv", b"2"), ("o.zip/inner.zip/a.csv", b"1"), ("o.zip/c.csv", b"3")]
    assert [leaf.content for leaf in leaves(b"plain", name="p.csv")] == [b"plain"]
    with pytest.raises(Malformed, match="nested too deep"):
        list(leaves(outer, name="o.zip", levels=1))


def test_nested_archives_share_one_limit() -> None:
    inner = made({"a": noise(4_000)})
    with pytest.raises(Malformed, match="too much: bytes unpacked"):
        list(leaves(made({"1": inner, "2": inner}), name="o.zip", levels=2, limits=LIMITS))


@settings(max_examples=300, deadline=None)
@given(where=st.integers(0, 10_000), junk=st.binary(min_size=1, max_size=8))
def test_damage_is_a_clear_error_or_harmless(where: int, junk: bytes) -> None:
    good = {"a.csv": b"start,price\n" * 20, "b.csv": b"x"}
    data = bytearray(made(good))
    where %= len(data)
    data[where : where + len(junk)] = junk
    try:
        found = unpack(bytes(data), name="a.zip", limits=LIMITS)
    except Malformed:
        return
    assert all(member.content in {*good.values(), b""} for member in found)

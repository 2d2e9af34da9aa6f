from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import Malformed
from wattshift.sources.files.csvfile import number, quoted, read_csv


def rows(data: bytes) -> list[tuple[int, list[str]]]:
    return list(read_csv(data, name="a.csv").rows)


def refuse(data: bytes) -> Malformed:
    with pytest.raises(Malformed) as raised:
        rows(data)
    assert raised.value.context["file"] == "a.csv"
    assert raised.value.hint
    return raised.value


def test_rows_with_their_lines() -> None:
    assert rows(b"a,b\r\n1,2\r\n\r\n,\n3,4") == [(2, ["1", "2"]), (5, ["3", "4"])]
    assert rows('\ufeffa,b\n"x,y","z ""q"""'.encode()) == [(2, ["x,y", 'z "q"'])]


def test_columns_by_name() -> None:
    file = read_csv(b"Delivery Date,DSTFlag    ,price\n", name="a.csv")
    assert file.column("DeliveryDate") == 0
    assert file.find("DST_FLAG", "other") == 1
    assert file.find("hour") is None
    with pytest.raises(Malformed, match="no column hour among 'Delivery Date'") as raised:
        file.column("hour", "h")
    assert raised.value.context == {"file": "a.csv", "line": 1}
    with pytest.raises(Malformed, match="commas"):
        read_csv(b"a;b;c\n", name="a.csv").column("a")
    with pytest.raises(Malformed, match="two columns could be price"):
        read_csv(b"price,PRICE\n", name="a.csv").column("price")


@pytest.mark.parametrize(
    ("data", "says", "line"),
    [
        (b"a,b\n1", "a row has 1 cells, the header 2", 2),
        (b'a,b\n1,"2', "not CSV", 2),
        (b'a,b\n"1\n",2', "not CSV", 2),
        (b'a,b\n1,2\n"x"y,2', "not CSV", 3),
        (b"a,b\n1,\xff", "neither UTF-8", None),
        ("a,b\n".encode("utf-16"), "neither UTF-8", None),
        (b"a,b\n" + b"x" * 10_000_000, "a line is longer", 2),
        (b"a,b\n" + b"," * 10_000_000, "a line is longer", 2),
    ],
)
def test_refusals(data: bytes, says: str, line: int | None) -> None:
    error = refuse(data)
    assert says in str(error)
    assert error.context.get("line") == line


def test_a_line_of_ten_megabytes_costs_little() -> None:
    data = b"a,b\n" + b'"' * 10_000_000
    tracemalloc.start()
    refuse(data)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "inf",
        "-inf",
        "None",
        "64,500.00",
        "1_000",
        "0x10",
        "1e999",
        "1e",
        "--1",
        "1 2",
        "١٢",
        ".",
        "2.",
    ],
)
def test_texts_that_are_no_numbers(text: str) -> None:
    with pytest.raises(Malformed, match="is not a price") as raised:
        number(text, name="a.csv", line=7, what="price", hint="mend it")
    assert raised.value.context == {"file": "a.csv", "line": 7}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back_exactly(value: float) -> None:
    text = repr(value)
    assert number(text, name="a", line=1, what="price", hint="") == value


@given(st.text(max_size=300))
def test_what_is_shown_is_short_and_printable(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    assert len(shown) < 800

"""JSON that is read strictly: each refusal names source, URL and the way to the value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import Malformed
from wattshift.sources.port import Fetched
from wattshift.sources.strictjson import Json

URL = "https://x.example/answer"


def fetched(content: bytes) -> Fetched:
    return Fetched.of(
        content, source="s", upstream="u", url=URL, fetched_at=datetime(2026, 1, 19, tzinfo=UTC)
    )


def read(text: str) -> Json:
    return Json.read(fetched(text.encode()))


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=9)


@given(st.recursive(LEAVES, lambda node: st.lists(node) | st.dictionaries(st.text(), node), max_leaves=9))
def test_any_json_is_read_as_it_is(value: Any) -> None:
    assert read(json.dumps(value)).value == value


@given(st.binary(max_size=100))
def test_any_bytes_are_json_or_malformed(content: bytes) -> None:
    with suppress(Malformed):
        assert Json.read(fetched(content)).value == json.loads(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{} {}",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b'{"a": 1, "a": 1}',
        b'[{"b": {"a": 1, "a": 2}}]',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5_000,
        b"[" + b"0," * 300_001 + b"0]",
        b"'a'",
        b"01",
        b"0x10",
    ],
)
def test_what_is_not_strict_json_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        Json.read(fetched(content))
    assert (caught.value.context["source"], caught.value.context["url"]) == ("s", URL)
    assert len(str(caught.value)) < 500


def test_the_way_to_a_value_is_told() -> None:
    answer = read('{"result": [{"height": 7}, {"height": "8"}]}')
    heights = [item["height"] for item in answer["result"].items()]
    assert heights[0].integer(0, 9) == 7
    with pytest.raises(Malformed) as caught:
        heights[1].integer(0, 9)
    assert caught.value.context["path"] == "$.result[1].height"
    assert caught.value.context["found"] == "'8'"


def test_members() -> None:
    answer = read('{"a": null, "b": 0}')
    assert answer["a"].value is None
    assert answer.get("a") is answer.get("c") is None
    assert (found := answer.get("b")) is not None
    assert found.integer(0, 0) == 0
    for ask in (lambda: answer["c"], lambda: read("[]")["a"], lambda: read("1").get("a"), answer.items):
        with pytest.raises(Malformed):
            ask()


LETTERS = re.compile("[a-z]+")
GOOD: list[tuple[str, Callable[[Json], object], object]] = [
    ("5", lambda each: each.integer(5, 5), 5),
    ("-5", lambda each: each.integer(-5, 5), -5),
    ("5", Json.number, 5.0),
    ("-1.5e3", Json.number, -1_500.0),
    ("true", Json.flag, True),
    ('"abc"', lambda each: each.text(LETTERS), "abc"),
    ('"00fFA1"', lambda each: each.data(3), b"\x00\xff\xa1"),
    ('""', lambda each: each.data(0), b""),
    (f'"{"00" * 31}ff"', Json.block_hash, b"\xff" + bytes(31)),
]


@pytest.mark.parametrize(("text", "take", "expected"), GOOD)
def test_what_is_asked_for_is_given(text: str, take: Callable[[Json], object], expected: object) -> None:
    assert take(read(text)) == expected


BAD: dict[str, tuple[Callable[[Json], object], list[str]]] = {
    "integer": (
        lambda each: each.integer(1, 9),
        ["0", "10", "1.0", "1e0", "true", '"5"', "null", "[]", "{}", "9" * 4_000],
    ),
    "number": (Json.number, ["true", '"5"', "null", "[]", "{}", "1e999", "-1e999", "9" * 400]),
    "flag": (Json.flag, ["1", "0", '"true"', "null", "[]"]),
    "text": (lambda each: each.text(LETTERS), ['""', '"abc "', '"ab\\n"', '"\\ud800"', "1", "null", '["a"]']),
    "data": (
        lambda each: each.data(2),
        [
            '"abc"',
            '"abcde"',
            '"ab c"',
            '" abcd"',
            '"ab\\tcd"',
            '"0xab"',
            '"zzzz"',
            "1234",
            "null",
            '"\u0661\u0661\u0661\u0661"',
        ],
    ),
    "block_hash": (Json.block_hash, ['"00"', f'"{"0" * 63}"', f'"{"0" * 65}"', f'"0x{"0" * 62}"', "0"]),
}


@pytest.mark.parametrize(
    ("take", "text"),
    [
        pytest.param(take, text, id=f"{name} {text[:20]}")
        for name, (take, texts) in BAD.items()
        for text in texts
    ],
)
def test_anything_else_is_refused(take: Callable[[Json], object], text: str) -> None:
    with pytest.raises(Malformed):
        take(read(text))


def test_a_hostile_value_cannot_act_on_a_terminal_nor_fill_it() -> None:
    for text in (json.dumps("\x1b[2J\u202e" * 10_000), "[" + "0," * 9_999 + "0]", "9" * 4_000):
        with pytest.raises(Malformed) as caught:
            read(text).integer(0, 1)
        assert str(caught.value).replace("\n", "").isprintable()
        assert len(str(caught.value)) < 600


def test_plain_text_is_one_string() -> None:
    assert Json.plain(fetched(b" 00ff\r\n")).data(2) == b"\x00\xff"
    for content in (b"", b"<html>", b"\xff\xff", b"00ff00ff"):
        with pytest.raises(Malformed):
            Json.plain(fetched(content)).data(2)

"""Hostile answers: what a broken, careless or malicious server may send instead of a good one."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any

from support.servers import Ending, Reply, Step, Steps

MEBI = 1 << 20
_STOCK = {"result": {"price": 64500.25, "height": 840_000, "name": "x", "open": True, "list": [1, 2, 3]}}
"""Stands in where the good body is no JSON."""


def document(good: bytes) -> Any:
    """The good body as JSON, or another one."""
    try:
        found = json.loads(good)
    except ValueError:
        return _STOCK
    return found if isinstance(found, dict | list) else _STOCK


def leaves(node: Any, change: Callable[[Any], Any]) -> Any:
    """The same document with every value that is no container changed."""
    if isinstance(node, dict):
        return {key: leaves(value, change) for key, value in node.items()}
    return [leaves(value, change) for value in node] if isinstance(node, list) else change(node)


def objects(node: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The same document with every object changed."""
    if isinstance(node, dict):
        return change({key: objects(value, change) for key, value in node.items()})
    return [objects(value, change) for value in node] if isinstance(node, list) else node


def arrays(node: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    """The same document with every list changed."""
    if isinstance(node, dict):
        return {key: arrays(value, change) for key, value in node.items()}
    return change([arrays(value, change) for value in node]) if isinstance(node, list) else node


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(good: bytes, written: str) -> bytes:
    """Every number replaced by a piece of text, valid JSON or not."""
    marked = json.dumps(leaves(document(good), lambda value: "@@" if _is_number(value) else value))
    return marked.replace('"@@"', written, 1 + MEBI // len(written)).encode()  # no more than fits


def _number_texts(good: bytes) -> bytes:
    text = lambda value: f"{value:,}" + ".00" if _is_number(value) else value  # noqa: E731
    return json.dumps(leaves(document(good), text)).encode()


def _strings(good: bytes, change: Callable[[str], str]) -> bytes:
    if document(good) is _STOCK:
        return change(good.decode("latin-1")).encode("latin-1", "replace")
    change_leaf = lambda value: change(value) if isinstance(value, str) else value  # noqa: E731
    return json.dumps(leaves(document(good), change_leaf)).encode()


def _every(good: bytes, value: object) -> bytes:
    return json.dumps(leaves(document(good), lambda _: value)).encode()


def _cut(good: bytes) -> bytes:
    """Two thirds of it, and no whole number of headers."""
    length = len(good) * 2 // 3
    return good[: length - 1 if length % 80 == 0 else length]


def _twice_named(good: bytes) -> bytes:
    """Each member of each object a second time, with null."""
    text = json.dumps(document(good))
    return re.sub(r'("[^"\\]*"): ', r"\1: null, \1: ", text).encode()


def _wrong_ids(good: bytes) -> bytes:
    shift = lambda node: {**node, "id": 4_000} if "id" in node else node  # noqa: E731
    return json.dumps(objects(document(good), shift)).encode()


def _one_id(good: bytes) -> bytes:
    same = lambda node: {**node, "id": 0} if "id" in node else node  # noqa: E731
    return json.dumps(objects(document(good), same)).encode()


def _renamed(good: bytes) -> bytes:
    return json.dumps(
        objects(document(good), lambda node: {f"{key}_v2": value for key, value in node.items()})
    ).encode()


def _dumped(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    return lambda good: json.dumps(change(document(good))).encode()


BODIES: Mapping[str, Callable[[bytes], bytes]] = {
    "HTML with 200": lambda _: b"<!doctype html><html><title>Just a moment...</title></html>",
    "empty": lambda _: b"",
    "blanks": lambda _: b" \t ",
    "truncated": _cut,
    "deep lists": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "deep objects": lambda _: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "many empty lists": lambda _: b"[" + b"[]," * 300_000 + b"[]]",
    "integer of 900,000 digits": lambda good: _numbers(good, "9" * 900_000)[: MEBI - 2],
    "integer of 4,000 digits": lambda good: _numbers(good, "9" * 4_000)[: MEBI - 2],
    "NaN": lambda good: _numbers(good, "NaN"),
    "Infinity": lambda good: _numbers(good, "-Infinity"),
    "float overflow": lambda good: _numbers(good, "1e999"),
    "negative numbers": _dumped(
        lambda node: leaves(node, lambda each: -each - 1 if _is_number(each) else each)
    ),
    "numbers as texts": _number_texts,
    "booleans for numbers": lambda good: _numbers(good, "true"),
    "fractions for integers": _dumped(lambda node: leaves(node, lambda v: v + 0.5 if _is_number(v) else v)),
    "all null": lambda good: _every(good, None),
    "all lists": lambda good: _every(good, []),
    "all texts": lambda good: _every(good, "x"),
    "extra fields": _dumped(lambda node: objects(node, lambda each: {**each, "surprise": [{"a": None}]})),
    "renamed fields": _renamed,
    "names twice": _twice_named,
    "empty objects": _dumped(lambda node: objects(node, lambda _: {})),
    "Latin-1": lambda good: _strings(good, lambda text: f"{text}é").replace(b"\\u00e9", b"\xe9"),
    "byte order mark": lambda good: b"\xef\xbb\xbf" + good,
    "UTF-16": lambda good: good.decode("latin-1").encode("utf-16"),
    "raw control characters": lambda good: _strings(good, lambda text: text + "\x7f").replace(
        b"\x7f", b"\x1b[2J"
    ),
    "escaped control characters": lambda good: _strings(good, lambda text: f"{text}\x00\x1b[2J"),
    "lone surrogates": lambda good: _strings(good, lambda text: f"{text}\ud800"),
    "NUL bytes": lambda good: bytes(len(good)) or b"\x00",
    "two documents": lambda good: good + b"{}",
    "a tail": lambda good: good + b"\x00garbage",
    "a bare number": lambda _: b"42",
    "a bare null": lambda _: b"null",
    "an empty list": lambda _: b"[]",
    "an empty object": lambda _: b"{}",
    "wrong ids": _wrong_ids,
    "one id for all": _one_id,
    "text ids": lambda good: re.sub(rb'"id": ?(\d+)', rb'"id": "\1"', good),
    "shorter lists": _dumped(lambda node: arrays(node, lambda each: each[:-1])),
    "longer lists": _dumped(lambda node: arrays(node, lambda each: each + each[-1:])),
    "reversed lists": _dumped(lambda node: arrays(node, lambda each: each[::-1])),
    "hex with a digit more": lambda good: _strings(good, lambda text: f"{text}0"),
    "hex with a byte less": lambda good: _strings(good, lambda text: text[:-2]),
    "hex with 0x": lambda good: _strings(good, lambda text: f"0x{text}"),
    "hex with blanks": lambda good: _strings(good, lambda text: f" {text[1:]}"),
}
"""Bodies that come by the book; where the good body is no JSON, some of them are stock."""


def _drip(data: bytes) -> Iterator[Step]:
    for byte in data:
        yield bytes([byte])
        yield 0.02


def _endless(head: bytes, chunk: bytes) -> Iterator[Step]:
    yield head
    yield from repeat(chunk)


def _status(status: int, **headers: str) -> Callable[[bytes], Steps]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda good: [Reply(body=good, status=status, headers=named).wire()]


def _coded(encoding: str, pack: Callable[[bytes], bytes]) -> Callable[[bytes], Steps]:
    return lambda good: [Reply(body=pack(good), headers={"Content-Encoding": encoding}).wire()]


def _bomb() -> bytes:
    """A hundred megabytes of blanks in a hundred kilobytes."""
    packer = zlib.compressobj(6, wbits=31)
    return b"".join([*(packer.compress(b" " * MEBI) for _ in range(100)), packer.flush()])


_BOMB = _bomb()
_OPEN = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OPEN + b"Transfer-Encoding: chunked\r\n\r\n"
_LONG = _OPEN + b"Content-Length: %d\r\n\r\n"

WIRES: Mapping[str, Callable[[bytes], Steps]] = {
    "204": _status(204),
    "206": _status(206, Content_Range="bytes 0-9/100"),
    "304": _status(304),
    "400": _status(400),
    "401": _status(401, WWW_Authenticate='Basic realm="jsonrpc"'),
    "403": _status(403),
    "404": _status(404),
    "418": _status(418),
    "429": _status(429, Retry_After="1000000000000"),
    "429 with nonsense": _status(429, Retry_After="Fri, 99 Foo -1"),
    "500": _status(500),
    "503": _status(503, Retry_After="-5"),
    "599": _status(599),
    "redirect to another port": _status(302, Location="http://127.0.0.1:9/"),
    "redirect to a file": _status(302, Location="file:///etc/passwd"),
    "redirect to metadata": _status(307, Location="http://169.254.169.254/latest/meta-data/"),
    "redirect to nonsense": _status(301, Location="http://[::1"),
    "redirect to nothing": _status(301),
    "gzip bomb": _coded("gzip", lambda _: _BOMB),
    "gzip in gzip": _coded("gzip, gzip", lambda good: gzip.compress(gzip.compress(good))),
    "gzip cut": _coded("gzip", lambda good: gzip.compress(good)[:-4]),
    "gzip that is none": _coded("gzip", lambda good: good),
    "gzip with a tail": _coded("gzip", lambda good: gzip.compress(good) + b"tail"),
    "deflate": _coded("deflate", zlib.compress),
    "brotli": _coded("br", lambda good: good),
    "no HTTP": lambda good: [good, Ending.CLOSE],
    "status line of nonsense": lambda _: [b"HTTP/9.9 maybe\r\n\r\n", Ending.CLOSE],
    "headers of nonsense": lambda good: [_OPEN + b"\x00: \xff\r\nx\r\n\r\n" + good, Ending.CLOSE],
    "headers without end": lambda _: _endless(_OPEN, b"X-Fill: " + b"x" * 60_000 + b"\r\n"),
    "hundreds without end": lambda _: _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    "two lengths": lambda good: [_OPEN + b"Content-Length: 5\r\n" + _LONG[17:] % len(good) + good],
    "longer than it says": lambda good: [_LONG % max(len(good) - 1, 0) + good],
    "shorter than it says": lambda good: [_LONG % (len(good) + 1) + good, Ending.CLOSE],
    "length of nonsense": lambda good: [_OPEN + b"Content-Length: -1\r\n\r\n" + good, Ending.CLOSE],
    "chunks of nonsense": lambda good: [_CHUNKED + b"zz\r\n" + good, Ending.CLOSE],
    "chunk of 2^63": lambda good: [_CHUNKED + b"7fffffffffffffff\r\n" + good, Ending.CLOSE],
    "chunks cut": lambda good: [_CHUNKED + b"%x\r\n" % len(good) + good, Ending.CLOSE],
    "chunks of a byte without end": lambda _: _endless(_CHUNKED, b"1\r\n \r\n" * 10_000),
    "a line of 100 MB": lambda _: [_LONG % (100 * MEBI), *repeat(b"x" * MEBI, 100)],
    "a body without end": lambda _: _endless(_OPEN + b"\r\n", b" " * MEBI),
    "hang up": lambda _: [Ending.CLOSE],
    "reset": lambda _: [Ending.RESET],
    "reset in the body": lambda good: [_LONG % len(good) + good[: len(good) // 2], 0.01, Ending.RESET],
    "silence": lambda _: [60.0],
    "silence in the body": lambda good: [_LONG % len(good) + good[: len(good) // 2], 60.0],
    "dripping headers": lambda good: _drip(_LONG % len(good) + good),
    "dripping body": lambda good: [_LONG % len(good), *_drip(good + b" " * 3_000)],
}
"""Answers that break HTTP, or bend it."""

LINES: Mapping[str, Callable[[bytes], Steps]] = {
    "a line of 100 MB": lambda _: repeat(b"x" * MEBI, 100),
    "no end of line": lambda good: [good, 60.0],
    "hang up": lambda _: [Ending.CLOSE],
    "hang up in the line": lambda good: [good[: len(good) // 2], Ending.CLOSE],
    "reset": lambda _: [Ending.RESET],
    "silence": lambda _: [60.0],
    "dripping line": lambda good: _drip(good + b" " * 3_000 + b"\n"),
    "empty lines without end": lambda _: repeat(b"\n" * 60_000),
    "notifications without end": lambda _: repeat(b'{"jsonrpc":"2.0","method":"x","params":[]}\n' * 1_000),
}
"""The same for a message a line."""

SLOW = frozenset(
    {
        "silence",
        "silence in the body",
        "dripping headers",
        "dripping body",
        "no end of line",
        "dripping line",
        "hundreds without end",
        "chunks of a byte without end",
        "empty lines without end",
        "notifications without end",
    }
)
"""Those that only the clock ends."""


def over_http(kind: str) -> Callable[[bytes], Steps]:
    """How a kind of hostility goes over HTTP."""
    return WIRES[kind] if kind in WIRES else lambda good: [Reply(body=BODIES[kind](good)).wire()]


def over_lines(kind: str) -> Callable[[bytes], Steps]:
    """How it goes over a protocol of lines."""
    return LINES[kind] if kind in LINES else lambda good: [BODIES[kind](good) + b"\n"]

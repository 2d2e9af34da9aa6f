"""A text as it came to the words that are read: decoded, without markup, normalised, with the way back."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass

from wattshift.claims.markup import html_to_visible, is_html, markdown_to_visible

__all__ = ["MAX_BYTES", "SourceText", "read_text"]

MAX_BYTES = 1_048_576
"""What is read of a text; the rest is named as cut off."""

_HEAD = 4_000
_DROPPED = frozenset(
    [
        *(*range(9), 11, 12, *range(14, 32), *range(127, 160)),
        *(0x00AD, 0x061C, 0xFEFF, 0xFFFE, 0xFFFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xD800, 0xE000)),
    ]
)
"""Control characters, soft hyphens, zero-width and direction marks: nothing a reader sees."""

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2014\u2015\u2e3a", ";"),
        **dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f", "\u2009"),
        **dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u3000\t\r", " "),
        **dict.fromkeys("\u2028\u2029", "\n"),
        **dict.fromkeys("\u223c\u2248\u02dc\uff5e", "~"),
        "\u2024": ".",
        "\u066b": ".",
        "\u066a": "%",
        "\u2044": "/",
        "\u2215": "/",
        **{chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F) if code not in {0x2D, 0x7E}},
    }
)
"""One character for one, so that places agree. An em dash parts clauses, as a semicolon does; no-break and
thin spaces become a thin one, which may stand inside a number."""

_LOOSE_SPACE = re.compile("(?<!\\d)\u2009|\u2009(?!\\d)")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]{1,2000}")
_PUBLISHED = re.compile(
    r"(?:published_time|datePublished|pubdate|datetime|\bdate)[\"'\s:=a-zA-Z]{0,40}?(\d{4}-\d{2}-\d{2})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A text, ready to be read.

    Args:
        source: the decoded source, at most `MAX_BYTES` of it.
        words: what a reader sees.
        plain: the same length as `words`, with one kind of dash, quote and space.
        origin: shape (len(words),), offset of each character in `source`.
        published: the date that the page's own metadata states, ISO; None without one.
        is_cut: whether the source was longer.
    """

    source: str
    words: str
    plain: str
    origin: array[int]
    published: str | None
    is_cut: bool

    def quote(self, start: int, end: int) -> str:
        """The words of a stretch as printed, on one line."""
        return " ".join(self.words[start:end].split())


def read_text(content: bytes | str) -> SourceText:
    """Decode, strip markup and normalise; never fails, whatever the bytes.

    Args:
        content: plain text, Markdown or HTML; bytes are UTF-8 or carry a byte-order mark.
    """
    source, is_cut = _decode(content)
    has_markup = is_html(source)
    visible = html_to_visible(source) if has_markup else markdown_to_visible(source)
    words, origin = _without_invisible(visible.text, visible.origin)
    plain = words.translate(_ALIKE)
    plain = _LOOSE_SPACE.sub(" ", plain)
    plain = _URL.sub(lambda found: " " * len(found[0]), plain)
    metadata = _PUBLISHED.search(source, 0, _HEAD * 8) if has_markup else None
    return SourceText(
        source=source,
        words=words,
        plain=plain,
        origin=origin,
        published=metadata[1] if metadata else None,
        is_cut=is_cut,
    )


def _decode(content: bytes | str) -> tuple[str, bool]:
    if isinstance(content, str):
        return content[:MAX_BYTES], len(content) > MAX_BYTES
    kept = content[:MAX_BYTES]
    encoding = "utf-16" if kept[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return kept.decode(encoding, errors="replace"), len(content) > MAX_BYTES


def _without_invisible(text: str, origin: array[int]) -> tuple[str, array[int]]:
    if not any(ord(char) in _DROPPED for char in set(text)):
        return text, origin
    kept = [place for place, char in enumerate(text) if ord(char) not in _DROPPED]
    return "".join(text[place] for place in kept), array("q", (origin[place] for place in kept))

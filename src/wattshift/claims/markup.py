"""HTML and Markdown to the words a reader sees, each character with its place in the source.

A scanner of our own rather than `html.parser`: it needs the offset of every character, and it must take
linear time on hostile input (unclosed quotes, comments and tags by the thousand).
"""

from __future__ import annotations

import html
import re
from array import array

__all__ = ["Visible", "html_to_visible", "is_html", "markdown_to_visible"]

_LOOKS_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|article|div|p|h[1-6]|ul|ol|table|br)\b", re.IGNORECASE
)
_LOOKED_AT = 65_536
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,20})")
_TAG_STOP = re.compile(r"[\"'>]")
_HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "math", "select", "textarea"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_CELLS = frozenset({"td", "th"})
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}(?:\s\"[^\"\n]{0,200}\")?\)")
_LINE_MARK = re.compile(r"^[ \t]{0,8}(?:>[ \t]?|#{1,6}[ \t]|[-*+\u2022][ \t]|\d{1,3}[.)][ \t])", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t][^\n]{0,400}", re.MULTILINE)
_EMPHASIS = re.compile(r"[*`]|(?<!\w)_|_(?!\w)")
_ROW_END = re.compile(r"^[ \t]{0,8}\||\|[ \t]{0,8}$", re.MULTILINE)


class Visible:
    """Text being put together, with the source offset of each of its characters."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.origin = array("q")

    def copy(self, source: str, start: int, end: int) -> None:
        """Take characters as they are."""
        self._parts.append(source[start:end])
        self.origin.extend(range(start, end))

    def put(self, text: str, at: int) -> None:
        """Put characters that stand for something at one offset."""
        self._parts.append(text)
        self.origin.extend([at] * len(text))

    @property
    def text(self) -> str:
        """What was put together."""
        return "".join(self._parts)


def is_html(source: str) -> bool:
    """Whether a text looks like HTML near its start."""
    return _LOOKS_HTML.search(source, 0, _LOOKED_AT) is not None


def html_to_visible(source: str) -> Visible:
    """Strip tags, comments, scripts and styles, decode entities, and keep blocks apart by blank lines."""
    visible = Visible()
    lower = source.translate(_ASCII_LOWER)
    at = 0
    while at < len(source):
        opened = source.find("<", at)
        if opened < 0:
            opened = len(source)
        _copy_decoded(visible, source, at, opened)
        if opened == len(source):
            break
        at = _after_markup(visible, source, lower, opened)
    return visible


def _after_markup(visible: Visible, source: str, lower: str, opened: int) -> int:
    """Handle what starts with '<' and return where the text goes on."""
    if source.startswith("<!--", opened):
        closed = source.find("-->", opened + 4)
        return len(source) if closed < 0 else closed + 3
    if source.startswith(("<!", "<?"), opened):
        closed = source.find(">", opened)
        return len(source) if closed < 0 else closed + 1
    name_match = _TAG_NAME.match(source, opened + 1)
    if name_match is None:
        visible.copy(source, opened, opened + 1)
        return opened + 1
    name = name_match[1].lower()
    end = _tag_end(source, name_match.end())
    if name in _HIDDEN and source[opened + 1] != "/" and source[end - 2 : end] != "/>":
        closed = lower.find(f"</{name}", end)
        return len(source) if closed < 0 else _tag_end(source, closed + 2)
    if name in _CELLS:
        visible.put(" | " if source[opened + 1] != "/" else " ", opened)
    elif name in _BLOCKS:
        visible.put("\n\n", opened)
    elif name == "br":
        visible.put("\n", opened)
    elif name in {"sup", "sub"} and source[opened + 1] != "/":
        visible.put("^", opened)
    return end


def _tag_end(source: str, at: int) -> int:
    """Just behind the '>' that closes a tag; quoted '>' do not count."""
    while stop := _TAG_STOP.search(source, at):
        if stop[0] == ">":
            return stop.end()
        closed = source.find(stop[0], stop.end())
        if closed < 0:
            plain = source.find(">", stop.end())
            return len(source) if plain < 0 else plain + 1
        at = closed + 1
    return len(source)


def _copy_decoded(visible: Visible, source: str, start: int, end: int) -> None:
    for entity in _ENTITY.finditer(source, start, end):
        visible.copy(source, start, entity.start())
        visible.put(html.unescape(entity[0]), entity.start())
        start = entity.end()
    visible.copy(source, start, end)


def markdown_to_visible(source: str) -> Visible:
    """Drop the marks of Markdown; plain text passes unchanged but for them.

    Line marks (headings, bullets, quotes) become blank lines, so that each item is a sentence of its own;
    a link keeps its words; a row of a table is a sentence, its cells parted by bars.
    """
    cuts: list[tuple[int, int, str]] = [
        (found.start(), found.end(), "\n\n") for found in _LINE_MARK.finditer(source)
    ]
    cuts += [(found.end(), found.end(), "\n\n") for found in _HEADING.finditer(source)]
    for found in _LINK.finditer(source):
        cuts += [(found.start(), found.start(1), ""), (found.end(1), found.end(), "")]
    cuts += [(found.start(), found.end(), "") for found in _EMPHASIS.finditer(source)]
    cuts += [(found.start(), found.end(), "\n\n") for found in _ROW_END.finditer(source)]
    visible = Visible()
    at = 0
    for start, end, instead in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
        if start < at:
            continue
        visible.copy(source, at, start)
        visible.put(instead, start)
        at = end
    visible.copy(source, at, len(source))
    return visible

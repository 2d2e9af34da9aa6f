"""Terminal views of the follower, its sources and the doctor's findings."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.report.documents.following import (
    DoctorDocument,
    FollowState,
    SourceRow,
    SourcesDocument,
    Verdict,
)
from wattshift.report.figures import number
from wattshift.report.terminal.layout import headline, prose, row, table
from wattshift.report.words import age_in_words

__all__ = ["doctor_view", "sources_view"]

_STATE_STYLE = {
    FollowState.FOLLOWING: "green",
    FollowState.SYNCING: "green",
    FollowState.BLOCKED: "red",
    FollowState.LOST: "red",
}
_SOURCE_STYLE = {"fresh": "green", "quarantined": "red", "unreachable": "red"}
_VERDICT_STYLE = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def sources_view(document: SourcesDocument) -> Group:
    """`wattshift sources`."""
    style = _STATE_STYLE.get(document.state, "yellow")
    parts: list[RenderableType] = [
        headline(
            " ".join(filter(None, ("Follower:", document.state.value, document.network))),
            detail=f"as of {format_instant(document.as_of)}",
        )
    ]
    parts += [prose(line, style=style) for line in document.told]
    parts += _facts(document)
    if document.sources:
        parts.append(_sources_table(document.sources))
        parts += [_reason(each) for each in document.sources if each.why]
    return Group(*parts)


def _facts(document: SourcesDocument) -> list[RenderableType]:
    lines = []
    follower, tip, quote = document.follower, document.tip, document.quote
    if follower is not None:
        lines.append(
            f"process {follower.pid} since {format_instant(follower.started_at)}, heartbeat"
            f" {format_instant(follower.heartbeat_at)}"
        )
    if tip is not None:
        age_s = (document.as_of - tip.block_at).total_seconds()
        lines.append(f"tip {tip.height:,} {tip.block_hash}, {age_in_words(age_s)}")
    if quote is not None:
        age_s = (document.as_of - quote.known_at).total_seconds()
        lines.append(
            f"bitcoin {number(quote.price_usd_per_btc, 2)} USD by {quote.n_upstreams} upstreams"
            f" ({number(quote.low_usd_per_btc, 2)} to {number(quote.high_usd_per_btc, 2)}),"
            f" {age_in_words(age_s)}"
        )
    return [prose(line) for line in lines]


def _sources_table(rows: tuple[SourceRow, ...]) -> RenderableType:
    made = table("source", "state", ">answered", ">tip", ">asked", ">failed", "gives")
    for each in rows:
        row(
            made,
            each.name,
            Text(each.state, style=_SOURCE_STYLE.get(each.state, "yellow")),
            "never" if each.age_s is None else age_in_words(each.age_s),
            "" if each.tip_height is None else f"{each.tip_height:,}",
            f"{each.requests:,}",
            f"{each.failures:,}",
            ", ".join(each.provides),
        )
    return made


def _reason(each: SourceRow) -> Text:
    """Why a source stands where it stands: a line of its own, since it may be long."""
    again = "" if each.retry_at is None else f" (asked again at {format_instant(each.retry_at)})"
    upstream = "" if each.upstream == each.name else f" ({each.upstream})"
    return prose(f"{each.name}{upstream}: {each.why}{again}", style="dim" if each.state == "fresh" else "")


def doctor_view(document: DoctorDocument) -> Group:
    """`wattshift doctor`."""
    made = table("check", "verdict", "finding")
    for each in document.checks:
        verdict = Text(each.verdict.value, style=_VERDICT_STYLE[each.verdict])
        row(made, each.name, verdict, each.finding)
        if each.cure:
            row(made, "", "", f"what to do: {each.cure}")
    return Group(headline("Doctor", detail=f"as of {format_instant(document.as_of)}"), made)

"""What a digest says: what, since when, how sure, why it matters, where to look; hostile texts are tamed."""

from __future__ import annotations

from typing import Any

from wattshift.alerts.grouping import Digest
from wattshift.alerts.lifecycle import Change, Event
from wattshift.config.alerts import SiteGiven
from wattshift.delivery.message import Message
from wattshift.report.figures import chance, instant, printable
from wattshift.report.jsontext import plain
from wattshift.report.words import counted

__all__ = ["message_of"]

_WORDS = {
    Change.ONSET: "BEGAN",
    Change.UPDATE: "STILL OPEN",
    Change.RECOVERY: "ENDED",
    Change.NO_DATA: "NO DATA",
    Change.DATA_BACK: "DATA ARE BACK",
    Change.SILENCE_ENDED: "SILENCE ENDED",
    Change.WITHDRAWN: "WITHDRAWN",
    Change.HEARTBEAT: "alive",
}
_TITLE_LENGTH = 120


def message_of(digest: Digest, site: SiteGiven) -> Message:
    """A digest as a message for people and machines.

    Args:
        digest: what is told.
        site: whose alerts they are.
    """
    first = digest.events[0]
    more = f" and {len(digest.events) - 1} more" if len(digest.events) > 1 else ""
    title = f"{site.name}: {_head(first)}{more}"
    parts = [_text(event) for event in digest.events]
    if digest.n_left_out:
        parts.append(f"{counted(digest.n_left_out, 'change')} in between are left out; the journal has all.")
    if site.link is not None:
        parts.append(f"look: {printable(site.link)}")
    return Message(
        key=digest.key,
        title=printable(title, length=_TITLE_LENGTH),
        text="\n\n".join(parts),
        payload=_payload(digest, site),
    )


def _head(event: Event) -> str:
    return f"{event.rule} {_WORDS.get(event.change, event.change.value)}"


def _text(event: Event) -> str:
    """One event, a line for each question; no text can add a line of its own."""
    finding = event.finding
    lines = [f"{_head(event)} ({event.severity.value})"]
    if finding is not None:
        lines.append(f"what: {finding.what}")
    lines.append(f"since: {instant(event.since_at)}; told for {instant(event.at)}")
    lines.append(f"how sure: {_sure(event)}")
    if event.is_flapping:
        lines.append("it begins again and again: it now stays open until it has been clear for six hours")
    if event.note:
        lines.append(f"note: {event.note}")
    if event.why:
        lines.append(f"why it matters: {event.why}")
    return "\n".join(printable(line) for line in lines)


def _sure(event: Event) -> str:
    if event.change is Change.NO_DATA:
        return "not at all: nothing is known, so the alert neither begins nor ends"
    if event.finding is None or event.finding.sure_prob is None:
        return "a fact, or a test with the false alarms that it states"
    return chance(event.finding.sure_prob)


def _payload(digest: Digest, site: SiteGiven) -> dict[str, Any]:
    return {
        "kind": "heartbeat" if digest.is_heartbeat else "alerts",
        "site": printable(site.name),
        "link": site.link,
        "group": digest.group,
        "at": plain(digest.at),
        "n_left_out": digest.n_left_out,
        "events": [plain(event) for event in digest.events],
    }

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest

from support.alerting import NOW
from wattshift.alerts.finding import Figure, Finding, Status
from wattshift.alerts.grouping import Digest
from wattshift.alerts.lifecycle import Change, Event
from wattshift.alerts.rule import Severity
from wattshift.app.alerting.message import message_of
from wattshift.config.alerts import SiteGiven

SITE = SiteGiven(name="Houston", link="https://dash.example/")
EVENT = Event(
    change=Change.ONSET,
    rule="below 1 ZH/s",
    key="below@1",
    at=NOW,
    since_at=NOW - timedelta(hours=1),
    severity=Severity.WARNING,
    group="network",
    finding=Finding(
        status=Status.FIRING,
        at=NOW,
        what="883 EH/s (778 to 1,009)",
        sure_prob=0.966,
        figures=(Figure(name="hashrate_ehs", value=883.0, low=778.0, high=1009.0),),
    ),
    why="others are leaving",
)
HOSTILE = [
    "x\nresolved by admin",
    "x\r\nSubject: all is well",
    "x\u2028ENDED",
    "x\u0085ENDED",
    "\x1b[2J\x1b[1;1Hgone",
    "\u202egnihton",
    "a\u200bb\u2066c",
    "\x00\x07\x08",
    "<script>alert(1)</script>",
    "![x](http://evil.example/)",
    "@everyone @here <!channel>",
    "{{ 7 * 7 }} ${7*7} %s %(x)s {0}",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE event; --",
    "../../etc/passwd",
    "\ud800",
    "A" * 100_000,
    "word " * 50_000,
    "\N{COMBINING ACUTE ACCENT}" * 500,
    "-- \nsigned: admin",
    "\tENDED",
    "\vENDED",
    "\fENDED",
    "\x1c\x1d\x1eENDED",
    "\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}",
    "https://user:pw@evil.example/",
    "data:text/html,x",
    "BEGIN:VCARD",
    "\\n\\nresolved",
    "\ufeff\ufffe",
]


def digest(*events: Event) -> Digest:
    return Digest(key="k", group="network", at=NOW, events=events)


def test_it_answers_every_question() -> None:
    message = message_of(digest(EVENT), SITE)
    assert message.title == "Houston: below 1 ZH/s BEGAN"
    assert message.text.splitlines() == [
        "below 1 ZH/s BEGAN (warning)",
        "what: 883 EH/s (778 to 1,009)",
        "since: 26 Jan 2026, 11:00 UTC; told for 26 Jan 2026, 12:00 UTC",
        "how sure: 96.6 %",
        "why it matters: others are leaving",
        "",
        "look: https://dash.example/",
    ]
    assert message.payload["events"][0]["finding"]["figures"][0]["high"] == 1009.0


def test_several_events_are_one_message() -> None:
    over = replace(EVENT, change=Change.RECOVERY, rule="spike", finding=None, is_flapping=True, note="n")
    message = message_of(replace(digest(EVENT, over), n_left_out=3), SiteGiven())
    assert message.title == "this site: below 1 ZH/s BEGAN and 1 more"
    assert "3 changes in between are left out" in message.text
    assert "clear for six hours" in message.text
    assert "look:" not in message.text


def test_no_data_is_not_sold_as_certainty() -> None:
    text = message_of(digest(replace(EVENT, change=Change.NO_DATA)), SITE).text
    assert "how sure: not at all" in text


def test_thirty_hostile_texts_are_counted() -> None:
    assert len(HOSTILE) == 30


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("place", ["what", "why", "note", "rule", "site"])
def test_no_text_from_outside_adds_a_line_or_moves_a_cursor(hostile: str, place: str) -> None:
    event, site = EVENT, SITE
    assert EVENT.finding is not None
    match place:
        case "what":
            event = replace(EVENT, finding=replace(EVENT.finding, what=hostile))
        case "why":
            event = replace(EVENT, why=hostile)
        case "note":
            event = replace(EVENT, note=hostile)
        case "rule":
            event = replace(EVENT, rule=hostile)
        case _:
            site = SiteGiven(name=hostile or "x", link=SITE.link) if hostile.strip() else SITE
    message = message_of(digest(event), site)
    heads = ("what: ", "since: ", "how sure: ", "why it matters: ", "note: ", "look: ")
    first, *lines = message.text.splitlines()
    assert first.endswith(("(warning)", "\N{HORIZONTAL ELLIPSIS}")), "a name may be cut"
    assert all(line == "" or line.startswith(heads) for line in lines)
    assert len(message.title) <= 120
    assert len(message.text) < 8_000
    shown = message.title + message.text.replace("\n", "")
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    message.pack().decode("ascii")

"""Announcements of tips."""

from __future__ import annotations

import pytest

from support.electrumserver import (
    CHAIN,
    SUBSCRIBE,
    Answer,
    FakeElectrum,
    source_at,
    talking,
)
from support.servers import Ending
from wattshift.errors import Malformed, SourceError, Unavailable
from wattshift.sources.electrum import watch
from wattshift.sources.electrum.peer import ElectrumLimits


def subscribed(*after: bytes | float | Ending) -> Answer:
    """Says more, unasked, once it is subscribed to."""
    return lambda question, line: [line, *(after if question["method"] == SUBSCRIBE else ())]


def test_an_announcement_wakes_the_watch_and_silence_does_not() -> None:
    fake = FakeElectrum(headers=CHAIN)
    fake.answer = subscribed(0.2, fake.announcement())
    with fake.serve() as server:
        watching = source_at(server).watch()
        assert watching.wait(0.01) is False
        assert watching.wait(5.0) is True
        assert watching.wait(0.01) is False
        watching.close()
        watching.close()


def test_an_announcement_that_came_with_the_answer_is_not_lost() -> None:
    fake = FakeElectrum(headers=CHAIN)
    fake.answer = lambda _, line: [fake.announcement(), line]
    with fake.serve() as server:
        watching = source_at(server).watch()
        assert watching.wait(1.0) is True
        watching.close()


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((Ending.CLOSE,), Unavailable),
        ((Ending.RESET,), Unavailable),
        ((b"nonsense\n",), Malformed),
        ((b'{"id": 2, "result": 1}\n',), Malformed),
        ((b'{"method": "other", "params": []}\n',), Malformed),
        ((b'{"method": "', 3.0), Unavailable),
    ],
)
def test_a_broken_line_is_told_and_stays_broken(
    after: tuple[bytes | float | Ending, ...], expected: type[SourceError]
) -> None:
    with FakeElectrum(headers=CHAIN, answer=subscribed(*after)).serve() as server:
        watching = source_at(server, limits=ElectrumLimits(line_s=0.3)).watch()
        with pytest.raises(expected):
            watching.wait(5.0)
        with pytest.raises(Unavailable):
            watching.wait(0.1)


def test_a_watch_that_hears_nothing_asks_whether_the_server_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_PING_S", 0.05)
    with talking() as (fake, _, source):
        watching = source.watch()
        assert watching.wait(0.3) is False
        watching.close()
    assert 1 <= fake.methods().count("server.ping") <= 6

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from support.following import Noted
from support.headers import seeded
from wattshift.app.follow.desk import Now
from wattshift.app.follow.notices import Notices
from wattshift.app.follow.stuck import Feed, StuckFeeds
from wattshift.clock import format_instant

START = datetime(2026, 1, 19, tzinfo=UTC)
STEP = timedelta(minutes=5)
FEED = Feed(source="kraken", series="price", unit="USD/BTC")


def moving(count: int, seed: int = 0) -> list[float]:
    rng = seeded(seed)
    return [round(rng.uniform(60_000, 70_000), 2) for _ in range(count)]


class Watched:
    """A feed that is heard every five minutes."""

    def __init__(self) -> None:
        self.journal = Noted()
        self.feeds = StuckFeeds(Notices(self.journal))
        self.number = 0

    def hear(self, *values: float) -> None:
        for value in values:
            at = START + self.number * STEP
            self.feeds.hear(FEED, value, at, Now(at=at, mono_s=300.0 * self.number))
            self.number += 1

    @property
    def told(self) -> list[bool]:
        return [body["is_stuck"] for body in self.journal.of("feed")]


def test_a_feed_that_stops_is_told_once_and_its_return_once() -> None:
    watched = Watched()
    watched.hear(*moving(200))
    assert watched.told == []
    watched.hear(*[64_000.0] * 60)
    assert watched.told == [True]
    (words,) = watched.feeds.of("kraken")
    since = format_instant(START + 200 * STEP)
    assert words.startswith(f"price is stuck at 64,000.00 USD/BTC since {since}: 60 times the same")
    assert "less probable than" in words
    (body,) = watched.journal.of("feed")
    assert 0 < body["run_prob"] < 1e-6
    watched.hear(64_000.5)
    assert watched.told == [True, False]
    assert list(watched.feeds.of("kraken")) == []


def test_a_short_rest_and_a_feed_without_a_past_are_not_stuck() -> None:
    watched = Watched()
    watched.hear(*[64_000.0] * 500)
    watched.hear(*moving(200), 1.0, 1.0, 1.0)
    assert watched.told == []


def test_one_standstill_does_not_excuse_the_next() -> None:
    """What was found stuck does not count as a habit of the feed."""
    watched = Watched()
    watched.hear(*moving(200), *[64_000.0] * 500, *moving(20, seed=1))
    watched.number += 10_000  # a storm of notices is held back: let the second one come later
    watched.hear(*[64_000.0] * 60)
    assert watched.told == [True, False, True]


def test_a_feed_that_likes_to_rest_may() -> None:
    """At 0.00 prices have stood still for hours: twenty more intervals are nothing new."""
    watched = Watched()
    for seed in range(20):
        watched.hear(*moving(30, seed), *[0.0] * 25)
    assert watched.told == []


def test_what_was_said_before_the_start_is_remembered() -> None:
    said = [*moving(200), *[64_000.0] * 30]
    watched = Watched()
    watched.feeds.recall(FEED, ((START + n * STEP, value) for n, value in enumerate(said)))
    watched.number = len(said)
    watched.hear(*[64_000.0] * 30)
    assert watched.feeds.is_stuck(FEED)
    other = Feed(source="gemini", series="price", unit="USD/BTC")
    assert not watched.feeds.is_stuck(other)


def test_years_of_the_same_number_have_a_probability_above_zero() -> None:
    watched = Watched()
    watched.hear(*moving(200), *[64_000.0] * 2_500)
    (words,) = watched.feeds.of("kraken")
    assert "less probable than 1e-99" in words

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from support.alerting import NOW
from support.alertprocess import alerts_file
from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import Heartbeat
from wattshift.app.alerting.desk import AlertDesk
from wattshift.app.alerting.postman import deliver, open_channels
from wattshift.clock import ReplayClock
from wattshift.config.alerts import AlertsFile, RelayGiven, WebhookGiven
from wattshift.delivery.message import Channel, Message
from wattshift.delivery.webhook import WebhookChannel
from wattshift.errors import ConfigError, Locked, Rejected, Unavailable
from wattshift.store.alertjournal import AlertJournal, MessageRow, Written
from wattshift.store.lease import FileLock

CANARY = "canary-7f3a"
EMPTY = b'{"watch": {"alerts": {}}, "groups": {}}'


class Fickle:
    """Fails as often as it is told, then takes everything."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[str] = []

    def send(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(message.key)


def luck() -> Random:
    return Random(0)  # noqa: S311  # jitter


@pytest.fixture
def journal(tmp_path: Path) -> AlertJournal:
    return AlertJournal(tmp_path / "alerts.sqlite")


@pytest.fixture
def put(journal: AlertJournal) -> Callable[..., None]:
    def put(channel: str, *keys: str) -> None:
        rows = [
            MessageRow(
                key=key,
                channel=channel,
                body=Message(key=key, title="t", text="x", payload={}).pack(),
                until_at=NOW + timedelta(hours=72),
            )
            for key in keys
        ]
        journal.update(lambda _: Written(state=b"", messages=rows), now=NOW)

    return put


def test_messages_arrive_in_order_and_once(journal: AlertJournal, put: Callable[..., None]) -> None:
    put("a", "1", "2", "3")
    ear, clock = Fickle(), ReplayClock(NOW)
    done = deliver(journal, {"a": ear}, clock=clock, rng=luck())
    assert (done.n_sent, done.n_failed) == (3, 0)
    assert deliver(journal, {"a": ear}, clock=clock, rng=luck()).n_sent == 0
    assert ear.taken == ["1", "2", "3"]


@pytest.mark.parametrize("failure", [Unavailable("x"), Rejected("x"), ConfigError("x")])
def test_a_channel_that_fails_is_tried_again_and_holds_nobody_up(
    journal: AlertJournal, put: Callable[..., None], failure: Exception
) -> None:
    put("bad", "1", "2")
    put("good", "3")
    bad, good, clock = Fickle(failure, failure, failure), Fickle(), ReplayClock(NOW)
    channels: dict[str, Channel] = {"bad": bad, "good": good}
    assert deliver(journal, channels, clock=clock, rng=luck()).n_failed == 1
    assert good.taken == ["3"]
    for _ in range(40):
        clock.advance(timedelta(seconds=10))
        deliver(journal, channels, clock=clock, rng=luck())
    assert sorted(bad.taken) == ["1", "2"]
    assert journal.outbox() == []


def test_a_dead_channel_is_asked_ever_more_rarely(journal: AlertJournal, put: Callable[..., None]) -> None:
    put("dead", "1")
    dead, clock, tries = Fickle(*[Unavailable("x")] * 9_999), ReplayClock(NOW), 0
    for _ in range(24 * 60):
        tries += deliver(journal, {"dead": dead}, clock=clock, rng=luck()).n_failed
        clock.advance(timedelta(minutes=1))
    assert 90 < tries < 210, "a day at 7.5 to 15 min"


def test_two_senders_never_send_at_once(journal: AlertJournal) -> None:
    with FileLock(journal.path.with_name("alerts.sqlite.sending")), pytest.raises(Locked):
        deliver(journal, {}, clock=ReplayClock(NOW), rng=luck())


def test_what_an_answer_says_is_not_logged(
    journal: AlertJournal, put: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    put("a", "1")
    failure = Unavailable("the receiver did not take the message", detail=CANARY)
    with caplog.at_level(logging.DEBUG):
        deliver(journal, {"a": Fickle(failure)}, clock=ReplayClock(NOW), rng=luck())
    assert "channel a failed, try 1" in caplog.text
    assert CANARY not in caplog.text
    assert CANARY not in journal.outbox()[0].outcome


def test_secrets_come_from_the_environment_or_a_private_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    file = AlertsFile(
        price_spike=alerts_file("https://x.example/").price_spike,
        webhooks=(WebhookGiven(name="a", url_env="URL", secret_file=str(secret)),),
    )
    channel = open_channels(file, clock=ReplayClock(NOW), environment={"URL": "https://a.example/"})["a"]
    assert isinstance(channel, WebhookChannel)
    assert (channel.url, channel.secret) == ("https://a.example/", "s3cret")
    with pytest.raises(ConfigError, match="not in the environment"):
        open_channels(file, clock=ReplayClock(NOW), environment={})
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        open_channels(file, clock=ReplayClock(NOW), environment={"URL": "https://a.example/"})


def test_a_relay_is_opened_with_its_url() -> None:
    file = AlertsFile(
        price_spike=alerts_file("https://x.example/").price_spike,
        relays=(RelayGiven(name="phone", url_env="PHONE"),),
    )
    environment = {"PHONE": "ntfys://ntfy.sh/topic"}
    assert list(open_channels(file, clock=ReplayClock(NOW), environment=environment)) == ["phone"]


class Receiver:
    """A dead man's switch outside: when each heartbeat came, and of when it was."""

    def __init__(self, clock: ReplayClock, dead: range) -> None:
        self._clock = clock
        self._dead = dead
        self.came: list[tuple[datetime, datetime]] = []

    def send(self, message: Message) -> None:
        if (self._clock.now() - NOW).total_seconds() // 60 in self._dead:
            raise Unavailable("x")
        self.came.append((self._clock.now(), datetime.fromisoformat(message.payload["at"])))


@pytest.mark.parametrize("n_waiting", [0, 500])
def test_a_dead_path_is_noticed_within_minutes_and_no_old_heartbeat_comes_late(
    journal: AlertJournal, put: Callable[..., None], n_waiting: int
) -> None:
    file = AlertsFile(
        heartbeat=(Heartbeat(name="alive", every_s=60.0),),
        webhooks=(WebhookGiven(name="switch", url="https://x.example/", heartbeat=True),),
    )
    put("stuck", *map(str, range(n_waiting)))
    clock, desk = ReplayClock(NOW), AlertDesk(file, journal)
    switch = Receiver(clock, dead=range(20, 40))
    channels: dict[str, Channel] = {"stuck": Fickle(*[Unavailable("x")] * 9_999), "switch": switch}
    journal.update(lambda _: Written(state=EMPTY), now=NOW)
    for _ in range(60 * 6):
        desk.step(Observations(at=clock.now()), clock.now())
        deliver(journal, channels, clock=clock, rng=luck())
        clock.advance(timedelta(seconds=10))
    gaps = [(later - sooner).total_seconds() for (sooner, _), (later, _) in pairwise(switch.came)]
    assert sum(gap > 180 for gap in gaps) == 1, "the outage is seen, and nothing else"
    assert max((came_at - at).total_seconds() for came_at, at in switch.came) < 180
    assert sorted(gaps)[-2] <= 70

"""Sending what waits in the outbox: at least once, in order for each channel, never two senders at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from wattshift.clock import Clock
from wattshift.config.alerts import AlertsFile
from wattshift.delivery.backoff import wait_s
from wattshift.delivery.message import Channel, Message
from wattshift.delivery.relay import RelayChannel
from wattshift.delivery.webhook import WebhookChannel
from wattshift.errors import ConfigError, SourceError
from wattshift.sources.spec import read_secret
from wattshift.store.alertjournal import AlertJournal
from wattshift.store.lease import FileLock

__all__ = ["Delivered", "deliver", "open_channels"]

_MOST_A_ROUND = 100
_log = logging.getLogger("wattshift.alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one round did: how many messages arrived, and how many tries failed."""

    n_sent: int
    n_failed: int


def open_channels(
    file: AlertsFile, *, clock: Clock, environment: Mapping[str, str] | None = None
) -> dict[str, Channel]:
    """The channels of a rules file, with their secrets, by name.

    Args:
        file: the rules file.
        clock: tells the instant that a webhook signs.
        environment: where secrets may lie; the process's own by default.

    Raises:
        ConfigError: if a secret is missing or a URL makes no sense; none of them is shown.
    """
    given = os.environ if environment is None else environment
    channels: dict[str, Channel] = {}
    for hook in file.webhooks:
        channels[hook.name] = WebhookChannel(
            name=hook.name,
            url=hook.url or _secret(hook.name, hook.url_env, hook.url_file, given),
            clock=clock,
            secret=(
                _secret(hook.name, hook.secret_env, hook.secret_file, given)
                if hook.secret_env or hook.secret_file
                else None
            ),
            allow_private=hook.allow_private,
            allow_plain_http=hook.allow_plain_http,
        )
    for relay in file.relays:
        url = _secret(relay.name, relay.url_env, relay.url_file, given)
        channels[relay.name] = RelayChannel(name=relay.name, url=url, allow_private=relay.allow_private)
    return channels


def deliver(
    journal: AlertJournal, channels: Mapping[str, Channel], *, clock: Clock, rng: Random
) -> Delivered:
    """Send what is due. A channel that fails is left alone until its next try is due.

    Args:
        journal: whose outbox.
        channels: by name.
        clock: the present.
        rng: for the jitter of the waits.

    Raises:
        Locked: if another process is sending.
        StoreError: if the outbox cannot be read or written.
    """
    sent = failed = 0
    with FileLock(_lock_of(journal.path)):
        for name, channel in channels.items():
            n_sent, is_well = _round(journal, name, channel, clock, rng)
            sent += n_sent
            failed += not is_well
    return Delivered(n_sent=sent, n_failed=failed)


def _round(journal: AlertJournal, name: str, channel: Channel, clock: Clock, rng: Random) -> tuple[int, bool]:
    """How many messages arrived, and whether the channel took all that it was given."""

    def retry_at(attempt: int) -> datetime:
        return clock.now() + timedelta(seconds=wait_s(attempt, rng))

    for count in range(_MOST_A_ROUND):
        pending = journal.claim(name, now=clock.now(), retry_at=retry_at)
        if pending is None:
            return count, True
        try:
            channel.send(Message.unpack(pending.body))
        except (SourceError, ConfigError) as error:
            # Only what we wrote ourselves: an answer from outside may hold anything.
            _log.warning("channel %s failed, try %d: %s", name, pending.attempts, error.message)
            journal.failed(pending, why=error.message)
            return count, False
        journal.delivered(pending, now=clock.now())
    return _MOST_A_ROUND, True


def _lock_of(journal: Path) -> Path:
    return journal.with_name(f"{journal.name}.sending")


def _secret(channel: str, variable: str | None, file: str | None, environment: Mapping[str, str]) -> str:
    if file is not None:
        return read_secret(Path(file).expanduser())
    found = environment.get(variable or "")
    if not found:
        raise ConfigError(
            "a channel's secret is not in the environment",
            channel=channel,
            variable=variable,
            hint="set that variable for this process, or write ..._file = FILE (mode 600)",
        )
    return found

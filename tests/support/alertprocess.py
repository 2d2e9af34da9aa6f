"""A process that steps alerts and sends them, and can be killed at any moment: it takes up where it stood.

Arguments: the journal, the URL of a webhook, the number of steps. It says "ready" once it begins. A step is
eight hours, and at each the price of power is the other way round.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from support.alerting import NOW, SERIES, news
from wattshift.alerts.rule import PriceSpike
from wattshift.app.alerting.desk import AlertDesk, Remembered, _adapter, recall
from wattshift.app.alerting.postman import deliver, open_channels
from wattshift.clock import ReplayClock
from wattshift.config.alerts import AlertsFile, WebhookGiven
from wattshift.store.alertjournal import AlertJournal

__all__ = ["LAST_WAIT", "STEP", "alerts_file", "run_steps"]

STEP = timedelta(hours=8)
LAST_WAIT = timedelta(hours=1)


def alerts_file(url: str) -> AlertsFile:
    return AlertsFile(
        group_interval_s=0.0,
        price_spike=(PriceSpike(name="spike", above_usd_per_mwh=500.0, clear_for_s=0.0, repeat_s=1e9),),
        webhooks=(WebhookGiven(name="ear", url=url, allow_private=True),),
    )


def run_steps(path: Path, url: str, n_steps: int) -> None:
    file, clock = alerts_file(url), ReplayClock(NOW)
    channels = open_channels(file, clock=clock)
    with AlertJournal(path) as journal:
        desk = AlertDesk(file, journal)
        alert = desk.remembered.watch.alerts.get("spike")
        first = 0 if alert is None or alert.seen_at is None else (alert.seen_at - NOW) // STEP + 1
        for step in range(first, n_steps):
            clock.instant_at = NOW + STEP * step
            whole = news(clock.instant_at, is_bad=step % 2 == 0)
            desk.step(replace(whole, power={SERIES: whole.power[SERIES]}), clock.instant_at)
            deliver(journal, channels, clock=clock, rng=Random(step))  # noqa: S311  # jitter
        clock.instant_at = NOW + STEP * n_steps + LAST_WAIT
        deliver(journal, channels, clock=clock, rng=Random(0))  # noqa: S311


if __name__ == "__main__":
    recall(_adapter().dump_json(Remembered()))  # imports what is imported late, before anybody kills
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    run_steps(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

"""How the alerts stand, as a document."""

from __future__ import annotations

from wattshift.alerts.finding import Status, evaluate
from wattshift.alerts.lifecycle import AlertState
from wattshift.alerts.observations import Observations
from wattshift.app.alerting.backtest import kind_of, origins_of
from wattshift.app.alerting.desk import Remembered
from wattshift.app.snapshot import Archive
from wattshift.config.alerts import AlertsFile
from wattshift.report.documents.alerts import AlertsDocument, RuleRow
from wattshift.report.words import counted

__all__ = ["alerts_document"]


def alerts_document(
    archive: Archive, file: AlertsFile, seen: Observations, remembered: Remembered
) -> AlertsDocument:
    """What every rule says of what is known, and which alerts are open.

    Args:
        archive: the kept history.
        file: the rules.
        seen: what is known.
        remembered: how the alerts stand.
    """
    rows = _rows(file, seen, remembered)
    return AlertsDocument(
        as_of=seen.at,
        site=file.site.name,
        rules=rows,
        n_events=None,
        n_sent=None,
        n_failed=None,
        in_words=_in_words(rows),
        origins=origins_of(archive, file.rules, seen.at),
    )


def _rows(file: AlertsFile, seen: Observations, remembered: Remembered) -> tuple[RuleRow, ...]:
    rows = []
    for rule in file.rules:
        state = remembered.watch.alerts.get(rule.name, AlertState())
        finding = evaluate(rule, seen, is_open=state.is_open)
        rows.append(
            RuleRow(
                rule=rule.name,
                kind=kind_of(rule),
                severity=rule.severity,
                status=finding.status,
                at=finding.at,
                what=finding.what,
                sure_prob=finding.sure_prob,
                figures=finding.figures,
                why=rule.why,
                open_since_at=state.onset_at,
                acknowledged_by=state.acknowledged_by,
                silent_until_at=None if state.silence is None else state.silence.until_at,
            )
        )
    return tuple(rows)


def _in_words(rows: tuple[RuleRow, ...]) -> str:
    firing = sum(row.status is Status.FIRING for row in rows)
    blind = sum(row.status is Status.NO_DATA for row in rows)
    told = f"{firing} of {counted(len(rows), 'rule')} fire"
    return f"{told}; {blind} have no data, which is neither good nor bad" if blind else told

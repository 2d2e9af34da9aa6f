"""The question about the network's security."""

from __future__ import annotations

from operator import attrgetter

from pydantic import Field

from wattshift.app.questions.question import Ask, Question, World
from wattshift.app.security import SecurityAsk, security
from wattshift.app.securitystate import AttackGiven
from wattshift.report.documents.security import DoubleSpendRow, SecurityDocument

__all__ = ["SECURITY_QUESTIONS", "AskSecurity"]


class AskSecurity(Ask):
    """What may be asked about the security of payments and of the network."""

    attacker_frac: float = Field(default=0.1, ge=0, le=1, description="The attacker's share of all hashrate.")
    confirmations: int = Field(default=6, ge=0, le=1_000, description="Blocks that the merchant waits for.")
    elapsed_s: float | None = Field(default=None, gt=0, le=1e7, description="In which time they came [s].")
    value_usd: float | None = Field(
        default=None, gt=0, le=1e12, description="A payment: how many confirmations it needs [USD]."
    )
    risk_prob: float = Field(default=0.001, ge=1e-6, le=0.5, description="The risk to stay below.")
    hours: float = Field(default=1.0, ge=0.1, le=1_000, description="How long an attack lasts [h].")
    machine_j_per_th: float | None = Field(
        default=None, ge=1, le=1_000, description="Efficiency of the attacker's machines [J/TH]."
    )
    machine_usd_per_th: float | None = Field(
        default=None, ge=0.01, le=10_000, description="Their price; by default the last published [USD/TH]."
    )
    power_usd_per_mwh: float | None = Field(
        default=None, ge=-1_000, le=10_000, description="Price of power; by default the surveyed median."
    )
    idle_ehs: float | None = Field(
        default=None, ge=0, le=1e6, description="Idle machines; by default the fall in 90 days [EH/s]."
    )


def _security(world: World, ask: AskSecurity) -> SecurityDocument:
    whole = SecurityAsk(
        attacker_frac=ask.attacker_frac,
        confirmations=ask.confirmations,
        elapsed_s=ask.elapsed_s,
        value_usd=ask.value_usd,
        risk_prob=ask.risk_prob,
        hours=ask.hours,
        attack=AttackGiven(
            machine_usd_per_th=ask.machine_usd_per_th,
            efficiency_j_per_th=ask.machine_j_per_th,
            power_usd_per_mwh=ask.power_usd_per_mwh,
            idle_ehs=ask.idle_ehs,
        ),
    )
    return security(world.archive, whole, at=ask.at)


SECURITY_QUESTIONS = (
    Question(
        name="security",
        summary="How safe a payment is, how long it takes, and what an attack on the network costs.",
        ask=AskSecurity,
        document=SecurityDocument,
        answer=_security,
        row=DoubleSpendRow,
        listed=attrgetter("table"),
    ),
)

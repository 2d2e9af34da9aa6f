"""Security for the terminal: what was asked, the state, double spends, waits, the cost of an attack."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.security import FeeWaitRow, NeededRow, SecurityDocument, SecurityState
from wattshift.report.figures import number, sentence
from wattshift.report.securitywords import risk, security_facts, usd
from wattshift.report.terminal.layout import headline, origins_view, page, prose, row, table
from wattshift.report.words import percent

__all__ = ["security_view", "state_table"]

_NONE_ENOUGH = "over 10,000"


def security_view(document: SecurityDocument) -> Group:
    """`wattshift security`."""
    return page(
        "Security",
        format_instant(document.as_of),
        prose(document.in_words, style="bold"),
        *_timed(document),
        *_part("State", state_table(document.state)),
        *_part("Double spends: exact, and Nakamoto's approximation in brackets", _double_spends(document)),
        *_part("Confirmations needed", *_needed(document)),
        *_part("How long confirmations take", _waits(document), *_fee_waits(document.fee_waits)),
        *_part("What it costs to match the hashrate", *_attack(document)),
        *_part("Attack by a majority", _races(document)),
        *_part("Where the figures come from", origins_view(document.origins)),
    )


def state_table(state: SecurityState) -> Table:
    """The state of security, one row a figure."""
    made = table("", ">value", ">95 % interval", "what it says")
    for fact in security_facts(state):
        row(made, f"{fact.what} {fact.unit}".rstrip(), fact.value, fact.interval, fact.says)
    return made


def _part(title: str, *parts: RenderableType) -> tuple[RenderableType, ...]:
    return (prose(""), headline(title), *parts)


def _share(value_frac: float) -> str:
    return percent(value_frac, digits=1, signed=False)


def _minutes(value_s: float) -> str:
    return number(value_s / 60)


def _timed(document: SecurityDocument) -> Iterable[RenderableType]:
    chances = (document.timed_prob, document.low_timed_prob, document.high_timed_prob)
    told = [risk(each) for each in chances if each is not None]
    if document.elapsed_s is not None and told:
        probable, low, high = told
        yield prose(
            f"They came in {_minutes(document.elapsed_s)} minutes: knowing that, the probability is"
            f" {probable} ({low} to {high}: the interval of the hashrate)."
        )


def _double_spends(document: SecurityDocument) -> Table:
    shares = list(dict.fromkeys(each.attacker_frac for each in document.table))
    counts = list(dict.fromkeys(each.confirmations for each in document.table))
    found = {(each.attacker_frac, each.confirmations): each for each in document.table}
    kept = [count for count in counts if count in {1, 2, 4, 6, 10}]
    made = table("share", *(f">{count}" for count in kept))
    for share in shares:
        cells = (found[share, count] for count in kept)
        row(made, _share(share), *(f"{risk(each.exact_prob)} ({risk(each.nakamoto_prob)})" for each in cells))
    return made


def _needed(document: SecurityDocument) -> Iterable[RenderableType]:
    paid = document.value_usd
    valued = () if paid is None else (f">for {usd(paid)} USD",)
    made = table(
        "share",
        f">risk below {risk(document.risk_prob)}",
        ">by Nakamoto's",
        *valued,
        f">safe with {document.confirmations}, USD",
    )
    for each in document.needed:
        row(made, *_needed_cells(each, is_valued=paid is not None))
    yield made
    yield prose(
        f"A payment is safe while attacking it does not pay: a failed attack forfeits"
        f" {usd(document.stake_usd)} USD, the rewards of 20 blocks (Rosenfeld's convention). That is for one"
        " merchant: of k attacked at once each is safe up to a k-th. An attacker who does not mind the loss"
        " is stopped by the risk alone.",
        style="dim",
    )


def _needed_cells(needed: NeededRow, *, is_valued: bool) -> tuple[str, ...]:
    counts = [
        needed.risk_confirmations,
        needed.nakamoto_confirmations,
        *((needed.value_confirmations,) if is_valued else ()),
    ]
    safe = needed.safe_value_usd
    return (
        _share(needed.attacker_frac),
        *(_NONE_ENOUGH if count is None else number(count) for count in counts),
        "any" if safe is None else usd(safe),
    )


def _waits(document: SecurityDocument) -> Table:
    made = table(
        "blocks", ">interval, min", ">confirmations", ">median, min", ">9 of 10, min", ">over 90 min"
    )
    for each in document.waits:
        row(
            made,
            each.case,
            number(each.mean_interval_s / 60, 2),
            str(each.confirmations),
            _minutes(each.median_s),
            _minutes(each.ninth_tenth_s),
            percent(each.slow_prob, signed=False),
        )
    return made


def _fee_waits(waits: tuple[FeeWaitRow, ...]) -> Iterable[RenderableType]:
    if not waits:
        return
    made = table(
        ">sat/vB", ">ahead, MvB", ">vB/s", ">confirmations", ">median, min", ">9 of 10, min", ">over 90 min"
    )
    for each in waits:
        times = (each.median_s, each.ninth_tenth_s)
        row(
            made,
            f"{each.fee_sat_per_vb:g}",
            number(each.ahead_vmb, 2),
            number(each.inflow_vmb_per_s * 1e6),
            str(each.confirmations),
            *("over a week" if time_s is None else _minutes(time_s) for time_s in times),
            percent(each.slow_prob, signed=False),
        )
    yield made


def _attack(document: SecurityDocument) -> Iterable[RenderableType]:
    if not document.ways:
        yield prose("No price of such machines was published yet; give --machine-price.")
        return
    made = table("way", ">bought, EH/s", ">rented, EH/s", ">machines", ">energy", ">rent", ">reward forgone")
    for name, way in zip(("buy", "rent what is idle", "rent"), document.ways, strict=True):
        row(
            made,
            name,
            number(way.bought_ehs),
            number(way.rented_ehs),
            *(usd(each) for each in (way.machines_usd, way.energy_usd, way.rent_usd, way.lost_reward_usd)),
        )
    yield made
    yield prose(
        f"USD for {document.ways[0].hours:g} h. {sentence(document.price_basis)}. Rent is the hashprice, with"
        " the power in it: nowhere is so much for rent. The reward forgone is what bought machines would have"
        " mined.",
        style="dim",
    )
    yield _surface(document)


def _surface(document: SecurityDocument) -> Table:
    """Hashrate and idle stock down, prices of machines across; power moves only the running cost."""
    power = document.state.attack.power_usd_per_mwh
    points = [each for each in document.surface if each.power_usd_per_mwh == power]
    machines = sorted({each.machine_usd_per_th for each in points})
    places = sorted({(each.hashrate_ehs, each.idle_ehs) for each in points})
    found = {(each.hashrate_ehs, each.idle_ehs, each.machine_usd_per_th): each for each in points}
    made = table(
        ">to match, EH/s",
        ">idle, EH/s",
        *(f">at {price:g} USD/TH" for price in machines),
        ">running, by power price",
    )
    for hashrate, idle in places:
        running = sorted(
            {
                (each.power_usd_per_mwh, each.running_usd)
                for each in document.surface
                if (each.hashrate_ehs, each.idle_ehs) == (hashrate, idle)
            }
        )
        row(
            made,
            number(hashrate),
            number(idle),
            *(usd(found[hashrate, idle, price].machines_usd) for price in machines),
            _range(running),
        )
    return made


def _range(running: list[tuple[float, float]]) -> str:
    """The running cost at the lowest and at the highest price of power."""
    (low, least), (high, most) = running[0], running[-1]
    return f"{usd(least)} at {low:g} to {usd(most)} at {high:g} USD/MWh"


def _races(document: SecurityDocument) -> RenderableType:
    if not document.races:
        return prose("Without a confirmation there is no race.")
    made = table(
        ">his hashrate / all others'", ">mean length, blocks", ">hours", ">deters a prize below, USD"
    )
    for each in document.races:
        row(
            made,
            number(each.attacker_ratio, 2),
            number(each.length_blocks, 1),
            number(each.length_s / 3_600, 1),
            usd(each.deterred_usd),
        )
    told = prose(
        "Deterred where mining is in equilibrium (Budish 2018) and a success costs the coin its value; if it"
        " does not, the attacker gets as much back in rewards. Energy of a block over its reward:"
        f" {number(document.energy_over_reward_ratio, 2)}.",
        style="dim",
    )
    return Group(made, told)

"""The terminal: every view fits 80 columns, says what the document says, and obeys no escape sequence."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from support.documents import HOSTILE, hostile, rewritten
from wattshift.app import network
from wattshift.app.history import bundled_data
from wattshift.app.snapshot import Archive
from wattshift.provenance import Freshness, Origin
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.site import PlanDocument, ValueDocument
from wattshift.report.facts import network_facts
from wattshift.report.figures import number
from wattshift.report.terminal import layout
from wattshift.report.terminal import network as text
from wattshift.report.terminal.brief import brief_view
from wattshift.report.terminal.data import data_view
from wattshift.report.terminal.site import curve, plan_view, value_view
from wattshift.store.bundled import BundledStore


def printed(view: RenderableType, *, width: int = 80) -> str:
    """What a pipe of this width would receive."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def flat(view: RenderableType) -> str:
    return " ".join(printed(view, width=400).split())


Views = dict[str, Callable[[], RenderableType]]


@pytest.fixture
def views(document: BriefDocument, worth: ValueDocument, planned: PlanDocument, archive: Archive) -> Views:
    difficulty = network.difficulty(archive, at=document.as_of)
    return {
        "brief": lambda: brief_view(document),
        "hostile brief": lambda: brief_view(hostile(document)),
        "value": lambda: value_view(worth),
        "plan": lambda: plan_view(planned),
        "hashrate": lambda: text.hashrate_view(document.hashrate),
        "difficulty": lambda: text.difficulty_view(difficulty),
        "hashprice": lambda: text.hashprice_view(document.hashprice),
    }


@pytest.mark.parametrize(
    "name", ["brief", "hostile brief", "value", "plan", "hashrate", "difficulty", "hashprice"]
)
@pytest.mark.parametrize("width", [80, 100, 120])
def test_views_fit_their_width_and_carry_no_controls(views: Views, name: str, width: int) -> None:
    out = printed(views[name](), width=width)
    assert max(cell_len(line) for line in out.splitlines()) <= width
    controls = {character for character in out if unicodedata.category(character) in {"Cc", "Cf"}}
    assert controls == {"\n"}


@pytest.mark.parametrize("name", ["brief", "value", "plan", "difficulty"])
def test_views_hold_nothing_unfinished(views: Views, name: str) -> None:
    words = printed(views[name](), width=200).replace("(", " ").replace(")", " ").split()
    assert not {"nan", "NaN", "None", "inf"} & set(words)


def test_the_brief_tells_every_part(document: BriefDocument) -> None:
    out = flat(brief_view(document))
    for headline in document.headlines:
        assert headline[1:] in out
    for fact in network_facts(document):
        assert fact.value in out
        assert fact.says in out
    for decision in document.now:
        assert decision.reason in out
    for account in document.month.accounts:
        assert number(account.profit_usd) in out
    for change in document.changes:
        assert change.verdict in out
    for origin in document.origins:
        assert origin.source in out


def test_the_brief_leads_with_what_to_do(document: BriefDocument) -> None:
    lines = [line for line in printed(brief_view(document), width=200).splitlines() if line.strip()]
    assert lines[0].startswith(f"Brief for {document.site}")
    assert document.headlines[0][1:] in lines[2]


def test_a_brief_without_headlines_or_series(document: BriefDocument) -> None:
    series = replace(document.hashrate_series, at=(), mean=(), low=(), high=())
    bare = replace(document, headlines=(), hashrate_series=series)
    assert "What to run now" in printed(brief_view(bare))


def test_value_tells_worth_margin_and_what_is_left_after_capital(worth: ValueDocument) -> None:
    out = flat(value_view(worth))
    for use in worth.uses:
        assert number(use.worth_usd_per_mwh, 1) in out
        assert number(use.margin_usd_per_mwh, 1, signed=True) in out
        if use.capital_usd_per_mwh:
            assert number(use.net_usd_per_mwh, 1, signed=True) in out
    assert worth.in_words in out
    assert "over 99.9 %" in out
    for contract in worth.contracts:
        assert f"{contract.provider} for {contract.customer}" in out


def test_the_bar_of_a_worthwhile_use_passes_the_price_of_power(worth: ValueDocument) -> None:
    for line in printed(value_view(worth), width=120).splitlines():
        for use in worth.uses:
            if line.strip().startswith(use.name) and "\N{BOX DRAWINGS LIGHT VERTICAL}" in line:
                after = line.split("\N{BOX DRAWINGS LIGHT VERTICAL}")[1]
                passes = "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in after
                assert not passes or use.margin_usd_per_mwh > 0


def test_negative_power_prices_are_drawn(worth: ValueDocument) -> None:
    paid = replace(
        worth,
        delivered_usd_per_mwh=-40.0,
        uses=tuple(replace(use, power_usd_per_mwh=-40.0) for use in worth.uses),
    )
    assert "\N{BOX DRAWINGS LIGHT VERTICAL}" in printed(value_view(paid))


def test_plan_tells_accounts_uses_and_proof(planned: PlanDocument) -> None:
    out = flat(plan_view(planned))
    for account in planned.accounts:
        assert account.rule in out
        assert number(account.profit_usd) in out
    for use in planned.uses:
        assert number(use.revenue_usd) in out
    assert planned.proof in out


def test_what_is_left_out_is_said_only_where_something_is(
    document: BriefDocument, worth: ValueDocument, planned: PlanDocument
) -> None:
    told = "left out of these figures: batteries, tax_frac; wattshift plan has them"
    assert "left out" not in flat(brief_view(document)) + flat(value_view(worth)) + flat(plan_view(planned))
    keys = ("batteries", "tax_frac")
    assert told in flat(brief_view(replace(document, leaves_out=keys)))
    assert told in flat(value_view(replace(worth, leaves_out=keys)))
    assert told in flat(plan_view(replace(planned, leaves_out=keys)))


def test_a_curve_names_its_ends_and_extremes() -> None:
    out = printed(curve([3.0, 1.0, 2.0], title="t [u]", digits=1, first="1 Jan", last="3 Jan"))
    assert "t [u]: last 2.0, lowest 1.0, highest 3.0" in out
    assert "1 Jan" in out
    assert "3 Jan" in out
    assert not printed(curve([], title="t", digits=1, first="", last="")).strip()


@pytest.mark.parametrize("attack", HOSTILE)
def test_origins_obey_no_markup(document: BriefDocument, attack: str) -> None:
    origins = rewritten(document.origins, lambda told: f"{attack}{told}")
    out = printed(layout.origins_view(origins))
    assert max(cell_len(line) for line in out.splitlines()) <= 80
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    if "[bold]" in attack:
        assert "[bold]" in "".join(out.split())


def test_states_are_words() -> None:
    origin = Origin(
        name="prices",
        source="someone",
        licence="MIT",
        sha256="0" * 64,
        newest_at=None,
        age_s=7_200.0,
        freshness=Freshness.STALE,
    )
    out = printed(layout.origins_view([origin, replace(origin, age_s=None)]))
    assert "2 h old" in out
    assert out.count("stale") == 1
    assert "undated" in out


def test_the_console_honours_the_width_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert layout.console().width == 80
    monkeypatch.delenv("COLUMNS")
    assert layout.console().width == 120
    assert layout.console(width=90).width == 90


def test_the_data_view_names_every_file(store: BundledStore) -> None:
    listed = bundled_data(store)
    out = flat(data_view(listed))
    for file in listed.files:
        assert file.table in out
        assert f"{file.rows:,}" in out

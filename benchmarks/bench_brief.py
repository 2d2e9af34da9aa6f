"""Where the time of a brief goes: load, compute, render (imports are in bench_process)."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from wattshift.app.briefing import brief
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.report.jsontext import to_json
from wattshift.report.page.brief import brief_html
from wattshift.report.terminal.brief import brief_view
from wattshift.store.bundled import BundledStore

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

TABLES = ("blocks", "difficulty_periods", "block_fees", "btc_usd_daily", "power_price")


def bench_load(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "brief, by stage"
    frames = benchmark(lambda: [BundledStore().read(name) for name in TABLES])
    assert frames[0].height > 300_000


def bench_compute(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "brief, by stage"
    archive, (site, note) = Archive(BundledStore()), open_site(None)
    brief(archive, site, site_note=note)
    document = benchmark(lambda: brief(archive, site, site_note=note))
    assert document.month.intervals >= 2879  # 30 days of quarter-hours


def bench_render_text(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "brief, by stage"
    site, note = open_site(None)
    document = brief(Archive(BundledStore()), site, site_note=note)

    def render() -> str:
        page = StringIO()
        Console(width=100, file=page).print(brief_view(document))
        return page.getvalue()

    assert document.site in benchmark(render)


def bench_render_html(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "brief, by stage"
    site, note = open_site(None)
    document = brief(Archive(BundledStore()), site, site_note=note)
    assert "<svg" in benchmark(lambda: brief_html(document))


def bench_render_json(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "brief, by stage"
    site, note = open_site(None)
    document = brief(Archive(BundledStore()), site, site_note=note)
    assert '"schema"' in benchmark(lambda: to_json(document, name="brief"))

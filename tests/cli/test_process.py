"""The command line as a process of its own: what it imports, what it prints, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from support.commandline import Run
from wattshift.app.sites import EXAMPLE_SITES
from wattshift.cli import app
from wattshift.cli.history import DocumentName

HEAVY = {"polars", "numpy", "scipy", "pydantic", "jinja2"}
VERBS = [verb.name or verb.callback.__name__ for verb in app.registered_commands if verb.callback]
SIGNET = Path(__file__).parents[1] / "fixtures" / "signet_headers.bin"
NEVER = {"fastapi", "starlette", "matplotlib", "highspy", "pandas", "scipy.optimize", "plotly", "pyarrow"}


def imported_by(*words: str) -> set[str]:
    program = (
        "import sys; from wattshift.cli import main\n"
        f"sys.argv = ['wattshift', *{list(words)!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write('\\n'.join(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ended.stderr.splitlines())


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help") & (HEAVY | NEVER) == set()


@pytest.mark.parametrize("verb", ["hashrate", "value", "plan", "brief", "stress", "pools", "security"])
def test_no_verb_imports_what_it_does_not_use(verb: str) -> None:
    modules = imported_by(verb)
    assert modules & NEVER == set()
    assert "polars" in modules


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = [sys.executable, "-m", "wattshift", "brief", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(100).startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    "verb",
    [command.name or command.callback.__name__ for command in app.registered_commands if command.callback],
)
def test_every_verb_has_help_with_an_example(run: Run, verb: str) -> None:
    ended = run(verb, "--help")
    assert ended.status == 0
    assert f"wattshift {verb}" in " ".join(ended.out.split())


READ = {
    *(DocumentName.SITE, DocumentName.STATE, DocumentName.FOLLOW, DocumentName.ALERT_RULES),
    *(DocumentName.SAVED_PLAN, DocumentName.PORTFOLIO_FILE, DocumentName.SCENARIO, DocumentName.SERVE),
}
"""What verbs read: files that people write, as TOML, and a plan that a verb kept."""


@pytest.mark.parametrize("verb", [name for name in DocumentName if name not in READ])
def test_json_obeys_its_published_schema(run: Run, verb: DocumentName, tmp_path: Path) -> None:
    article = tmp_path / "article.md"
    article.write_text("January 19, 2026. The hashrate fell below 1 ZH/s.", encoding="utf-8")
    alerts = tmp_path / "alerts.toml"
    alerts.write_text('[[hashrate_below]]\nname = "below"\nbelow_ehs = 1000.0\n', encoding="utf-8")
    more = {
        DocumentName.CHECK: [str(article)],
        DocumentName.ALERTS: ["check", str(alerts)],
        DocumentName.ALERTS_BACKTEST: ["backtest", str(alerts), "--start", "2026-01-20"],
        DocumentName.IMPORT: [str(SIGNET), "--network", "signet", "--store", str(tmp_path / "store")],
        DocumentName.WHY: ["--start", "2026-01-20", "--end", "2026-02-10"],
        DocumentName.BACKTEST: ["--start", "2026-01-24", "--end", "2026-01-27"],
        DocumentName.SITE_PLAN: ["--site", str(EXAMPLE_SITES["miner-battery-10mw"])],
        DocumentName.SCENARIO_PLAN: [
            *("--site", str(EXAMPLE_SITES["miner-battery-10mw"])),
            *("--start", "2026-01-24", "--scenarios", "4"),
        ],
        DocumentName.PORTFOLIO: [
            *("--start", "2025-09-02T05:00Z", "--end", "2025-09-02T17:00Z", "--engine", "local:1")
        ],
        DocumentName.GRID_EFFECT: ["--load-mw", "1000", "--at", "2023-01-01"],
        DocumentName.SIMULATION: ["ban", *("--paths", "16", "--days", "9", "--compare", "winter-storm")],
        DocumentName.SCORE: ["--periods", "3", "--depths", "144,1200"],
        DocumentName.SOURCES: ["--store", str(tmp_path)],
        DocumentName.DOCTOR: ["--store", str(tmp_path)],
    }
    names = {DocumentName.SIMULATION: "simulate", DocumentName.ALERTS_BACKTEST: "alerts"}
    names |= dict.fromkeys((DocumentName.SITE_PLAN, DocumentName.SCENARIO_PLAN), "plan")
    name = names.get(verb, verb.value)
    schema = json.loads(run("schema", verb.value).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    body = run(name, *more.get(verb, []), "--json").json()
    validator.validate(body)
    body.pop("schema")
    assert not validator.is_valid(body)


@pytest.mark.parametrize("verb", [name.value for name in DocumentName])
def test_the_published_schemas_are_those_of_the_docs(run: Run, verb: str) -> None:
    published = Path(__file__).parents[2] / "docs" / "schema" / f"{verb}.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == json.loads(run("schema", verb).out)


def test_the_example_settings_obey_their_published_schema(run: Run) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(run("schema", "follow").out))
    settings = tomllib.loads(run("follow", "--example").out)
    validator.validate(settings)
    assert not validator.is_valid({**settings, "sauces": []}), "an unknown key is refused"


def test_the_example_site_is_a_site(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(run("example-site").out, encoding="utf-8")
    own, shipped = (run(*words, "--json").json() for words in (("value", "--site", str(path)), ("value",)))
    assert own == shipped


def test_the_page_is_written_whole(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "brief.html"
    assert run("brief", "--html", str(page)).status == 0
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [path.name for path in tmp_path.iterdir()] == ["brief.html"]

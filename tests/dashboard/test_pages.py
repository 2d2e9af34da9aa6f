"""Every page: that it is there, holds its figures, runs nothing inline, and refuses with words."""

from __future__ import annotations

import hashlib
import re
import time
from html.parser import HTMLParser
from importlib.resources import files
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from support.api import EVERYONE, SomeoneAsks
from support.serving import AT, until
from wattshift.app.charts.library import Library
from wattshift.app.service.answering.answers import Answer
from wattshift.app.service.edition import Board
from wattshift.app.service.jobs.jobs import JobState
from wattshift.app.service.service import Service
from wattshift.app.snapshot import Archive
from wattshift.clock import format_instant
from wattshift.dashboard.app import build_pages
from wattshift.dashboard.render import TABS, Tab
from wattshift.errors import Busy, Overrun, WattshiftError
from wattshift.report.words import percent
from wattshift.store.bundled import BundledStore
from wattshift.web.principal import NOBODY, Principal, Scope

_PART = {"HX-Request": "true"}
_PATHS = [tab.path for tab in TABS]
_PARTS = ["/now/hero", "/now/pictures", "/site/plan", "/site/coupled", "/system/alerts", "/system/health"]
_HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&"


class _Read(HTMLParser):
    """What a browser would find."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.text = ""
        self.inline = ""
        self._in_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append((tag, told))
        self._in_script = tag in {"script", "style"}
        if told.get("id"):
            self.ids.append(str(told["id"]))

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.inline += data.strip()
        else:
            self.text += data


def _arrived(client: TestClient, path: str, **params: str) -> Any:
    """What a browser has in the end: it comes again while it is told that this is being computed."""
    end_s = time.monotonic() + 60
    while (answer := client.get(path, params=params)).status_code == 503 and time.monotonic() < end_s:
        assert int(answer.headers["Retry-After"]) >= 1
        time.sleep(0.1)
    return answer


@pytest.mark.parametrize("path", [*_PATHS, *_PARTS])
def test_nothing_runs_inline_and_nothing_comes_from_elsewhere(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=_PART if path in _PARTS else {})
    assert answer.status_code == 200
    read = _Read(answer.text)
    assert read.inline == ""
    for tag, attrs in read.tags:
        assert not [name for name in attrs if name.startswith(("on", "hx-on"))], (tag, attrs)
        assert "style" not in attrs, (tag, attrs)
        for name in ("src", "href", "action", "hx-get", "hx-post"):
            assert re.match(r"(/(?!/)|#|\?|$)", attrs.get(name) or ""), (tag, attrs)
    assert len(read.ids) == len(set(read.ids))


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: str(tab.key))
def test_a_page_says_where_one_is_and_when(client: TestClient, tab: Tab) -> None:
    page = client.get(tab.path).text
    assert f'aria-current="page">{tab.title}</a>' in page
    assert "<h1" in page
    assert format_instant(AT) in page
    assert 'href="#content"' in page, "a way past the menu"


def test_now_holds_every_figure_with_interval_and_age(client: TestClient, service: Service) -> None:
    page = _Read(client.get("/").text)
    edition = service.board.latest
    assert edition is not None
    shown = {attrs["data-key"] for _, attrs in page.tags if "data-key" in attrs}
    assert shown == {figure.key for figure in edition.now.figures if not figure.of}
    assert f"{edition.now.hashrate.mean_ehs:,.0f}" in page.text
    ages = [attrs["data-age"] for _, attrs in page.tags if "data-age" in attrs]
    assert len(ages) == len(shown)
    assert "No, within luck" in page.text


@pytest.mark.parametrize("path", ["/", "/network", "/site"])
def test_a_permalink_shows_what_was_known_then(client: TestClient, path: str) -> None:
    page = _arrived(client, path, at="2025-06-01T00:00:00Z").text
    assert "This is how it stood on 1 Jun 2025, 00:00 UTC" in page
    assert "live.js" not in page, "the past does not move"
    if path == "/":
        assert "899,296" in page, "the height of that day"


@pytest.mark.parametrize("path", ["/", "/network", "/site", "/charts/hashrate", "/charts/events"])
@pytest.mark.parametrize(
    ("at", "status"), [("2026-03-01T00:00:00Z", 404), ("2009-01-01T00:00:00Z", 404), ("never", 422)]
)
def test_other_instants_are_refused_with_words(client: TestClient, path: str, at: str, status: int) -> None:
    answer = _arrived(client, path, at=at)
    if "charts/hashrate" in path and at.startswith("2009"):
        assert answer.content == b"", "nothing was known, and nothing is drawn"
        return
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert 'class="trouble"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/charts/hashrate?start=1&end=0",
        "/charts/hashrate?start=nan",
        "/charts/hashrate?start=inf",
        "/charts/hashrate?width=0",
        "/charts/hashrate?width=100000",
        "/charts/hashrate?width=1e400",
        "/charts/hashrate?width=nan",
        "/charts/hashrate?start=x",
        "/charts/none",
        "/charts/%3Cscript%3E",
        "/simulate/scenario?scenario=../../etc/passwd",
        "/static/../app.py",
        "/static/..%2f..%2fapp.py",
        "/simulate?job=nobody",
        "/simulate/jobs/nobody",
    ],
)
def test_nonsense_is_refused_with_words(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {404, 422}
    assert "<script>" not in answer.text
    assert "Traceback" not in answer.text


def test_files_are_kept_by_name_of_their_content(client: TestClient) -> None:
    page = _Read(client.get("/network").text)
    links = [
        str(attrs.get("src") or attrs.get("href")) for tag, attrs in page.tags if tag in {"script", "link"}
    ]
    assert len(links) >= 7
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/wattshift.css").headers["cache-control"] == "no-cache"


def test_the_style_has_both_palettes(client: TestClient) -> None:
    style = client.get("/static/wattshift.css").text
    assert "--ground: light-dark(#f6f7f8, #0f1216);" in style
    assert "prefers-color-scheme: dark" not in style, "the switch of the page decides"


@pytest.mark.parametrize("text", [_HOSTILE, "hashrate is {{ 7 * 7 }} EH/s </textarea><script>x</script>"])
def test_a_checked_text_stays_a_text(client: TestClient, text: str) -> None:
    answer = client.post("/claims/check", data={"text": f"The hashrate is 1,000 EH/s. {text}"}, headers=_PART)
    assert answer.status_code == 200
    read = _Read(answer.text)
    assert not [tag for tag, _ in read.tags if tag in {"script", "img", "textarea"}]
    assert "49" not in read.text
    assert "1,000 EH/s" in read.text


def test_a_scenario_of_somebody_runs_and_its_name_stays_a_text(client: TestClient, service: Service) -> None:
    toml = f"name = '''{_HOSTILE[:28]}'''\nhorizon_days = 30\npaths = 50\n"
    answer = client.post("/simulate/jobs", data={"toml": toml, "scenario": "ban"}, headers=_PART)
    assert answer.status_code == 200, answer.text
    assert "<script>" not in answer.text
    (job,) = service.jobs.recent(1)
    until(lambda: service.jobs.get(job.id).is_over, "end of the job")
    assert service.jobs.get(job.id).state is JobState.DONE, service.jobs.get(job.id).trouble
    result = client.get(f"/simulate/jobs/{job.id}").text
    assert "What the network does" in result
    assert "<script>" not in result
    assert "<script>" not in client.get("/simulate", params={"job": job.id}).text


def test_a_scenario_that_makes_no_sense_is_refused_with_words(client: TestClient) -> None:
    for data in ({"toml": "name = "}, {"toml": "x = 1"}, {}, {"toml": 'name = "x"', "paths": "-1"}):
        answer = client.post("/simulate/jobs", data=data, headers=_PART)
        assert 400 <= answer.status_code < 500 or "trouble" in answer.text, data
        assert "Traceback" not in answer.text


def test_a_backtest_is_taken_and_can_be_cancelled(client: TestClient, service: Service) -> None:
    stretch = {"start_at": "2026-01-01T00:00:00Z", "end_at": "2026-01-19T00:00:00Z"}
    assert "progress" in client.post("/site/backtest", data=stretch, headers=_PART).text
    (job,) = service.jobs.recent(1)
    answer = client.post(f"/simulate/jobs/{job.id}/cancel", headers=_PART)
    assert answer.status_code == 200
    assert service.jobs.get(job.id).state in {JobState.CANCELLED, JobState.DONE}


def test_forms_are_read_within_bounds(client: TestClient) -> None:
    for body in (b"text=" + b"x" * (1 << 20), b"&".join(b"a=1" for _ in range(100)), b"text=%ff\xff"):
        answer = client.post("/claims/check", content=body, headers=_PART)
        assert answer.status_code == 422


def test_alerts_are_silenced_and_the_silence_ends(client: TestClient, service: Service) -> None:
    rule = service.alerts.document().rules[0].rule
    told = {"rule": rule, "for": "1h", "reason": _HOSTILE}
    answer = client.post("/system/alerts/silence", data=told, headers=_PART)
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert "Silent until" in answer.text
    assert "/system/alerts/unsilence" in answer.text
    answer = client.post("/system/alerts/unsilence", data={"rule": rule}, headers=_PART)
    assert answer.status_code == 200
    assert "/system/alerts/unsilence" not in answer.text, "there is nothing to end any more"
    for wrong in (
        {"rule": rule},
        {"rule": rule, "for": "9999w"},
        {"rule": "none", "for": "1h"},
        {"for": "1h"},
    ):
        assert client.post("/system/alerts/silence", data=wrong, headers=_PART).status_code == 422


_ACTIONS = [
    ("/simulate/jobs", Scope.COMPUTE),
    ("/simulate/jobs/x/cancel", Scope.COMPUTE),
    ("/site/backtest", Scope.COMPUTE),
    ("/claims/check", Scope.COMPUTE),
    ("/system/alerts/acknowledge", Scope.ALERTS),
    ("/system/alerts/silence", Scope.ALERTS),
    ("/system/alerts/unsilence", Scope.ALERTS),
]


@pytest.mark.parametrize(("path", "scope"), _ACTIONS)
def test_who_may_not_is_refused(pages: SomeoneAsks, path: str, scope: Scope) -> None:
    others = frozenset(Scope) - {scope}
    for principal, status in ((NOBODY, 401), (Principal(name="reader", scopes=others), 403)):
        with TestClient(SomeoneAsks(pages._app, principal)) as client:
            answer = client.post(path, data={"rule": "x"}, headers=_PART)
            assert answer.status_code == status
            assert 'class="trouble"' in answer.text


def test_pictures_are_drawn_once_for_all_who_look(client: TestClient) -> None:
    first, second = (client.get("/now/pictures").text for _ in range(2))
    assert first == second
    assert first.count("<svg") >= 4
    assert first.count("<details>") == 4, "each with its table"
    assert first.count(".csv?at=") + first.count("/csv?at=") == 4, "and as CSV"
    assert first.count("Permalink") == 4


def test_the_next_adjustment_is_drawn_from_its_quantiles(client: TestClient, service: Service) -> None:
    edition = service.board.latest
    assert edition is not None
    page = client.get("/now/pictures").text
    for each in edition.now.difficulty.outlook.next.quantiles:
        assert percent(each.change_frac, digits=2) in page, each.below_prob


def test_what_is_not_there_in_time_is_said_to_come(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, answer = Event(), service.answers.answer

    def slow(*asked: Any) -> Answer:
        assert may_end.wait(60)
        return answer(*asked)

    monkeypatch.setattr(service.answers, "answer", slow)
    with TestClient(SomeoneAsks(build_pages(service), EVERYONE)) as client:
        for path in ("/", "/network", "/site"):
            early = client.get(path, params={"at": "2025-07-01T00:00:00Z"})
            assert early.status_code == 503
            assert int(early.headers["Retry-After"]) >= 1
            assert 'data-retry="1"' in early.text
            assert 'http-equiv="refresh"' in early.text, "without scripts too"
            assert "trouble" not in early.text
        may_end.set()
        assert "This is how it stood on 1 Jul 2025" in _arrived(client, "/", at="2025-07-01T00:00:00Z").text


@pytest.mark.parametrize(
    "error", [Busy("much is asked", retry_s=3, hint="wait"), Overrun("too long", hint="wait")]
)
def test_a_part_that_is_not_there_in_time_waits(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: WattshiftError
) -> None:
    def refused(*_: Any) -> Answer:
        raise error

    monkeypatch.setattr(service.answers, "answer", refused)
    with TestClient(SomeoneAsks(build_pages(service), EVERYONE)) as client:
        part = client.get("/site/plan", headers=_PART)
        assert part.status_code in {503, 504}
        assert 'class="waiting"' in part.text
        asked = client.post("/claims/check", data={"text": "The hashrate is 1,000 EH/s."}, headers=_PART)
        assert 'class="trouble"' in asked.text, "what somebody asked for is not asked for again unasked"


def test_the_largest_pools_of_a_permalink_are_those_of_then(client: TestClient) -> None:
    def shown(at: str) -> tuple[str, list[str]]:
        page = _Read(_arrived(client, "/network", at=at).text)
        (figure,) = [attrs for _, attrs in page.tags if attrs.get("id") == "curve-pools"]
        csv = client.get("/charts/pools/csv", params={"at": at}).text.splitlines()[0]
        binary = client.get("/charts/pools", params={"at": at})
        assert binary.headers["X-Columns"] == figure["data-columns"], "the curve is that of the page"
        return str(figure["data-columns"]), csv.split(",")

    early, late = shown("2020-07-01T00:00:00Z"), shown("2026-01-19T00:00:00Z")
    assert early[0] != late[0]
    assert len(early[1]) == len(late[1]) == 9


def test_events_come_as_csv_too(client: TestClient) -> None:
    at = {"at": "2021-08-01T00:00:00Z"}
    rows = client.get("/charts/events/csv", params=at).text.splitlines()
    assert rows[0] == "at,kind,told"
    assert len(rows) - 1 == len(client.get("/charts/events", params=at).json())


@pytest.mark.parametrize(
    ("path", "links"),
    [
        (
            "/network",
            {"/v1/pools.csv", "/v1/pools", "/charts/events/csv", "/v1/difficulty.csv", "/v1/difficulty"},
        ),
        ("/", {"/v1/now"}),
        ("/now/pictures", {"/v1/value", "/v1/value.csv", "/v1/difficulty.csv"}),
        ("/site/plan", {"/v1/plan", "/v1/plan.csv"}),
        ("/site/coupled", {"/v1/site-plan", "/v1/site-plan.csv"}),
        ("/system", {"/v1/now", "/v1/editions"}),
        ("/system/alerts", {"/v1/alerts/events"}),
    ],
)
def test_every_table_can_be_had_by_programs(client: TestClient, path: str, links: set[str]) -> None:
    page = _Read(client.get(path).text)
    found = {
        str(attrs["href"]).partition("?")[0] for tag, attrs in page.tags if tag == "a" and "href" in attrs
    }
    assert links <= found


def test_only_a_verdict_that_changes_is_said_aloud(client: TestClient) -> None:
    page = _Read(client.get("/").text)
    aloud = [attrs for _, attrs in page.tags if "aria-live" in attrs]
    assert [attrs.get("id") for attrs in aloud] == ["verdict-said"]


def test_new_history_warms_the_curves_before_anybody_asks(service: Service, store: BundledStore) -> None:
    first, second = service.world.archive, Archive(store)
    edition, board = service.board.latest, Board()
    assert edition is not None
    warmed: list[Archive] = []
    library = cast("Library", SimpleNamespace(warm=warmed.append, names=()))
    world = SimpleNamespace(archive=first)
    build_pages(cast("Service", SimpleNamespace(board=board, world=world)), library)
    board.publish(edition)
    until(lambda: warmed == [first], "first warming")
    world.archive = second
    board.publish(edition)
    board.publish(edition)
    until(lambda: warmed == [first, second], "second warming")


def test_curves_come_as_floats_as_csv_and_as_a_table(client: TestClient, service: Service) -> None:
    import numpy as np

    edition = service.board.latest
    assert edition is not None
    binary = client.get("/charts/intervals?width=500")
    numbers = np.frombuffer(binary.content, dtype="<f8").reshape(2, -1)
    assert numbers[0][-1] <= edition.at.timestamp()
    assert (np.diff(numbers[0]) >= 0).all()
    csv = client.get("/charts/intervals/csv").text.splitlines()
    assert csv[0] == "at,interval_s"
    assert 500 < len(csv) < 9_000
    rows = client.get("/charts/intervals/rows", headers=_PART).text
    assert "when (UTC)" in rows
    assert rows.count("<tr>") < 150


def test_what_others_wrote_is_what_the_notice_says() -> None:
    folder = files("wattshift.dashboard") / "static" / "vendor"
    notice = folder.joinpath("NOTICE").read_text()
    shipped = [each for each in folder.iterdir() if each.name.endswith((".js", ".css"))]
    assert len(shipped) == 3
    for each in shipped:
        assert hashlib.sha256(each.read_bytes()).hexdigest() in notice, each.name


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nope", 404), ("POST", "/system", 405)])
def test_nothing_there_is_a_page_for_people_and_a_problem_for_programs(
    client: TestClient, method: str, path: str, status: int
) -> None:
    page = client.request(method, path, headers={"accept": "text/html,*/*"})
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert '<a href="/">' in page.text
    problem = client.request(method, path, headers={"accept": "*/*"})
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
    assert problem.json()["hint"]
    assert ("allow" in problem.headers) == (status == 405)


def test_the_record_of_what_was_told_is_shown(client: TestClient, service: Service) -> None:
    until(lambda: bool(service.editions.page()), "a row of the record")
    row = service.editions.page()[0]
    found = client.get("/system").text
    assert f'<td class="n">{row.tip_height}</td>' in found

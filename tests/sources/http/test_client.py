"""The HTTP client against real servers on the loopback interface."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest

from support.pacing import VirtualTime
from support.servers import Ending, LoopbackServer, Reply, Request, Steps, http
from wattshift.clock import ReplayClock
from wattshift.errors import (
    ConfigError,
    InputError,
    Malformed,
    NoData,
    Rejected,
    SourceError,
    Unavailable,
)
from wattshift.sources.http.client import HttpClient, HttpLimits

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
LIMITS = HttpLimits(connect_s=5.0, read_s=5.0, total_s=20.0, max_bytes=10_000, min_interval_s=0.0)
QUICK = replace(LIMITS, read_s=0.1, total_s=0.2, max_attempts=1)

Answer = Reply | Steps
Serve = Callable[..., LoopbackServer]


class Scripted:
    """Gives one answer after the other, the last one for ever, and remembers what was asked."""

    def __init__(self, *answers: Answer | Callable[[Request], Answer]) -> None:
        self._answers = list(answers)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(request) if callable(answer) else answer


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(NOW)


@pytest.fixture
def open_client(time: VirtualTime) -> Iterator[Callable[..., HttpClient]]:
    opened: list[HttpClient] = []

    def make(limits: HttpLimits = LIMITS, **more: Any) -> HttpClient:
        given = {"source": "venue", "upstream": "a venue", "clock": time, "pace": time.pace(), **more}
        opened.append(HttpClient(limits=limits, **given))
        return opened[-1]

    yield make
    for client in opened:
        client.close()
        client.close()


Open = Callable[..., HttpClient]


def test_an_answer_comes_with_its_origin(open_client: Open) -> None:
    script = Scripted(Reply(body=b"hello", headers={"Date": "Mon, 19 Jan 2026 12:00:05 GMT"}))
    client = open_client(headers={"X-Key": "hunter2"}, clock=ReplayClock(NOW))
    assert client.server_date_at is None
    with LoopbackServer(http(script)) as server:
        fetched = client.get(f"{server.url}/a?x=1", params={"token": "hunter2", "y": "2"})
    assert fetched.content == b"hello"
    origin = fetched.origin
    assert (origin.source, origin.upstream, origin.fetched_at) == ("venue", "a venue", NOW)
    assert origin.url == f"{server.url}/a?x=1&token=***&y=2"
    assert origin.sha256 == sha256(b"hello").hexdigest()
    assert script.asked[0].target == "/a?x=1&token=hunter2&y=2"
    assert script.asked[0].headers["x-key"] == "hunter2"
    assert script.asked[0].headers["accept-encoding"] == "gzip"
    assert client.server_date_at == NOW + timedelta(seconds=5)


def test_a_post_carries_its_body_once(open_client: Open) -> None:
    script = Scripted([Ending.CLOSE])
    with LoopbackServer(http(script)) as server, pytest.raises(Unavailable):
        open_client().post(server.url, content=b"[1]", content_type="application/json")
    assert [(each.method, each.body, each.headers["content-type"]) for each in script.asked] == [
        ("POST", b"[1]", "application/json")
    ]


def test_a_connection_is_used_again(open_client: Open) -> None:
    client = open_client()
    with LoopbackServer(http(Scripted(Reply(body=b"x")))) as server:
        for _ in range(5):
            client.get(server.url)
        assert server.connections == 1


def test_credentials_in_the_address_are_sent_and_not_shown(open_client: Open) -> None:
    script = Scripted(Reply(status=401))
    with LoopbackServer(http(script)) as server, pytest.raises(Rejected) as caught:
        open_client().get(server.url.replace("//", "//user:hunter2@"))
    assert script.asked[0].headers["authorization"].startswith("Basic ")
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.context}"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Rejected),
        (403, Rejected),
        (404, NoData),
        (410, Rejected),
        (429, Rejected),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (204, Malformed),
        (206, Malformed),
        (304, Malformed),
    ],
)
def test_each_status_has_its_error(open_client: Open, status: int, kind: type[SourceError]) -> None:
    with LoopbackServer(http(Scripted(Reply(status=status)))) as server, pytest.raises(kind) as caught:
        open_client(QUICK).get(server.url)
    assert caught.value.context["source"] == "venue"
    assert caught.value.context["status"] == status
    assert caught.value.hint


def test_what_passes_is_asked_again_and_what_does_not_is_not(open_client: Open, time: VirtualTime) -> None:
    faults: tuple[Answer, ...] = (
        Reply(status=502),
        [Ending.RESET],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Ending.CLOSE],
    )
    for broken in faults:
        script = Scripted(broken, broken, Reply(body=b"at last"))
        with LoopbackServer(http(script)) as server:
            assert open_client().get(server.url).content == b"at last"
        assert len(script.asked) == 3
    assert len(time.slept_s) == 6
    script = Scripted(Reply(status=400))
    with LoopbackServer(http(script)) as server, pytest.raises(Rejected):
        open_client().get(server.url)
    assert len(script.asked) == 1


def test_attempts_are_counted(open_client: Open) -> None:
    script = Scripted(Reply(status=500))
    with LoopbackServer(http(script)) as server, pytest.raises(Unavailable, match="status=500"):
        open_client(replace(LIMITS, max_attempts=2)).get(server.url)
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("header", "pause_s"),
    [
        ("7", 7.0),
        ("Mon, 19 Jan 2026 12:17:10 GMT", 30.0),  # the virtual clock starts 1,000 s after twelve
        ("Mon, 19 Jan 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_obeyed(open_client: Open, time: VirtualTime, header: str, pause_s: float) -> None:
    script = Scripted(Reply(status=429, headers={"Retry-After": header}), Reply(body=b"x"))
    client = open_client(replace(LIMITS, total_s=60.0))
    with LoopbackServer(http(script)) as server:
        with pytest.raises(Rejected, match="too often"):
            client.get(server.url)
        assert client.get(server.url).content == b"x"
    assert sum(time.slept_s) == pytest.approx(pause_s)


def test_a_host_that_wants_a_pause_is_left_alone_by_everybody(open_client: Open, time: VirtualTime) -> None:
    pace = time.pace()
    script = Scripted(Reply(status=503, headers={"Retry-After": "600"}), Reply(body=b"x"))
    first, second = open_client(pace=pace), open_client(pace=pace)
    with LoopbackServer(http(script)) as server:
        for client in (first, second):
            with pytest.raises(Unavailable, match="retry_in_s"):
                client.get(server.url)
        assert len(script.asked) == 1
        time.sleep(600.0)
        assert second.get(server.url).content == b"x"


def test_a_day_without_an_answer_stays_within_the_rate(open_client: Open, time: VirtualTime) -> None:
    """Seven callers ask a host that fails, refuses, is overloaded or hangs up, as fast as they can."""
    pace = time.pace()
    asked_s: list[float] = []
    faults = (Reply(status=502), Reply(status=429), Reply(status=503), [Ending.CLOSE])

    def respond(_: Request) -> Answer:
        asked_s.append(time.elapsed_s)
        return faults[int(time.elapsed_s) // 3_600 % len(faults)]

    limits = replace(LIMITS, min_interval_s=30.0, total_s=90.0)
    clients = [open_client(limits, pace=pace) for _ in range(7)]
    calls = 0
    end_s = time.elapsed_s + 86_400.0
    with LoopbackServer(http(respond)) as server:
        while time.elapsed_s < end_s:
            with pytest.raises(SourceError):
                clients[calls % 7].get(server.url)
            calls += 1
            time.sleep(1.0)
    assert 500 < len(asked_s) <= 86_400 / 30.0 + 1
    gaps_s = [later - earlier for earlier, later in pairwise(asked_s)]
    assert min(gaps_s) >= 30.0


def test_a_call_ends_in_time_however_the_server_drips(open_client: Open) -> None:
    def drip(_: Request) -> Iterator[bytes | float]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
        while True:
            yield b"x"
            yield 0.03

    with LoopbackServer(http(drip)) as server, pytest.raises(Unavailable, match="in time"):
        open_client(replace(QUICK, read_s=5.0)).get(server.url)


def test_a_call_ends_in_time_though_a_read_might_take_longer(open_client: Open) -> None:
    start_s = monotonic()
    with LoopbackServer(http(Scripted([60.0]))) as server, pytest.raises(Unavailable, match="in time"):
        open_client(replace(QUICK, read_s=60.0)).get(server.url)
    assert monotonic() - start_s < 30.0


def test_waiting_counts_towards_the_limit_of_a_call(open_client: Open, time: VirtualTime) -> None:
    script = Scripted(Reply(status=500))
    with LoopbackServer(http(script)) as server, pytest.raises(Unavailable):
        open_client(replace(LIMITS, total_s=3.0, max_attempts=100)).get(server.url)
    assert sum(time.slept_s) < 3.0


@pytest.mark.parametrize("length", [9_999, 10_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_body_up_to_the_limit_is_taken(
    open_client: Open, length: int, pack: Callable[[bytes], bytes]
) -> None:
    headers = {"Content-Encoding": "gzip"} if pack is gzip.compress else {}
    with LoopbackServer(http(Scripted(Reply(body=pack(b"x" * length), headers=headers)))) as server:
        assert open_client().get(server.url).content == b"x" * length


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_longer_body_is_refused(open_client: Open, pack: Callable[[bytes], bytes]) -> None:
    headers = {"Content-Encoding": "gzip"} if pack is gzip.compress else {}
    reply = Reply(body=pack(b"x" * 10_001), headers=headers)
    with LoopbackServer(http(Scripted(reply))) as server, pytest.raises(Malformed, match="too long"):
        open_client().get(server.url)


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


def test_redirects_inside_the_service_are_followed(open_client: Open) -> None:
    script = Scripted(redirect("/b?c=1"), redirect("d", 307), redirect("/e", 301), Reply(body=b"here"))
    with LoopbackServer(http(script)) as server:
        fetched = open_client().get(f"{server.url}/a")
        assert fetched.origin.url == f"{server.url}/e"
    assert [each.target for each in script.asked] == ["/a", "/b?c=1", "/d", "/e"]


def test_a_fourth_redirect_is_one_too_many(open_client: Open) -> None:
    script = Scripted(redirect("/again"))
    with LoopbackServer(http(script)) as server, pytest.raises(Rejected, match="elsewhere"):
        open_client().get(server.url)
    assert len(script.asked) == 4


def test_no_redirect_leaves_the_service(open_client: Open) -> None:
    other_script = Scripted(Reply(body=b"gotcha"))
    with LoopbackServer(http(other_script)) as other:
        for location in (
            other.url,
            f"//{other.address}/",
            "https://127.0.0.1/",
            "file:///etc/passwd",
            "http://[::1",
        ):
            with (
                LoopbackServer(http(Scripted(redirect(location)))) as server,
                pytest.raises(Rejected, match="elsewhere"),
            ):
                open_client().get(server.url)
    assert other_script.asked == []


def test_a_post_follows_nothing(open_client: Open) -> None:
    script = Scripted(redirect("/b"))
    with LoopbackServer(http(script)) as server, pytest.raises(Rejected, match="elsewhere"):
        open_client().post(server.url, content=b"x", content_type="text/plain")
    assert len(script.asked) == 1


def test_plain_http_stays_on_this_machine(open_client: Open) -> None:
    for ask in (open_client().check, open_client().get):
        with pytest.raises(ConfigError, match="plain http"):
            ask("http://venue.example/")
    open_client(replace(LIMITS, allow_plain_http=True)).check("http://venue.example/")
    open_client().check("https://venue.example/")
    open_client().check("http://[::1]:8332/")


def test_a_proxy_serves_other_machines_and_never_this_one(
    open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxied = Scripted(Reply(body=b"by proxy"))
    client = open_client(replace(LIMITS, allow_plain_http=True))
    with (
        LoopbackServer(http(proxied)) as proxy,
        LoopbackServer(http(Scripted(Reply(body=b"direct")))) as server,
    ):
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:hunter2@"))
        assert client.get("http://venue.example/a").content == b"by proxy"
        assert client.get(server.url).content == b"direct"
    assert [each.target for each in proxied.asked] == ["http://venue.example/a"]
    assert proxied.asked[0].headers["proxy-authorization"].startswith("Basic ")


def test_nobody_listening(open_client: Open) -> None:
    with LoopbackServer(http(Scripted(Reply()))) as server:
        pass
    with pytest.raises(Unavailable, match="refused") as caught:
        open_client(QUICK).get(server.url)
    assert caught.value.context["url"] == f"{server.url}/"


@pytest.mark.parametrize("date", ["", "nonsense", "Mon, 99 Jan 2026 99:00:00 GMT", "x" * 60_000])
def test_a_date_that_is_none_is_no_date(open_client: Open, date: str) -> None:
    client = open_client()
    with LoopbackServer(http(Scripted(Reply(body=b"x", headers={"Date": date})))) as server:
        assert client.get(server.url).content == b"x"
    assert client.server_date_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"read_s": 0.0},
        {"total_s": float("nan")},
        {"max_bytes": -1},
        {"max_attempts": 0},
        {"min_interval_s": -1.0},
    ],
)
def test_limits_are_limits(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        HttpLimits(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_the_client_loads_its_library_only_to_ask() -> None:
    code = "import sys, wattshift.sources.http; print('httpcore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""The API over a real server, behind its guard, asked with a real token: it is what its description says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis

from support.api import still_plan
from support.described import ENDING, ask_all
from support.faults import scaled
from support.webclient import Served, served
from wattshift.api.app import build_api
from wattshift.api.operations import Operation
from wattshift.app.service.opening import open_service
from wattshift.store.tokens import TokenFile
from wattshift.web.guard import guarded
from wattshift.web.policy import Binding, Limits, Policy
from wattshift.web.principal import Scope

EXAMPLES = scaled(1, 100)
PATIENT = Limits(
    token_burst=10**6,
    stranger_burst=10**6,
    local_burst=10**6,
    n_guesses=10**6,
    n_open=10**3,
    n_open_local=10**3,
)
"""So many requests at once are what this test is about, not what it should be refused for."""
ABROAD = (
    b"/../../etc/passwd",
    b"/v1/../../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"//etc/passwd",
    b"/v1/%00",
    b"/v1/now%0d%0aX-Injected:1",
    b"/v1/\xff\xfe",
    b"*",
    b"http://other.example/v1/now",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """A server, and the header of a token that may do everything."""
    tokens = TokenFile(tmp_path_factory.mktemp("store") / "tokens.json")
    secret = tokens.make("tester", scopes=[*Scope], life_days=1, now=datetime.now(UTC))
    policy = Policy(needs_token=True, tokens=tokens, limits=PATIENT)
    with open_service(still_plan()) as service:
        assert service.board.wait(60.0) is not None
        with served(guarded(build_api(service), policy), Binding(port=0)) as server:
            yield server, {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def schema(server: tuple[Served, dict[str, str]]) -> Any:
    """Its description, as it tells it itself."""
    web, token = server
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{web.port}/v1/openapi.json", headers=token)


@pytest.mark.parametrize("operation", ENDING, ids=lambda each: each.name)
def test_the_api_is_what_it_says_it_is(
    operation: Operation, schema: Any, server: tuple[Served, dict[str, str]]
) -> None:
    _, token = server
    assert ask_all(schema, operation, examples=EXAMPLES, headers=token) > 0


@pytest.mark.parametrize("target", ABROAD)
def test_no_address_leads_out(target: bytes, server: tuple[Served, dict[str, str]]) -> None:
    web, token = server
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as raw:
        head = {"Host": f"localhost:{web.port}", "Connection": "close", **token}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        raw.sendall(b"GET " + target + b" HTTP/1.1\r\n" + lines.encode() + b"\r\n")
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert answer.split(b" ", 2)[1] in ({b"200", b"421"} if b"//other" in target else {b"400", b"404"})
    assert b"root:" not in answer
    assert b"x-injected" not in answer.lower()


def test_a_stream_of_live_values_ends_when_the_client_leaves(server: tuple[Served, dict[str, str]]) -> None:
    web, token = server
    for _ in range(3):
        connection = web.connection()
        connection.request("GET", "/v1/live", headers=token)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.readline() == b"retry: 3000\n"
        connection.close()
    assert web.ask("/v1/now", Authorization=token["Authorization"]).status == 200

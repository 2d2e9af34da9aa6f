from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI

from support.api import EVERYONE, SomeoneAsks
from support.described import ENDING, ask_all
from support.faults import scaled
from wattshift.api.operations import Operation
from wattshift.web.principal import NOBODY

EXAMPLES = scaled(1, 100)
TOKEN = {"Authorization": "Bearer a-token-of-this-test"}


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> Any:
    """The API for whoever shows the token."""
    known, unknown = SomeoneAsks(app, EVERYONE), SomeoneAsks(app, NOBODY)
    shown = (b"authorization", TOKEN["Authorization"].encode())

    async def judged(scope: Any, receive: Any, send: Any) -> None:
        await (known if shown in scope.get("headers", ()) else unknown)(scope, receive, send)

    return schemathesis.openapi.from_asgi("/v1/openapi.json", judged, headers=TOKEN)


@pytest.mark.parametrize("operation", ENDING, ids=lambda each: each.name)
def test_the_api_is_what_it_says_it_is(operation: Operation, schema: Any) -> None:
    assert ask_all(schema, operation, examples=EXAMPLES, headers=TOKEN) > 0

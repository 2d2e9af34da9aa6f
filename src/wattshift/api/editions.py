"""The route of what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Query, Response

from wattshift.api.paging import AskPage, next_before, next_link
from wattshift.api.route import add_operation, json_response
from wattshift.api.threads import Threads
from wattshift.report.documents.editions import EditionsDocument

if TYPE_CHECKING:
    from wattshift.app.service.service import Service

__all__ = ["add_editions"]


def add_editions(app: FastAPI, service: Service, threads: Threads) -> None:
    """Add the route."""

    async def handle(ask: Annotated[AskPage, Query()]) -> Response:
        rows = await threads.call(service.editions.page, ask.before, ask.limit)
        before = next_before(rows, ask)
        document = EditionsDocument(editions=rows, before=before)
        return json_response("editions", document, headers=next_link("/v1/editions", before, ask))

    add_operation(app, "editions", handle)

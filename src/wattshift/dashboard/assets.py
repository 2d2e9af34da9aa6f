"""The files that pages load: read once, named by their content, and kept by browsers for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from wattshift.dashboard.desk import Desk
from wattshift.dashboard.styles import stylesheet
from wattshift.errors import Missing

__all__ = ["Asset", "assets", "serve_asset"]

_FOLDER = "wattshift.dashboard"
_KEPT = "public, max-age=31536000, immutable"
_TYPES = MappingProxyType({"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"})
_FILES = (
    "boot.js",
    "live.js",
    "pages.js",
    "zoom.js",
    "icon.svg",
    "vendor/htmx.min.js",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file.

    Args:
        body: its bytes.
        media_type: what it is.
        address: where it is found, with a word of its content.
    """

    body: bytes
    media_type: str
    address: str


@cache
def assets() -> Mapping[str, Asset]:
    """All files, by name."""
    folder = files(_FOLDER) / "static"
    bodies = {name: folder.joinpath(*name.split("/")).read_bytes() for name in _FILES}
    bodies["wattshift.css"] = stylesheet().encode()
    return MappingProxyType({name: _asset(name, body) for name, body in bodies.items()})


def _asset(name: str, body: bytes) -> Asset:
    mark = hashlib.sha256(body).hexdigest()[:12]
    return Asset(body=body, media_type=_TYPES[name.rpartition(".")[2]], address=f"/static/{name}?v={mark}")


async def serve_asset(_: Desk, request: Request) -> Response:
    """A file; only those that are listed exist, whatever a path says."""
    found = assets().get(request.path_params["name"])
    if found is None:
        raise Missing("there is no such file", hint="load the page anew")
    return Response(
        found.body,
        media_type=found.media_type,
        headers={"Cache-Control": _KEPT if "v" in request.query_params else "no-cache"},
    )

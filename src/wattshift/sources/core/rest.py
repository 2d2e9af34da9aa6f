"""Headers by a node's REST interface: 80 bytes each and nothing else, the fastest way there is.

Off unless the node runs with `-rest=1`; needs no password. Source: Bitcoin Core, `doc/REST-interface.md`.
"""

from __future__ import annotations

from wattshift.chain.header import HEADER_SIZE, hash_from_hex, hash_to_hex
from wattshift.errors import InputError, Malformed, NoData, Rejected, Unavailable
from wattshift.sources.http.client import HttpClient
from wattshift.sources.port import Fetched, HeaderBatch, Heights

__all__ = ["Rest", "came_by_rest", "parse_rest_headers"]

_HEADERS = "/rest/headers/"
_HINT = "this does not look like a Bitcoin node: check the address"


class Rest:
    """A node's REST server.

    Args:
        url: the node's address, the same as that of JSON-RPC.
        client: asks it.
    """

    def __init__(self, url: str, client: HttpClient) -> None:
        self._url = url.rstrip("/")
        self._client = client
        self._is_old = False

    def headers(self, heights: Heights) -> Fetched:
        """The headers of a stretch, end to end.

        Raises:
            NoData: if the stretch starts beyond the tip, or the node's REST interface is off.
            SourceError: if the node fails.
        """
        named = self._client.get(f"{self._url}/rest/blockhashbyheight/{heights.first}.hex")
        block_hash = _read_hash(named)
        if not self._is_old:
            try:
                return self._client.get(
                    f"{self._url}{_HEADERS}{block_hash}.bin", params={"count": str(heights.count)}
                )
            except (NoData, Rejected):
                self._is_old = True
        # Nodes before version 24 know only this spelling.
        return self._client.get(f"{self._url}{_HEADERS}{heights.count}/{block_hash}.bin")


def came_by_rest(fetched: Fetched) -> bool:
    """Whether these are headers from a REST interface."""
    return _HEADERS in fetched.origin.url


def parse_rest_headers(heights: Heights, fetched: Fetched) -> HeaderBatch:
    """Cut nothing and believe nothing: whole headers, and no more than were asked for.

    Raises:
        Malformed: if they are not.
        Unavailable: if there is none.
    """
    size = len(fetched.content)
    if not size:
        raise Unavailable(
            "the node named a block and then had no header of it",
            source=fetched.origin.source,
            url=fetched.origin.url,
            hint="ask again: its chain has just changed",
        )
    if size % HEADER_SIZE or size > heights.count * HEADER_SIZE:
        raise Malformed(
            f"{size} bytes are not at most {heights.count} headers",
            source=fetched.origin.source,
            url=fetched.origin.url,
            hint=_HINT,
        )
    return HeaderBatch(first=heights.first, headers=fetched.content, origin=fetched.origin)


def _read_hash(fetched: Fetched) -> str:
    try:
        return hash_to_hex(hash_from_hex(fetched.content.decode("ascii").strip()))
    except (UnicodeDecodeError, InputError) as error:
        raise Malformed(
            "the answer is not a block hash",
            source=fetched.origin.source,
            url=fetched.origin.url,
            hint=_HINT,
        ) from error

"""Whose page sent a request: only the service's own may. And under which name: only under one of its own.

A browser on the operator's desk runs pages of strangers. Such a page may point a name of its own at this
machine (DNS rebinding), or send requests straight to it, with the reader's cookie. Neither gets anywhere: the
first shows in Host, the second in Origin and Sec-Fetch-Site, which pages cannot forge.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address

__all__ = ["is_foreign", "is_our_host"]

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}))(?::\d{1,5})?", re.ASCII)
_OWN = frozenset({"same-origin", "none"})


def is_our_host(host: str, names: Collection[str], *, takes_addresses: bool) -> bool:
    """Whether a Host header names this service.

    Args:
        host: the header.
        names: what it may be called, in small letters.
        takes_addresses: whether any IP address will do.
    """
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return False
    name = match[1].strip("[]").rstrip(".")
    return name in names or (takes_addresses and _is_address(name))


def is_foreign(headers: Mapping[bytes, bytes], *, scheme: str, method: str, is_live: bool) -> bool:
    """Whether a page of somebody else sent a request. A link that a reader clicked on is not one.

    Args:
        headers: of the request.
        scheme: under which the service was asked.
        method: of the request.
        is_live: whether a stream of live values is asked for, which no link does.
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.lower() != scheme.encode() + b"://" + headers[b"host"].lower():
        return True
    site = headers.get(b"sec-fetch-site")
    if site is None or site.decode("latin-1") in _OWN:
        return False
    is_link = (
        headers.get(b"sec-fetch-mode") == b"navigate"
        and headers.get(b"sec-fetch-dest") == b"document"
        and method in {"GET", "HEAD"}
    )
    return is_live or not is_link


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

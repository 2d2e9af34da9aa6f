"""Where messages may go: to the public Internet, and inside only where the operator says so.

A URL is text that somebody wrote, perhaps to make this machine ask its neighbours (server-side request
forgery). A name is resolved once; every address that it has must be public; and the connection goes to the
address that was looked at, whatever the name says a moment later.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from wattshift.errors import Rejected, Unavailable

__all__ = ["Resolve", "is_public", "resolve_host", "safe_address"]

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""All addresses of a host, by its name and port."""

_NAT64 = IPv6Network("64:ff9b::/96")


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the machine's resolver.

    Raises:
        Unavailable: if it knows no such host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            "the receiver's name is not known", host=host, hint="check the name and this machine's DNS"
        ) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def safe_address(
    host: str, port: int, *, allow_private: bool = False, resolve: Resolve = resolve_host
) -> str:
    """The one address of a host to connect to.

    Args:
        host: its name or address.
        port: its port.
        allow_private: whether it may be on this machine or in a private network.
        resolve: what knows names.

    Raises:
        Rejected: if one of its addresses is not public.
        Unavailable: if it has none.
    """
    found = resolve(host, port)
    if not found:
        raise Unavailable("the receiver's name has no address", host=host, hint="check the name")
    if not allow_private and not all(is_public(each) for each in found):
        raise Rejected(
            "the receiver is on this machine or in a private network",
            host=host,
            hint="set allow_private = true for this channel if that is meant",
        )
    return found[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet, and hides none that is not."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and (inner := _inside(found)) is not None:
        return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None

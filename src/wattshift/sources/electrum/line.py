"""A connection that carries lines, each bounded in length and in time."""

from __future__ import annotations

import socket
import ssl
import time

from wattshift.errors import Malformed, SourceError, Unavailable
from wattshift.sources.electrum.peer import ElectrumLimits, Peer
from wattshift.sources.electrum.trust import Trust

__all__ = ["Line"]

_CHUNK = 1 << 16
_HINT = "see that the address is right and that the server runs there, then ask again"


class Line:
    """An open connection to a server.

    Args:
        connection: a connected socket; closed with the line.
    """

    def __init__(self, connection: socket.socket, limits: ElectrumLimits) -> None:
        self._socket = connection
        self._limits = limits
        self._buffer = bytearray()

    @classmethod
    def open(cls, peer: Peer, trust: Trust, limits: ElectrumLimits, *, end_s: float) -> Line:
        """Connect, and see whom the server is.

        Args:
            peer: where it listens.
            trust: judges its certificate.
            limits: of the connection and of its lines.
            end_s: monotonic instant at which all must be over [s].

        Raises:
            Unavailable: if nobody answers in time.
            Malformed: if the server cannot prove to be the right one.
        """
        end_s = min(end_s, time.monotonic() + limits.connect_s)
        connection = _connect(peer, end_s)
        try:
            return cls(_secure(connection, peer, trust, end_s) if peer.tls else connection, limits)
        except BaseException:
            connection.close()
            raise

    def send(self, line: bytes, *, end_s: float) -> None:
        """Send a line, its end included.

        Raises:
            Unavailable: if it does not leave in time.
        """
        try:
            self._socket.settimeout(_left_s(end_s))
            self._socket.sendall(line)
        except OSError as error:
            raise _failed(error) from error

    def read(self, *, end_s: float) -> bytes:
        """The next line, without its end.

        Raises:
            Unavailable: if it is not there in time.
            Malformed: if it is too long.
        """
        end_s = min(end_s, time.monotonic() + self._limits.line_s)
        searched = 0
        while (at := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            self._check_length(searched)
            if not self._receive(end_s):
                raise Unavailable("there was no whole line in time", hint=_HINT)
        self._check_length(at)
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 1]
        return line

    def heard(self, wait_s: float) -> bool:
        """Whether something came in before the time was up [s].

        Raises:
            Unavailable: if the connection broke.
        """
        return bool(self._buffer) or self._receive(time.monotonic() + wait_s)

    def close(self) -> None:
        """Hang up; a second call does nothing."""
        self._socket.close()

    def _check_length(self, length: int) -> None:
        if length > self._limits.max_bytes:
            raise Malformed(
                "the server sends a line without end",
                max_bytes=self._limits.max_bytes,
                hint="use another server",
            )

    def _receive(self, end_s: float) -> bool:
        """Take in what came; False where nothing did in time."""
        left_s = end_s - time.monotonic()
        if left_s <= 0.0:
            return False
        try:
            self._socket.settimeout(left_s)
            chunk = self._socket.recv(_CHUNK)
        except TimeoutError:
            return False
        except OSError as error:
            raise _failed(error) from error
        if not chunk:
            raise Unavailable("the server hung up", hint=_HINT)
        self._buffer += chunk
        return True


def _connect(peer: Peer, end_s: float) -> socket.socket:
    """A connection to the first of the host's addresses that answers."""
    failure: SourceError = Unavailable("the host has no address", hint=_HINT)
    try:
        found = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise failure from error
    for family, kind, protocol, _, address in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(_left_s(end_s))
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = _failed(error)
        else:
            return connection
    raise failure


def _secure(connection: socket.socket, peer: Peer, trust: Trust, end_s: float) -> socket.socket:
    try:
        connection.settimeout(_left_s(end_s))
        secured = trust.context().wrap_socket(connection, server_hostname=peer.host)
    except ssl.SSLCertVerificationError as error:
        raise Malformed(
            f"the server's certificate is not to be trusted: {error.verify_message}",
            hint="if the server signs its own certificate, learn its SHA-256 from its operator and pin it",
        ) from error
    except OSError as error:
        raise _failed(error) from error
    try:
        trust.check(secured.getpeercert(binary_form=True) or b"")
    except BaseException:
        secured.close()
        raise
    return secured


def _left_s(end_s: float) -> float:
    """What is left of the time [s], as a time limit for a socket: never zero, which would mean none."""
    left_s = end_s - time.monotonic()
    if left_s <= 0.0:
        raise TimeoutError
    return left_s


def _failed(error: OSError) -> Unavailable:
    if isinstance(error, TimeoutError):
        return Unavailable("the server did not answer in time", hint=_HINT)
    return Unavailable(f"the connection failed: {error.strerror or error}", hint=_HINT)

"""Real servers on the loopback interface, in threads: what a source talks to in a test.

`LoopbackServer(http(respond))` answers HTTP, `LoopbackServer(lines(respond))` a line for a line. Where a
responder returns steps instead of a reply, it says byte by byte, pause by pause what goes over the wire.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from threading import Event, Thread
from types import TracebackType
from typing import Self

_MAX_LINE = 1 << 20
_HANDSHAKE_S = 5.0


class Ending(Enum):
    """How a conversation can end before its time."""

    RESET = "reset"
    CLOSE = "close"


Step = bytes | float | Ending
"""Bytes to send, seconds to pause, or an ending."""
Steps = Iterable[Step]


class Peer:
    """The other end of a connection, as a server sees it."""

    def __init__(self, connection: socket.socket, stopping: Event) -> None:
        self._connection = connection
        self._reader = connection.makefile("rb")
        self._stopping = stopping

    def line(self) -> bytes:
        """The next line with its end; nothing where the other side is gone."""
        return self._reader.readline(_MAX_LINE)

    def exactly(self, length: int) -> bytes:
        return self._reader.read(length)

    def play(self, steps: Steps) -> None:
        for step in steps:
            if isinstance(step, bytes):
                self._connection.sendall(step)
            elif isinstance(step, float):
                if self._stopping.wait(step):
                    raise ConnectionAbortedError
            else:
                if step is Ending.RESET:
                    linger = struct.pack("ii", 1, 0)
                    self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                raise ConnectionAbortedError

    def close(self) -> None:
        self._reader.close()
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class LoopbackServer:
    """Listens on a free port of 127.0.0.1; a thread for each connection."""

    def __init__(self, talk: Callable[[Peer], None], tls: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._tls = tls
        self._stopping = Event()
        self._threads: list[Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._acceptor = Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.address}"

    def close(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10.0)
            assert not thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            if self._tls is not None:
                connection.settimeout(_HANDSHAKE_S)
                connection = self._tls.wrap_socket(connection, server_side=True)
                connection.settimeout(None)
            self._open.append(connection)
            peer = Peer(connection, self._stopping)
            try:
                self._talk(peer)
            finally:
                peer.close()
        connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked by HTTP; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer by the book."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        given = {"Content-Length": str(len(self.body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return f"HTTP/1.1 {self.status} As Told\r\n{head}\r\n".encode("latin-1") + self.body


def http(respond: Callable[[Request], Reply | Steps]) -> Callable[[Peer], None]:
    """A conversation by HTTP/1.1: kept alive after a reply, ended after steps."""

    def talk(peer: Peer) -> None:
        while (request := _read_request(peer)) is not None:
            answer = respond(request)
            if not isinstance(answer, Reply):
                peer.play(answer)
                return
            peer.play([answer.wire()])

    return talk


def lines(respond: Callable[[bytes], Steps]) -> Callable[[Peer], None]:
    """A conversation a line at a time; what is given back goes out as it is."""

    def talk(peer: Peer) -> None:
        while line := peer.line():
            peer.play(respond(line))

    return talk


def _read_request(peer: Peer) -> Request | None:
    words = peer.line().decode("latin-1").split()
    if len(words) != 3:
        return None
    headers = {}
    while (line := peer.line().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = peer.exactly(int(headers.get("content-length", "0")))
    return Request(method=words[0], target=words[1], headers=headers, body=body)

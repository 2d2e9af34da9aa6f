"""The web server: uvicorn in this process, as strict as the service wants it.

It ends in good order at SIGTERM or Ctrl+C: no new connections, streams of live values are ended, answers
under way are finished, all within seconds.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import closing

import uvicorn

from wattshift.errors import ConfigError
from wattshift.web.guard import Guard
from wattshift.web.policy import Binding
from wattshift.web.protocol import bounded_protocol
from wattshift.web.tls import tls_context

__all__ = ["WebServer", "listen"]

_BACKLOG = 512
_KEEP_ALIVE_S = 15
_GRACE_S = 5


class WebServer(uvicorn.Server):
    """Serves one guarded application.

    Args:
        guard: what is served.
        binding: where.
        on_ready: is told the URL, once the service listens.
        on_stop: ends what would not end by itself, such as streams.

    Raises:
        ConfigError: if TLS has no sound certificate.
    """

    def __init__(
        self,
        guard: Guard,
        binding: Binding,
        *,
        on_ready: Callable[[str], None] = lambda _: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(_config(guard, binding))
        self._binding = binding
        self._on_ready = on_ready
        self._on_stop = on_stop

    def serve_until_stopped(self, taken: socket.socket | None = None) -> None:
        """Serve until SIGTERM, Ctrl+C or `stop`; returns when all is closed.

        Signals are heard in the main thread only.

        Args:
            taken: the port, as `listen` took it; by default it is taken now.

        Raises:
            ConfigError: if the port is taken.
        """
        with closing(listen(self._binding) if taken is None else taken) as port:
            self.run(sockets=[port])

    def stop(self) -> None:
        """End soon; any thread may say so."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if sockets and self.started:
            self._on_ready(self._binding.url(sockets[0].getsockname()[1]))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in good order."""
        self._on_stop()
        await super().shutdown(sockets)
        # Else uvicorn would raise the signal again, and the process would die of what it obeyed.
        self._captured_signals.clear()


def listen(binding: Binding) -> socket.socket:
    """Take the port; nobody is answered there before it is served.

    Raises:
        ConfigError: if somebody else has it, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in binding.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((binding.host, binding.port))
    except OSError as error:
        taken.close()
        raise ConfigError(
            f"the service cannot listen there: {error.strerror}",
            host=binding.host,
            port=binding.port,
            hint="stop whoever has the port, or name another one: --port 8551",
        ) from None
    return taken


def _config(guard: Guard, binding: Binding) -> uvicorn.Config:
    limits = guard.policy.limits
    cert, key = binding.tls_cert, binding.tls_key
    context: ssl.SSLContext | None = None if cert is None or key is None else tls_context(cert, key)
    return uvicorn.Config(
        guard,
        http=bounded_protocol(limits),
        ws="none",
        log_config=None,
        log_level="error",  # else whoever sends nonsense writes a line of the log each time
        access_log=False,
        proxy_headers=bool(binding.proxies),
        forwarded_allow_ips=list(binding.proxies),
        server_header=False,
        limit_concurrency=limits.n_connections,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_context_factory=None if context is None else lambda *_: context,
    )

"""A node's announcements of new blocks, by ZeroMQ: sooner than asking, and never more than a hint to ask.

The node runs with `-zmqpubhashblock=tcp://127.0.0.1:28332`. Source: Bitcoin Core, `doc/zmq.md`.
"""

from __future__ import annotations

from wattshift.errors import ConfigError, Malformed, Unavailable

__all__ = ["ZmqTipWatch"]

_TOPIC = b"hashblock"
_PART_SIZES = (len(_TOPIC), 32, 4)
_MAX_MESSAGE_BYTES = 1 << 16
_MAX_QUEUE = 1_000


class ZmqTipWatch:
    """Listens to one node's `hashblock` announcements.

    A message may get lost, so silence proves nothing: ask now and then all the same.

    Args:
        source: the name under which the node is configured.
        url: where the node publishes, such as tcp://127.0.0.1:28332.

    Raises:
        ConfigError: if pyzmq is not installed, or the address is none.
    """

    def __init__(self, source: str, url: str) -> None:
        try:
            import zmq
        except ImportError as error:
            raise ConfigError(
                "the announcements of a node need the package pyzmq",
                source=source,
                hint="install wattshift[node], or remove the node's zmq address from the settings",
            ) from error
        self._source = source
        self._url = url
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IPV6, 1)
        self._socket.setsockopt(zmq.RCVHWM, _MAX_QUEUE)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _MAX_MESSAGE_BYTES)
        self._socket.setsockopt(zmq.SUBSCRIBE, _TOPIC)
        self._events = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED)
        try:
            self._socket.connect(url)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(
                "this is not where a node could publish",
                source=source,
                url=url,
                hint="write it as tcp://127.0.0.1:28332",
            ) from error

    def wait(self, timeout_s: float) -> bool:
        """Whether a new tip was announced before the time was up [s].

        Raises:
            Unavailable: if nobody is there or the connection broke; announcements may have been missed.
            Malformed: if something else than an announcement came.
        """
        import zmq

        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._events, zmq.POLLIN)
        ready = dict(poller.poll(round(1_000 * timeout_s)))
        if self._socket in ready:
            self._drain()
            return True
        if self._events in ready:
            self._events.recv_multipart()
            raise Unavailable(
                "the line of the node's announcements is down",
                source=self._source,
                url=self._url,
                hint="see that the node runs with -zmqpubhashblock, ask it for its tip, and watch anew",
            )
        return False

    def close(self) -> None:
        """Let go of the line; a second call does nothing."""
        if not self._socket.closed:
            self._socket.disable_monitor()
            self._events.close(linger=0)
            self._socket.close(linger=0)
            self._context.term()

    def _drain(self) -> None:
        """Take what is there: ten blocks announced are one reason to ask."""
        import zmq

        for _ in range(_MAX_QUEUE):
            if not self._socket.poll(0):
                return
            parts = self._socket.recv_multipart(zmq.NOBLOCK)
            if tuple(map(len, parts)) != _PART_SIZES or parts[0] != _TOPIC:
                raise Malformed(
                    "this is not the announcement of a block",
                    source=self._source,
                    url=self._url,
                    hint="check that a Bitcoin node publishes at this address",
                )

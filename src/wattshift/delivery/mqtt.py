"""A broker of MQTT: it is told the newest payload of each topic, retained, and asked nothing.

Whoever tells never waits. What cannot go out yet is held by topic, so that a broker that is slow or away
costs the memory of one payload a topic, and gets the newest when it is back. Messages go once, without
acknowledgement: acknowledged ones would be sent again after a break, behind newer ones. Instead all is told
anew on each connection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from wattshift.errors import ConfigError

if TYPE_CHECKING:
    from paho.mqtt.client import Client

__all__ = ["OFFLINE", "ONLINE", "Broker", "MqttLink", "new_client"]

ONLINE, OFFLINE = b"online", b"offline"

_KEEPALIVE_S = 30
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1, 60
_PATIENCE_S = 3.0
_MOST_ON_WAY = 64
_log = logging.getLogger("wattshift.mqtt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker, and who speaks to it.

    Args:
        host: its name or address.
        port: its port.
        client_id: who speaks; a second one of that name replaces the first.
        tls: whether to speak TLS.
        ca_path: who vouches for it; None for whom the system trusts.
        user: user name; None for none.
        password: that user's; None for none.
    """

    host: str
    port: int
    client_id: str
    tls: bool = False
    ca_path: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def new_client(broker: Broker) -> Client:
    """A client of paho's that is not connected yet.

    Raises:
        ConfigError: if paho is missing, or the file of who vouches for the broker cannot be read.
    """
    try:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError:
        raise ConfigError(
            "a broker needs paho-mqtt, which is not installed", hint="pip install 'wattshift[mqtt]'"
        ) from None
    client = Client(CallbackAPIVersion.VERSION2, client_id=broker.client_id)
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        try:
            client.tls_set(None if broker.ca_path is None else str(broker.ca_path))
        except OSError as error:
            raise ConfigError(
                f"who vouches for the broker cannot be read: {error.strerror or error}",
                file=broker.ca_path,
                hint="give a PEM file in ca_file",
            ) from None
    client.reconnect_delay_set(_FIRST_WAIT_S, _LONGEST_WAIT_S)
    return client


class MqttLink:
    """A connection that is made again whenever it breaks, each time after a longer wait.

    Args:
        broker: the broker.
        presence_topic: says `online`, and `offline` as soon as nobody is here, however that came about.
        make: makes a client.

    Raises:
        ConfigError: as `new_client`.
    """

    def __init__(
        self, broker: Broker, *, presence_topic: str, make: Callable[[Broker], Client] = new_client
    ) -> None:
        self._broker = broker
        self._presence_topic = presence_topic
        self._lock = Lock()
        self._wanted: dict[str, bytes] = {presence_topic: ONLINE}
        self._told: dict[str, bytes] = {}
        self._on_way: set[int] = set()
        self._is_connected = False
        self._is_in_trouble = False
        client = make(broker)
        client.will_set(presence_topic, OFFLINE, qos=1, retain=True)
        client.on_connect = lambda _client, _data, _flags, reason, _rest: self._came(
            None if reason == 0 else str(reason)
        )
        silence = "it does not answer" + (", or its certificate is not trusted" if broker.tls else "")
        client.on_connect_fail = lambda _client, _data: self._failed(silence)
        client.on_disconnect = lambda *_: self._went()
        client.on_publish = lambda _client, _data, mid, *_: self._left(mid)
        self._client = client

    def start(self) -> None:
        """Begin to connect, in a thread of its own."""
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=_KEEPALIVE_S)
        self._client.loop_start()

    @property
    def is_connected(self) -> bool:
        """Whether the broker listens."""
        return self._is_connected

    def tell(self, messages: Mapping[str, bytes]) -> None:
        """Have the broker told of these payloads, by topic; returns at once, wherever the broker is."""
        with self._lock:
            self._wanted.update(messages)
            self._hand_over()

    def close(self) -> None:
        """Say goodbye; a broker that does not listen is not waited for."""
        with self._lock:
            if self._is_connected:
                self._is_connected = False  # nothing more is handed over
                self._client.publish(self._presence_topic, OFFLINE, qos=0, retain=True)
        self._client.disconnect()
        stopping = Thread(target=self._client.loop_stop, daemon=True)
        stopping.start()
        stopping.join(_PATIENCE_S)

    def _hand_over(self) -> None:
        """Hand over what the broker does not know yet, as much as may be on the way. With the lock held."""
        if not self._is_connected:
            return
        for topic, payload in self._wanted.items():
            if len(self._on_way) >= _MOST_ON_WAY:
                return  # the rest follows as these leave
            if self._told.get(topic) == payload:
                continue
            handed = self._client.publish(topic, payload, qos=0, retain=True)
            if handed.rc != 0:
                return  # the connection has just broken: all is told anew on the next one
            self._told[topic] = payload
            self._on_way.add(handed.mid)

    # From here on: told by paho, in its thread.

    def _came(self, refusal: str | None) -> None:
        if refusal is not None:
            self._failed(refusal)
            return
        if self._is_in_trouble:
            _log.info("the broker listens again")
        with self._lock:
            self._is_in_trouble = False
            self._is_connected = True
            self._told.clear()
            self._on_way.clear()
            self._hand_over()

    def _failed(self, why: str) -> None:
        """Logged once; the log's next word is of recovery."""
        if not self._is_in_trouble:
            _log.warning("the broker %s:%d is not told: %s", self._broker.host, self._broker.port, why)
        self._is_in_trouble = True

    def _went(self) -> None:
        with self._lock:
            was_connected, self._is_connected = self._is_connected, False
        if was_connected:
            self._failed("the connection broke")

    def _left(self, mid: int) -> None:
        with self._lock:
            self._on_way.discard(mid)
            self._hand_over()

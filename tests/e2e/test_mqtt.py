"""A real broker hears of a real service: announcements, states, what happens when either of them dies."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from e2e.peers.mosquitto import PASSWORD, USER, Mosquitto
from e2e.peers.serving import Serving
from support.editions import bundled_edition
from support.homeassistant import check_announcement
from wattshift.app.service.edition import Board
from wattshift.app.service.houses.house import open_house
from wattshift.config.mqtt import MqttGiven

TESTS = Path(__file__).parents[1]
PEERS = TESTS.parent / ".peers"
CERTIFICATES = TESTS / "vectors" / "tls"
PRESENCE = "wattshift/hall/availability"


class Watcher:
    """A client that hears everything, as Home Assistant does."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker
        self._changed = threading.Condition()
        self.heard: dict[str, bytes] = {}
        self.was_retained: set[str] = set()
        client = Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(USER, PASSWORD)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda client, *_: client.subscribe("#")
        client.on_message = lambda _client, _data, message: self._hear(message)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        self._client = client

    def _hear(self, message: MQTTMessage) -> None:
        with self._changed:
            self.heard[message.topic] = bytes(message.payload)
            if message.retain:
                self.was_retained.add(message.topic)
            self._changed.notify_all()

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, 30.0), f"no {what}; heard {sorted(self.heard)}"

    def announced(self) -> dict[str, Any]:
        return {
            topic: json.loads(payload)
            for topic, payload in self.heard.items()
            if topic.startswith("homeassistant/")
        }

    def is_whole(self) -> bool:
        """Whether many things were announced, and each has said something."""
        announced = self.announced().values()
        return len(announced) > 20 and {content["state_topic"] for content in announced} <= self.heard.keys()

    def state(self, name: str) -> Any:
        return json.loads(self.heard[f"wattshift/hall/replay/{name}"])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def watching(broker: Mosquitto) -> Iterator[Watcher]:
    watcher = Watcher(broker)
    try:
        yield watcher
    finally:
        watcher.close()


def settings_of(broker: Mosquitto, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o600)
    settings = folder / "serve.toml"
    settings.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nuser = "{USER}"\n'
        f'password_file = "{secret}"\nsite_id = "hall"\n',
        encoding="utf-8",
    )
    return settings


@pytest.fixture(scope="module")
def program() -> Path:
    """The unpacked broker."""
    return Mosquitto.install(PEERS)


@pytest.fixture(scope="module")
def broker(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(program, tmp_path_factory.mktemp("mosquitto") / "broker") as broker:
        yield broker


@pytest.fixture(scope="module")
def service(broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("service")
    with Serving(folder, "--speed", "1200", "--settings", settings_of(broker, folder)) as service:
        yield service


def test_whoever_comes_later_finds_all_that_there_is(broker: Mosquitto, service: Serving) -> None:
    with watching(broker) as first:
        first.until(lambda: first.heard.get(PRESENCE) == b"online", "presence")
        first.until(lambda: "wattshift/hall/replay/sensor/lag_s" in first.heard, "states")
    with watching(broker) as later:
        later.until(lambda: PRESENCE in later.was_retained and later.is_whole(), "memory")
        announced = later.announced()
        assert set(announced) <= later.was_retained
        for topic, content in announced.items():
            check_announcement(topic, content)
            assert content["availability_topic"] == PRESENCE
            assert content["device"]["name"] == "Houston 100, replayed"
        rate = later.state("sensor/hashrate_ehs")
        assert rate["low"] < rate["value"] < rate["high"]
        assert later.state("binary_sensor/run_own_gpus")["value"] in {"ON", "OFF"}
    assert service.child.status is None


def test_states_follow_the_editions(broker: Mosquitto, service: Serving) -> None:
    with watching(broker) as watcher:
        watcher.until(lambda: "wattshift/hall/replay/sensor/as_of" in watcher.heard, "an instant")
        before = watcher.state("sensor/as_of")["value"]
        watcher.until(lambda: watcher.state("sensor/as_of")["value"] > before, "news")
    assert service.child.status is None


def test_the_service_listens_to_nothing(broker: Mosquitto, service: Serving) -> None:
    told = broker.child.log.read_text(encoding="utf-8")
    assert "as wattshift_hall" in told
    assert "Received SUBSCRIBE from wattshift_hall" not in told
    assert service.child.status is None


def test_a_broker_that_died_and_forgot_all_is_told_anew(broker: Mosquitto, service: Serving) -> None:
    broker.child.kill()
    editions = _editions(service)
    service.child.until(lambda: _editions(service) > editions + 1, "edition without a broker")
    broker.start()
    with watching(broker) as watcher:
        watcher.until(lambda: watcher.heard.get(PRESENCE) == b"online", "presence")
        watcher.until(watcher.is_whole, "states")
    log = service.child.log.read_text(encoding="utf-8")
    assert log.count("is not told") == 1, "a failure is logged once"
    assert "the broker listens again" in log
    assert PASSWORD not in log


def _editions(service: Serving) -> float:
    lines = service.get("/metrics").decode().splitlines()
    return float(next(line for line in lines if line.startswith("wattshift_editions_total ")).split()[1])


def test_a_service_that_is_killed_is_offline_and_one_that_comes_back_is_not(
    broker: Mosquitto, service: Serving
) -> None:
    with watching(broker) as watcher:
        watcher.until(lambda: watcher.heard.get(PRESENCE) == b"online", "presence")
        service.child.kill()
        watcher.until(lambda: watcher.heard.get(PRESENCE) == b"offline", "last will")
        service.start()
        watcher.until(lambda: watcher.heard.get(PRESENCE) == b"online", "return")
        service.child.send(signal.SIGTERM)
        assert service.child.ended() == 0
        watcher.until(lambda: watcher.heard.get(PRESENCE) == b"offline", "goodbye")


@contextmanager
def housed(given: MqttGiven, secret: str) -> Iterator[None]:
    """A house in this process, that tells one edition."""
    board = Board()
    board.publish(bundled_edition())
    house = open_house(given, board, environment={"HOUSE": secret})
    try:
        yield
    finally:
        house.close()


def given_of(broker: Mosquitto, **more: Any) -> MqttGiven:
    who: dict[str, Any] = {"user": USER, "password_env": "HOUSE", "site_id": "annex"}
    return MqttGiven(host="127.0.0.1", port=broker.port, **who, **more)


def test_a_wrong_password_is_told_once_and_is_not_repeated(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    refused = broker.child.log.read_text(encoding="utf-8").count("not authorised")
    with housed(given_of(broker), "canary-of-the-house"):
        broker.child.until(
            lambda: broker.child.log.read_text(encoding="utf-8").count("not authorised") >= refused + 2,
            "second try",
        )
    assert caplog.text.count("is not told: Not authorized") == 1
    assert "canary-of-the-house" not in caplog.text


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho leaves such a socket to the collector
@pytest.mark.parametrize(
    ("name", "is_trusted"), [("good", True), ("elsewhere", False), ("expired", False), ("self", False)]
)
def test_a_broker_proves_who_it_is(
    program: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, is_trusted: bool
) -> None:
    with Mosquitto(program, tmp_path / "broker", certificate=CERTIFICATES / f"{name}.pem") as broker:

        def told() -> str:
            return broker.child.log.read_text(encoding="utf-8")

        given = given_of(broker, tls=True, ca_file=str(CERTIFICATES / "authority.pem"))
        with housed(given, PASSWORD):
            broker.child.until(
                lambda: "PUBLISH from wattshift_annex" in told() or "certificate" in caplog.text,
                "end of the handshake",
            )
        assert ("PUBLISH from wattshift_annex" in told()) == is_trusted
        assert ("its certificate is not trusted" in caplog.text) == (not is_trusted)

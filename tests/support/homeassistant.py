"""Home Assistant's documented discovery of MQTT sensors, as far as it is used here.

Read from home-assistant.io: integrations mqtt, sensor.mqtt and binary_sensor.mqtt; and the developers' pages
on the device classes of sensors, for which units and state classes belong together.
"""

from __future__ import annotations

import re
from typing import Any

import jsonschema

__all__ = ["DISCOVERY_TOPIC", "check_announcement"]

DISCOVERY_TOPIC = re.compile(r"homeassistant/(sensor|binary_sensor)/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config")

_TEXT = {"type": "string", "minLength": 1}
_COMMON: dict[str, Any] = {
    "name": _TEXT,
    "unique_id": _TEXT,
    "state_topic": _TEXT,
    "value_template": _TEXT,
    "json_attributes_topic": _TEXT,
    "availability_topic": _TEXT,
    "expire_after": {"type": "integer", "minimum": 1},
    "entity_category": {"enum": ["diagnostic"]},
    "device": {
        "type": "object",
        "required": ["identifiers"],
        "additionalProperties": False,
        "properties": {
            "identifiers": {"type": "array", "minItems": 1, "items": _TEXT},
            **dict.fromkeys(("name", "manufacturer", "model", "sw_version"), _TEXT),
        },
    },
    "origin": {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {"name": _TEXT, "sw_version": _TEXT},
    },
}
_OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "sensor": {
        "device_class": {"enum": ["power", "duration", "timestamp"]},
        "state_class": {"enum": ["measurement", "total", "total_increasing"]},
        "unit_of_measurement": _TEXT,
    },
    "binary_sensor": {"device_class": {"enum": ["running", "problem", "power"]}},
}
_UNITS: dict[str, set[str | None]] = {
    "power": {"W", "kW", "MW", "GW"},
    "duration": {"s", "min", "h", "d"},
    "timestamp": {None},
}


def check_announcement(topic: str, content: dict[str, Any]) -> None:
    """Fail unless Home Assistant would take it."""
    found = DISCOVERY_TOPIC.fullmatch(topic)
    assert found, topic
    schema = {
        "type": "object",
        "required": ["name", "unique_id", "state_topic", "device", "availability_topic"],
        "additionalProperties": False,
        "properties": _COMMON | _OF_ITS_OWN[found[1]],
    }
    jsonschema.validate(content, schema)
    unit, device_class = content.get("unit_of_measurement"), content.get("device_class")
    if found[1] == "sensor" and device_class is not None:
        assert unit in _UNITS[device_class], f"{device_class} is not measured in {unit}"
    if unit is not None:
        assert content.get("state_class") == "measurement", "numbers are kept as statistics"

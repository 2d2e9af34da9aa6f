from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from wattshift.alerts.rule import Rule
from wattshift.config.alerts import EXAMPLE_ALERTS, alerts_schema, load_alerts
from wattshift.errors import ConfigError

RULE = '[[hashrate_drop]]\nname = "drop"\n'


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], object]:
    def load(text: str) -> object:
        path = tmp_path / "alerts.toml"
        path.write_text(text, encoding="utf-8")
        return load_alerts(path)

    return load


def test_the_example_shows_every_kind_of_rule_and_obeys_its_schema() -> None:
    file = load_alerts(EXAMPLE_ALERTS)
    assert {type(rule).__name__ for rule in file.rules} == {
        kind.__name__ for kind in Rule.__subclasses__() if kind.__module__ == Rule.__module__
    }
    assert file.webhooks
    assert file.relays
    validator = jsonschema.Draft202012Validator(alerts_schema())
    body = tomllib.loads(EXAMPLE_ALERTS.read_text(encoding="utf-8"))
    validator.validate(body)
    assert not validator.is_valid({**body, "hashrate_bellow": []})


@pytest.mark.parametrize(
    ("text", "message", "key"),
    [
        ("", "no rule", "hashrate_below"),
        ("[[hashrate_drops]]\nname = 'x'", "not a known key", "hashrate_drops"),
        ("[[hashrate_below]]\nname = 'x'", "below_ehs is missing", "hashrate_below[0].below_ehs"),
        ("[[hashrate_below]]\nname = 'x'\nbelow_ehs = '1 ZH/s'", "below_ehs", "hashrate_below[0].below_ehs"),
        ("[[hashrate_below]]\nname = 'x'\nbelow_ehs = 1000.0\nprob = 95.0", "prob", "hashrate_below[0].prob"),
        ("[[hashrate_drop]]\nname = 'x'\nseverity = 'bad'", "severity", "hashrate_drop[0].severity"),
        (RULE + RULE, "two rules", "hashrate_drop[1].name"),
        (RULE + "[[webhooks]]\nname = 'x'", "one URL", "webhooks[0].url"),
        (RULE + "[[webhooks]]\nname='x'\nurl='u'\nurl_env='U'", "one URL", "webhooks[0].url"),
        (
            RULE + "[[webhooks]]\nname='x'\nurl='u'\nsecret_env='S'\nsecret_file='F'",
            "one secret",
            "webhooks[0].secret_file",
        ),
        (RULE + "[[relays]]\nname = 'x'", "one URL", "relays[0].url_env"),
        (RULE + "[[relays]]\nname = 'x'\nurl = 'tgram://1'", "not a known key", "relays[0].url"),
        (
            RULE + "[[relays]]\nname='x'\nurl_env='U'\n[[webhooks]]\nname='x'\nurl='u'",
            "two channels",
            "relays[0].name",
        ),
        ("group_interval_s = -1.0\n" + RULE, "negative", "group_interval_s"),
        (RULE + "[site]\nlink = 'javascript:alert(1)'", "no web address", "site.link"),
    ],
)
def test_errors_name_file_key_and_cure(
    load: Callable[[str], object], text: str, message: str, key: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(text)
    assert caught.value.context["key"] == key
    assert "alerts.toml" in str(caught.value.context["file"])
    assert caught.value.hint


def test_no_error_shows_what_stands_under_a_channel(load: Callable[[str], object]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(RULE + "[[webhooks]]\nname = 'x'\nurl = 17\nsecret = 'canary-7f3a'")
    assert "canary-7f3a" not in str(caught.value)

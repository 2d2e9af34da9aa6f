"""`wattshift mcp` as agents start it: a process on standard input and output, and the real client."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, TypeVar

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent

_Result = TypeVar("_Result")
AT = "2026-01-19T12:00:00Z"
MORE: dict[str, dict[str, Any]] = {
    "check": {"text": "January 19, 2026. The hashrate fell below 1 ZH/s."},
    "simulate": {"scenario": "ban", "paths": 16, "horizon_days": 9, "at": AT},
    "site-plan": {"start_at": "2026-01-19T00:00:00Z", "end_at": "2026-01-19T06:00:00Z", "at": AT},
    "score": {"periods": 3, "at": AT},
}
HOSTILE: list[tuple[str, dict[str, Any], str | None]] = [
    ("hashrate", {"window": "x" * 10_000}, "window"),
    ("hashrate", {"at": "2030-01-01"}, "not known"),
    ("hashrate", {"at": {"deep": [[[[1]]]]}}, "at"),
    ("hashrate", {"\u202e\x1b[31m": 1}, "Extra inputs"),
    ("simulate", {"toml": "not [[ toml"}, "TOML"),
    ("simulate", {"scenario": "ban", "paths": 10**9}, "paths"),
    ("check", {"text": ""}, None),
    ("check", {"text": "\x00\x1b]0;x\x07 1 ZH/s " + "9" * 5_000}, None),
    ("no-such-tool", {}, "no such question"),
]
"""What is asked, and a word of the refusal; None where it is answered."""

GREETING = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
WORDS = ["-m", "wattshift", "mcp"]


def spoken(talk: Callable[[Client], Awaitable[_Result]], *words: str) -> _Result:
    """What a client hears of a process."""
    # Started elsewhere, and with less of an environment than a shell has, as agents do it.
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    server = StdioServerParameters(command=sys.executable, args=[*WORDS, *words], env=environment)

    async def run() -> _Result:
        async with Client(stdio_client(server)) as client:
            return await talk(client)

    return anyio.run(run)


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@dataclass(frozen=True)
class Conversation:
    """What one process was asked, and what it said."""

    answers: dict[str, CallToolResult]
    to_hostile: list[CallToolResult]


@pytest.fixture(scope="module")
def conversation() -> Conversation:
    """A talk about everything."""

    async def talk(client: Client) -> Conversation:
        tools = (await client.list_tools()).tools
        return Conversation(
            to_hostile=[await client.call_tool(name, arguments) for name, arguments, _ in HOSTILE],
            answers={
                tool.name: await client.call_tool(tool.name, MORE.get(tool.name, {"at": AT}))
                for tool in tools
            },
        )

    return spoken(talk)


def test_every_tool_answers_with_a_document_that_its_schema_admits(conversation: Conversation) -> None:
    # The client itself holds each document against the schema that the tool announced.
    assert len(conversation.answers) >= 18
    for name, answer in conversation.answers.items():
        assert answer.is_error is False, (name, answer.content)
        assert answer.structured_content["schema"] == f"wattshift/{name}/1"
        assert text_of(answer).startswith("as of 2026-01-")


def test_all_answers_speak_of_the_same_instant(conversation: Conversation) -> None:
    answers = conversation.answers
    now = answers["now"].structured_content
    assert now["as_of"] == AT
    assert now["hashrate"]["mean_ehs"] == answers["hashrate"].structured_content["mean_ehs"]
    assert "992 EH/s (930 to 1,057)" in text_of(answers["now"])


def test_bad_and_hostile_questions_are_answered_in_words(conversation: Conversation) -> None:
    for (name, _, said), result in zip(HOSTILE, conversation.to_hostile, strict=True):
        text = text_of(result)
        assert len(text) < 2_000
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
        assert result.is_error is (said is not None), (name, text)
        if said is not None:
            assert said in text


def test_a_site_can_be_named(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    example = Path(__file__).parents[2] / "examples" / "houston-100mw.toml"
    site.write_text(
        example.read_text(encoding="utf-8").replace('"Houston 100"', '"Hall of mine"'), encoding="utf-8"
    )

    async def talk(client: Client) -> CallToolResult:
        return await client.call_tool("now", {"at": AT})

    assert spoken(talk, "--site", str(site)).structured_content["site"] == "Hall of mine"


def test_an_agent_that_hangs_up_in_the_middle_leaves_nothing_behind() -> None:
    asked = {"scenario": "ban", "paths": 1_000, "horizon_days": 366}
    lines = [
        GREETING,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "simulate", "arguments": asked},
        },
    ]
    with Popen([sys.executable, *WORDS], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdin is not None
        for line in lines:
            process.stdin.write(json.dumps(line).encode() + b"\n")
            process.stdin.flush()
        deadline_s = time.monotonic() + 60.0
        while not (workers := _children(process.pid)):
            assert time.monotonic() < deadline_s, "no worker"
            time.sleep(0.05)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def _children(pid: int) -> list[str]:
    """Of all its threads."""
    return [
        child for each in Path(f"/proc/{pid}/task").glob("*/children") for child in each.read_text().split()
    ]


def test_lines_that_are_no_messages_do_not_end_the_server() -> None:
    with Popen([sys.executable, *WORDS], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        lines = [b"\xff\xfe\x00", b"[" * 10_000, b'{"jsonrpc": "2.0"}', json.dumps(GREETING).encode()]
        out, err = process.communicate(b"\n".join(lines) + b"\n", timeout=60)
    answers = [json.loads(line) for line in out.splitlines()]
    (greeted,) = [answer for answer in answers if answer.get("id") == 1]
    assert greeted["result"]["serverInfo"]["name"] == "wattshift"
    assert process.returncode == 0, err.decode()

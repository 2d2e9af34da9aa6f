from __future__ import annotations

from wattshift.delivery.message import Message


def test_a_message_survives_the_outbox() -> None:
    message = Message(key="k", title="é\u202e", text="a\nb", payload={"n": 1.5, "none": None, "list": [1]})
    assert Message.unpack(message.pack()) == message

"""What people send: forms of a few fields, read within bounds."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from wattshift.errors import InputError

__all__ = ["read_form"]

_MAX_BYTES = 1 << 20
_MAX_FIELDS = 40


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; empty ones are left out.

    Raises:
        InputError: if it is too long, has too many fields, or is no text.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BYTES:
            raise InputError("that is too long", limit_bytes=_MAX_BYTES, hint="send less at once")
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise InputError("that is not a form", hint="send it from the page") from None
    return {name: value.replace("\r\n", "\n") for name, value in pairs if value}

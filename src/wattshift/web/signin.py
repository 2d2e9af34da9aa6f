"""The page where a browser shows a token, and gets a cookie for it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from wattshift.web.problems import Problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from wattshift.web.asked import Asked
    from wattshift.web.identity import Identity

__all__ = ["SIGN_IN", "SIGN_OUT", "SignIn", "SignInDoor", "read_form", "sign_in_page"]

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
_MOST_BYTES = 4_096

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sign in - wattshift</title>
<link rel="stylesheet" href="/static/wattshift.css">
</head>
<body>
<main>
<h1>wattshift</h1>
<form method="post" action="/sign-in">
{trouble}<p><label for="token">Your token</label></p>
<p><input id="token" name="token" type="password" size="52" required autofocus
 autocomplete="current-password"></p>
<input type="hidden" name="next" value="{next}">
<p><button type="submit">Sign in</button></p>
</form>
<p>Whoever runs this service makes one with <code>wattshift tokens new NAME --scope read</code>.</p>
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What somebody sent to the page.

    Args:
        token: the token.
        goes_to: the page that was wanted.
    """

    token: str
    goes_to: str


def sign_in_page(goes_to: str, *, trouble: str = "") -> bytes:
    """The page.

    Args:
        goes_to: the page that was wanted.
        trouble: why the last token was not taken; empty if there was none.
    """
    told = f'<p role="alert">{escape(trouble)}</p>\n' if trouble else ""
    return _PAGE.format(trouble=told, next=escape(_own_path(goes_to), quote=True)).encode()


def read_form(body: bytes) -> SignIn:
    """What the page sends."""
    given = _fields(body[:_MOST_BYTES].decode("utf-8", "replace"))
    return SignIn(token=given.get("token", "").strip(), goes_to=_own_path(given.get("next", "/")))


class SignInDoor:
    """Answers the requests of the page.

    Args:
        identity: tells whose token it is.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def lead_to(self, asked: Asked) -> Response:
        """To the page, from one that was wanted."""
        cookie = self._identity.sign_out(asked) if b"cookie" in asked.headers else None
        return _redirect(f"{SIGN_IN}?next={quote(asked.target, safe='/')}", cookie)

    def answer(self, asked: Asked, body: bytes) -> Response:
        """The page, or what follows from what was sent to it.

        Raises:
            Problem: if the method is none that it knows, or too many wrong tokens came.
        """
        if asked.path == SIGN_OUT and asked.method == "POST":
            return _redirect(SIGN_IN, self._identity.sign_out(asked))
        if asked.path == SIGN_IN and asked.method in {"GET", "HEAD"}:
            query = asked.target.partition("?")[2]
            return _page(_fields(query).get("next", "/"))
        if asked.path == SIGN_IN and asked.method == "POST":
            return self._sign_in(read_form(body), asked.client)
        raise Problem(status=405, detail="this method is not answered here", hint="use POST")

    def _sign_in(self, given: SignIn, client: str) -> Response:
        try:
            return _redirect(given.goes_to, self._identity.sign_in(given.token, client))
        except Problem as problem:
            return _page(given.goes_to, trouble=problem)


def _page(goes_to: str, *, trouble: Problem | None = None) -> Response:
    from starlette.responses import HTMLResponse

    told = "" if trouble is None else trouble.detail
    headers = {} if trouble is None else dict(trouble.headers)
    headers.pop("WWW-Authenticate", None)  # a browser would ask by itself
    return HTMLResponse(
        sign_in_page(goes_to, trouble=told),
        status_code=200 if trouble is None else trouble.status,
        headers=headers,
    )


def _redirect(path: str, cookie: str | None) -> Response:
    from starlette.responses import Response

    headers = {"Location": path, **({} if cookie is None else {"Set-Cookie": cookie})}
    return Response(status_code=303, headers=headers)


def _fields(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, max_num_fields=8))
    except ValueError:
        return {}


def _own_path(wanted: str) -> str:
    """A path of this service, whatever was written: no other site is ever led to from here."""
    is_plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
    is_own = wanted.startswith("/") and not wanted.startswith(("//", SIGN_IN))
    return wanted if is_plain and is_own else "/"

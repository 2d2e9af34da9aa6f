"""The guard before everything: who asks, from where, how often, how much. What it lets through may read.

One ASGI application around all others. It decides from the head of a request, in this order: is it sound, is
it meant for this host, does a page of somebody else send it, who sends it, have they sent too much, may they
read. What more a request needs than to read is asked where it is answered, by
`wattshift.web.principal.require`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from wattshift.clock import Clock, SystemClock
from wattshift.web.asked import SAFE_METHODS, Asked, took_body
from wattshift.web.headers import security_headers
from wattshift.web.identity import Identity
from wattshift.web.limiting import Buckets, OpenCount, whole_seconds
from wattshift.web.origins import is_foreign, is_our_host
from wattshift.web.policy import Policy
from wattshift.web.principal import LOCAL, NOBODY, STATE_KEY, Principal, Scope
from wattshift.web.problems import Problem, problem_of_defect, problem_response
from wattshift.web.reply import Reply
from wattshift.web.signin import SIGN_IN, SIGN_OUT, SignInDoor

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import Scope as Connection

__all__ = ["Guard", "guarded"]

_access = logging.getLogger("wattshift.access")
_ENDING = Problem(
    status=503, detail="the service ends", hint="ask again in a moment", headers={"Retry-After": "10"}
)


class Guard:
    """The guarded application.

    Args:
        app: what is guarded.
        policy: who may do what.
        clock: tells which tokens have expired.
        mono_s: the monotonic clock [s].
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: Policy,
        *,
        clock: Clock | None = None,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._mono_s = mono_s
        self.policy = policy
        self._identity = Identity(policy, clock=SystemClock() if clock is None else clock, mono_s=mono_s)
        self._door = SignInDoor(self._identity)
        self._security = security_headers(is_tls=policy.is_tls)
        self._open, self._live = OpenCount(), OpenCount()
        limits = policy.limits
        self._of_tokens = Buckets(burst=limits.token_burst, each_s=limits.token_each_s)
        self._of_local = Buckets(burst=limits.local_burst, each_s=limits.local_each_s)
        self._of_strangers = Buckets(burst=limits.stranger_burst, each_s=limits.stranger_each_s)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "http":
            await self._http(scope, receive, Reply(send, self._security))
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Connection, receive: Receive, reply: Reply) -> None:
        began_s, who = self._mono_s(), NOBODY
        try:
            asked = Asked.of(scope, self.policy.limits)
            self._check_origin(asked)
            who = self._identity.who(asked)
            self._check_rate(who, asked.client)
            await self._answer(asked, who, scope, receive, reply)
        except Problem as problem:
            await _refuse(problem, scope, receive, reply)
        except asyncio.CancelledError:  # only the server cancels, when it ends and has waited long enough
            await _refuse(_ENDING, scope, receive, reply)
        except Exception as error:  # noqa: BLE001  # whatever it was, nobody outside learns more than its number
            await _refuse(problem_of_defect(error), scope, receive, reply)
        finally:
            if _access.isEnabledFor(logging.INFO):
                self._log(scope, who, reply.status, self._mono_s() - began_s)

    async def _answer(
        self, asked: Asked, who: Principal, scope: Connection, receive: Receive, reply: Reply
    ) -> None:
        if asked.path in {SIGN_IN, SIGN_OUT}:
            body = await took_body(asked, receive, self.policy.limits)
            response = self._door.answer(asked, body or b"")
            await response(scope, receive, reply)
        elif Scope.READ in who.scopes or self._is_for_all(asked):
            await self._let_through(asked, who, scope, receive, reply)
        elif asked.wants_page:
            await self._door.lead_to(asked)(scope, receive, reply)
        elif who != NOBODY:
            raise Problem(status=403, detail="this token may not read", hint="ask for one that may")
        else:
            raise Problem(
                status=401,
                detail="this needs a token",
                hint="send Authorization: Bearer TOKEN, a token made by `wattshift tokens new`",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _let_through(
        self, asked: Asked, who: Principal, scope: Connection, receive: Receive, reply: Reply
    ) -> None:
        is_live = asked.path == self.policy.live_path
        client = "local" if who is LOCAL else f"{who.name} {asked.client}"
        self._check_open(client, is_local=who is LOCAL, is_live=is_live)
        count = self._live if is_live else self._open
        count.enter(client)
        try:
            body = await took_body(asked, receive, self.policy.limits)
            if body is None:
                return  # its sender has gone
            state = {**scope.get("state", {}), STATE_KEY: who}
            inner = {**scope, "state": state}
            taken = _body_first(body, receive)
            if is_live:
                await self._app(inner, taken, reply)
            else:
                await self._in_time(inner, taken, reply)
        finally:
            count.leave(client)

    async def _in_time(self, scope: Connection, receive: Receive, reply: Reply) -> None:
        try:
            async with asyncio.timeout(self.policy.limits.request_s) as limit:
                await self._app(scope, receive, reply)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Problem(
                status=504, detail="the answer took too long", hint="ask for less, or again later"
            ) from None

    # What is refused

    def _check_origin(self, asked: Asked) -> None:
        policy = self.policy
        host = asked.headers[b"host"].decode("latin-1")
        if not is_our_host(host, policy.names, takes_addresses=policy.takes_addresses):
            raise Problem(
                status=421,
                detail="this service is not called by that name",
                hint="call it by its address; whoever runs it can add the name",
            )
        is_live = asked.path == policy.live_path
        if is_foreign(asked.headers, scheme=asked.scheme, method=asked.method, is_live=is_live):
            raise Problem(
                status=403,
                detail="a page of another site sent this",
                hint="only the service's own pages may; programs leave out Origin and Sec-Fetch-Site",
            )

    def _check_rate(self, who: Principal, client: str) -> None:
        if who is LOCAL:
            buckets, key = self._of_local, who.name
        elif who is NOBODY:
            buckets, key = self._of_strangers, client
        else:
            buckets, key = self._of_tokens, who.name
        wait_s = buckets.wait_s(key, self._mono_s())
        if wait_s > 0:
            raise Problem(
                status=429,
                detail="too many requests",
                hint="ask less often; live values come by /v1/live",
                headers={"Retry-After": str(whole_seconds(wait_s))},
            )

    def _check_open(self, client: str, *, is_local: bool, is_live: bool) -> None:
        limits = self.policy.limits
        if is_live:
            most = limits.n_live_local if is_local else limits.n_live
            is_over = self._live.of(client) >= most
        else:
            most = limits.n_open_local if is_local else limits.n_open
            is_over = self._open.of(client) >= most
        if is_over:
            raise Problem(
                status=429,
                detail="too much is open at once",
                hint="wait for answers before asking again",
                headers={"Retry-After": "1"},
            )
        if not is_live and self._open.total >= limits.n_open_total:
            raise Problem(
                status=503, detail="too many ask at once", hint="ask again", headers={"Retry-After": "1"}
            )

    def _is_for_all(self, asked: Asked) -> bool:
        is_page_part = asked.path.startswith(self.policy.open_folder) and ".." not in asked.path
        return asked.method in SAFE_METHODS and (asked.path in self.policy.open_paths or is_page_part)

    def _log(self, scope: Connection, who: Principal, status: int, took_s: float) -> None:
        """One line; never the query, which may hold what somebody pasted there."""
        path = "".join(letter if letter.isprintable() else "?" for letter in scope["path"])[:200]
        client = scope["client"][0] if scope.get("client") else "-"
        _access.info("%s %s %s %s %d %.0f ms", client, who.name, scope["method"], path, status, 1e3 * took_s)


def guarded(app: ASGIApp, policy: Policy) -> Guard:
    """An application with the guard around it."""
    return Guard(app, policy)


async def _refuse(problem: Problem, scope: Connection, receive: Receive, reply: Reply) -> None:
    # Once an answer has begun there is nothing to add: the server cuts it off, and the receiver sees that.
    if not reply.status:
        await problem_response(problem)(scope, receive, reply)


def _body_first(body: bytes, receive: Receive) -> Receive:
    """Hands out a body that was taken already, and then what comes after it."""
    if not body:
        return receive
    left = [body]

    async def taken() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return taken

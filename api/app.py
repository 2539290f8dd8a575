"""The HTTP application: which path goes to which front. It holds no state of its own (DESIGN §1)."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.routing import Route

from muniment.api import native
from muniment.api.authzen import front as authzen
from muniment.api.authzen.discovery import WELL_KNOWN, Discovery
from muniment.api.authzen.hot import Hot
from muniment.api.aws import models
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws_front import AWSFront, refuse
from muniment.api.body import read_body
from muniment.api.credential_use import CredentialUse
from muniment.api.front import Front, places
from muniment.api.health import Health
from muniment.api.measure import Measures
from muniment.api.openapi import document
from muniment.api.peer import Peer, Proxies
from muniment.api.services import Services
from muniment.api.signin.routes import routes
from muniment.api.throttle import WORKERS
from muniment.api.throttled import Throttled
from muniment.api.unauthenticated import Strangers
from muniment.domain.errors import Refused, ServiceFailure, ServiceUnavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Serve = Callable[[HTTPRequest, Peer], HTTPAnswer]
Refuse = Callable[[HTTPRequest, Refused, str], HTTPAnswer]
Close = Callable[[], None]

OPERATOR_THREADS_MAX = 4
SIGN_IN_THREADS_MAX = 96
INLINE_BYTES_MAX = 4_096  # of a body that is answered on the event loop, where that can be
log = structlog.get_logger("muniment.api")

METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH"})  # REST-JSON services use them all


class Endpoint:
    """A raw ASGI endpoint: reads the body within its limit, answers from a thread, because the Ledger blocks."""

    def __init__(self, serve: Serve, refuse: Refuse, proxies: Proxies, threads: Executor) -> None:
        self._serve, self._refuse, self._proxies, self._threads = serve, refuse, proxies, threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive)
        except Refused as refused:
            http = HTTPRequest.from_asgi(dict(scope), b"")
            await answer(send, self._refuse(http, refused, ""))
            return
        http = HTTPRequest.from_asgi(dict(scope), body)
        peer = self._proxies.peer(http, scope.get("client"), scope.get("scheme", "http"))
        reply = await self._answered(http, peer)
        await answer(send, reply, bodiless=http.method == "HEAD")

    async def _answered(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        try:
            future = self._threads.submit(self._serve, http, peer)
        except RuntimeError:  # the pool takes no more: an ephemeral server is being put back, or this one ends
            return self._refuse(http, ServiceUnavailable("the server is starting anew; nothing was done"), "")
        try:
            return await asyncio.wrap_future(future)
        except Exception as error:  # the fronts answer their own faults; this is health's, and the reset's
            log.error("request failed", error=type(error).__name__, exc_info=places(error))
            return self._refuse(
                http, ServiceFailure("The request processing has failed because of an internal error"), ""
            )


class Quickly(Endpoint):
    """An endpoint with a short way, which answers small requests on the event loop itself, or answers None."""

    def __init__(
        self, short: Callable[[HTTPRequest, Peer], HTTPAnswer | None], long: Serve, proxies: Proxies, threads: Executor
    ) -> None:
        super().__init__(lambda http, peer: short(http, peer) or long(http, peer), authzen.refuse, proxies, threads)
        self._short = short

    async def _answered(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        if len(http.body) > INLINE_BYTES_MAX:  # many decisions: others must not wait for them
            return await super()._answered(http, peer)
        try:
            found = self._short(http, peer)
        except Exception as error:  # the long way answers, and if it fails too, says so
            log.error("request failed on the short way", error=type(error).__name__, exc_info=places(error))
            found = None
        return found if found is not None else await super()._answered(http, peer)


async def answer(send: Send, reply: HTTPAnswer, *, bodiless: bool = False) -> None:
    """Send an answer; `bodiless`: all but its body (RFC 9110 section 9.3.2)."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else reply.body})


class Application:
    """Calls go straight to their front; what operators ask of the process goes through FastAPI.

    A framework's middleware costs more than a decision, and there is nothing in it that a signed call needs (DESIGN §5).
    """

    def __init__(
        self,
        operators: FastAPI,
        exact: dict[str, Endpoint],
        sign_in: dict[str, Endpoint],
        native: Endpoint | None,
        aws: Endpoint | None,
        close: Close,
    ) -> None:
        self._operators, self._exact, self._native, self._aws = operators, exact, native, aws
        self._sign_in = sign_in
        self._pages = frozenset(sign_in.values())  # read by browsers, and so by what asks with HEAD
        self._paths = frozenset(route.path for route in operators.router.routes if isinstance(route, Route))
        self.close = close  # records what is still counted, and stops the threads that count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path in self._paths:
            await self._operators(scope, receive, send)
            return
        endpoint = self._exact.get(path) or self._below(path)
        known = scope["method"] in METHODS or (scope["method"] == "HEAD" and endpoint in self._pages)
        if endpoint is None or not known:
            await self._operators(scope, receive, send)  # its 404, or 405
        else:
            await endpoint(scope, receive, send)

    def _below(self, path: str) -> Endpoint | None:
        """The endpoint of the path's part of the tree."""
        for prefix, endpoint in self._sign_in.items():
            if path == prefix or (prefix.endswith("/") and path.startswith(prefix)):
                return endpoint
        return self._native if path.startswith(native.PREFIX) else self._aws


def build_app(services: Services, registry: CollectorRegistry) -> Application:
    """The application of one process."""
    models.all_services()  # now: the first requests, several at once, would each wait a second for it
    proxies = Proxies(sorted(services.trusted_proxies))
    strangers = Strangers(services.activity, services.sealer, services.now)
    throttled = Throttled(services.activity, services.now)
    use = CredentialUse(services.ledger)
    measures = Measures(registry)
    front = Front(services, strangers, throttled, measures, use)

    threads = ThreadPoolExecutor(WORKERS, "muniment-api")

    # Their own: whoever waits for a password to be checked is not to keep others from being served.
    sign_in_threads = ThreadPoolExecutor(SIGN_IN_THREADS_MAX, "muniment-sign-in")

    def close() -> None:
        threads.shutdown(wait=False)
        sign_in_threads.shutdown(wait=False)
        use.close()
        services.secret_use.close()
        strangers.close()
        throttled.close()

    writes = services.ledger is not None
    return Application(
        _operators(services, registry, proxies),
        _decisions(front, Hot(services, measures, use), proxies, threads),
        _sign_in(services, strangers, measures, proxies, sign_in_threads),
        Endpoint(native.NativeFront(front).serve, native.refuse, proxies, threads) if writes else None,
        Endpoint(AWSFront(front).serve, refuse, proxies, threads) if writes else None,
        close,
    )


def _sign_in(
    services: Services, strangers: Strangers, measures: Measures, proxies: Proxies, threads: Executor
) -> dict[str, Endpoint]:
    """Where people and programs sign in; nothing in a process that only decides."""
    if services.sign_in is None:
        return {}
    found = routes(services.sign_in, services.region, strangers, measures)
    return {path: Endpoint(serve, refuse, proxies, threads) for path, (serve, refuse) in found.items()}


def _decisions(front: Front, hot: Hot, proxies: Proxies, threads: Executor) -> dict[str, Endpoint]:
    """The policy decision point: every process has it."""
    point = authzen.AuthZEN(front)
    endpoints = {path: Endpoint(point.at(path), authzen.refuse, proxies, threads) for path in authzen.SEARCHES}
    endpoints[authzen.EVALUATION] = Quickly(hot.evaluation, point.at(authzen.EVALUATION), proxies, threads)
    endpoints[authzen.EVALUATIONS] = Quickly(hot.evaluations, point.at(authzen.EVALUATIONS), proxies, threads)
    return endpoints


def _operators(services: Services, registry: CollectorRegistry, proxies: Proxies) -> FastAPI:
    """What operators ask of the process, and their tools."""
    threads = ThreadPoolExecutor(
        OPERATOR_THREADS_MAX, "muniment-operators"
    )  # their own: they answer when all else is busy
    app = FastAPI(title="Muniment", docs_url=None, redoc_url=None, openapi_url=None)
    health = Health(services, registry)
    routes: list[tuple[str, str, Serve]] = [
        ("GET", "/livez", health.live),
        ("GET", "/readyz", health.ready),
        ("GET", "/metrics", health.metrics),
        ("GET", WELL_KNOWN, Discovery(services.endpoint or services.public_url).serve),
    ]
    if services.ledger is not None:  # a process that only decides has none of what the document tells of
        routes.append(("GET", "/openapi.json", lambda http, peer: document(services.public_url)))
    if services.reset is not None:
        routes.append(("POST", "/_muniment/reset", health.reset))
    for method, path, serve in routes:
        app.router.routes.append(Route(path, Endpoint(serve, native.refuse, proxies, threads), methods=[method]))
    return app

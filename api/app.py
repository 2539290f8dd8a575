"""The HTTP application: which path goes to which front. It holds no state of its own (DESIGN §1)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from muniment.api import authzen, native
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws_front import AWSFront, refuse
from muniment.api.body import read_body
from muniment.api.credential_use import CredentialUse
from muniment.api.front import Front
from muniment.api.health import Health
from muniment.api.measure import Measures
from muniment.api.openapi import document
from muniment.api.peer import Peer, Proxies
from muniment.api.services import Services
from muniment.api.unauthenticated import Strangers
from muniment.domain.errors import Refused
from prometheus_client import CollectorRegistry
from starlette.routing import Route

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Serve = Callable[[HTTPRequest, Peer], HTTPAnswer]
Refuse = Callable[[HTTPRequest, Refused, str], HTTPAnswer]

THREADS_MAX = 128
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]  # REST-JSON services use them all


class Endpoint:
    """A raw ASGI endpoint: reads the body within its limit, answers from a thread, because the Ledger blocks."""

    def __init__(self, serve: Serve, refuse: Refuse, proxies: Proxies) -> None:
        self._serve, self._refuse, self._proxies = serve, refuse, proxies
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive)
        except Refused as refused:
            http = HTTPRequest.from_asgi(dict(scope), b"")
            await answer(send, self._refuse(http, refused, ""))
            return
        http = HTTPRequest.from_asgi(dict(scope), body)
        peer = self._proxies.peer(http, scope.get("client"), scope.get("scheme", "http"))
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(THREADS_MAX)
        reply = await anyio.to_thread.run_sync(self._serve, http, peer, limiter=self._limiter)
        await answer(send, reply)


async def answer(send: Send, reply: HTTPAnswer) -> None:
    """Send an answer."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def build_app(services: Services, registry: CollectorRegistry) -> FastAPI:
    """The application of one process."""
    app = FastAPI(title="Muniment", docs_url=None, redoc_url=None, openapi_url=None)
    proxies = Proxies(sorted(services.trusted_proxies))
    strangers = Strangers(services.activity, services.sealer, services.now)
    use = CredentialUse(services.ledger)
    front = Front(services, strangers, Measures(registry), use)
    health = Health(services, registry)

    def close() -> None:
        use.close()
        strangers.close()

    app.state.close = close
    mount = app.router.routes.append
    for path, endpoint in (
        ("/livez", health.live),
        ("/readyz", health.ready),
        ("/metrics", health.metrics),
        ("/openapi.json", lambda http, peer: document(services.public_url)),
    ):
        mount(Route(path, Endpoint(endpoint, native.refuse, proxies), methods=["GET"]))
    decisions = authzen.AuthZEN(front)
    mount(Route("/access/v1/evaluation", Endpoint(decisions.evaluation, authzen.refuse, proxies), methods=["POST"]))
    if services.reset is not None:
        mount(Route("/_muniment/reset", Endpoint(health.reset, native.refuse, proxies), methods=["POST"]))
    if services.ledger is not None:
        calls = native.NativeFront(front)
        mount(
            Route(native.PREFIX + "{service}/{action}", Endpoint(calls.serve, native.refuse, proxies), methods=["POST"])
        )
        mount(Route("/{path:path}", Endpoint(AWSFront(front).serve, refuse, proxies), methods=METHODS))
    return app

"""Health: `/livez`, `/readyz` (which names what is not ready), `/metrics`, and the reset of ephemeral servers (DESIGN §8)."""

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.peer import Peer
from muniment.api.services import Services

_encoder = msgspec.json.Encoder()


class Health:
    """Endpoints for whoever runs the process."""

    def __init__(self, services: Services, registry: CollectorRegistry) -> None:
        self._services, self._registry = services, registry

    def live(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """The process answers."""
        return _json(200, {"live": True})

    def ready(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """200 when traffic may come, else 503 with what is in the way."""
        report = self._services.readiness.report()
        return _json(200 if report["ready"] else 503, report)

    def metrics(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """Prometheus text format."""
        return HTTPAnswer(200, [("content-type", CONTENT_TYPE_LATEST)], generate_latest(self._registry))

    def reset(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """Put an ephemeral server back to its first start. The route exists in that mode only.

        Programs call it; a web page that a developer happens to look at must not.
        """
        assert self._services.reset is not None
        if http.header("origin") is not None or http.header("sec-fetch-site") is not None:
            return _json(403, {"reset": False, "reason": "a browser's page may not reset the server"})
        return _json(200, dict(self._services.reset()))


def _json(status: int, body: object) -> HTTPAnswer:
    return HTTPAnswer(status, [("content-type", "application/json")], _encoder.encode(body))

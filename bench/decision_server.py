"""A `muniment serve` for benchmarks, which beside its own routes has the same decision behind plain FastAPI ones: `/plain/async`
and `/plain/sync`. Same process, same server, same authentication, same gate, same engine.
"""

import sys
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from muniment.api.authenticate import Authenticator
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import parse_authorization
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.policy.request import AccessRequest
from muniment.domain.resource import Resource
from muniment.ops import logs
from muniment.ops.compose import build_services
from muniment.ops.serving import Messages, Scope, Server
from muniment.ops.settings import Settings


class Entity(BaseModel):
    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(BaseModel):
    name: str
    properties: dict[str, Any] = {}


class Question(BaseModel):
    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, Any] = {}


class Decision(BaseModel):
    decision: bool
    context: dict[str, Any]


def plain(services: Services) -> FastAPI:
    """As one would write it."""
    app, authenticator = FastAPI(), Authenticator(services)

    async def caller(request: Request) -> Caller:
        http = HTTPRequest.from_asgi(dict(request.scope), await request.body())
        claimed = parse_authorization(http)
        if claimed is None:
            raise HTTPException(401)
        try:
            return authenticator.caller(http, claimed, Peer("127.0.0.1", False))
        except Refused as refused:
            raise HTTPException(403, refused.message) from None

    def decide(question: Question, caller: Caller) -> Decision:
        access, account = services.reads.views.access, caller.actor.account
        arn = f"arn:aws:iam::{account}:user/{question.subject.id}"
        services.gate.check(caller, "muniment:Evaluate", (Resource(arn),), 0)
        services.gate.fresh(question.action.name)
        principal = access.principal(arn)
        if principal is None:
            return Decision(decision=False, context={})
        resource = question.resource.id
        if not resource.startswith("arn:"):
            resource = f"arn:muniment:app::{account}:{question.resource.type}/{resource}"
        name = question.action.name
        keys = {key: (str(value),) for key, value in question.context.items()}
        decided = access.decide(
            AccessRequest(
                action=name if ":" in name else f"app:{name}", resource=resource, principal=principal, context=keys
            )
        )
        context = {
            "reason_admin": {"en": decided.reason or f"allowed by {decided.layer.value}"},
            "effect": decided.effect.value,
            "layer": decided.layer.value,
            "revision": decided.position,
        }
        return Decision(decision=bool(decided), context=context)

    who = Depends(caller)

    @app.post("/plain/async")
    async def asynchronous(question: Question, caller: Caller = who) -> Decision:
        return decide(question, caller)

    @app.post("/plain/sync")
    def synchronous(question: Question, caller: Caller = who) -> Decision:
        return decide(question, caller)

    return app


class Compared(Server):
    """Both ways on one port."""

    def _build(self, again: Any) -> None:
        super()._build(again)
        self._plain = plain(build_services(self.settings, self.core))

    async def __call__(self, scope: Scope, receive: Messages, send: Messages) -> None:
        """ASGI."""
        app = self._plain if scope["path"].startswith("/plain/") else self._app
        await app(scope, receive, send)


def main(data: str, ready: str, share: str) -> None:
    """Serve until told to stop. `share` of the decisions go into the decision log."""
    logs.configure("error")
    server = Compared(Settings(data=Path(data), port=0, ready_file=Path(ready), decision_log=float(share)))
    try:
        server.open()
        server.write_ready_file()
        server.run()
    finally:
        server.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])

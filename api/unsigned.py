"""Unsigned calls: those of somebody who has no credentials yet, and brings a proof of an identity provider's instead.

What proves nothing is counted, not recorded: a stranger must not buy an entry a request (SECURITY 14).
"""

from collections.abc import Callable

from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed
from muniment.api.context_keys import context_keys
from muniment.api.dispatch import Answer, Call, Dispatch
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.api.unauthenticated import Strangers
from muniment.commands.sts.issue import ISSUES
from muniment.domain import ids
from muniment.domain.caller import Caller
from muniment.domain.errors import MissingAuthenticationToken, Refused, ServiceUnavailable
from muniment.domain.ledger import Actor

Parse = Callable[[HTTPRequest, Claimed | None, str], Call]
MISSING = "Request is missing Authentication Token"


class Unsigned:
    """Answers the few actions that need no signature; every other unsigned request lacks its token."""

    def __init__(self, services: Services, dispatch: Dispatch, strangers: Strangers) -> None:
        self._services, self._dispatch, self._strangers = services, dispatch, strangers

    def answer(
        self, http: HTTPRequest, peer: Peer, parse: Parse, request_id: str, seen: Callable[[str, str], None]
    ) -> tuple[Call, Answer]:
        """The call and its answer. Raises Refused."""
        try:
            call = self._call(http, parse, request_id)
            seen(call.service, call.action)
            vouched = self._dispatch.prove(call, self._stranger(http, peer))
        except ServiceUnavailable:
            raise
        except Refused as refused:
            self._strangers.count(peer.address, refused.code)
            raise
        return call, self._dispatch.run_unsigned(call, vouched)

    def _call(self, http: HTTPRequest, parse: Parse, request_id: str) -> Call:
        """Raises MissingAuthenticationToken, whatever else is wrong: strangers learn nothing about what exists."""
        if not _may_be_ours(http):  # a glance, so that whoever sends anything else gets no work done
            raise MissingAuthenticationToken(MISSING)
        try:
            call = parse(http, None, request_id)
        except Refused:
            raise MissingAuthenticationToken(MISSING) from None
        issue = ISSUES.get((call.service, call.action))
        if issue is None or issue.signed:
            raise MissingAuthenticationToken(MISSING)
        return call

    def _stranger(self, http: HTTPRequest, peer: Peer) -> Caller:
        """Nobody, at an address. Its share of requests is the address's."""
        agent = http.header("user-agent") or ""
        actor = Actor(ids.NOBODY, "", f"source:{peer.address}", "Unknown")
        keys = context_keys(actor, peer, agent, self._services.region, self._services.now())
        return Caller(actor, keys, peer.address, agent[:512])


def _may_be_ours(http: HTTPRequest) -> bool:
    """Whether one of the actions is named anywhere in the request."""
    names = [name for (_, name), issue in ISSUES.items() if not issue.signed]
    return any(name in http.raw_path or name in http.query_string or name.encode() in http.body for name in names)

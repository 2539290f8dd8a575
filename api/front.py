"""What every signed front does around a call: authenticate, run, answer, and record who was not let in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from muniment.api import denials
from muniment.api.authenticate import Authenticator
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.signature import Claimed, parse_authorization
from muniment.api.credential_use import CredentialUse
from muniment.api.dispatch import Answer, Call, Dispatch, is_known
from muniment.api.measure import Measures
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.api.signin.bearers import Bearers
from muniment.api.signin.callers import bearer
from muniment.api.throttle import Seat
from muniment.api.throttled import Throttled
from muniment.api.unauthenticated import Strangers
from muniment.api.unsigned import Unsigned
from muniment.commands.drawn import uuid7
from muniment.domain.caller import Caller
from muniment.domain.errors import (
    AuthenticationFailed,
    Refused,
    ServiceFailure,
    ServiceUnavailable,
    Throttling,
    TooManyRequests,
    ValidationError,
)
from muniment.domain.position import Position

POSITION_HEADER = "x-muniment-position"
EXPECT_HEADER = "x-muniment-expect"
AS_OF_HEADER = "x-muniment-as-of"
log = structlog.get_logger("muniment.api")

Parse = Callable[[HTTPRequest, Claimed | None, str], Call]
Render = Callable[[Call, Answer], HTTPAnswer]
RenderRefusal = Callable[[HTTPRequest, Refused, str], HTTPAnswer]


class Front:
    """The shared way of a signed request; what differs between fronts is how it is read and answered."""

    def __init__(
        self, services: Services, strangers: Strangers, throttled: Throttled, measures: Measures, use: CredentialUse
    ) -> None:
        self.services = services
        self._authenticator = Authenticator(services)
        self._dispatch = Dispatch(services)
        self._strangers, self._throttled = strangers, throttled
        self._unsigned = Unsigned(services, self._dispatch, strangers)
        self._bearers = Bearers(services.sign_in, services.region)
        self._measures = measures
        self._use = use

    def serve(
        self,
        http: HTTPRequest,
        peer: Peer,
        parse: Parse,
        render: Render,
        refuse: RenderRefusal,
        *,
        bearers: bool = False,
    ) -> HTTPAnswer:
        """Answer one request. Never raises: what is not a Refused becomes ServiceFailure, and is logged with its id.

        `bearers`: tokens of the sign-in are taken in place of a signature.
        """
        request_id = uuid7(self.services.now())
        with self._measures.request() as seen:
            try:
                token = bearer(http) if bearers else None
                claimed = self._claimed(http, peer) if token is None else None
                if token is not None:
                    answer = render(*self._holding(http, token, peer, parse, request_id, seen.call))
                elif claimed is None:
                    answer = render(*self._unsigned.answer(http, peer, parse, request_id, seen.call))
                else:
                    answer = render(*self._signed(http, claimed, peer, parse, request_id, seen.call))
            except Refused as refused:
                answer = refuse(http, refused, request_id)
                answer.headers.extend(denials.headers(refused))
                seen.refused(refused.code)
            except Exception as error:
                log.error("request failed", request_id=request_id, error=type(error).__name__, exc_info=places(error))
                failure = ServiceFailure(
                    f"The request processing has failed because of an internal error ({request_id})"
                )
                answer = refuse(http, failure, request_id)
                seen.refused(failure.code)
            seen.status(answer.status)
            log.info("request", request_id=request_id, **seen.fields())
        return answer

    def _signed(
        self,
        http: HTTPRequest,
        claimed: Claimed,
        peer: Peer,
        parse: Parse,
        request_id: str,
        seen: Callable[[str, str], None],
    ) -> tuple[Call, Answer]:
        with self._counted(peer):
            caller = self._authenticator.caller(http, claimed, peer)
        with self._admit(caller):
            call = self._read(http, claimed, caller, parse, request_id)
            if is_known(call):  # else any name that somebody thinks of would be a line's, and a label's, for ever
                seen(call.service, call.action)
            self._use.note(caller, claimed.access_key_id, call.service, claimed.region, claimed.time)
            return call, self._dispatch.run(call, caller)

    def _holding(
        self,
        http: HTTPRequest,
        token: str,
        peer: Peer,
        parse: Parse,
        request_id: str,
        seen: Callable[[str, str], None],
    ) -> tuple[Call, Answer]:
        """The call of somebody who signed in."""
        with self._counted(peer):
            signed, caller = self._bearers.holder(http, peer, token)
        with self._admit(caller):
            try:
                call = parse(http, None, request_id)
                self._bearers.check(signed, call.service, call.action)
            except Refused as refused:
                self._dispatch.unread("", request_id, caller, refused)
                raise
            if is_known(call):
                seen(call.service, call.action)
            return call, self._dispatch.run(call, caller)

    def _admit(self, caller: Caller) -> Seat:
        try:
            return self.services.throttle.admit(caller.actor)
        except Throttling:
            self._throttled.count(caller.actor)
            raise

    def _read(self, http: HTTPRequest, claimed: Claimed, caller: Caller, parse: Parse, request_id: str) -> Call:
        """What the request asks. Whoever sends what cannot be read is known by now, so the refusal is recorded too."""
        try:
            return parse(http, claimed, request_id)
        except Refused as refused:
            self._dispatch.unread(claimed.service, request_id, caller, refused)
            raise

    def _claimed(self, http: HTTPRequest, peer: Peer) -> Claimed | None:
        with self._counted(peer):
            return parse_authorization(http)

    @contextmanager
    def _counted(self, peer: Peer) -> Iterator[None]:
        """Who proves nobody's identity is counted."""
        try:
            yield
        except AuthenticationFailed as refused:
            self._strangers.count(peer.address, refused.code)
            raise


def minimum(http: HTTPRequest) -> Position | None:
    """The position that the answer must not be older than, where the caller names one."""
    token = http.header(POSITION_HEADER)
    return (
        None if token is None else Position.parse(token)
    )  # empty is not absent: who waits for something must hear of it


def moment(http: HTTPRequest) -> str:
    """The moment that a query is to be answered for; empty where it names none."""
    named = http.header(AS_OF_HEADER)
    if named is not None and not named.strip():  # whoever means a past moment must not be told of now
        raise ValidationError(f"{AS_OF_HEADER} is empty: leave it out, or name a position or a time")
    return named or ""


def expected(http: HTTPRequest) -> str | None:
    """What the command may change at the most, where the caller says so."""
    return http.header(EXPECT_HEADER)  # empty is not absent: whoever means to be careful must hear that it says nothing


def retry_after(refused: Refused) -> list[tuple[str, str]]:
    """The header that tells when to come again."""
    if isinstance(refused, ServiceUnavailable | TooManyRequests):
        return [("retry-after", str(refused.retry_after_seconds))]
    return []


def places(error: BaseException) -> list[str]:
    """Where it happened, without any values: a traceback's locals and messages may hold secrets (SECURITY 18)."""
    frames, step = [], error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/muniment/', 1)[-1]}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return frames

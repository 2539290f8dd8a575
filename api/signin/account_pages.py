"""Pages for those who are signed in: their sessions, their factors, proving again who they are."""

import re
import secrets
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from muniment.api.aws.http import HTTPAnswer
from muniment.api.signin.callers import caller_of
from muniment.api.signin.cookies import FORM, RETURN, SESSION, TICKET
from muniment.api.signin.pages import Page
from muniment.api.signin.registration import Registration
from muniment.api.signin.return_to import safe
from muniment.api.signin.sensitive import check_recent
from muniment.api.signin.services import SignInServices
from muniment.api.signin.visit import Visit
from muniment.commands.muniment.recovery_codes import IssueRecoveryCodes
from muniment.commands.signin.standing import Signed
from muniment.commands.signin.stepup import StepUp
from muniment.commands.task import Context
from muniment.domain.account.mfa import devices_of
from muniment.domain.arn import name_of
from muniment.domain.errors import (
    AccessDenied,
    EntityAlreadyExists,
    EntityTemporarilyUnmodifiable,
    InvalidAuthenticationCode,
    LimitExceeded,
    ReauthenticationRequired,
    SignInFailed,
    TooManyRequests,
    UnmodifiableEntity,
    ValidationError,
)

SHOWN_ONCE = "The codes were shown once, and are good. Ask for new ones where they are lost; these are void then."
KEYS, CONFIRM, YOU = "Add a security key", "Confirm that it is you", "Your sign-in"  # titles
ONCE_BYTES: Final = 16
ONCE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
KINDS = {"browser": "Browser", "token": "Program"}


class AccountPages:
    """What is below /signin once somebody is signed in."""

    def __init__(self, services: SignInServices, region: str) -> None:
        self._services, self._region = services, region
        self._standing = services.standing
        self._step_up = StepUp(services.house, services.standing, services.flow)
        self._registration = Registration(services, region)

    def routes(self) -> dict[tuple[str, str], Page]:
        """The pages, by method and path."""
        return {
            ("GET", "/signin/account"): self._account,
            ("POST", "/signin/out"): self._out,
            ("POST", "/signin/out-everywhere"): self._out_everywhere,
            ("POST", "/signin/revoke"): self._revoke,
            ("GET", "/signin/confirm"): self._confirm,
            ("POST", "/signin/confirm"): self._confirmed,
            ("GET", "/signin/security-keys"): self._keys,
            ("POST", "/signin/security-keys"): self._key_given,
            ("POST", "/signin/recovery-codes"): self._recovery_codes,
        }

    def _account(self, visit: Visit) -> HTTPAnswer:
        return self._account_page(visit, visit.must_be_signed())

    def _account_page(self, visit: Visit, signed: Signed, *, status: int = 200, problem: str = "") -> HTTPAnswer:
        principal = signed.principal
        sessions = [
            {
                "id": each.id,
                "kind": KINDS[each.kind],
                "started": _time(each.started),
                "expires": _time(each.expires),
                "current": each.id == signed.session.id,
            }
            for each in self._standing.listed(signed)
        ]
        devices = devices_of(principal.account, principal.id)
        factors = [f"{name_of(each.serial)}{' (blocked)' if each.blocked else ''}" for each in devices]
        return visit.page(
            "account.html",
            YOU,
            status=status,
            problem=problem,
            name=principal.shown,
            account=principal.account.alias or principal.account.number,
            sessions=sessions,
            factors=factors,
            once=secrets.token_hex(ONCE_BYTES),
        )

    # -- the end -------------------------------------------------------------------------------------------------

    def _out(self, visit: Visit) -> HTTPAnswer:
        visit.form()
        signed = visit.must_be_signed()
        self._standing.end(signed, signed.session.id, visit.source)
        return _left(visit)

    def _out_everywhere(self, visit: Visit) -> HTTPAnswer:
        visit.form()
        self._standing.end_all(visit.must_be_signed(), visit.source)
        return _left(visit)

    def _revoke(self, visit: Visit) -> HTTPAnswer:
        form = visit.form()
        self._standing.end(visit.must_be_signed(), form.get("session_id", "")[:64], visit.source)
        return visit.go("/signin/account")

    # -- proving again -------------------------------------------------------------------------------------------

    def _confirm(self, visit: Visit) -> HTTPAnswer:
        asked = dict(parse_qsl(visit.http.query_string, max_num_fields=8))
        return self._confirm_page(visit, visit.must_be_signed(), safe(asked.get("return_to", "")))

    def _confirm_page(
        self, visit: Visit, signed: Signed, return_to: str, *, status: int = 200, problem: str = ""
    ) -> HTTPAnswer:
        asks = self._step_up.asks(signed)
        challenge, options = self._step_up.options(signed) if "security-key" in asks else ("", None)
        values: dict[str, Any] = {"asks": asks, "challenge": challenge, "options": options, "problem": problem}
        name = signed.principal.shown
        return visit.page("confirm.html", CONFIRM, status=status, name=name, return_to=return_to, **values)

    def _confirmed(self, visit: Visit) -> HTTPAnswer:
        form, signed = visit.form(), visit.must_be_signed()
        return_to = safe(form.get("return_to", ""))
        try:
            begun = self._step_up.confirm(
                signed,
                form.get("password", ""),
                visit.source,
                code=form.get("code", ""),
                challenge=form.get("challenge", ""),
                answer=form.get("response", ""),
            )
        except (SignInFailed, TooManyRequests) as refused:
            return self._confirm_page(visit, signed, return_to, status=refused.status, problem=refused.message)
        visit.begun(begun)
        return visit.go(return_to)

    # -- factors -------------------------------------------------------------------------------------------------

    def _keys(self, visit: Visit) -> HTTPAnswer:
        return self._keys_page(visit, visit.must_be_signed())

    def _keys_page(self, visit: Visit, signed: Signed, *, status: int = 200, problem: str = "") -> HTTPAnswer:
        try:
            challenge, options = self._registration.begin(signed)
        except ReauthenticationRequired:
            return to_confirm(visit, "/signin/security-keys")
        values: dict[str, Any] = {"challenge": challenge, "options": options, "problem": problem}
        return visit.page("security_keys.html", KEYS, status=status, **values)

    def _key_given(self, visit: Visit) -> HTTPAnswer:
        form, signed = visit.form(), visit.must_be_signed()
        given = (form.get("challenge", ""), form.get("name", ""), form.get("response", ""))
        try:
            self._registration.finish(signed, visit.http, visit.peer, visit.request_id, *given)
        except ReauthenticationRequired:
            return to_confirm(visit, "/signin/security-keys")
        except (
            InvalidAuthenticationCode,
            AccessDenied,
            EntityAlreadyExists,
            LimitExceeded,
            ValidationError,
        ) as refused:
            return self._keys_page(visit, signed, status=refused.status, problem=refused.message)
        return visit.go("/signin/account")

    def _recovery_codes(self, visit: Visit) -> HTTPAnswer:
        """New codes, once for each page that asks for them: whoever loads the answer again does not void what it read."""
        once = visit.form().get("once", "")
        signed, house = visit.must_be_signed(), self._services.house
        try:
            check_recent(signed, house.now())
            caller = caller_of(signed, visit.http, visit.peer, self._region, house.now())
            key = once if ONCE.fullmatch(once) else ""
            outcome = house.ledger.execute(IssueRecoveryCodes(), Context(caller, visit.request_id, key))
        except ReauthenticationRequired:
            return to_confirm(visit, "/signin/account")
        except (AccessDenied, UnmodifiableEntity) as refused:
            return self._account_page(visit, signed, status=refused.status, problem=refused.message)
        except EntityTemporarilyUnmodifiable as shown:
            return self._account_page(visit, signed, status=shown.status, problem=SHOWN_ONCE)
        house.wait(outcome.position)
        return visit.page("recovery_codes.html", "Recovery codes", codes=outcome.result["RecoveryCodes"])


def _left(visit: Visit) -> HTTPAnswer:
    visit.forget(SESSION, TICKET, RETURN, FORM)
    return visit.go("/signin")


def to_confirm(visit: Visit, return_to: str) -> HTTPAnswer:
    return visit.go(f"/signin/confirm?return_to={quote(return_to, safe='')}")


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")

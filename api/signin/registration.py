"""Registering a security key: the ceremony's two halves around the command, for JSON and pages alike."""

from typing import Any

from muniment.api.aws.http import HTTPRequest
from muniment.api.peer import Peer
from muniment.api.signin.callers import caller_of
from muniment.api.signin.sensitive import check_recent
from muniment.api.signin.services import SignInServices
from muniment.commands.signin.keys import RegisterSecurityKey
from muniment.commands.signin.standing import Signed
from muniment.commands.task import Context
from muniment.domain.errors import ValidationError

NAME_CHARACTERS_MAX = 64


def check_name(name: str) -> None:
    """Raises ValidationError where a device may not be called that."""
    if not name or len(name) > NAME_CHARACTERS_MAX or not all(each.isalnum() or each in "+=,.@-_" for each in name):
        raise ValidationError("The name of a device has 1 to 64 letters, digits or +=,.@-_")


class Registration:
    """Registers keys for whoever is signed in. Asks for a recent proof, and for the permission to enable devices."""

    def __init__(self, services: SignInServices, region: str) -> None:
        self._services, self._region = services, region

    def begin(self, signed: Signed) -> tuple[str, Any]:
        """A ticket, and options for the browser."""
        check_recent(signed, self._services.house.now())
        principal = signed.principal
        return self._services.house.keys.begin_registration(
            principal.account, principal.id, principal.shown, signed.session.id
        )

    def finish(
        self, signed: Signed, http: HTTPRequest, peer: Peer, request_id: str, ticket: str, name: str, answer: str
    ) -> str:
        """The new device's serial number. Raises InvalidAuthenticationCode, AccessDenied, ValidationError, LimitExceeded."""
        house, principal = self._services.house, signed.principal
        check_recent(signed, house.now())
        check_name(name)
        registered = house.keys.finish_registration(principal.account, principal.id, ticket, signed.session.id, answer)
        command = RegisterSecurityKey(
            user_name=principal.name,
            device_name=name,
            credential=registered.credential,
            public_key=registered.public_key,
            sign_count=registered.count,
        )
        caller = caller_of(signed, http, peer, self._region, house.now())
        outcome = house.ledger.execute(command, Context(caller, request_id))
        house.wait(outcome.position)
        return command.serial(principal.account)

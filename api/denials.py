"""The encoded authorization failure message that AccessDenied carries in a header; `sts:DecodeAuthorizationMessage` reads it.

AWS puts such messages into the text of some services' errors, IAM's not among them; a header leaves the text as clients know it.
"""

import msgspec

from muniment.api.services import Services
from muniment.domain.caller import Caller
from muniment.domain.denied import CHARACTERS_MAX, FIELD, Denied, encoded, plain
from muniment.domain.errors import AccessDenied, Refused, ServiceUnavailable
from muniment.domain.ids import NOBODY
from muniment.domain.sealing import Unreadable, owner, owner_of_actor

HEADER = "x-muniment-authorization-message"
VALUE_CHARACTERS_MAX = 256  # a condition key with longer values is left out where the message would be too long


def attach(services: Services, caller: Caller, refused: Refused) -> None:
    """Give a denial its message, where it has one that can be told."""
    denied = refused.denied if isinstance(refused, AccessDenied) else None
    if denied is None or caller.actor.account == NOBODY or not caller.actor.id:
        return
    denied = msgspec.structs.replace(denied, time=services.now())
    short = {key: values for key, values in denied.context.items() if sum(map(len, values)) <= VALUE_CHARACTERS_MAX}
    for one in (denied, msgspec.structs.replace(denied, context=short)):
        text = _message(services, caller, one)
        if text is not None and len(text) <= CHARACTERS_MAX:
            refused.encoded = text  # type: ignore[attr-defined]  # an AccessDenied, or there is no `denied`
            return


def _message(services: Services, caller: Caller, denied: Denied) -> str | None:
    principal = caller.actor.issuer or caller.actor.id.split(":", 1)[0]
    whose = owner(f"account.{caller.actor.account}", principal)
    if whose != owner_of_actor(caller.actor, denied.time):
        return None  # somebody that a provider vouches for, who has no data key
    try:
        return encoded(caller.actor.account, principal, services.sealer.seal(whose, FIELD, plain(denied)))
    except (Unreadable, ServiceUnavailable):
        return None


def headers(refused: Refused) -> list[tuple[str, str]]:
    """The header, where the refusal has a message."""
    text = refused.encoded if isinstance(refused, AccessDenied) else ""
    return [(HEADER, text)] if text else []

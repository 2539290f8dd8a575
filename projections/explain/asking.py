"""Whom and what a question is about: principals by any name people use, and condition keys as they are given."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from muniment.domain import arn, ids
from muniment.domain.errors import ValidationError
from muniment.domain.policy.request import AccessRequest, Principal
from muniment.projections.access.model import Access

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2_048)]
Values = dict[str, Any]  # condition key → a scalar, or a list of them
KEYS_MAX: Final = 200
SESSION: Final = "assumed-role/"
SESSION_NAME: Final = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")


def principal_named(access: Access, name: str, account: str) -> Principal | None:
    """The principal of `account` with this name: an ARN (a session's too), a unique id, `root`, or the name of a user.

    None where there is none at that moment, and for principals of other accounts: those are theirs to ask about (SECURITY 16).
    """
    parts = arn.ARN.parse(name)
    if parts is not None and parts.service == "sts" and parts.resource.startswith(SESSION):
        return session_named(access, name, account)
    found = access.principal(_arn_of(access, name, account))
    return found if found is not None and found.account == account else None


def _arn_of(access: Access, name: str, account: str) -> str:
    if name.startswith("arn:"):
        return name
    if name in ("root", account):
        return arn.root(account)
    state = access.table.get(f"account.{account}")
    if name[:4] in (ids.USER, ids.ROLE) and state is not None:
        return str(state.arn_of(name) or "")  # type: ignore[attr-defined]  # the table's kinds are its names'
    user = state.users.get(name.lower()) if state is not None else None  # type: ignore[attr-defined]
    return "" if user is None else str(state.user_arn(user))  # type: ignore[union-attr]


def session_named(access: Access, session_arn: str, account: str) -> Principal | None:
    """A session of a role of `account`, with what the role holds, spelled exactly as STS gives its ARN out."""
    state = access.table.get(f"account.{account}")
    role_name, _, name = session_arn.removeprefix(f"arn:{arn.PARTITION}:sts::{account}:{SESSION}").partition("/")
    role = state.roles.get(role_name.lower()) if state is not None else None  # type: ignore[attr-defined]
    if role is None or role.name != role_name or not SESSION_NAME.fullmatch(name):
        return None
    found = access.principal(state.role_arn(role))  # type: ignore[union-attr]
    return None if found is None else msgspec.structs.replace(found, arn=session_arn)


def permission_arn(principal: Principal) -> str:
    """The ARN under which policies speak of asking about a principal: a session is asked about by its role's."""
    return principal.issuer_arn or principal.arn


def keys_of(context: Values) -> dict[str, tuple[str, ...]]:
    """The condition keys of a request, from JSON. Raises ValidationError."""
    if len(context) > KEYS_MAX:
        raise ValidationError(f"1 validation error detected: Context has more than {KEYS_MAX} keys")
    return {key: _texts(key, value) for key, value in context.items()}


def _texts(key: str, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = []
    for one in values:
        if isinstance(one, bool):
            texts.append("true" if one else "false")
        elif isinstance(one, str | int | float):
            texts.append(str(one))
        else:
            raise ValidationError(
                f"1 validation error detected: the values of condition key {key[:128]} are texts or numbers"
            )
    return tuple(texts)


def action_named(action: str) -> str:
    """The action, which must be one: a misspelled one would only be denied, and a pattern be taken for a name. Raises
    ValidationError."""
    service, colon, name = action.partition(":")
    if not colon or not service or not name or ":" in name or "*" in action or "?" in action:
        raise ValidationError(f"{action[:128]} is not an action: write service:Name, without wildcards")
    return action


def request_of(principal: Principal, action: str, resource: str, keys: Mapping[str, tuple[str, ...]]) -> AccessRequest:
    """The request that a question is about."""
    return AccessRequest(action=action, resource=resource, principal=principal, context=keys)

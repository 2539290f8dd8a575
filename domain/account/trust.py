"""Trust policies between text and log: IAM principals are kept as unique ids and shown as the ARNs they have now.

So a renamed user or role stays trusted, and one that takes a deleted one's name is not; the id of one that is gone is
shown as it is. Source: IAM User Guide, "AWS JSON policy elements: Principal"; FEATURES 1b.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec

from muniment.domain import arn, ids
from muniment.domain.account.state import Account
from muniment.domain.arn import ARN
from muniment.domain.errors import MalformedPolicyDocument

KINDS: Final = ("user/", "role/")

Resolve = Callable[[str], str | None]


class Trust(msgspec.Struct, frozen=True):
    """A trust policy as it is stored, and for each unique id in it the ARN it was written as."""

    document: str
    principals: dict[str, str] = {}


def stored(document: str, resolve: Resolve) -> Trust:
    """`document`, which must be valid, with the ARNs of users and roles as the ids that `resolve` knows, or None.

    The text stays as it was written where nothing in it is replaced. Raises MalformedPolicyDocument for a principal that
    does not exist, unique ids included: those are never written by hand.
    """
    principals: dict[str, str] = {}

    def replace(principal: str) -> str:
        if ids.is_account_number(principal):
            return arn.root(principal)
        if not _is_entity(principal):
            return principal
        if (unique_id := resolve(principal)) is None:
            raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{principal}"')
        principals[unique_id] = principal
        return unique_id

    return Trust(_rewritten(document, replace), principals)


def shown(document: str, arn_of: Resolve) -> str:
    """A stored document with every unique id as the ARN that `arn_of` knows for it; others stay as they are."""
    return _rewritten(document, lambda principal: (is_unique_id(principal) and arn_of(principal)) or principal)


def arn_now(unique_id: str, principals: dict[str, str], account: Callable[[str], Account]) -> str | None:
    """The ARN of a trusted principal as of now, None where it is gone. `account` gives the state of an account by number;
    `principals` are those stored with the document: their ARNs say which account to ask."""
    written = ARN.parse(principals.get(unique_id, ""))
    return None if written is None else account(written.account).arn_of(unique_id)


def is_unique_id(principal: str) -> bool:
    """Whether a principal is a user's or role's unique id."""
    return principal.startswith((ids.USER, ids.ROLE)) and ":" not in principal


def _is_entity(principal: str) -> bool:
    parsed = ARN.parse(principal)
    if parsed is None:
        return is_unique_id(principal)
    return parsed.resource.startswith(KINDS)


def _rewritten(document: str, replace: Callable[[str], str]) -> str:
    """The document with `replace` done to every principal of type AWS; the very same text where that changes none."""
    root: dict[str, Any] = json.loads(document)
    statements = root.get("Statement", [])
    changed = False
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Principal")
        if not isinstance(named, dict) or "AWS" not in named:
            continue
        old = named["AWS"]
        new = replace(old) if isinstance(old, str) else [replace(principal) for principal in old]
        if new != old:
            named["AWS"], changed = new, True
    return json.dumps(root, ensure_ascii=False, separators=(",", ":")) if changed else document

"""The condition keys that the log knows better than any request: who asks, with which tags, of which organization, and whose the
resource is. POLICY_EVALUATION 2.1.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from muniment.domain.account.state import Account, Tags
from muniment.domain.account.tags import merged
from muniment.domain.ids import ROLE, USER
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind, principal_keys
from muniment.projections.access.frame import Frame
from muniment.projections.access.organizations import NONE, Organizations
from muniment.projections.access.principals import holder_id

TAG: Final = "aws:principaltag/"
PROVIDER: Final = "aws:federatedprovider"  # a session's comes with the request; a web identity's is the principal's own


def tags_of(account: Account | None, unique_id: str) -> Tags:
    """The tags of the user or role with this id; none where it is gone."""
    key = account.ids.get(unique_id) if account is not None else None
    if account is None or key is None:
        return {}
    if unique_id.startswith(USER):
        return account.users[key].tags
    return account.roles[key].tags if unique_id.startswith(ROLE) else {}


def issued(principal: Principal, account: Account | None) -> Principal:
    """A session's principal with the ARN of the role or user behind it, which the log knows."""
    if principal.issuer_id and not principal.issuer_arn and account is not None:
        holder = holder_id(principal)
        if holder[:4] in (USER, ROLE) and (arn := account.arn_of(holder)):
            return msgspec.structs.replace(principal, issuer_arn=arn)
    return principal


def context(
    request: AccessRequest, account: Account | None, organizations: Organizations | None
) -> dict[str, tuple[str, ...]]:
    """The request's keys, and in place of those that the log knows better, the log's: what the plain evaluator is given."""
    ours: dict[str, tuple[str, ...]] = principal_keys(issued(request.principal, account))
    held = tags_of(account, holder_id(request.principal))
    tags = merged(held, dict(request.principal.tags), fold_case=True)
    ours |= {f"aws:PrincipalTag/{key}": (value,) for key, value in tags.items()}
    ours["aws:ResourceAccount"] = (request.owner,)
    known = organizations or NONE
    for whose, number in (("Principal", request.principal.account), ("Resource", request.owner)):
        if organization := known.id_of(number):
            ours[f"aws:{whose}OrgID"] = (organization,)
        if path := known.path_of(number):
            ours[f"aws:{whose}OrgPaths"] = (path,)
    named = {key.lower() for key in ours}
    theirs = {key: values for key, values in request.context.items() if _theirs(key.lower(), named)}
    return {**theirs, **ours}


def _theirs(key: str, named: set[str]) -> bool:
    """Whether a key in lower case is the request's to say."""
    return key not in named and (key == PROVIDER or not is_ours(key))


def is_ours(key: str) -> bool:
    """Whether a key in lower case is one that the log, or the principal, may know better than the request."""
    return key in FOUND or key.startswith(TAG) or key == PROVIDER


def _of_principal(name: str) -> Callable[[Frame], tuple[str, ...]]:
    return lambda frame: principal_keys(frame.principal).get(name, ())


def _of_organization(number: Callable[[Frame], str]) -> Callable[[Frame], tuple[str, ...]]:
    def found(frame: Frame) -> tuple[str, ...]:
        organization = (frame.organizations or NONE).id_of(number(frame))
        return (organization,) if organization else ()

    return found


def _path(number: Callable[[Frame], str]) -> Callable[[Frame], tuple[str, ...]]:
    def found(frame: Frame) -> tuple[str, ...]:
        path = (frame.organizations or NONE).path_of(number(frame))
        return (path,) if path else ()

    return found


def _username(frame: Frame) -> tuple[str, ...]:
    principal = frame.request.principal
    if principal.kind is not PrincipalKind.USER:
        return ()
    name = principal.arn.rpartition("/")[2]
    return (name,) if name else ()


def _principal_account(frame: Frame) -> tuple[str, ...]:
    number = frame.request.principal.account
    return (number,) if number else ()


FOUND: Final[Mapping[str, Callable[[Frame], tuple[str, ...]]]] = {
    "aws:principalaccount": _principal_account,
    "aws:principalarn": _of_principal("aws:PrincipalArn"),
    "aws:principalisawsservice": _of_principal("aws:PrincipalIsAWSService"),
    "aws:principalorgid": _of_organization(lambda frame: frame.request.principal.account),
    "aws:principalorgpaths": _path(lambda frame: frame.request.principal.account),
    "aws:principalservicename": _of_principal("aws:PrincipalServiceName"),
    "aws:principaltype": lambda frame: (frame.request.principal.kind.value,),
    "aws:resourceaccount": lambda frame: (frame.request.owner,),
    "aws:resourceorgid": _of_organization(lambda frame: frame.request.owner),
    "aws:resourceorgpaths": _path(lambda frame: frame.request.owner),
    "aws:userid": _of_principal("aws:userid"),
    "aws:username": _username,
}


def finder(key: str) -> Callable[[Frame], tuple[str, ...]] | None:
    """What finds the log's values of a key in lower case; None where the request's count, or may count."""
    found = FOUND.get(key)
    if found is None and key.startswith(TAG):
        name = key[len(TAG) :]
        return lambda frame: _tag(frame, name)
    return found


class Known:
    """The same keys one by one, as a frame asks for them."""

    def principal(self, frame: Frame) -> Principal:
        """The requester, completed."""
        return issued(frame.request.principal, frame.account)

    def key(self, frame: Frame, key: str) -> tuple[str, ...] | None:
        """The log's values of a key in lower case; None where the request's count."""
        found = finder(key)
        if found is not None:
            return found(frame)
        if key == PROVIDER and frame.request.principal.kind is PrincipalKind.WEB_IDENTITY:
            return (frame.request.principal.provider,) if frame.request.principal.provider else None
        return None


def _tag(frame: Frame, name: str) -> tuple[str, ...]:
    """The principal's tag, or the session's in its place; tag keys are unique without regard to case (2.6)."""
    passed = frame.request.principal.tags
    if passed:
        for key, value in passed.items():
            if key.lower() == name:
                return (value,)
    holder = None if frame.standing is None else frame.standing.holder
    tags: Tags = tags_of(frame.account, holder_id(frame.request.principal)) if holder is None else holder.tags
    named = [key for key in tags if key.lower() == name]
    if len(named) > 1:
        named.sort()
    return tuple([tags[key] for key in named])


KNOWN: Final = Known()

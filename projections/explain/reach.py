"""Who reaches what: directly, through a group, or by assuming roles one after another."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.policy.decision import Layer
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.policy.statements import Verdict
from muniment.projections.access.decided import Decided
from muniment.projections.access.model import Access
from muniment.projections.access.principals import holder_id
from muniment.projections.explain.origins import origins
from muniment.projections.turns import Turns

ASSUME: Final = "sts:AssumeRole"
CHAINS_MAX: Final = 10  # told of one principal, the shortest first
Keys = Mapping[str, tuple[str, ...]]
Chain = tuple[str, ...]  # role ARNs, in the order in which they are assumed


class Spent(Exception):
    """As many decisions were made as one answer may take."""


class Asking:
    """Decisions on behalf of one question, counted."""

    def __init__(self, access: Access, keys: Keys, decisions: int) -> None:
        self._access, self._keys, self._left = access, keys, decisions
        self._turns = Turns()

    def decide(self, principal: Principal, action: str, resource: str) -> Decided:
        """One decision. Raises Spent."""
        self._left -= 1
        if self._left < 0:
            raise Spent
        self._turns.pass_on()
        return self._access.decide(
            AccessRequest(action=action, resource=resource, principal=principal, context=self._keys)
        )


def principals_of(access: Access, account: Account) -> Iterator[Principal]:
    """The root user, the users and the roles of an account; roles as sessions of theirs."""
    names = [
        arn.root(account.number),
        *map(account.user_arn, account.users.values()),
        *map(account.role_arn, account.roles.values()),
    ]
    for name in names:
        if (principal := access.principal(name)) is not None:
            yield principal


def name_of(principal: Principal) -> str:
    """The ARN that a principal is listed by: a session's is its role's."""
    return principal.issuer_arn or principal.arn


class Chains:
    """From which roles a request can be made, and how roles lead to them: role ARN → the roles assumed from there on."""

    def __init__(self, asking: Asking, access: Access, account: Account, action: str, resource: str) -> None:
        self._asking = asking
        roles = [one for one in principals_of(access, account) if one.kind is PrincipalKind.ROLE_SESSION]
        self.found: dict[str, Chain] = {
            role.issuer_arn: (role.issuer_arn,) for role in roles if asking.decide(role, action, resource)
        }
        newest = list(self.found)
        while newest:  # by length: each role keeps its shortest chain
            nearer: list[str] = []
            for role in roles:
                if role.issuer_arn in self.found:
                    continue
                following = next((one for one in newest if asking.decide(role, ASSUME, one)), None)
                if following is not None:
                    nearer.append(role.issuer_arn)
                    self.found[role.issuer_arn] = (role.issuer_arn, *self.found[following])
            newest = nearer

    def of(self, principal: Principal) -> list[Chain]:
        """The chains that begin with a role which the principal may assume, shortest first."""
        found: list[Chain] = []
        for role, chain in self.found.items():  # in the order in which they were found: by length
            if role not in (name_of(principal), *[one[0] for one in found]) and self._asking.decide(
                principal, ASSUME, role
            ):
                found.append(chain)
                if len(found) == CHAINS_MAX:
                    break
        return found


def direct_paths(decided: Decided, account: Account) -> list[dict[str, Any]]:
    """How an allowed request of a principal is allowed: by which policies, held directly or through which groups."""
    if decided.layer is Layer.ROOT or decided.layer is Layer.CALLER_IDENTITY:
        return [{"Via": "root" if decided.layer is Layer.ROOT else "always"}]
    known = origins(account, holder_id(decided.frame.request.principal))
    paths: dict[str, list[dict[str, Any]]] = {}
    for one in decided.decision.matched:
        if one.verdict is not Verdict.ALLOW or one.layer not in (Layer.IDENTITY, Layer.RESOURCE):
            continue
        origin = known.get((one.layer, one.policy_type, one.policy_id))
        policy = {
            "Policy": one.policy_id,
            "PolicyArn": origin.arn if origin else "",
            "Sid": one.sid,
            "Index": one.index,
        }
        if one.layer is Layer.RESOURCE:
            paths.setdefault("resource", []).append(policy)
        for way in origin.ways if origin is not None and one.layer is Layer.IDENTITY else ():
            paths.setdefault(way.via, []).append(policy)
    return [_path(via, policies) for via, policies in paths.items()] or [{"Via": "direct", "Policies": []}]


def _path(via: str, policies: list[dict[str, Any]]) -> dict[str, Any]:
    if via in ("direct", "resource"):
        return {"Via": via, "Policies": policies}
    return {"Via": "group", "Group": via, "Policies": policies}


class Reacher(msgspec.Struct, frozen=True):
    """A principal that reaches what was asked about, and every way it does."""

    principal: Principal
    paths: list[dict[str, Any]]


def reaching(
    asking: Asking, chains: Chains, principal: Principal, account: Account, action: str, resource: str
) -> Reacher | None:
    """How a principal reaches it; None where it does not. Raises Spent."""
    decided = asking.decide(principal, action, resource)
    paths = direct_paths(decided, account) if decided else []
    paths += [{"Via": "role", "Roles": list(chain)} for chain in chains.of(principal)]
    return Reacher(principal, paths) if paths else None

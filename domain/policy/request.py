"""What is asked: who wants to do what to which resource, and the condition keys that are known about it.
POLICY_EVALUATION 2.1; IAM User Guide, "AWS global condition context keys".
"""

import enum
from collections.abc import Mapping

import msgspec

from muniment.domain.policy.matching import Budget


class PrincipalKind(enum.Enum):
    """The kinds of requester, by the name that aws:PrincipalType gives them."""

    __hash__ = object.__hash__  # members are singletons; what Enum has instead costs as much as a rule

    ROOT = "Account"
    USER = "User"  # with long-term keys or a GetSessionToken session
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"  # a GetFederationToken session
    WEB_IDENTITY = "WebIdentityUser"  # not yet in any account: the caller of AssumeRoleWithWebIdentity or WithSAML
    SERVICE = "AWSService"
    APPLICATION = "Application"  # a subject of an application that uses the engine for its own permissions
    ANONYMOUS = "Anonymous"


IN_AN_ACCOUNT = frozenset(
    {
        PrincipalKind.ROOT,
        PrincipalKind.USER,
        PrincipalKind.ROLE_SESSION,
        PrincipalKind.FEDERATED_USER,
        PrincipalKind.APPLICATION,
    }
)


class Principal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The authenticated requester.

    `arn` is what GetCallerIdentity answers: the user, the session (`assumed-role/R/s`, `federated-user/n`), the root user; empty
    for services and nobody. `issuer_arn` and `issuer_id` name the role of a role session (with its path) or the user who made a
    federated-user session. `provider` is the Federated principal of a web identity or SAML caller, `service` a service's name.
    """

    kind: PrincipalKind
    arn: str = ""
    account: str = ""
    unique_id: str = ""  # AIDA… of a user; for an application's subject, the ARN whose policies count
    issuer_arn: str = ""
    issuer_id: str = ""  # AROA… of a role, AIDA… of the user who made a federated-user session
    provider: str = ""
    service: str = ""
    canonical_user: str = ""
    tags: Mapping[str, str] = {}  # of a session: they take the place of the tags of the user or role behind it
    service_linked: bool = False  # a session of a service-linked role: SCPs and RCPs do not apply

    @property
    def session_arn(self) -> str:
        """The ARN of the session, or nothing where the requester is no session with an ARN of its own."""
        return self.arn if self.kind in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER) else ""

    @property
    def name(self) -> str:
        """How a message names the requester."""
        return self.arn or self.service or self.provider or "anonymous"


class AccessRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One action on one resource; a call that touches several resources is several requests, all of which must be allowed."""

    action: str  # `service:Name`
    resource: str  # an ARN, or `*` for an action without one
    principal: Principal
    context: Mapping[str, tuple[str, ...]] = {}
    resource_account: str = ""  # the resource's owner; empty: the account in its ARN, or else the requester's

    @property
    def owner(self) -> str:
        """The account that owns the resource."""
        if self.resource_account:
            return self.resource_account
        segments = self.resource.split(":", 5)
        named = segments[4] if len(segments) == 6 else ""
        return named if len(named) == 12 and named.isascii() and named.isdigit() else self.principal.account

    @property
    def service(self) -> str:
        """The service prefix of the action, in lower case."""
        return self.action.partition(":")[0].lower()


class Circumstances:
    """A request while it is being decided: its keys found without regard to case, the budget, and the keys that were missed.

    Key names are case-insensitive, the tag-key part too (POLICY_EVALUATION 2.6); a key without values counts as absent.
    """

    __slots__ = ("_values", "bounded", "budget", "missing", "request")

    def __init__(self, request: AccessRequest, *, bounded: bool = False, budget: Budget | None = None) -> None:
        self.request = request
        self.bounded = bounded  # whether the requester has a permissions boundary
        self.budget = Budget() if budget is None else budget
        self.missing: dict[str, str] = {}
        self._values: dict[str, tuple[str, ...]] = {}
        for key in sorted(request.context):
            lower = key.lower()
            self._values[lower] = self._values.get(lower, ()) + _checked(request.context[key])

    def values(self, key: str) -> tuple[str, ...]:
        """The values the request gives for a condition key; none where the key is absent."""
        return self._values.get(key.lower(), ())

    def single(self, key: str) -> str | None:
        """The value of a key that has exactly one: only such keys may stand in variables (POLICY_EVALUATION 2.5)."""
        values = self.values(key)
        return values[0] if len(values) == 1 else None

    def miss(self, key: str) -> None:
        """Note that a policy asked for a key which the request does not bring."""
        if not self.values(key):
            lower = key.lower()
            self.missing[lower] = max(key, self.missing.get(lower, key))  # one spelling, in whatever order they come


def _checked(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of a key. Raises TypeError where the caller gave anything but texts: the decision is then an error."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError("the values of a condition key are a tuple of texts")
    return tuple(values)


def principal_keys(principal: Principal) -> dict[str, tuple[str, ...]]:
    """The condition keys that follow from the requester alone (the table of POLICY_EVALUATION 2.1)."""
    kind = principal.kind
    keys: dict[str, str] = {"aws:PrincipalType": kind.value, "aws:PrincipalAccount": principal.account}
    match kind:
        case PrincipalKind.ROOT:
            keys |= {"aws:PrincipalArn": principal.arn, "aws:userid": principal.account}
        case PrincipalKind.USER:
            name = principal.arn.rpartition("/")[2]
            keys |= {"aws:PrincipalArn": principal.arn, "aws:userid": principal.unique_id, "aws:username": name}
        case PrincipalKind.ROLE_SESSION:
            session = principal.arn.rpartition("/")[2]
            keys |= {"aws:PrincipalArn": principal.issuer_arn, "aws:userid": f"{principal.issuer_id}:{session}"}
        case PrincipalKind.FEDERATED_USER:
            session = principal.arn.rpartition("/")[2]
            keys |= {"aws:PrincipalArn": principal.arn, "aws:userid": f"{principal.account}:{session}"}
        case PrincipalKind.APPLICATION:
            keys |= {"aws:PrincipalArn": principal.arn, "aws:userid": principal.arn}
        case PrincipalKind.ANONYMOUS:
            keys |= {"aws:userid": "anonymous"}
        case PrincipalKind.SERVICE:
            keys |= {"aws:PrincipalServiceName": principal.service}
        case PrincipalKind.WEB_IDENTITY:
            keys |= {"aws:FederatedProvider": principal.provider}
    keys["aws:PrincipalIsAWSService"] = "true" if kind is PrincipalKind.SERVICE else "false"
    return {key: (value,) for key, value in keys.items() if value}

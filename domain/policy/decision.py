"""The answer to a request: yes or no, which layer decided, what every layer said, and which statements matched.
POLICY_EVALUATION 2.8; IAM API reference, EvaluationResult.
"""

import enum

import msgspec

from muniment.domain.policy.json_text import Place
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.statements import Verdict


class Effect(enum.Enum):
    """The simulator's words."""

    __hash__ = object.__hash__  # members are singletons; what Enum has instead costs as much as a rule

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class Layer(enum.Enum):
    """What can decide, by the name a message gives it."""

    __hash__ = object.__hash__  # members are singletons; what Enum has instead costs as much as a rule

    CALLER_IDENTITY = "sts:GetCallerIdentity"
    RCP = "resource control policy"
    SCP = "service control policy"
    ROOT = "root user"
    RESOURCE = "resource-based policy"
    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ENDPOINT = "VPC endpoint policy"
    EVALUATION = "evaluation"  # the decision could not be made


class SourceType(enum.Enum):
    """Where a policy comes from: the values of PolicySourceType."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    AWS_MANAGED = "aws-managed"
    USER_MANAGED = "user-managed"
    RESOURCE = "resource"
    NONE = "none"


class Alarm(enum.Enum):
    """Why a request was denied although no policy says so; an operator must look."""

    BUDGET = "budget"  # too many comparisons (SECURITY rule 1)
    ERROR = "error"


class MatchedStatement(msgspec.Struct, frozen=True):
    """A statement that applies to the request."""

    layer: Layer
    verdict: Verdict
    policy_id: str
    policy_type: SourceType
    sid: str
    index: int
    start: Place
    end: Place


class LayerResult(msgspec.Struct, frozen=True):
    """What one layer says by itself. `applies` is false where the request has no such layer; `grant` is for resource policies."""

    layer: Layer
    applies: bool
    effect: Effect
    grant: Grant = Grant.NONE


class Decision(msgspec.Struct, frozen=True):
    """The answer; true where the request is allowed. `reason` is the text of AccessDenied, empty where it is allowed."""

    effect: Effect
    layer: Layer
    layers: tuple[LayerResult, ...] = ()
    matched: tuple[MatchedStatement, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = ""
    alarm: Alarm | None = None

    def __bool__(self) -> bool:
        return self.effect is Effect.ALLOWED

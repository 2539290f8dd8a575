"""`Access`: may they? Decided in this process, from live policy, without a network hop (DESIGN §5)."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from muniment.client.decision import Decision
from muniment.client.errors import NotDecided, NotReached
from muniment.client.follower import Follower
from muniment.domain import arn
from muniment.domain.errors import Refused, ServiceUnavailable, ValidationError
from muniment.domain.policy.document import Kind, parse_stored
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.position import Position
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.reader.credential import BadCredential, OwnSignature, ReaderKeys, load
from muniment.projections.access.staleness import PRIVILEGED_SECONDS_MAX, STATIC_SECONDS_MAX, Limits, Staleness
from muniment.projections.readmodel import WAIT_SECONDS_DEFAULT
from muniment.projections.snapshots import Snapshots

LOAD_SECONDS_MAX: Final = 120.0
NO_KEYS: Final[Mapping[str, tuple[str, ...]]] = {}
Value = str | int | float | bool


class Access:
    """Follows the log and decides. Thread-safe: any number of threads may ask one `Access`.

    Make it with `Access.open`; close it, or use it as a context manager.
    """

    def __init__(self, follower: Follower, loop: NatsLoop, epoch: str, limits: Limits) -> None:
        self._follower, self._loop, self._epoch = follower, loop, epoch
        self._model = follower.model
        self._limits = limits
        self._closed = False
        self._staleness = Staleness(follower.model, follower.age, lambda: follower.broken, limits)

    @classmethod
    def open(
        cls,
        credential: str | Path,
        *,
        snapshots: str | Path | None = None,
        process: int = 0,
        url: str = "",
        static_seconds: float = STATIC_SECONDS_MAX,
        privileged_seconds: float = PRIVILEGED_SECONDS_MAX,
        load_seconds: float = LOAD_SECONDS_MAX,
    ) -> Self:
        """Connect with a credential of `muniment readers add`, read the log to its end, and follow it from then on.

        `snapshots` is a folder of this process's own for a signed snapshot, from which the next start goes on; without one every
        start reads the log from its beginning. `process` counts the processes that share the credential, from 0: each needs a
        consumer of its own. `url` is the NATS server's where it is not the one in the file. `static_seconds` is for how long
        decisions go on when NATS is away, `privileged_seconds` the same for actions that change permissions or give out
        credentials or secrets (SECURITY rule 2).

        Raises BadCredential, NotReached (not loaded in `load_seconds`), NotDecided (the log is not what its writers signed).
        """
        path = Path(credential)
        found = load(path)
        if not 0 <= process < len(found.consumers):
            raise BadCredential(f"`{path}` is for {len(found.consumers)} processes: `process` counts from 0")
        own = OwnSignature(found.seed)
        kept = None if snapshots is None else Snapshots(Path(snapshots), own)
        loop = NatsLoop(found.settings(url))
        follower = Follower(found, ReaderKeys(path, found), loop, found.consumers[process], kept, own)
        access = cls(follower, loop, found.epoch, Limits(privileged_seconds, static_seconds))
        try:
            follower.start()
            access._await_loaded(load_seconds)
        except BaseException:
            access.close()
            raise
        return access

    def decide(
        self,
        principal: str | Principal | None,
        action: str,
        resource: str = "*",
        context: Mapping[str, Value | Sequence[Value]] = NO_KEYS,
        *,
        session_policies: Sequence[str] | None = None,
        minimum: Position | str | None = None,
    ) -> Decision:
        """May `principal` do `action` on `resource`?

        `principal` is the ARN of a user, a role (a session of it is meant) or a root user, or a `Principal` that says more.
        `action` is `service:Name`, `resource` an ARN, `context` the condition keys the request brings: one value or several each,
        texts, numbers or booleans. `session_policies` are the documents passed when the session began. `minimum` is a position
        that the answer must not be older than (`X-Muniment-Position`); it is waited for.

        Nobody (None, what `Access.principal` answers where there is none) may nothing.

        Raises NotDecided where the state is too old for this action, the log is broken or this `Access` is closed, NotReached
        where the minimum did not come in time, TypeError for what is none of the above.
        """
        _check_types(principal, action, resource, session_policies)
        if minimum is not None:
            self.wait(minimum)
        self._check(action)
        who = self._model.principal(principal) if isinstance(principal, str) else principal
        if who is None:
            return Decision(None, self.position, self.age, f"the principal {principal} does not exist")
        keys = {name: _texts(name, each) for name, each in context.items()}
        request = AccessRequest(action=action, resource=resource, principal=who, context=keys)
        position = Position(self._epoch, self._model.position())
        decided = self._model.decide(request, None if session_policies is None else _sources(session_policies))
        return Decision(decided, position, self.age)

    def principal(self, principal_arn: str) -> Principal | None:
        """The user, root user or role session with this ARN, as `decide` takes it; None where there is none."""
        return self._model.principal(principal_arn)

    @property
    def position(self) -> Position:
        """How far the log was applied here."""
        return Position(self._epoch, self._model.position())

    @property
    def age(self) -> float:
        """Seconds since the log was last heard of: what was decided may be older than it by so much."""
        return self._follower.age()

    @property
    def problem(self) -> str:
        """Why the log is not followed at this moment; empty while it is."""
        return self._follower.broken or self._follower.lost or self._model.status.reason

    def wait(self, minimum: Position | str, seconds: float = WAIT_SECONDS_DEFAULT) -> None:
        """Return once the log was applied up to `minimum`: a Position, or an `X-Muniment-Position`. Raises NotReached."""
        try:
            wanted = Position.parse(minimum) if isinstance(minimum, str) else minimum
            if wanted.epoch != self._epoch:
                raise ValidationError("the position is of another ledger, or of this one before it was restored")
            self._model.wait(wanted.sequence, seconds)
        except Refused as refused:
            raise NotReached(refused.message) from None

    def close(self) -> None:
        """Stop following; write the snapshot where a folder was named. What is closed decides no more."""
        self._closed = True
        self._follower.close()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self, action: str) -> None:
        if self._closed:
            raise NotDecided("this Access is closed: it follows the log no more")
        try:
            self._staleness.check(action)
        except ServiceUnavailable as stale:
            raise NotDecided(stale.message) from None

    def _await_loaded(self, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        try:
            self._loop.wait_ready(min(seconds, LOAD_SECONDS_MAX))
        except (NatsError, TimeoutError) as lost:
            raise NotReached(f"the log cannot be reached: {lost}") from None
        if not self._follower.wait_loaded(max(0.0, give_up - time.monotonic())):
            raise NotReached(
                f"the log was not loaded in {seconds:.0f} s: {self.problem or 'it is long; allow more time'}"
            )
        if self._follower.broken:
            raise NotDecided(f"the log is broken: {self._follower.broken}")


def _check_types(principal: object, action: object, resource: object, policies: object) -> None:
    """Raises TypeError: an answer about what nobody asked would be worse."""
    if not isinstance(principal, str | Principal | None):
        raise TypeError(f"principal is an ARN or a Principal, not {type(principal).__name__}")
    for name, value in (("action", action), ("resource", resource)):
        if not isinstance(value, str):
            raise TypeError(f"{name} is a text, not {type(value).__name__}")
    if policies is not None and (
        isinstance(policies, str)
        or not isinstance(policies, Sequence)
        or not all(isinstance(one, str) for one in policies)
    ):
        raise TypeError("session_policies is a list of policy documents, each a text")


def _texts(name: object, value: object) -> tuple[str, ...]:
    """The values of one condition key. Raises TypeError."""
    if not isinstance(name, str):
        raise TypeError(f"the names of condition keys are texts, not {type(name).__name__}")
    several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
    return tuple([one if isinstance(one, str) else _text(name, one) for one in several])


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(f"the values of condition key {name} are texts, numbers or booleans, not {type(value).__name__}")


def _sources(documents: Sequence[str]) -> tuple[Source, ...]:
    return tuple(Source(parse_stored(text, Kind.SESSION), f"session_{number}") for number, text in enumerate(documents))


def role_session(principal: Principal, session_name: str) -> Principal:
    """The session of that name of a role that `Access.principal` found: `arn:aws:sts::…:assumed-role/Role/name`."""
    if principal.kind is not PrincipalKind.ROLE_SESSION:
        raise ValueError(f"{principal.arn} is not a role")
    session = (
        f"arn:{arn.PARTITION}:sts::{principal.account}:assumed-role/{arn.name_of(principal.issuer_arn)}/{session_name}"
    )
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=session,
        account=principal.account,
        issuer_arn=principal.issuer_arn,
        issuer_id=principal.issuer_id,
    )

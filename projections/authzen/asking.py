"""From AuthZEN's words to the engine's: types and ids to principals and ARNs, properties to condition keys (INTERFACES)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.application import action_of, entity_arn, entity_key, values_of
from muniment.domain.account.state import Account
from muniment.domain.errors import ValidationError
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.session import Passed
from muniment.projections.access.decided import Decided
from muniment.projections.access.model import Access
from muniment.projections.authzen.questions import Deed, Entity, Question, complete_deed, complete_entity
from muniment.projections.explain.asking import permission_arn, session_named
from muniment.projections.explain.passed import Document, PolicyArns, passed_to

IAM: Final = "iam:"  # `iam:user` is IAM's user, whatever an application calls its own subjects
KINDS: Final = {"user": "user", "role": "role"}
SESSION: Final = "session"
PASSED: Final = ("policy", "policy_arns")  # properties of a session: what was passed when it began
UNSAID: Final = (
    "the properties of a session must say what was passed when it began: `policy` (a document), `policy_arns` (a list), or an "
    "empty list where nothing was"
)
TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NOW: Final = "aws:currenttime"
NO_KEYS: Final[Mapping[str, tuple[str, ...]]] = {}

Keys = dict[str, tuple[str, ...]]


class Asker:
    """Understands the questions of one account, at one moment (microseconds). Not to be kept: it remembers what it found."""

    def __init__(self, access: Access, number: str, now: int) -> None:
        found = access.table.get(f"{Account.kind}.{number}")
        self.access, self.number = access, number
        self.account = found if isinstance(found, Account) else Account(id=f"{Account.kind}.{number}")
        self.keys_now = clock_keys(now // 1_000_000)
        self._subjects: dict[tuple[str, str], tuple[Principal | None, str]] = {}  # type and id → principal and ARN
        self._nothing_known = not self.account.entities  # no properties of any subject or resource
        self._context: dict[str, Any] | None = None
        self._keys: Mapping[str, tuple[str, ...]] = self.keys_now
        self._subject_types: dict[str, bool] = {}  # whether an application of the account has subjects of that type
        self._kinds: dict[str, tuple[bool, str]] = {}  # resource types, see `_kind`

    def decide(self, request: AccessRequest, question: Question) -> tuple[Decided, Passed | None]:
        """The decision on a request that `request` made, and what was passed to its session. Raises ValidationError,
        MalformedPolicyDocument."""
        if request.principal.kind is not PrincipalKind.ROLE_SESSION:
            return self.access.decide(request), None
        passed = self._passed(complete_entity(question.subject, "subject"), request.principal)
        session = None if passed is None else self.access.passed_policies(passed, self.number)
        return self.access.decide(request, session), passed

    def _passed(self, subject: Entity, principal: Principal) -> Passed | None:
        """The session policies of a subject of type `session`, which must say so where there are none."""
        if (subject.type or "").removeprefix(IAM) != SESSION:
            return None
        given = {name: value for name, value in (subject.properties or {}).items() if name in PASSED}
        if not given:
            raise ValidationError(UNSAID)
        try:
            told = msgspec.convert(given, _Passed)
        except msgspec.ValidationError as error:
            raise ValidationError(f"the properties of the session cannot be read: {error}") from None
        return passed_to(principal, told.policy, told.policy_arns)

    def request(self, question: Question) -> AccessRequest | None:
        """The question as the engine takes it; None where there is no such subject. Raises ValidationError."""
        subject, action, resource = question.subject, question.action, question.resource
        if subject is None or subject.type is None or subject.id is None:
            subject = complete_entity(subject, "subject")
        if action is None or action.name is None:
            action = complete_deed(action)
        if resource is None or resource.type is None or resource.id is None:
            resource = complete_entity(resource, "resource")
        principal = (self._subjects.get((subject.type or "", subject.id or "")) or self._known(subject))[0]
        if principal is None:
            return None
        if principal.kind is PrincipalKind.ROLE_SESSION and subject.properties:  # a policy is no condition key
            rest = {name: value for name, value in subject.properties.items() if name not in PASSED}
            subject = Entity(subject.type, subject.id, rest)
        name, keys = action.name or "", self._keys
        unknown = self._nothing_known and question.context is self._context
        if not unknown or subject.properties or action.properties or resource.properties:
            keys = self.keys(subject, action, resource, question.context)
        return AccessRequest(
            action=name if ":" in name else action_of(name),
            resource=self.resource(resource),
            principal=principal,
            context=keys,
        )

    def principal(self, subject: Entity) -> Principal | None:
        """The subject as a principal of the account; None where it has none such: others' are theirs to ask about (SECURITY 16)."""
        return self._known(subject)[0]

    def _session_arn(self, name: str) -> str:
        """A session's ARN; `ROLE/NAME` is one of this account."""
        return name if name.startswith("arn:") else f"arn:{arn.PARTITION}:sts::{self.number}:assumed-role/{name}"

    def asked_about(self, subject: Entity) -> str:
        """`subject_arn`, or what stands for a subject of no known type."""
        return self._known(subject)[1]

    def _known(self, subject: Entity) -> tuple[Principal | None, str]:
        """Principal and ARN of a subject, looked up once: batches ask about the same ones again and again."""
        key = subject.type or "", subject.id or ""
        known = self._subjects.get(key)
        if known is None:
            found = self._found(subject)
            if found is not None and found.kind in (PrincipalKind.USER, PrincipalKind.APPLICATION):
                known = found, found.arn
            else:
                known = found, self.subject_arn(subject) or unknown_arn(self.number, subject)
            self._subjects[key] = known
        return known

    def _found(self, subject: Entity) -> Principal | None:
        kind, name = subject.type or "", subject.id or ""
        ours = self._subject_types.get(kind)
        if ours is None:
            ours = self._subject_types[kind] = self.account.subject_application(kind) is not None
        if ours and (own := self.access.subject(self.number, kind, name)) is not None:
            return own
        kind = kind.removeprefix(IAM)
        if kind == "user" and (user := self.account.users.get(name.lower())) is not None and user.name == name:
            return Principal(
                kind=PrincipalKind.USER, arn=self.account.user_arn(user), account=self.number, unique_id=user.id
            )
        if kind == SESSION:
            return session_named(self.access, self._session_arn(name), self.number)
        named = self.subject_arn(subject)
        found = self.access.principal(named) if named else None
        return found if found is not None and found.account == self.number else None

    def subject_arn(self, subject: Entity) -> str:
        """The ARN under which policies speak of asking about a subject; empty where its type is nobody's."""
        kind, name = subject.type or "", subject.id or ""
        if TYPE.fullmatch(kind) and self.account.subject_application(kind) is not None:
            return entity_arn(self.number, kind, name)
        kind = kind.removeprefix(IAM)
        if kind == "account":
            return arn.root(self.number) if name in (self.number, arn.root(self.number)) else arn.root(name)
        if kind == SESSION:  # asked about by the role's ARN
            session = session_named(self.access, self._session_arn(name), self.number)
            return self._session_arn(name) if session is None else permission_arn(session)
        if kind not in KINDS:
            return ""
        if name.startswith("arn:"):
            return name
        table: Mapping[str, Any] = self.account.users if kind == "user" else self.account.roles
        known = table.get(name.lower())
        return arn.iam(self.number, KINDS[kind], known.path if known is not None else "/", name)

    def resource(self, resource: Entity) -> str:
        """The ARN of a resource. Ids of an application's own types are never read as ARNs: they may be anybody's words.

        Raises ValidationError for a type that could be mistaken for another's id.
        """
        kind, name = resource.type or "", resource.id or ""
        own, before = self._kinds.get(kind) or self._kind(kind)
        if not own and (name == "*" or name.startswith("arn:")):
            return name
        if not before:
            raise ValidationError("a resource type is made of letters, digits, `_`, `.` and `-`, at most 64")
        return before + name

    def _kind(self, kind: str) -> tuple[bool, str]:
        """Whether an application of the account has this resource type, and what ARNs of the type begin with; nothing where it can
        be none."""
        own = self.is_application_type(kind)
        found = self._kinds[kind] = own, entity_arn(self.number, kind, "") if own or TYPE.fullmatch(kind) else ""
        return found

    def is_application_type(self, kind: str) -> bool:
        """Whether an application of the account has this resource type."""
        return self.account.resource_application(kind) is not None

    def keys(
        self, subject: Entity, action: Deed, resource: Entity, context: dict[str, Any] | None
    ) -> Mapping[str, tuple[str, ...]]:
        """The condition keys: the context's as given, the time, and properties under names of their own. Where a question brings
        no property of a name, what the application made known counts."""
        stored = self.account.entities
        if context is not self._context:
            self._context, self._keys = context, self._of_context(context)
        common = self._keys
        if not (stored or subject.properties or action.properties or resource.properties):
            return common
        keys: Keys | None = None
        if action.properties:
            keys = dict(common)
            _put(keys, "authzen:action/", action.properties, NO_KEYS)
        for prefix, entity in (("authzen:subject/", subject), ("authzen:resource/", resource)):
            known = stored.get(entity_key(entity.type or "", entity.id or "")) if stored else None
            if entity.properties or known is not None:
                keys = dict(common) if keys is None else keys
                _put(keys, prefix, entity.properties or {}, known.properties if known is not None else NO_KEYS)
        return common if keys is None else keys

    def _of_context(self, context: dict[str, Any] | None) -> Keys:
        """The context's keys, and the time where it tells none."""
        if not context:
            return self.keys_now
        keys = {name: values_of(value) for name, value in context.items()}
        return keys if any(name.lower() == NOW for name in keys) else keys | self.keys_now


def unknown_arn(number: str, subject: Entity) -> str:
    """What stands for a subject whose type nobody has."""
    return entity_arn(number, (subject.type or "")[:64], subject.id or "")


def _put(keys: Keys, prefix: str, given: Mapping[str, Any], known: Mapping[str, tuple[str, ...]]) -> None:
    """The given properties, and the known ones of other names: case does not tell condition keys apart."""
    for name, value in given.items():
        keys[prefix + name] = values_of(value)
    if known:
        named = {name.lower() for name in given}
        for name, values in known.items():
            if name.lower() not in named:
                keys[prefix + name] = values


class _Passed(msgspec.Struct):
    """Session policies as properties."""

    policy: Document = ""
    policy_arns: PolicyArns = []


_clock: tuple[int, Keys] = (-1, {})


def clock_keys(second: int) -> Keys:
    """aws:CurrentTime and aws:EpochTime; the same mapping for everybody who asks in that second."""
    global _clock
    known = _clock
    if known[0] != second:
        moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        known = _clock = (second, {"aws:CurrentTime": (moment,), "aws:EpochTime": (str(second),)})
    return known[1]

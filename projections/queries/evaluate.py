"""`muniment:Evaluate`: may this subject do this? The question behind `POST /access/v1/evaluation` (INTERFACES, AuthZEN)."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.errors import ValidationError
from muniment.domain.policy.request import AccessRequest, Principal
from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views

Name = Annotated[str, msgspec.Meta(max_length=2_048)]  # as long as IAM's longest ARNs
SUBJECT_KINDS: Final = {"user": "user", "role": "role"}


class Subject(msgspec.Struct, frozen=True):
    """Who: a user or role by ARN or by name in the caller's account, or an account's root user by its number."""

    type: Name
    id: Name
    properties: dict[str, Any] = {}


class Object(msgspec.Struct, frozen=True):
    """On what: an ARN, or an application's own resource as type and id."""

    type: Name
    id: Name
    properties: dict[str, Any] = {}


class Deed(msgspec.Struct, frozen=True):
    """What: `service:Action`, or an application's own action."""

    name: Name
    properties: dict[str, Any] = {}


class Evaluate(Query, frozen=True, kw_only=True, rename="pascal"):
    """Decide one request by the policies of the subject (AuthZEN Authorization API 1.0, evaluation)."""

    service = "muniment"
    models = ("access",)

    subject: Subject
    action_asked: Deed = msgspec.field(name="Action")
    resource: Object
    context: dict[str, Any] = {}

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(self._subject_arn(asked)),)

    def decides(self) -> tuple[str, ...]:
        return (self.action_asked.name,)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        principal = self._principal(views, asked)
        if principal is None:
            return {"Decision": False, "Context": {"reason_admin": {"en": "the subject does not exist"}}}
        decided = views.access.decide(
            AccessRequest(
                action=self.action_asked.name,
                resource=self._resource_arn(asked),
                principal=principal,
                context=self._keys(),
            )
        )
        decision = decided.decision
        return {
            "Decision": bool(decided),
            "Context": {
                "reason_admin": {"en": decision.reason or f"allowed by {decision.layer.value}"},
                "effect": decision.effect.value,
                "layer": decision.layer.value,
                "layers": [
                    {"layer": each.layer.value, "effect": each.effect.value} for each in decision.layers if each.applies
                ],
                "statements": [
                    {"policy": each.policy_id, "type": each.policy_type.value, "sid": each.sid, "index": each.index}
                    for each in decision.matched
                ],
                "missing_keys": list(decision.missing),
                "revision": decided.position,
            },
        }

    def _principal(self, views: Views, asked: Asked) -> Principal | None:
        """The subject in the caller's own account: what others' principals may do is theirs to ask (SECURITY 16)."""
        found: Principal | None = views.access.principal(self._subject_arn(asked))
        return found if found is not None and found.account == asked.actor.account else None

    def _subject_arn(self, asked: Asked) -> str:
        subject, account = self.subject, asked.actor.account
        if subject.id.startswith("arn:"):
            return subject.id
        if subject.type == "account":
            return arn.root(subject.id)
        if (kind := SUBJECT_KINDS.get(subject.type)) is None:
            raise ValidationError(f"subject type `{subject.type}` is not one of user, role, account")
        return arn.iam(account, kind, "/", subject.id)

    def _resource_arn(self, asked: Asked) -> str:
        if self.resource.id == "*" or self.resource.id.startswith("arn:"):
            return self.resource.id
        return f"arn:muniment:app::{asked.actor.account}:{self.resource.type}/{self.resource.id}"

    def _keys(self) -> dict[str, tuple[str, ...]]:
        """The context's condition keys as given, and the entities' properties under keys of their own."""
        keys = {name: _texts(value) for name, value in self.context.items()}
        for entity, properties in (
            ("subject", self.subject.properties),
            ("action", self.action_asked.properties),
            ("resource", self.resource.properties),
        ):
            keys |= {f"authzen:{entity}/{name}": _texts(value) for name, value in properties.items()}
        return keys


def _texts(value: Any) -> tuple[str, ...]:
    """A JSON value as a condition key's values; what is no scalar counts as its JSON text."""
    if isinstance(value, list):
        return tuple(text for each in value for text in _texts(each))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if value is None:
        return ()
    return (str(value) if isinstance(value, str | int | float) else msgspec.json.encode(value).decode(),)

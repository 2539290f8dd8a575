"""Statements as they concern one principal: conditions and variables that ask who it is are answered, where that is known.

What is left of a statement asks of the request alone, so that what two principals may do can be compared.
POLICY_EVALUATION 2.1, 2.5.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from muniment.domain.policy.conditions import holds
from muniment.domain.policy.matching import BudgetSpent
from muniment.domain.policy.request import AccessRequest, Circumstances, Principal, PrincipalKind
from muniment.domain.policy.statements import Condition, Statement, Verdict
from muniment.domain.policy.variables import (
    VARIABLES_SINCE,
    MalformedVariable,
    Part,
    Variable,
    Wildcard,
    parts,
)

TAG: Final = "aws:principaltag/"
OWN: Final = frozenset(
    {
        "aws:username",
        "aws:userid",
        "aws:principalarn",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalservicenameslist",
    }
)
OF_SESSION: Final = frozenset(
    {
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:tokenissuetime",
        "aws:sourceidentity",
        "aws:federatedprovider",
        "aws:assumedroot",
    }
)
COLONS_BEFORE_VARIABLES: Final = 5  # in a Resource value
_NOBODY: Final = Principal(kind=PrincipalKind.ANONYMOUS)
Answer = bool | None  # None: it is not known


class Person(msgspec.Struct, frozen=True):
    """One principal, as far as it is known.

    `known` holds keys in lower case; a key with no values is known to be absent. `generous` says what becomes of what is not
    known: whatever gives the principal more rights, or whatever gives it fewer.
    """

    known: Mapping[str, tuple[str, ...]]
    generous: bool
    tags_known: bool = False  # whether `known` names all of its tags
    session_known: bool = False  # whether `known` names all that its session says

    def values(self, key: str) -> tuple[str, ...] | None:
        """The values of a key in lower case; None where they are not known."""
        found = self.known.get(key)
        if found is None and ((self.tags_known and key.startswith(TAG)) or (self.session_known and _of_session(key))):
            return ()
        return found


ANYBODY: Final = Person({}, generous=True)


def asks_who(key: str) -> bool:
    """Whether a key in lower case is the principal's or its session's to answer, and not the request's."""
    return key in OWN or key.startswith(TAG) or _of_session(key)


def _of_session(key: str) -> bool:
    """Whether a session brings the key: facts about it, and claims of an identity provider (`accounts.example.com:sub`)."""
    service = key.partition(":")[0]
    return key in OF_SESSION or "." in service or "/" in service or service == "saml"


def concerning(statement: Statement, version: str, person: Person) -> Statement | None:
    """What the statement says about the person; None where it says nothing.

    It applies to no more requests of the person's than the statement does, or to no fewer, as gives them more rights or fewer.
    """
    if statement.unknown and statement.verdict is Verdict.ALLOW:
        return None  # SECURITY rule 1
    widened = (statement.verdict is Verdict.ALLOW) == person.generous
    left: list[Condition] = []
    for condition in statement.conditions:
        answer = _asked(condition, version, person)
        if isinstance(answer, Condition):
            left.append(answer)
        elif answer is False or (answer is None and not widened):
            return None
    resources, not_resources = statement.resources, statement.not_resources
    if resources is not None:
        resources = _resources(resources, version, person, widened=widened)
        if not resources:
            return None
    elif not_resources is not None:
        not_resources = _resources(not_resources, version, person, widened=not widened)
        if not not_resources:
            resources, not_resources = ("*",), None
    return msgspec.structs.replace(statement, conditions=tuple(left), resources=resources, not_resources=not_resources)


def _asked(condition: Condition, version: str, person: Person) -> Condition | Answer:
    """The condition with its variables answered, or whether it holds where it asks who the principal is."""
    asked: Condition | None = condition
    if version == VARIABLES_SINCE and condition.operator.takes_variables:
        asked = _with_values(condition, person)
    key = condition.key.lower()
    if not asks_who(key):
        return asked
    values = person.values(key)
    if asked is None or values is None or any(_varies(value, version, asked) for value in asked.values):
        return None
    request = AccessRequest(action="any:Thing", resource="*", principal=_NOBODY, context={key: values})
    try:
        return holds(asked, version, Circumstances(request))
    except BudgetSpent:
        return None


def _varies(value: str, version: str, condition: Condition) -> bool:
    """Whether a condition value still holds a variable."""
    if version != VARIABLES_SINCE or not condition.operator.takes_variables:
        return False
    return any(isinstance(part, Variable) for part in parts(value, variables=True, wildcards=False))


def _with_values(condition: Condition, person: Person) -> Condition | None:
    """The condition with the person's values in it; None where one is not known. A value without an answer equals nothing."""
    if not any("${" in value for value in condition.values):
        return condition
    found: list[str] = []
    for value in condition.values:
        try:
            said = parts(value, variables=True, wildcards=condition.operator.takes_wildcards)
        except MalformedVariable:
            return None
        answered = _answered(said, person, wild=False)
        if answered is None:
            return None
        found.extend(answered)
    return msgspec.structs.replace(condition, values=tuple(found))


def _resources(patterns: tuple[str, ...], version: str, person: Person, *, widened: bool) -> tuple[str, ...]:
    """The patterns with the person's values in them. What is not known: anything where `widened`, else nothing."""
    if version != VARIABLES_SINCE or not any("${" in pattern for pattern in patterns):
        return patterns
    found: list[str] = []
    for pattern in patterns:
        *head, named = pattern.split(":", COLONS_BEFORE_VARIABLES)
        if len(head) < COLONS_BEFORE_VARIABLES:
            found.append(pattern)
            continue
        try:
            answered = _answered(parts(named, variables=True, wildcards=True), person, wild=widened)
        except MalformedVariable:
            answered = ("*",) if widened else ()
        found.extend(":".join((*head, text)) for text in answered or ())
    return tuple(found)


def _answered(said: tuple[Part, ...], person: Person, *, wild: bool) -> tuple[str, ...] | None:
    """The text again with the person's values put in; nothing where a key is absent; None where one is not known, unless a
    wildcard (`wild`) may stand for it."""
    found: list[str] = []
    for part in said:
        if isinstance(part, str):
            found.append(_escaped(part))
        elif isinstance(part, Wildcard):
            found.append(part.value)
        elif not asks_who(part.key.lower()):
            found.append(f"${{{part.key}}}" if part.default is None else f"${{{part.key}, '{part.default}'}}")
        else:
            values = person.values(part.key.lower())
            if values is None or len(values) > 1:
                if not wild:
                    return None
                found.append("*")
            elif values or part.default is not None:
                found.append(_escaped(values[0] if values else part.default or ""))
            else:
                return ()
    return ("".join(found),)


def _escaped(text: str) -> str:
    """Literal text as a policy writes it."""
    return "".join(f"${{{character}}}" if character in "*?$" else character for character in text)

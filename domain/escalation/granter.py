"""The granter: what whoever gives a command may do itself, in the session it is in, so far as that is certain."""

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.account.tags import merged
from muniment.domain.caller import Caller
from muniment.domain.escalation.held import document, entity, held, managed, person, tag_keys
from muniment.domain.policy.checks.person import Person, asks_who
from muniment.domain.policy.checks.rights import NOTHING, Rights, rights
from muniment.domain.policy.document import Kind
from muniment.domain.policy.statements import PolicyDocument

_OF_A_HOLDER = ("IAMUser", "AssumedRole")


class Granter(msgspec.Struct, frozen=True):
    """Who grants. `rights` is None where everything may be granted: by the root user."""

    id: str  # AIDA…, AROA…, or the account's number for root
    rights: Rights | None


def granter(account: Account, caller: Caller) -> Granter:
    """The granter that a caller is: its identity policies, its boundary and its session's policies. Raises MalformedVariable."""
    session = caller.session
    limits = None if session is None or not session.passed.limits else _session_policies(account, caller)
    if caller.is_root:
        return Granter(
            account.number, None if limits is None else rights((_EVERYTHING, limits), _person(account, caller))
        )
    unique_id = holder_of(caller)
    found = held(account, unique_id) if caller.actor.type in _OF_A_HOLDER else None
    if found is None:
        return Granter(unique_id, NOTHING)
    layers = found.layers() if limits is None else (*found.layers(), limits)
    return Granter(unique_id, rights(layers, _person(account, caller)))


def holder_of(caller: Caller) -> str:
    """The unique id of whose rights the caller has."""
    return caller.actor.issuer or caller.actor.id.split(":", 1)[0]


def _person(account: Account, caller: Caller) -> Person:
    """The caller, of whom everything is known: also what its session says."""
    unique_id = holder_of(caller)
    known = dict(person(account, unique_id, generous=False).known)
    found = entity(account, unique_id)
    tags = {} if found is None else found.tags
    if caller.session is not None:
        tags = merged(tags, caller.session.passed.tags, fold_case=True)
    said = {key.lower(): values for key, values in caller.context.items() if asks_who(key.lower())}
    known = {**said, **known, "aws:userid": (caller.actor.id,), **tag_keys(tags)}
    return Person(known, generous=False, tags_known=True, session_known=True)


def _session_policies(account: Account, caller: Caller) -> tuple[PolicyDocument, ...]:
    assert caller.session is not None
    passed = caller.session.passed
    inline = (document(passed.policy, Kind.SESSION),) if passed.policy else ()
    found = (managed(account, policy_arn) for policy_arn in passed.policies)
    return (*inline, *(document(text, Kind.SESSION) for text in found if text is not None))


_EVERYTHING = (document('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'),)

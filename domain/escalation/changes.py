"""What a command changed about who may do what: whose policies, names or tags are others, and who could be taken over by it."""

from collections.abc import Iterator
from typing import NamedTuple

from muniment.domain.account.proving import MFADevice
from muniment.domain.account.state import AccessKey, Account, Group, Role, User
from muniment.domain.escalation.held import document, managed
from muniment.domain.policy.checks.new_access import new_access
from muniment.domain.policy.document import Kind


class Taken(NamedTuple):
    """A principal as which somebody can act from now on."""

    id: str  # AIDA…, AROA…, or the account's number for root
    how: str
    proof: bool = False  # by another second factor: whoever acts as it already gains what asks for one


def reached(before: Account, after: Account) -> Iterator[str]:
    """The ids of the users and roles whose policies, boundary, name, path or tags may be others."""
    policies = _changed_policies(before, after)
    groups = {group.id for group in after.groups.values() if _is_changed(_group(before, group.id), group, policies)}
    if before.users is not after.users or groups or policies:
        for user in after.users.values():
            if _is_changed(_user(before, user.id), user, policies) or groups.intersection(user.groups):
                yield user.id
    if before.roles is not after.roles or policies:
        for role in after.roles.values():
            if _is_changed(_role(before, role.id), role, policies):
                yield role.id


def taken(before: Account, after: Account) -> Iterator[Taken]:
    """Who can be taken over: by a new key, password or factor, a trust policy, an identity provider."""
    if before.users is not after.users:
        for user in after.users.values():
            was = _user(before, user.id)
            if was is user:
                continue
            if _is_keyed(() if was is None else was.keys, user.keys):
                yield Taken(user.id, "an access key")
            if user.login is not None and (was is None or was.login is None or was.login.hash != user.login.hash):
                yield Taken(user.id, "a password")
            if user.recovery is not None and (was is None or was.recovery is None or _more_codes(was, user)):
                yield Taken(user.id, "recovery codes", proof=True)
    yield from _root(before, after)
    if before.mfa_devices is not after.mfa_devices:
        for owner in sorted(_with_other_factors(before.mfa_devices, after.mfa_devices)):
            yield Taken(owner, "another second factor", proof=True)
    yield from _roles(before, after)


def _root(before: Account, after: Account) -> Iterator[Taken]:
    hashes = [None if login is None else login.hash for login in (before.root_login, after.root_login)]
    if _is_keyed(before.root_keys, after.root_keys) or (hashes[1] is not None and hashes[0] != hashes[1]):
        yield Taken(after.number, "its credentials")
    if after.root_recovery is not None and before.root_recovery != after.root_recovery:
        yield Taken(after.number, "recovery codes", proof=True)


def _roles(before: Account, after: Account) -> Iterator[Taken]:
    if before.roles is not after.roles:
        for role in after.roles.values():
            was = _role(before, role.id)
            if was is not role and (was is None or _is_opened(was.trust, role.trust)):
                yield Taken(role.id, "its trust policy")
    edited = {arn for arn, provider in after.oidc_providers.items() if before.oidc_providers.get(arn) != provider}
    edited |= {arn for arn, provider in after.saml_providers.items() if before.saml_providers.get(arn) != provider}
    for role in after.roles.values() if edited else ():
        if edited & set(_providers(role)):
            yield Taken(role.id, "an identity provider")


def _providers(role: Role) -> Iterator[str]:
    for statement in document(role.trust, Kind.TRUST).statements:
        if statement.principals is not None:
            yield from statement.principals.federated


def _is_opened(was: str, now: str) -> bool:
    """Whether a trust policy may let in somebody whom the one before did not."""
    return was != now and bool(new_access(document(now, Kind.TRUST), document(was, Kind.TRUST)))


def _is_changed(was: User | Role | Group | None, now: User | Role | Group, policies: set[str]) -> bool:
    if was is not now:
        return True
    return bool(policies) and (bool(policies.intersection(now.attached)) or getattr(now, "boundary", "") in policies)


def _changed_policies(before: Account, after: Account) -> set[str]:
    """The ARNs of managed policies whose document is another."""
    if before.policies is after.policies:
        return set()
    arns = {policy.arn for account in (before, after) for policy in account.policies.values()}
    return {arn for arn in arns if managed(before, arn) != managed(after, arn)}


def _is_keyed(was: tuple[AccessKey, ...], now: tuple[AccessKey, ...]) -> bool:
    """Whether an access key is new, or works again."""
    worked = {key.id for key in was if key.active}
    return any(key.active and key.id not in worked for key in now)


def _more_codes(was: User, now: User) -> bool:
    assert was.recovery is not None
    assert now.recovery is not None
    return was.recovery.issued != now.recovery.issued


def _with_other_factors(was: dict[str, MFADevice], now: dict[str, MFADevice]) -> set[str]:
    """Whose factors are others: one came, or one went."""
    had = {(device.owner, serial) for serial, device in was.items() if device.owner}
    has = {(device.owner, serial) for serial, device in now.items() if device.owner}
    return {owner for owner, _ in had ^ has}


def _user(account: Account, unique_id: str) -> User | None:
    key = account.ids.get(unique_id)
    return None if key is None else account.users.get(key)


def _role(account: Account, unique_id: str) -> Role | None:
    key = account.ids.get(unique_id)
    return None if key is None else account.roles.get(key)


def _group(account: Account, unique_id: str) -> Group | None:
    key = account.ids.get(unique_id)
    return None if key is None else account.groups.get(key)

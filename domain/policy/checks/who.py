"""Whom statements of resource policies concern, one principal at a time. POLICY_EVALUATION 2.2 step 5, 2.6."""

import msgspec

from muniment.domain.policy.statements import Principals, Statement


class Who(msgspec.Struct, frozen=True):
    """One principal that an element names, or everybody it does not name (`excluded`); in identity policies whoever holds them."""

    type: str = ""  # `AWS`, `Service`, `Federated`, `CanonicalUser`; empty for everyone
    name: str = ""
    excluded: Principals | None = None

    @property
    def is_everyone(self) -> bool:
        """Whether nobody is left out."""
        return not self.type and self.excluded is None

    def within(self, other: "Who") -> bool:
        """Whether the other names whomever this names, and grants them no less: an account's Allow only delegates to it, so that
        it is no more than an Allow for everyone and no less than for its root user, but less than one for its users."""
        if other.is_everyone:
            return True
        if self.excluded is not None or other.excluded is not None:
            return self.excluded is not None and other.excluded is not None and _fewer(other.excluded, self.excluded)
        if self == other:
            return True
        segments = self.name.split(":", 5)  # the account's twelve digits are its root ARN in any partition
        is_root = len(segments) == 6 and segments[2] == "iam" and segments[5] == "root"
        return self.type == other.type == "AWS" and is_root and segments[4] == other.name


EVERYONE = Who()


def concerned(statement: Statement) -> tuple[Who, ...]:
    """Whom the statement is about."""
    if statement.not_principals is not None:
        return (Who(excluded=statement.not_principals),)
    principals = statement.principals
    if principals is None or principals.everyone:
        return (EVERYONE,)
    named = (
        ("AWS", principals.aws),
        ("Service", principals.service),
        ("Federated", principals.federated),
        ("CanonicalUser", principals.canonical_user),
    )
    return tuple(Who(type_, name) for type_, names in named for name in names)


def _fewer(one: Principals, other: Principals) -> bool:
    """Whether each that the first names is named by the second too: it lets go no more."""
    return (
        (not one.everyone or other.everyone)
        and set(one.aws) <= set(other.aws)
        and set(one.service) <= set(other.service)
        and set(one.federated) <= set(other.federated)
        and set(one.canonical_user) <= set(other.canonical_user)
    )

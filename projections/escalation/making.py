"""How somebody becomes an administrator by making one: a new user or role, with every right, as which it then acts."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from muniment.domain import arn as arns
from muniment.domain.policy.checks.rights import told
from muniment.domain.policy.checks.rules import Rule
from muniment.projections.escalation.actor import Actor
from muniment.projections.escalation.lifting import ADMINISTRATOR
from muniment.projections.escalation.step import Deciding, Keys, Step

NAME: Final = "new"
NAMES_MAX: Final = 10
ATTACH: Final[Keys] = {"iam:PolicyARN": (ADMINISTRATOR,)}


def making(deciding: Deciding, one: Actor) -> tuple[Step, ...] | None:
    """The steps; None where it cannot. Raises Spent."""
    for kind in ("Role", "User"):
        if not one.mentions(f"iam:create{kind}"):
            continue
        for name in _names(deciding.account.number, one, kind.lower()):
            made = deciding.step(one.principal, f"iam:Create{kind}", name)
            given = None if made is None else _given(deciding, one, kind, name)
            taken = None if given is None else _taken(deciding, one, kind, name)
            if made is not None and given is not None and taken is not None:
                return made, given, taken
    return None


def _given(deciding: Deciding, one: Actor, kind: str, name: str) -> Step | None:
    step = deciding.step(one.principal, f"iam:Attach{kind}Policy", name, ATTACH)
    return step or deciding.step(one.principal, f"iam:Put{kind}Policy", name)


def _taken(deciding: Deciding, one: Actor, kind: str, name: str) -> Step | None:
    """A role of one's own making trusts oneself, by name."""
    if kind == "Role":
        if not one.is_user and one.papers.boundary is not None:
            return deciding.step(one.principal, "sts:AssumeRole", name)
        return Step("sts:AssumeRole", name)
    return deciding.step(one.principal, "iam:CreateAccessKey", name) or deciding.step(
        one.principal, "iam:CreateLoginProfile", name
    )


def _names(account: str, one: Actor, kind: str) -> Iterator[str]:
    """ARNs that nobody has, and which its policies may mean."""
    wanted = f"arn:{arns.PARTITION}:iam::{account}:{kind}/"
    plain = wanted + NAME
    meant = chain.from_iterable(_resources(rule) for rule in one.allowing)
    filled = (text.replace("*", NAME).replace("?", "x") for text in meant if "${" not in text)
    found = [plain, *(text for text in filled if text.startswith(wanted))]
    return iter(list(dict.fromkeys(found))[:NAMES_MAX])


def _resources(rule: Rule) -> tuple[str, ...]:
    return () if rule.resources.negated else tuple(told(part) for part in rule.resources.parts())

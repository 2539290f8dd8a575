"""CheckNoPublicAccess: whether a resource's policy allows anything to strangers.

A stranger is whoever no policy names: it is in no account, organization or network that the policy asks for, and comes for none of
its sources. An Allow for everyone is for strangers too, unless a condition asks for one of those by a fixed value, or a Deny bites
whoever does not meet such a condition. So is an Allow for a public identity provider whose tokens anybody can have.
IAM User Guide, "IAM Access Analyzer: public access"; Amazon S3 User Guide, "The meaning of public".
"""

import ipaddress
import itertools
from collections.abc import Callable, Mapping
from typing import Final

from muniment.domain.policy import values
from muniment.domain.policy.checks.implied import Asked
from muniment.domain.policy.checks.result import TOO_COMPLEX, Reason, TooComplex, Work
from muniment.domain.policy.checks.rules import Box, Rule, denied, rules
from muniment.domain.policy.checks.who import EVERYONE, Who
from muniment.domain.policy.operators import Comparison, Quantifier
from muniment.domain.policy.statements import PolicyDocument

V4_PREFIX_MIN: Final = 8  # a wider range is as good as any address
V6_PREFIX_MIN: Final = 32
ACCOUNT_DIGITS: Final = 12
EXACT: Final = frozenset({Comparison.STRING_EQUALS, Comparison.STRING_EQUALS_IGNORE_CASE})


def public_access(policy: PolicyDocument) -> tuple[Reason, ...]:
    """Why the policy may be public; nothing where it is not."""
    work, read = Work(), rules(policy)
    denying = tuple(_for_strangers(rule) for rule in read if rule.denies)
    try:
        found = [rule for rule in read if not rule.denies and _is_public(rule, denying, work)]
    except TooComplex:
        return (TOO_COMPLEX,)
    return tuple(_reason(rule) for rule in found)


def _is_public(rule: Rule, denying: tuple[Rule, ...], work: Work) -> bool:
    if any(_keeps_strangers_out(test) for test in rule.tests):
        return False
    for who in rule.who:
        if not _is_anybody(who, rule):
            continue
        parts = itertools.product(rule.actions.parts(), rule.resources.parts())
        pieces = (Box(actions, resources, who, rule.tests) for actions, resources in parts)
        if not all(denied(piece, denying, work) for piece in pieces):
            return True
    return False


def _is_anybody(who: Who, rule: Rule) -> bool:
    """Whether strangers are meant: everyone, all but some, or the users of a web identity provider without a word on which."""
    if who == EVERYONE or who.excluded is not None:
        return True
    if who.type != "Federated" or ":saml-provider/" in who.name:
        return False
    host = who.name.rpartition(":oidc-provider/")[2].lower()
    return not any(test.key.startswith(f"{host}:") and _is_fixed_text(test) for test in rule.tests)


def _for_strangers(rule: Rule) -> Rule:
    """A Deny as strangers meet it: conditions that every stranger meets count as none."""
    left = tuple(test for test in rule.tests if not _is_met_by_strangers(test))
    return Rule(rule.statement, rule.actions, rule.resources, rule.who, left)


def _keeps_strangers_out(test: Asked) -> bool:
    """Whether no stranger meets the condition: it needs its key, and a fixed value of it."""
    operator = test.condition.operator
    if operator.negated or test.holds_when_absent or operator.comparison is Comparison.NULL:
        return False
    return _asks_for_fixed(test)


def _is_met_by_strangers(test: Asked) -> bool:
    """Whether every stranger meets the condition: it asks for another value than those fixed ones, or for none."""
    operator = test.condition.operator
    return operator.negated and test.holds_when_absent and _asks_for_fixed(test)


def _asks_for_fixed(test: Asked) -> bool:
    check = FIXED.get(test.key)
    return check is not None and bool(test.condition.values) and check(test)


def _is_fixed_text(test: Asked) -> bool:
    """Texts without variables; where wildcards count, without those."""
    operator = test.condition.operator
    if operator.negated or (test.holds_when_absent and operator.quantifier is not Quantifier.NONE):
        return False
    return not test.holds_when_absent and _are_texts(test)


def _are_texts(test: Asked) -> bool:
    comparison = test.comparison
    if comparison not in EXACT | {Comparison.STRING_LIKE, Comparison.ARN_LIKE}:
        return False
    wild = "*?" if comparison not in EXACT else ""
    return all(
        value and "${" not in value and not any(mark in value for mark in wild) for value in test.condition.values
    )


def _are_paths(test: Asked) -> bool:
    """Organization paths: the organization's id at the least, whatever follows."""
    fixed = [value.partition("*")[0].partition("?")[0] for value in test.condition.values]
    literal = test.comparison in EXACT
    return all(
        "${" not in value and (literal or "/" in start) and value.startswith("o-")
        for value, start in zip(test.condition.values, fixed, strict=True)
    ) and (literal or test.comparison is Comparison.STRING_LIKE)


def _are_arns(test: Asked) -> bool:
    """ARNs whose account is written out, or which hold no wildcard at all."""
    if test.comparison is not Comparison.ARN_LIKE:
        return _are_texts(test)
    return all(_is_fixed_arn(value) for value in test.condition.values)


def _is_fixed_arn(value: str) -> bool:
    segments = value.split(":", 5)
    if len(segments) < 6 or "${" in value:
        return False
    account = segments[4]
    named = len(account) == ACCOUNT_DIGITS and account.isascii() and account.isdigit()
    return named or not ("*" in value or "?" in value)


def _are_ranges(test: Asked) -> bool:
    """IP ranges that are somebody's."""
    if test.comparison is not Comparison.IP_ADDRESS:
        return False
    return all(_is_narrow(values.network(value)) for value in test.condition.values)


def _is_narrow(network: ipaddress.IPv4Network | ipaddress.IPv6Network | None) -> bool:
    if network is None:
        return False
    return network.prefixlen >= (V4_PREFIX_MIN if network.version == 4 else V6_PREFIX_MIN)


FIXED: Final[Mapping[str, Callable[[Asked], bool]]] = {
    **dict.fromkeys(
        (
            "aws:principalaccount",
            "aws:principalorgid",
            "aws:sourceaccount",
            "aws:sourceorgid",
            "aws:sourceowner",
            "aws:sourcevpc",
            "aws:sourcevpce",
            "aws:userid",
            "aws:vpceaccount",
            "aws:vpceorgid",
            "kms:calleraccount",
        ),
        _are_texts,
    ),
    **dict.fromkeys(("aws:principalarn", "aws:sourcearn"), _are_arns),
    **dict.fromkeys(("aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"), _are_paths),
    **dict.fromkeys(("aws:sourceip", "aws:vpcsourceip"), _are_ranges),
}


def _reason(rule: Rule) -> Reason:
    statement = rule.statement
    what = "Public access granted in the following statement with"
    if statement.sid:
        return Reason(f"{what} sid: {statement.sid}.", statement.index, statement.sid)
    return Reason(f"{what} index: {statement.index}.", statement.index)

"""Wildcards, by comparison with a naive reading and under the budget. POLICY_EVALUATION 2.6, SECURITY rule 1."""

from collections.abc import Callable
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.policy.conditions import arn_is_like
from muniment.domain.policy.matching import (
    Budget,
    BudgetSpent,
    action_matches,
    arn_like,
    matches,
    resource_matches,
)
from muniment.domain.policy.variables import Token, Wildcard, parts
from muniment.domain.quotas import COMPARISONS_PER_DECISION_MAX

patterns = st.text(st.sampled_from("aab*?:/"), max_size=12)
subjects = st.text(st.sampled_from("aab:/"), max_size=14)
arn_patterns = st.lists(st.text(st.sampled_from("aab*?/"), max_size=4), min_size=1, max_size=8).map(":".join)
arn_subjects = st.lists(st.text(st.sampled_from("aab/"), max_size=4), min_size=1, max_size=9).map(":".join)


def tokens(pattern: str) -> tuple[Token, ...]:
    """The tokens of a pattern without variables."""
    return tuple(part for part in parts(pattern, variables=False, wildcards=True) if isinstance(part, str | Wildcard))


def naive(pattern: str, text: str, *, fence: bool) -> bool:
    """The rules of 2.6 read aloud, one character after the other."""
    colons = [pattern[:at].count(":") for at in range(len(pattern))]

    def ends_segment(at: int) -> bool:
        rest = pattern[at:].lstrip("*")
        return rest == "" or rest[0] == ":"

    @lru_cache(None)
    def match(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        free = not fence or colons[p] >= 5
        if pattern[p] == "*":
            free = free or ends_segment(p)
            return match(p + 1, t) or (t < len(text) and (free or text[t] != ":") and match(p, t + 1))
        if t == len(text):
            return False
        if pattern[p] == "?":
            return (free or text[t] != ":") and match(p + 1, t + 1)
        return pattern[p] == text[t] and match(p + 1, t + 1)

    return match(0, 0)


@given(patterns, subjects)
def test_free_wildcards_match_as_read_aloud(pattern: str, text: str) -> None:
    assert matches(tokens(pattern), text, Budget()) is naive(pattern, text, fence=False)


@given(arn_patterns | patterns, arn_subjects | subjects)
def test_resources_match_as_read_aloud(pattern: str, text: str) -> None:
    assert resource_matches(tokens(pattern), text, Budget()) is naive(pattern, text, fence=True)


@given(st.data())
def test_resources_made_from_their_pattern_match(data: st.DataObject) -> None:
    """Texts grown out of the pattern, so that deep matches are met and not only refusals."""
    pattern = data.draw(arn_patterns)
    text = ""
    for character in pattern:
        if character == "*":
            text += data.draw(st.text(st.sampled_from("ab:/"), max_size=4))
        else:
            text += data.draw(st.sampled_from("ab/")) if character == "?" else character
    assert resource_matches(tokens(pattern), text, Budget()) is naive(pattern, text, fence=True)


@given(arn_patterns, arn_subjects)
def test_arn_like_compares_six_segments(pattern: str, text: str) -> None:
    wanted, given_ = ("arn:" + pattern).split(":", 5), ("arn:" + text).split(":", 5)
    expected = len(wanted) == len(given_) == 6 and all(
        naive(one, other, fence=False) for one, other in zip(wanted, given_, strict=True)
    )
    assert arn_like(tokens("arn:" + pattern), "arn:" + text, Budget()) is expected


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("arn:aws:s3*", "arn:aws:s3:::bucket/key", True),  # the last character of a segment passes colons
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", True),
        ("arn:aws:s3:::b*t/x", "arn:aws:s3:::bucket/x", True),
        ("arn:aws:s3:::b*x", "arn:aws:s3:::bucket/a/x", True),  # through `/`
        ("arn:aws:iam::*:user/ana", "arn:aws:iam::111111111111:user/ana", True),
        ("arn:aws:iam::1*1:user/ana", "arn:aws:iam::111111111111:user/ana", True),
        ("arn:aws:iam::1*1:user/ana", "arn:aws:iam::1:1:user/ana", False),  # inside a segment it stops at the colon
        ("arn:aws:sqs:eu-?:1:q", "arn:aws:sqs:eu-::1:q", False),
        ("arn:aws:dynamodb:*:table/prod-*", "arn:aws:dynamodb:eu:1:table/prod-1", True),
        ("arn:aws:logs:eu:1:log-group:a*b:x", "arn:aws:logs:eu:1:log-group:a:b:x", True),  # the sixth holds colons
        ("arn:aws:s3:::Bucket", "arn:aws:s3:::bucket", False),  # case counts
        ("arn:aws-cn:s3:::bucket", "arn:aws:s3:::bucket", False),  # so does the partition
        ("arn:*??*", "arn:abc:d", True),
        ("arn:*??*", "arn:a:bc", False),
        ("arn:*??*", "arn:a:", False),
        ("arn:*?:x", "arn:::x", False),
        ("arn:a*?*b:x", "arn:ab:x", False),
        ("arn:a*?*b:x", "arn:acb:x", True),
        ("arn:a*?*b:x", "arn:a:b:x", False),
        ("arn:aws:s3:::[ab]", "arn:aws:s3:::a", False),  # no other pattern characters
        ("arn:aws:s3:::[ab]*", "arn:aws:s3:::[ab]c", True),
    ],
)
def test_resource_examples(pattern: str, resource: str, expected: bool) -> None:
    assert resource_matches(tokens(pattern), resource, Budget()) is expected


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:iam::*:role/*", "arn:aws:iam::1:role/a/b", True),
        ("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a:b", True),
        ("arn:aws:iam:*:role/x", "arn:aws:iam::1:role/x", False),  # one segment short
        ("arn:aws:s3*", "arn:aws:s3:::b", False),
        ("*", "arn:aws:s3:::b", False),
        ("arn:aws:sns:*:*:t", "arn:aws:sns:eu:1:t", True),
        ("arn:aws:iam::1:role/X", "arn:aws:iam::1:role/x", False),
        ("arn:aws:iam::1:role/x", "arn:aws:iam::1:role/x:y", False),
    ],
)
def test_arn_like_examples(pattern: str, arn: str, expected: bool) -> None:
    assert arn_like(tokens(pattern), arn, Budget()) is expected


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "iam:CreateUser", True),
        ("iam:*", "IAM:createuser", True),
        ("IAM:CREATEUSER", "iam:CreateUser", True),
        ("iam:Create*", "iam:CreateUser", True),
        ("iam:*User", "iam:CreateUser", True),
        ("iam:CreateUse?", "iam:CreateUser", True),
        ("iam:Create?", "iam:CreateUser", False),
        ("i*:CreateUser", "iam:CreateUser", False),  # no wildcard in the prefix
        ("iamx:*", "iam:CreateUser", False),
        ("iam", "iam:CreateUser", False),
        ("iam:*", "iam", False),
    ],
)
def test_action_examples(pattern: str, action: str, expected: bool) -> None:
    assert action_matches(pattern, action, Budget()) is expected


def test_empty_substitutions_do_not_change_where_a_segment_ends() -> None:
    assert resource_matches(("arn:aws:s3:::a", Wildcard.MANY), "arn:aws:s3:::a", Budget())


# pattern, text, and how many rounds one budget pays for; an end that does not fit costs nothing
HARD = [
    ("*a" * 500 + "b*", "a" * 2_000, 4),
    ("*" + "a" * 1_000 + "b", "a" * 2_000, 1_000),
    ("*" + "a" * 500 + "b" + "a" * 500 + "*", "a" * 2_000, 4),
    ("*" + "a?" * 500 + "b*", "a" * 2_000, 0),
    ("*" + "?" * 900 + "b", "a" * 2_000, 1_000),
    ("*?*?*" * 200 + "b*", "a" * 2_000, 5),
    ("*a*:" * 3 + "x*y:z", "a:" * 1_000, 1_000),
    ("*:a*b*c:*", ":ab" * 700, 3),
    ("*:a*b*c:a*d", ":ab" * 700 + ":axc:ad", 1_000),
]


def by_condition(wanted: tuple[Token, ...], text: str, purse: Budget) -> bool:
    """The condition operator's way to the same comparison."""
    return arn_is_like(text, wanted, purse)


def rounds(pattern: str, text: str) -> int:
    """How often one budget pays for a pattern that does not match, up to 1 000."""
    budget = Budget()
    for done in range(1_000):
        try:
            assert not resource_matches(tokens(pattern), text, budget)
        except BudgetSpent:
            return done
    return 1_000


@pytest.mark.parametrize(("pattern", "text", "most"), HARD)
def test_hard_patterns_use_up_the_budget_or_cost_nothing(pattern: str, text: str, most: int) -> None:
    # SECURITY rule 1: a decision stops after so many searches, each linear in the text
    assert rounds(pattern, text) == most


def test_the_budget_is_what_the_rule_says() -> None:
    assert COMPARISONS_PER_DECISION_MAX == 20_000
    budget = Budget(3)
    budget.spend(3)
    with pytest.raises(BudgetSpent):
        budget.spend(1)


def test_searching_is_paid_for_and_known_places_are_free() -> None:
    budget = Budget(100)
    assert resource_matches(tokens("arn:aws:s3:::b*"), "arn:aws:s3:::bucket", budget)
    assert budget.left == 100
    assert matches(tokens("*needle*"), "x" * 30 + "needle", budget)
    assert budget.left == 100 - 36


def test_searching_backwards_is_paid_for_too() -> None:
    budget = Budget(100)
    # the last chunk is `:a*b` with a fenced gap: the fence is looked for from the end, then `:a` place by place
    assert resource_matches(tokens("*:a*b"), "x:axxb", budget)
    # 5 characters back to the first colon, then three places tried at two comparisons each
    assert budget.left == 100 - 5 - 3 * 2


@pytest.mark.parametrize("compare", [lambda wanted, text, purse: arn_like(wanted, text, purse), by_condition])
def test_arn_like_pays_for_its_searches(compare: Callable[..., bool]) -> None:
    # SECURITY rule 1: conditions draw on the decision's one budget
    wanted, text = tokens("arn:aws:s3:::*" + "a?b*" * 3), "arn:aws:s3:::" + "a" * 2_000
    with pytest.raises(BudgetSpent):
        assert compare(wanted, text, Budget(100)) is None

"""Patterns against each other, held against what the matcher says of single texts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.policy.matching import Budget, action_matches, resource_matches
from muniment.domain.policy.patterns import action_pattern, covers, disjoint, resource_pattern
from muniment.domain.policy.variables import VARIABLES_SINCE, resource_parts, substitute

NEW = VARIABLES_SINCE
arns = st.lists(st.sampled_from("a:*?b"), max_size=9).map("".join).map(lambda tail: f"arn:{tail}")
texts = st.lists(st.sampled_from("a:b"), max_size=9).map("".join).map(lambda tail: f"arn:{tail}")
actions = st.lists(st.sampled_from("aA*?b"), min_size=1, max_size=6).map("".join).map(lambda name: f"s:{name}")
names = st.lists(st.sampled_from("aAb"), min_size=1, max_size=6).map("".join).map(lambda name: f"S:{name}")


def matched(pattern: str, text: str, **values: str) -> bool:
    tokens = substitute(resource_parts(pattern, NEW), values.get)
    return tokens is not None and resource_matches(tokens, text, Budget(100_000))


@given(arns, arns, st.lists(texts, max_size=20))
def test_what_a_covered_pattern_matches_is_matched(wide: str, narrow: str, candidates: list[str]) -> None:
    if covers(resource_pattern(wide, NEW), resource_pattern(narrow, NEW)):
        for text in candidates:
            assert matched(wide, text) or not matched(narrow, text)


@given(arns, arns, st.lists(texts, max_size=20))
def test_disjoint_patterns_match_nothing_together(one: str, other: str, candidates: list[str]) -> None:
    if disjoint(resource_pattern(one, NEW), resource_pattern(other, NEW)):
        assert not any(matched(one, text) and matched(other, text) for text in candidates)


@given(arns, texts)
def test_a_plain_text_is_covered_exactly_where_it_is_matched(pattern: str, text: str) -> None:
    assert covers(resource_pattern(pattern, NEW), resource_pattern(text, NEW)) is matched(pattern, text)
    assert disjoint(resource_pattern(pattern, NEW), resource_pattern(text, NEW)) is not matched(pattern, text)


@given(actions, actions, st.lists(names, max_size=20))
def test_actions_are_covered_without_regard_to_case(wide: str, narrow: str, candidates: list[str]) -> None:
    def holds(pattern: str, name: str) -> bool:
        return action_matches(pattern, name, Budget(100_000))

    if covers(action_pattern(wide), action_pattern(narrow)):
        assert all(holds(wide, name) or not holds(narrow, name) for name in candidates)
    if disjoint(action_pattern(wide), action_pattern(narrow)):
        assert not any(holds(wide, name) and holds(narrow, name) for name in candidates)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("*", "arn:aws:s3:::b/${aws:username}", True),
        ("arn:aws:s3*", "arn:aws:s3:::b/*", True),  # POLICY_EVALUATION 2.6: a `*` that ends its segment passes colons
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/*", True),
        ("arn:aws:s3:::b/x/*", "arn:aws:s3:::b/*", False),
        ("arn:aws:iam::1*1:user/*", "arn:aws:iam::1?1:user/a", True),
        ("arn:aws:iam::1*1:user/*", "arn:aws:iam::1*:user/a", False),  # that one ends with anything, colons and all
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${AWS:UserName}", True),  # 2.5: names have no case
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:username, 'x'}", False),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/${*}", True),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/${aws:username}", False),
    ],
)
def test_covering(wide: str, narrow: str, expected: bool) -> None:
    assert covers(resource_pattern(wide, NEW), resource_pattern(narrow, NEW)) is expected


def test_variables_are_never_known_to_be_disjoint_but_what_stands_before_them_may_be() -> None:
    variable = resource_pattern("arn:aws:s3:::a/${aws:username}", NEW)
    assert not disjoint(variable, resource_pattern("arn:aws:s3:::a/b/c", NEW))
    assert disjoint(variable, resource_pattern("arn:aws:s3:::b/*", NEW))
    assert matched("arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::a/b/c", **{"aws:username": "b/c"})


def test_values_full_of_wildcards_are_read_once_and_not_once_for_each() -> None:
    begun = time.process_time()
    long = "arn:aws:s3:::" + "a*" * 60_000
    assert covers(resource_pattern("arn:aws:s3:::*", NEW), resource_pattern(long, NEW))
    assert time.process_time() - begun < 1

"""Many patterns at once are matched as the plain matcher matches each of them. POLICY_EVALUATION 2.6; SECURITY rule 1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.policy.matching import Budget, BudgetSpent, chunks_of, matches, resource_matches, split_wildcards
from muniment.domain.policy.variables import Wildcard
from muniment.projections.access.automaton import Automaton, slot
from muniment.projections.access.globs import AUTOMATON_FROM, globs, union

patterns = st.lists(st.text("ab:*?", max_size=9), max_size=4)
# an ARN's head, so that fences stand where they count
arns = patterns.map(lambda found: [f"arn:{one}" for one in found] + found)
texts = st.text("ab:", max_size=12) | st.text("ab:", max_size=10).map("arn:".__add__)
NEVER = ["zz*z*", *(f"z*{number}*z" for number in range(AUTOMATON_FROM))]


@given(arns, texts, st.booleans())
def test_globs_match_what_any_pattern_matches(found: list[str], text: str, fence: bool) -> None:
    tokens = [split_wildcards(one) for one in found]
    plain = resource_matches if fence else matches
    wanted = any(plain(one, text, Budget(10**6)) for one in tokens)
    assert globs(tokens, fence=fence).any(text, Budget(10**6)) is wanted
    many = globs([*tokens, *map(split_wildcards, NEVER)], fence=fence)
    assert many.any(text, Budget(10**6)) is wanted
    parts = [globs([one], fence=fence) for one in tokens]
    assert (union(parts).any(text, Budget(10**6)) if parts else False) is wanted


@given(st.lists(st.text("ab:*?", max_size=12), min_size=1, max_size=6), texts)
def test_the_automaton_matches_what_any_pattern_matches(found: list[str], text: str) -> None:
    tokens = [split_wildcards(one) for one in found]
    chunked = globs(tokens, fence=True).chunked
    wanted = any(resource_matches(one, text, Budget(10**6)) for one in tokens if "*" in one[:-1] or "?" in one)
    simple = globs(tokens, fence=True)
    if not simple.everything and not text.startswith(simple.prefixes) and text not in simple.exact:
        assert Automaton(chunked).any(text, Budget(10**6)) is any(
            resource_matches(one, text, Budget(10**6)) for one in tokens
        )
    else:
        assert wanted or simple.any(text, Budget(0))


ALPHABET = [chr(code) for code in range(0x20, 0x180) if chr(code) not in "*?"]  # more than one pass tells apart


@given(st.lists(st.text([*"*?\0ab:", *ALPHABET[:90]], min_size=1, max_size=5), min_size=1, max_size=4), st.data())
def test_any_character_is_itself_also_where_nothing_stands(found: list[str], data: st.DataObject) -> None:
    tokens = [split_wildcards(one) for one in [*found, *ALPHABET]]
    text = data.draw(
        st.sampled_from([one.replace("*", "").replace("?", "\0") for one in found]) | st.text("\0ab", max_size=5)
    )
    automaton = Automaton([tuple(chunks_of(one, fence=False)) for one in tokens])
    assert automaton.any(text, Budget(10**6)) is any(matches(one, text, Budget(10**6)) for one in tokens)


templates = st.lists(st.sampled_from(["a", "b", "ab", ":", Wildcard.MANY, Wildcard.ONE, 0, 1]), min_size=1, max_size=7)


@given(
    st.lists(templates, min_size=1, max_size=4),
    st.tuples(*[st.none() | st.text("ab:*", max_size=3)] * 2),
    st.text("ab:*", max_size=12),
)
def test_slots_read_what_stands_in_them(
    found: list[list[str | Wildcard | int]], values: tuple[str | None, ...], text: str
) -> None:
    # 2.5: what is substituted is literal, an unresolved variable equals nothing
    wanted = False
    for said in found:
        tokens = [values[part] if isinstance(part, int) else part for part in said]
        if None not in tokens:
            wanted = wanted or matches([token for token in tokens if token != ""], text, Budget(10**6))
    patterns = [
        chunks_of([slot(part) if isinstance(part, int) else part for part in said], fence=False) for said in found
    ]
    assert Automaton(patterns, 2).any_with(text, values, Budget(10**6)) is wanted


segments = st.lists(st.sampled_from(["a", "*", "?", "a*", "*a", ""]), min_size=5, max_size=5)


@given(
    segments,
    templates,
    st.lists(st.sampled_from(["a", "b", "", "ab"]), min_size=5, max_size=7),
    st.text("ab:", max_size=2),
)
def test_gaps_before_the_slots_are_fenced(
    head: list[str], said: list[str | Wildcard | int], text: list[str], value: str
) -> None:
    # 2.5, 2.6: variables stand after the fifth colon, where nothing is fenced
    tokens = split_wildcards(":".join(head) + ":")
    whole = [*tokens, *(value if isinstance(part, int) else part for part in said)]
    wanted = resource_matches([token for token in whole if token != ""], ":".join(text), Budget(10**6))
    pattern = chunks_of([*tokens, *(slot(part) if isinstance(part, int) else part for part in said)], fence=True)
    assert Automaton([pattern], 2).any_with(":".join(text), [value, value], Budget(10**6)) is wanted


def test_a_gap_before_a_slot_stops_at_a_colon() -> None:
    pattern = chunks_of([*split_wildcards("a*b:::::"), slot(0)], fence=True)
    automaton = Automaton([pattern], 1)
    assert automaton.any_with("axb:::::v", ["v"], Budget())
    assert not automaton.any_with("a:b:::::v", ["v"], Budget())


def test_a_character_that_stands_for_a_variable_is_none_in_a_text() -> None:
    automaton = Automaton([chunks_of([slot(0), Wildcard.MANY], fence=False)], 1)
    assert automaton.any_with("ab", ["a"], Budget())
    assert not automaton.any_with(slot(0), ["a"], Budget())


def test_the_automatons_price_grows_with_the_text_and_with_the_patterns() -> None:
    few = Automaton(globs([split_wildcards("*a*b")], fence=False).chunked)
    many = Automaton(globs([split_wildcards(f"*{n}*{'x' * 100}") for n in range(100)], fence=False).chunked)
    budget = Budget(1_000)
    assert not few.any("c" * 100, budget)
    assert budget.left == 900
    assert not many.any("c" * 100, budget)
    assert budget.left == 600
    with pytest.raises(BudgetSpent):
        many.any("c" * 300, budget)

"""Policy variables. POLICY_EVALUATION 2.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.policy.variables import (
    MalformedVariable,
    Part,
    Token,
    Variable,
    Wildcard,
    keys_of,
    parts,
    resource_parts,
    substitute,
    unresolved,
)

MANY, ONE = Wildcard.MANY, Wildcard.ONE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("a*b?", ("a", MANY, "b", ONE)),
        ("${aws:username}", (Variable("aws:username"),)),
        ("home/${aws:username}/*", ("home/", Variable("aws:username"), "/", MANY)),
        ("${aws:PrincipalTag/team, 'company-wide'}", (Variable("aws:PrincipalTag/team", "company-wide"),)),
        ("${aws:PrincipalTag/team,'none'}", (Variable("aws:PrincipalTag/team", "none"),)),
        ("${aws:PrincipalTag/team, ''}", (Variable("aws:PrincipalTag/team", ""),)),
        ("${*}${?}${$}", ("*", "?", "$")),
        ("cash$", ("cash$",)),
        ("$a{b}", ("$a{b}",)),
    ],
)
def test_values_fall_into_text_wildcards_and_variables(text: str, expected: tuple[Part, ...]) -> None:
    assert parts(text, variables=True, wildcards=True) == expected


@pytest.mark.parametrize(
    "text",
    ["${", "${}", "${ }", "${a:b", "${a:b, none}", "${a:b, 'x}", "${a:b, 'x'y'}", "${${a:b}}", "${a*}", "${'x'}"],
)
def test_malformed_variables_are_said_so(text: str) -> None:
    with pytest.raises(MalformedVariable):
        parts(text, variables=True, wildcards=True)


def test_without_variables_they_are_plain_text() -> None:
    # 2.6: 2008-10-17 knows no variables, wildcards all the same
    assert parts("${aws:username}*", variables=False, wildcards=True) == ("${aws:username}", MANY)
    assert parts("${*}", variables=False, wildcards=True) == ("${", MANY, "}")


def test_without_wildcards_stars_are_characters() -> None:
    assert parts("a*?", variables=True, wildcards=False) == ("a*?",)


def test_in_a_resource_variables_count_after_the_fifth_colon_only() -> None:
    said = resource_parts("arn:aws:iam::1${aws:x}:user/${aws:username}", "2012-10-17")
    assert Variable("aws:x") not in said
    early = resource_parts("arn:aws:s3::${aws:username}:b", "2012-10-17")
    assert keys_of(early) == ()
    late = resource_parts("arn:aws:s3:::home/${aws:username}:${aws:userid}", "2012-10-17")
    assert keys_of(late) == ("aws:username", "aws:userid")
    assert keys_of(resource_parts("arn:aws:s3:::home/${aws:username}", "2008-10-17")) == ()


def lookup(key: str) -> str | None:
    return {"aws:username": "a*a", "empty:key": ""}.get(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x${aws:username}*", ("x", "a*a", MANY)),  # the star of the value is text
        ("${no:key}", None),
        ("${no:key, 'd*'}", ("d*",)),
        ("${aws:username, 'd'}", ("a*a",)),
        ("a${empty:key}b", ("a", "b")),
    ],
)
def test_what_is_substituted_is_literal(text: str, expected: tuple[Token, ...] | None) -> None:
    assert substitute(parts(text, variables=True, wildcards=True), lookup) == expected


def test_unresolved_names_the_keys_without_value_or_default() -> None:
    said = parts("${no:key}${aws:username}${other:key, 'd'}", variables=True, wildcards=True)
    assert unresolved(said, lookup) == ("no:key",)


@given(st.text(st.sampled_from("ab*?${}', :"), max_size=20))
def test_parts_put_together_again_are_the_value(text: str) -> None:
    try:
        said = parts(text, variables=False, wildcards=True)
    except MalformedVariable:  # never without variables
        pytest.fail("a value without variables cannot be malformed")
    assert "".join(part.value if isinstance(part, Wildcard) else str(part) for part in said) == text

"""Which keys a document asks for. POLICY_EVALUATION 2.4, 2.5."""

from typing import Any

import pytest

from muniment.domain.policy.context_keys import context_keys

from .people import source, statement, stored

BUCKET = "arn:aws:s3:::${aws:username}/${aws:PrincipalTag/team, 'x'}/${*}"


@pytest.mark.parametrize(
    ("element", "keys"),
    [
        ({}, ()),
        ({"Resource": BUCKET}, ("aws:PrincipalTag/team", "aws:username")),
        ({"Condition": {"StringEquals": {"app:b": "x"}, "Null": {"app:A": "true"}}}, ("app:A", "app:b")),
        ({"Condition": {"StringLike": {"app:b": ["${app:c}*", "y"]}}}, ("app:b", "app:c")),
        ({"Condition": {"StringLike": {"APP:B": "${app:b}"}}}, ("app:b",)),
        ({"Condition": {"NumericEqualsIfExists": {"app:n": "1"}}}, ("app:n",)),
    ],
)
def test_keys_stand_in_conditions_and_variables(element: dict[str, Any], keys: tuple[str, ...]) -> None:
    assert context_keys(source({**statement(), **element}).document) == keys


def test_not_resource_counts_and_the_old_version_has_no_variables() -> None:
    said = statement(resource=None, NotResource=BUCKET)
    assert context_keys(source(said).document) == ("aws:PrincipalTag/team", "aws:username")
    assert context_keys(source(said, version="2008-10-17").document) == ()
    condition = {"StringEquals": {"app:b": "${app:c}"}}
    assert context_keys(source(statement(Condition=condition), version="2008-10-17").document) == ("app:b",)


def test_what_cannot_be_read_asks_for_nothing() -> None:
    assert context_keys(stored(5).document) == ()

"""CheckAccessNotGranted: never PASS where the policy allows any of it to anybody; and PASS where people expect it."""

from random import Random
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from muniment.domain.policy.checks.granted import granted
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.matching import Budget, action_matches, resource_matches
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.variables import VARIABLES_SINCE, resource_parts, substitute
from tests.domain.policy.checks.asking import document, grant, read, requests
from tests.domain.policy.people import ALLOW_ALL, A, statement, text
from tests.domain.policy.worlds import ACTION_PATTERNS, RESOURCES

PATTERNS = [*RESOURCES, "arn:aws:s3:::*", "arn:aws:iam::*:role/*", f"arn:aws:kms:eu:{A}:key/*", "arn:aws:s3:::none"]


def asked(pattern: str, resource: str) -> bool:
    tokens = substitute(resource_parts(pattern, VARIABLES_SINCE), lambda key: None)
    return pattern == "*" or (tokens is not None and resource_matches(tokens, resource, Budget()))


def judged(kind: Kind, seed: int) -> bool | None:
    """Whether the check passes for a document; any request is a witness against it. None: not a policy."""
    luck = Random(seed)  # noqa: S311 - not a secret
    policy = read(document(luck.randrange(1 << 24), kind), kind)
    if policy is None:
        return None
    actions = luck.sample([each for each in ACTION_PATTERNS if each != "*"], luck.randint(0, 2))
    resources = luck.sample(PATTERNS, luck.randint(0, 2))
    if granted(policy, actions, resources):
        return False
    for request in requests(luck.randrange(1 << 24), 120):
        about = not actions or any(action_matches(pattern, request.action, Budget()) for pattern in actions)
        about = about and (not resources or any(asked(pattern, request.resource) for pattern in resources))
        assert not about or grant(request, policy) is Grant.NONE, (policy, actions, resources, request)
    return True


@given(st.sampled_from([Kind.IDENTITY, Kind.RESOURCE]), st.integers(0, 1 << 24))
def test_no_request_contradicts_a_pass(kind: Kind, seed: int) -> None:
    passed = judged(kind, seed)
    assume(passed is not None)
    event(f"passed: {passed}")


SECRET = f"arn:aws:secretsmanager:eu:{A}:secret:db-AbCdEf"
EXAMPLES: list[tuple[list[Any], list[str], list[str], bool]] = [
    ([statement(action="s3:*")], ["iam:*"], [], True),
    ([statement(action="s3:*")], ["s3:DeleteObject"], [], False),
    ([statement(action="s3:Get*")], ["s3:*Object"], [], False),
    ([statement(action="s3:Get*")], ["s3:Delete*"], [], True),
    ([statement(), statement("Deny", "iam:*")], ["iam:PassRole"], [], True),
    ([statement(), statement("Deny", "iam:*", Condition={"Null": {"a:b": "true"}})], ["iam:PassRole"], [], False),
    ([statement(), statement("Deny", "iam:PassRole")], ["iam:*"], [], False),
    ([statement(action=None, NotAction="iam:*")], ["iam:Create*"], [], True),
    ([statement(action=None, NotAction="iam:Get*")], ["iam:*"], [], False),
    ([statement(resource="arn:aws:s3:::a/*")], [], ["arn:aws:s3:::b/*"], True),
    ([statement(resource="arn:aws:s3:::a/*")], [], ["arn:aws:s3:::a/x"], False),
    ([statement(resource=None, NotResource="arn:aws:s3:::a/*")], [], ["arn:aws:s3:::a/x"], True),
    ([statement(resource="arn:aws:s3:::a/${aws:username}")], [], ["arn:aws:s3:::a/x"], False),
    ([statement(action="s3:*", resource=SECRET)], ["s3:GetObject"], ["arn:aws:s3:::a"], True),
    ([statement("Deny")], [], [], True),
]


@pytest.mark.parametrize(("statements", "actions", "resources", "expected"), EXAMPLES)
def test_examples(statements: list[Any], actions: list[str], resources: list[str], expected: bool) -> None:
    policy = parse_for_writing(text(*statements), Kind.IDENTITY)
    assert (not granted(policy, actions, resources)) is expected


def test_a_deny_for_others_does_not_help() -> None:
    def policy(denied: Any) -> bool:
        said = [statement(Principal={"AWS": A}), statement("Deny", Principal=denied)]
        return not granted(parse_for_writing(text(*said), Kind.RESOURCE), ["s3:*"], [])

    assert policy("*")
    assert policy({"AWS": A})
    assert not policy({"AWS": "222222222222"})


def test_the_reason_names_the_statement() -> None:
    said = text(statement(action="s3:*"), statement(action="iam:*", Sid="All"))
    (reason,) = granted(parse_for_writing(said, Kind.IDENTITY), ["iam:GetUser"], [])
    assert (reason.index, reason.sid) == (1, "All")


def test_whoever_may_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert granted(ALLOW_ALL.document, [], [])

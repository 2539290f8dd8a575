"""Documents in the log that today's grammar would not take: they are findings and refusals now, and decide as they always did."""

import json
from typing import Any

import msgspec
import pytest

import muniment.projections.queries.iam.context_keys  # noqa: F401 - the query is known once it is imported
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.users import UserCreated
from muniment.domain.boundary import State, new_state
from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.ledger import Actor
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.policy.validation.findings import FindingType
from muniment.domain.policy.validation.validate import validate
from muniment.projections.queries.iam import simulate
from muniment.projections.query import QUERIES, Asked
from tests.projections.worlds import World

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:user/ana"
ANA = Principal(kind=PrincipalKind.USER, arn=ARN, account=ACCOUNT, unique_id="AIDAAAAAAAAAAAAAAAANA")
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
PUT = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
SOUNDS = {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*", "Condition": {"StringSounds": {"a:b": "c"}}}
DISLIKED: list[tuple[Any, bool, bool]] = [  # statements, whether they allow s3:GetObject and s3:PutObject
    ([{**GET, "Sid": "a"}, {**PUT, "Sid": "a"}], True, True),
    ([{**GET, "Sid": "not letters"}], True, False),
    ([{**GET, "Resource": ["arn:moon:s3:::b", "*"]}], True, False),
    ([{**GET, "Condition": {"StringEquals": {"username": "ana"}}}], False, False),
    ([{**GET, "Condition": {"StringNotEquals": {"username": "ana"}}}], True, False),
    ([{**GET, "Principal": "*"}, PUT], False, True),
    ([{**GET, "Added": "later"}, PUT], False, True),
    ([GET, PUT, SOUNDS], True, False),
    ([GET, {"Effect": "Forbid", "Action": "s3:GetObject", "Resource": "*"}], False, False),
]  # fmt: skip


class Views:
    """What the queries ask, over a world of facts."""

    cursor_key = b"c" * 32
    timeline = credentials = rebuilds = past = what_if = unsealer = None

    def __init__(self, world: World) -> None:
        self.access: Any = world.access

    def state(self, boundary: str) -> State:
        found: State | None = self.access.table.get(boundary)
        return found or new_state(boundary)


@pytest.mark.parametrize(("statements", "gets", "puts"), DISLIKED)
def test_a_stored_document_decides_as_it_did(statements: list[Any], gets: bool, puts: bool) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with pytest.raises(MalformedPolicyDocument):
        parse_for_writing(text, Kind.IDENTITY)
    assert any(finding.type is FindingType.ERROR for finding in validate(text, Kind.IDENTITY))
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "old", text))
    answers = []
    for action in ("s3:GetObject", "s3:PutObject"):
        request = AccessRequest(action=action, resource="arn:aws:s3:::b", principal=ANA)
        decided = world.access.decide(request)
        assert decided.effect is world.access.evaluate(request).effect
        answers.append(bool(decided))
    assert answers == [gets, puts]
    views, asked = Views(world), Asked(Actor(ACCOUNT, ARN, ACCOUNT, "Root"), 0)
    said = {"PolicySourceArn": ARN, "ActionNames": ["s3:GetObject", "s3:PutObject"]}
    simulated = msgspec.convert(said, QUERIES["iam", "SimulatePrincipalPolicy"]).answer(views, asked)
    found = [result["EvalDecision"] == "allowed" for result in simulated["EvaluationResults"]]
    assert found == [gets, puts]
    keys = msgspec.convert({"PolicySourceArn": ARN}, QUERIES["iam", "GetContextKeysForPrincipalPolicy"])
    assert isinstance(keys.answer(views, asked)["ContextKeyNames"], list)


def test_a_simulation_ends_its_page_where_it_has_cost_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest comes with the next page; what cannot be decided at all is refused."""
    hard = {**GET, "Resource": [f"arn:aws:s3:::*x{n}*y*" for n in range(20)]}
    text = json.dumps({"Version": "2012-10-17", "Statement": hard})
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "hard", text))
    views, asked = Views(world), Asked(Actor(ACCOUNT, ARN, ACCOUNT, "Root"), 0)
    arns = [f"arn:aws:s3:::{'a' * 200}{n}" for n in range(20)]

    def page(**marker: str) -> dict[str, Any]:
        said = {"PolicySourceArn": ARN, "ActionNames": ["s3:GetObject"], "ResourceArns": arns, **marker}
        return msgspec.convert(said, QUERIES["iam", "SimulatePrincipalPolicy"]).answer(views, asked)

    monkeypatch.setattr(simulate, "EXPLANATION_COMPARISONS_MAX", 30_000)
    pages = [page()]
    while pages[-1]["IsTruncated"]:
        pages.append(page(Marker=pages[-1]["Marker"]))
    assert len(pages) > 1
    assert [result["EvalResourceName"] for each in pages for result in each["EvaluationResults"]] == arns
    monkeypatch.setattr(simulate, "EXPLANATION_COMPARISONS_MAX", 30)
    with pytest.raises(simulate.PolicyEvaluation):
        page()

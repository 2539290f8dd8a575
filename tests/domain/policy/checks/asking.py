"""Documents that are related to each other, and requests, for the checks: the plain evaluator is the judge."""

import copy
import json
from random import Random
from typing import Any

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.decision import Layer
from muniment.domain.policy.document import Kind, PolicyDocument, parse_for_writing
from muniment.domain.policy.layers import Source, read_policies
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.request import AccessRequest, Circumstances, principal_keys
from tests.domain.policy.people import A, B
from tests.domain.policy.worlds import ACTIONS, CONTEXT, PRINCIPALS, RESOURCES, statement_of

NARROWER = {
    "*": ["s3:GetObject", "kms:*", "sts:*"],
    "secretsmanager:*": ["secretsmanager:GetSecretValue"],
    "S3:get*": ["s3:GetObject"],
    "sts:*": ["sts:AssumeRole"],
    "arn:aws:*": ["arn:aws:s3*", "arn:aws:kms:*:key/?"],
    "arn:aws:s3*": ["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/ana/x"],
}
TRUST_ACTIONS = ["sts:AssumeRole", "sts:*", "sts:TagSession"]
CONDITION = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def document(seed: int, kind: Kind) -> dict[str, Any]:
    luck = Random(seed)  # noqa: S311 - not a secret
    statements = [statement_of(luck.randrange(1 << 24), kind, False) for _ in range(luck.randint(1, 3))]
    for said in statements if kind is Kind.TRUST else ():
        said["Action" if "Action" in said else "NotAction"] = luck.sample(TRUST_ACTIONS, luck.randint(1, 2))
    return {"Version": luck.choice(["2012-10-17"] * 4 + ["2008-10-17"]), "Statement": statements}


def changed(old: dict[str, Any], seed: int, kind: Kind) -> dict[str, Any]:
    """The document after a few changes, most of which take something away."""
    luck = Random(seed)  # noqa: S311 - not a secret
    new = copy.deepcopy(old)
    statements = new["Statement"]
    for _ in range(luck.randint(0, 3)):
        said = luck.choice(statements)
        match luck.randrange(9):
            case 0 if len(statements) > 1:
                statements.remove(said)
            case 1:
                statements.append({**statement_of(luck.randrange(1 << 24), kind, False), "Effect": "Deny"})
            case 2:
                statements.append(statement_of(luck.randrange(1 << 24), kind, False))
            case 3 | 4:
                narrow(said, luck)
            case 5:
                said["Condition"] = {**CONDITION, **said.get("Condition", {})}
            case 6:
                said.pop("Condition", None)
            case 7:
                luck.shuffle(statements)
            case 8:
                other = luck.choice(statements)
                if "Condition" in other:
                    said["Condition"] = copy.deepcopy(other["Condition"])
    return new


def narrow(said: dict[str, Any], luck: Random) -> None:
    """Some of the statement's patterns by narrower ones; of NotAction and NotResource, which then leave out less."""
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if isinstance(said.get(name), list):
            said[name] = [
                luck.choice(NARROWER.get(each, [each])) if luck.random() < 0.5 else each for each in said[name]
            ]


def read(document: dict[str, Any], kind: Kind) -> PolicyDocument | None:
    """The document, where the strict door takes it."""
    try:
        return parse_for_writing(json.dumps(document), kind)
    except MalformedPolicyDocument:
        return None


def requests(seed: int, count: int) -> list[AccessRequest]:
    luck = Random(seed)  # noqa: S311 - not a secret
    return [request(luck) for _ in range(count)]


def request(luck: Random) -> AccessRequest:
    principal = luck.choice(PRINCIPALS)
    keys = luck.sample(sorted(CONTEXT), luck.randint(0, 6))
    return AccessRequest(
        action=luck.choice(ACTIONS),
        resource=luck.choice(RESOURCES),
        principal=principal,
        context=principal_keys(principal) | {key: luck.choice(CONTEXT[key]) for key in keys},
        resource_account=luck.choice(["", "", A, B]),
    )


def grant(request: AccessRequest, policy: PolicyDocument, *, bounded: bool = False) -> Grant:
    """What the policy by itself gives the requester: nothing where it denies, and of several Allows the strongest."""
    said = read_policies(Layer.RESOURCE, (Source(policy),), Circumstances(request, bounded=bounded))
    return Grant.NONE if said.denies else said.grant

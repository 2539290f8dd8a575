"""CloudTrail records and the opening of sealed addresses."""

import base64
from pathlib import Path

import msgspec
import pytest

from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.activity.requests import CommandRefused, QueryAnswered, UnauthenticatedRefused
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor, Cause, Entry, Fact, Sealed
from muniment.domain.sealing import AGENT, SOURCE, Erased, Unreadable, owner_of_month
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.opening import ERASED, UNREADABLE, opened
from muniment.projections.timeline.record import event_source, record_json, record_of, services_of
from muniment.projections.timeline.resources import touched
from muniment.projections.timeline.row import Row, shown_row, stored

TIME = 1_795_000_000_123_456
ANA = Actor("111122223333", "arn:aws:iam::111122223333:user/ana", "AIDAANA", "IAMUser", "ana", "AKIAANA", mfa=True)
BOX = Sealed("k", b"sealed-canary")


def row_of(
    fact: Fact, actor: Actor = ANA, action: str = "iam:CreateUser", written: int = TIME, **parameters: object
) -> Row:
    kind = "activity" if fact.kind == "activity" else "account"
    entry = Entry(
        "e1",
        f"{kind}.111122223333",
        3,
        written,
        actor,
        Cause(action, "r1", "c1", dict(parameters)),
        b"",
        fact,
        digest=b"d",
    )
    recorded = Recorded(IAM_ACTIVITY if kind == "activity" else IAM, 7, TIME, entry)
    return shown_row(stored(recorded, (), touched(entry, (), None)))


def test_a_change_becomes_a_record_1_11() -> None:
    record = record_of(row_of(UserCreated("eve", "AIDAEVE", "/dev/"), PermissionsBoundary="arn:x"))
    assert record["eventVersion"] == "1.11"
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": "AIDAANA",
        "arn": "arn:aws:iam::111122223333:user/ana",
        "accountId": "111122223333",
        "accessKeyId": "AKIAANA",
        "userName": "ana",
        "sessionContext": {"attributes": {"mfaAuthenticated": "true"}},
    }
    assert (record["eventTime"], record["eventSource"], record["eventName"]) == (
        "2026-11-18T11:06:40Z",
        "iam.amazonaws.com",
        "CreateUser",
    )
    assert record["requestParameters"] == {"permissionsBoundary": "arn:x", "userName": "eve", "path": "/dev/"}
    assert record["responseElements"] == {"userId": "AIDAEVE"}
    assert (record["requestID"], record["eventID"], record["readOnly"]) == ("r1", "e1", False)
    assert (record["eventType"], record["eventCategory"], record["managementEvent"]) == (
        "AwsApiCall",
        "Management",
        True,
    )
    assert record["recipientAccountId"] == "111122223333"
    assert record["additionalEventData"] == {
        "fact": "UserCreated",
        "stream": "IAM",
        "sequence": 7,
        "boundary": "account.111122223333",
        "version": 3,
        "correlation": "c1",
    }
    assert "errorCode" not in record


def test_a_refusal_carries_its_code_and_no_response() -> None:
    record = record_of(
        row_of(
            CommandRefused("AccessDenied", "User: x is not authorized", ("arn:aws:iam::111122223333:user/eve",)),
            UserName="eve",
        )
    )
    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", "User: x is not authorized")
    assert record["requestParameters"] == {"userName": "eve"}
    assert record["responseElements"] is None
    assert record["resources"] == [
        {"accountId": "111122223333", "type": "AWS::IAM::User", "ARN": "arn:aws:iam::111122223333:user/eve"}
    ]


def test_a_read_has_null_response_elements() -> None:
    record = record_of(row_of(QueryAnswered(("*",)), action="iam:ListUsers"))
    assert record["readOnly"] is True
    assert record["responseElements"] is None
    assert record["requestParameters"] is None


@pytest.mark.parametrize(
    ("actor", "identity"),
    [
        (
            Actor("111122223333", "arn:aws:iam::111122223333:root", "111122223333", "Root"),
            {
                "type": "Root",
                "principalId": "111122223333",
                "arn": "arn:aws:iam::111122223333:root",
                "accountId": "111122223333",
            },
        ),
        (
            Actor("111122223333", "arn:aws:sts::111122223333:assumed-role/r/s", "AROAX:s", "AssumedRole", session="s"),
            {
                "type": "AssumedRole",
                "principalId": "AROAX:s",
                "arn": "arn:aws:sts::111122223333:assumed-role/r/s",
                "accountId": "111122223333",
            },
        ),
        (Actor(NOBODY, "", "", "Unknown", credential="AKIAX"), {"type": "Unknown", "accessKeyId": "AKIAX"}),
    ],
)
def test_identities_are_told_as_the_guide_has_them(actor: Actor, identity: dict[str, str]) -> None:
    assert record_of(row_of(UnauthenticatedRefused(3, {"SignatureDoesNotMatch": 3}), actor))["userIdentity"] == identity


def test_sealed_values_are_in_no_record() -> None:
    actor = msgspec.structs.replace(ANA, source=BOX, agent=BOX)
    row = row_of(AccessKeyCreated("ana", "AKIANEW", BOX, "AIDAANA"), actor, "iam:CreateAccessKey")
    text = record_json(row)
    assert "AKIANEW" in text
    for canary in ("sealed-canary", base64.b64encode(BOX.box).decode(), BOX.box.hex()):
        assert canary not in text


def test_event_sources_and_services_are_inverse() -> None:
    for service in ("iam", "sts", "sso-admin", "secretsmanager"):
        assert service in services_of(event_source(service))


class Ring:
    """Opens what is in `plain`, by owner and field."""

    def __init__(self, plain: dict[tuple[str, str], bytes | type[Exception]]) -> None:
        self.plain = plain

    def unseal(self, owner: str, field: str, sealed: Sealed) -> bytes:
        found = self.plain.get((owner, field), Unreadable)
        if isinstance(found, bytes):
            return found
        raise found()


def test_addresses_are_opened_under_the_acting_principals_key() -> None:
    row = row_of(UserCreated("eve", "AIDAEVE"), msgspec.structs.replace(ANA, source=BOX, agent=BOX))
    ring = Ring(
        {("account.111122223333/AIDAANA", SOURCE): b"192.0.2.1", ("account.111122223333/AIDAANA", AGENT): b"boto3"}
    )
    shown = opened(row, ring)
    assert (shown.source, shown.agent) == ("192.0.2.1", "boto3")
    record = record_of(shown)
    assert (record["sourceIPAddress"], record["userAgent"]) == ("192.0.2.1", "boto3")
    assert opened(row, None).source == ""


def test_erased_and_unreadable_addresses_say_so() -> None:
    row = row_of(UserCreated("eve", "AIDAEVE"), msgspec.structs.replace(ANA, source=BOX, agent=BOX))
    shown = opened(row, Ring({("account.111122223333/AIDAANA", SOURCE): Erased}))
    assert (shown.source, shown.agent) == (ERASED, UNREADABLE)


def test_nobodys_address_sealed_just_before_the_months_end_is_still_opened() -> None:
    first = 1_793_491_200_000_000  # 2026-11-01T00:00:00Z
    row = row_of(UnauthenticatedRefused(1), Actor(NOBODY, "", "", "Unknown", source=BOX), written=first + 1_000_000)
    ring = Ring({(owner_of_month(first - 1), SOURCE): b"192.0.2.9"})
    assert opened(row, ring).source == "192.0.2.9"


def test_no_secret_parameter_name_is_ever_a_column() -> None:
    names = Path(__file__).parents[3].joinpath("projections/timeline/tables.py").read_text().lower()
    assert "secret" not in names
    assert "password" not in names

"""What is noted beside the log of changes, in stream IAM_ACTIVITY."""

from typing import Final

from muniment.domain.activity.requests import (
    CommandConfirmed,
    CommandRefused,
    QueryAnswered,
    QueryRefused,
    RequestsThrottled,
    UnauthenticatedRefused,
)
from muniment.domain.activity.secrets import ForeignSecretChanged, SecretRead
from muniment.domain.activity.sessions import SessionIssued
from muniment.domain.activity.sign_ins import SignInRefused, SignInSucceeded
from muniment.domain.ledger import Fact
from tests.golden.story.values import ACCOUNT, ANA, KEY, PHONE, ROLE_ID, SECRET_ARN, SIGN_IN, START, VERSION_1

BOUNDARY: Final = f"activity.{ACCOUNT}"
FACTS: Final[tuple[Fact, ...]] = (
    CommandConfirmed(True),
    CommandRefused("NoSuchEntity", "The user with name eva cannot be found.", (ANA,)),
    QueryRefused("AccessDenied", "User: nobody is not authorized", (ANA,)),
    QueryAnswered((ANA,)),
    SessionIssued(
        "ASIAAAAAAAAAAAAAAAAA",
        "AssumedRole",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/run/nightly",
        ROLE_ID,
        START + 3_600_000_000,
        parent=KEY,
        source_identity="ana",
        provider=f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com",
        subject="ana@example.com",
        tag_keys=("team",),
        transitive_tag_keys=("team",),
        packed_policy_size=7,
        mfa=True,
        depth=1,
        shared_event_id="018bcfe5-6800-7000-a000-000000000001",
        resources=(ANA,),
    ),
    SignInSucceeded("ana", PHONE, "virtual", SIGN_IN),
    SignInRefused("wrong-code", "ana", PHONE, "virtual"),
    RequestsThrottled(7, {ANA: 7}, START, START + 1),
    UnauthenticatedRefused(3, {"InvalidClientTokenId": 3}, START, START + 1, {"source": "sealed"}),
    ForeignSecretChanged("018bcfe5-6800-7000-a000-000000000003", (SECRET_ARN,)),
    SecretRead(SECRET_ARN, VERSION_1, ("AWSCURRENT",), "018bcfe5-6800-7000-a000-000000000002", (SECRET_ARN,)),
)

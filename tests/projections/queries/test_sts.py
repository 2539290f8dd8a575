"""Queries on who calls, and whose a key is."""

from types import SimpleNamespace
from typing import Any

import pytest

from muniment.domain.account.users import UserCreated
from muniment.domain.errors import ValidationError
from muniment.domain.ledger import Actor

ACCOUNT = "111122223333"


def test_users_roots_and_sessions_are_told_who_they_are(house: Any) -> None:
    assert house.ask("GetCallerIdentity", "sts")["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    house.after(UserCreated("ana", "AIDAANA")).user_calls("ana")
    assert house.ask("GetCallerIdentity", "sts") == {
        "UserId": "AIDAANA",
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ana",
    }
    house.actor = Actor(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/run/s", "AROARUN:s", "AssumedRole")
    assert house.ask("GetCallerIdentity", "sts")["UserId"] == "AROARUN:s"


def test_a_keys_account_is_told_and_a_missing_key_refused(house: Any) -> None:
    keys = {"AKIAAAAAAAAAAAAAAAAA": SimpleNamespace(account="444455556666")}
    house.credentials = SimpleNamespace(find=keys.get)
    assert house.ask("GetAccessKeyInfo", "sts", AccessKeyId="AKIAAAAAAAAAAAAAAAAA") == {"Account": "444455556666"}
    with pytest.raises(ValidationError, match="does not exist"):
        house.ask("GetAccessKeyInfo", "sts", AccessKeyId="AKIABBBBBBBBBBBBBBBB")

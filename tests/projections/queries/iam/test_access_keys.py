"""Queries on access keys: whose they are, their status, when they were used; never the secret."""

from typing import Any

import pytest

from muniment.domain.account.account import AccountCreated, RootCredentialsReset
from muniment.domain.account.keys import AccessKeyCreated, AccessKeyDeactivated, CredentialUsed
from muniment.domain.account.users import UserCreated, UserRenamed
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Sealed

ACCOUNT = "111122223333"
BEGINNING = 1_700_000_000_000_000
SECOND = 1_000_000
SECRET = Sealed("key", b"ciphertext")
FIRST, SECOND_KEY = "AKIAAAAAAAAAAAAAAAAA", "AKIABBBBBBBBBBBBBBBB"


@pytest.fixture
def keyed(house: Any) -> Any:
    return house.after(
        UserCreated("Ana", "AIDAANA"),
        AccessKeyCreated("Ana", SECOND_KEY, SECRET, "AIDAANA"),
        AccessKeyCreated("Ana", FIRST, SECRET, "AIDAANA"),
        AccessKeyDeactivated("Ana", FIRST),
    )


def test_keys_are_listed_oldest_first_without_their_secrets(keyed: Any) -> None:
    keys = keyed.walk("ListAccessKeys", "AccessKeyMetadata", 1, UserName="ana")
    assert keys == [
        {"UserName": "Ana", "AccessKeyId": SECOND_KEY, "Status": "Active", "CreateDate": BEGINNING + 2 * SECOND},
        {"UserName": "Ana", "AccessKeyId": FIRST, "Status": "Inactive", "CreateDate": BEGINNING + 3 * SECOND},
    ]


def test_without_a_name_the_callers_keys_are_listed(keyed: Any) -> None:
    assert len(keyed.user_calls("Ana").ask("ListAccessKeys")["AccessKeyMetadata"]) == 2
    assert keyed.arns("ListAccessKeys") == [f"arn:aws:iam::{ACCOUNT}:user/Ana"]


def test_roots_keys_have_no_user_name(keyed: Any) -> None:
    keyed.after(AccountCreated("main", "a@example.com"), RootCredentialsReset("AKIAROOTROOTROOTROOT", SECRET))
    (key,) = keyed.ask("ListAccessKeys")["AccessKeyMetadata"]
    assert key["AccessKeyId"] == "AKIAROOTROOTROOTROOT"
    assert "UserName" not in key
    assert keyed.arns("ListAccessKeys") == [f"arn:aws:iam::{ACCOUNT}:root"]
    assert "UserName" not in keyed.ask("GetAccessKeyLastUsed", AccessKeyId="AKIAROOTROOTROOTROOT")
    assert keyed.arns("GetAccessKeyLastUsed", AccessKeyId="AKIAROOTROOTROOTROOT") == [f"arn:aws:iam::{ACCOUNT}:root"]


def test_a_key_that_was_never_used_says_so(keyed: Any) -> None:
    assert keyed.ask("GetAccessKeyLastUsed", AccessKeyId=FIRST) == {
        "UserName": "Ana",
        "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"},
    }


def test_the_last_use_is_told_under_the_users_present_name(keyed: Any) -> None:
    keyed.after(CredentialUsed(FIRST, BEGINNING + 9, "sts", "us-east-1"), UserRenamed("Ana", "Eva"))
    assert keyed.ask("GetAccessKeyLastUsed", AccessKeyId=FIRST) == {
        "UserName": "Eva",
        "AccessKeyLastUsed": {"LastUsedDate": BEGINNING + 9, "ServiceName": "sts", "Region": "us-east-1"},
    }
    assert keyed.arns("GetAccessKeyLastUsed", AccessKeyId=FIRST) == [f"arn:aws:iam::{ACCOUNT}:user/Eva"]


def test_a_key_of_another_account_is_told_like_a_missing_one(keyed: Any) -> None:  # SECURITY rule 16
    missing, foreign = "AKIACCCCCCCCCCCCCCCC", "AKIADDDDDDDDDDDDDDDD"
    keyed.after(
        UserCreated("Bob", "AIDABOB"),
        AccessKeyCreated("Bob", foreign, SECRET, "AIDABOB"),
        boundary="account.999988887777",
    )
    for key in (missing, foreign):
        with pytest.raises(NoSuchEntity, match=f"^The Access Key with id {key} cannot be found\\.$"):
            keyed.ask("GetAccessKeyLastUsed", AccessKeyId=key)
        assert keyed.arns("GetAccessKeyLastUsed", AccessKeyId=key) == [f"arn:aws:iam::{ACCOUNT}:user/"]


def test_no_answer_holds_a_secret(keyed: Any) -> None:  # SECURITY CVE row 27
    answers = [keyed.ask("ListAccessKeys", UserName="Ana"), keyed.ask("GetUser", UserName="Ana")]
    answers += [keyed.ask("GetAccountAuthorizationDetails"), keyed.ask("GetAccessKeyLastUsed", AccessKeyId=FIRST)]
    assert not any("ciphertext" in repr(answer) or "Sealed" in repr(answer) for answer in answers)

"""Access keys of users, of whoever calls, of root (FEATURES 1b)."""

import pytest

from muniment.commands.iam.access_keys import CreateAccessKey, DeleteAccessKey, UpdateAccessKey
from muniment.commands.iam.users import UpdateUser
from muniment.domain.account.keys import (
    AccessKeyActivated,
    AccessKeyCreated,
    AccessKeyDeactivated,
    AccessKeyDeleted,
    CredentialUsed,
)
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import LimitExceeded, NoSuchEntity, UnmodifiableEntity, ValidationError
from muniment.domain.ledger import Sealed
from muniment.domain.sealing import Erased
from tests.commands.given import ACCOUNT, ROOT, SESSION, House, after, ana, arn, now, refused, then

ANA, EVA = UserCreated("Ana", "AIDAANA"), UserCreated("eva", "AIDAEVA")
HERS = AccessKeyCreated("Ana", "AKIAHERS", Sealed("k", b""), "AIDAANA")
ROOTS = AccessKeyCreated("", "AKIAROOT", Sealed("k", b""), ACCOUNT)


def test_a_key_is_created_and_its_secret_is_sealed_under_its_user():
    house = House(after(ANA))
    key = house.do(CreateAccessKey(user_name="ana"))["AccessKey"]
    assert key["UserName"] == "Ana"
    assert key["AccessKeyId"].startswith("AKIA")
    assert len(key["AccessKeyId"]) == 20  # as AWS spells them
    assert (key["Status"], key["CreateDate"], len(key["SecretAccessKey"])) == ("Active", house.time, 40)
    (kept,) = house.account.user("ana").keys
    assert kept.secret.key == f"account.{ACCOUNT}/AIDAANA {key['AccessKeyId']}"
    assert key["SecretAccessKey"].encode() not in kept.secret.box
    assert house.account.keys == {key["AccessKeyId"]: "ana"}


def test_without_a_name_the_key_is_the_callers_even_after_a_rename():
    house = House(after(ANA))
    house.do(UpdateUser(user_name="ana", new_user_name="anna"))
    key = house.do(CreateAccessKey(), ana(name="Ana"))["AccessKey"]
    assert key["UserName"] == "anna"


def test_without_a_name_the_key_is_roots_where_root_calls():
    house = House(after(ANA))
    key = house.do(CreateAccessKey())["AccessKey"]
    assert "UserName" not in key
    (kept,) = house.account.root_keys
    assert kept.secret.key == f"account.{ACCOUNT}/{ACCOUNT} {key['AccessKeyId']}"
    assert house.account.keys == {key["AccessKeyId"]: ""}


def test_a_session_must_name_the_user():
    with refused(ValidationError, "Must specify userName when calling with non-User credentials"):
        CreateAccessKey().decide(after(ANA), now(SESSION))
    with refused(ValidationError):
        CreateAccessKey().resources(after(ANA), SESSION)


@pytest.mark.parametrize(("owner", "name"), [("Ana", "ana"), ("", "")])
def test_a_third_key_is_refused(owner, name):
    keys = [AccessKeyCreated(owner, f"AKIA{n}", Sealed("k", b""), "AIDAANA") for n in range(2)]
    with refused(LimitExceeded, "Cannot exceed quota for AccessKeysPerUser: 2"):
        CreateAccessKey(user_name=name).decide(after(ANA, *keys), now())


def test_a_key_is_deactivated_and_activated():
    account = after(ANA, HERS)
    off = UpdateAccessKey(user_name="ana", access_key_id="AKIAHERS", status="Inactive")
    on = UpdateAccessKey(user_name="ana", access_key_id="AKIAHERS", status="Active")
    assert on.decide(account, now()) is None
    assert off.decide(account, now()) == AccessKeyDeactivated("Ana", "AKIAHERS")
    account = then(account, AccessKeyDeactivated("Ana", "AKIAHERS"))
    assert not account.user("ana").keys[0].active
    assert off.decide(account, now()) is None
    assert on.decide(account, now()) == AccessKeyActivated("Ana", "AKIAHERS")
    assert then(account, AccessKeyActivated("Ana", "AKIAHERS")).user("ana").keys[0].active


def test_a_key_cannot_be_made_expired():
    with refused(ValidationError):
        UpdateAccessKey(user_name="ana", access_key_id="AKIAHERS", status="Expired").decide(after(ANA, HERS), now())


def test_a_deleted_key_is_gone():
    account = after(ANA, HERS)
    fact = DeleteAccessKey(user_name="ana", access_key_id="AKIAHERS").decide(account, now())
    assert fact == AccessKeyDeleted("Ana", "AKIAHERS")
    account = then(account, fact)
    assert (account.keys, account.user("ana").keys) == ({}, ())


def test_root_deletes_its_own_key():
    account = after(ROOTS)
    fact = DeleteAccessKey(access_key_id="AKIAROOT").decide(account, now())
    assert then(account, fact).root_keys == ()


@pytest.mark.parametrize("name", ["eva", ""])
def test_a_key_of_somebody_else_is_as_good_as_missing(name):
    with refused(NoSuchEntity, "The Access Key with id AKIAHERS cannot be found."):
        DeleteAccessKey(user_name=name, access_key_id="AKIAHERS").decide(after(ANA, EVA, HERS), now())


def test_the_gate_is_asked_about_the_keys_user():
    account = after(ANA, HERS)
    assert [r.arn for r in CreateAccessKey(user_name="ana").resources(account, ROOT)] == [arn("user", "Ana")]
    assert [r.arn for r in CreateAccessKey().resources(account, ana())] == [arn("user", "Ana")]
    assert [r.arn for r in CreateAccessKey().resources(account, ROOT)] == [f"arn:aws:iam::{ACCOUNT}:root"]
    assert [r.arn for r in CreateAccessKey(user_name="ghost").resources(account, ROOT)] == [arn("user", "ghost")]


def test_a_repeat_gets_the_same_secret_even_after_the_user_was_renamed():  # DESIGN §3
    house = House(after(ANA))
    command = CreateAccessKey(user_name="ana")
    entries, first = house.run(command)
    house.do(UpdateUser(user_name="ana", new_user_name="eva"))
    house.do(DeleteAccessKey(user_name="eva", access_key_id=first["AccessKey"]["AccessKeyId"]))
    assert house.again(command, entries) == first


def test_a_repeat_after_erasure_tells_no_secret():
    house = House(after(ANA))
    command = CreateAccessKey(user_name="ana")
    entries, first = house.run(command)
    given = now()

    def erased(owner, field, sealed):
        raise Erased

    given.unseal = erased
    with refused(NoSuchEntity, f"The Access Key with id {first['AccessKey']['AccessKeyId']} cannot be found."):
        command.answer(house.account, entries, given)


def test_an_erased_user_gets_no_new_key():
    given = now()

    def erased(owner, field, plain):
        raise Erased

    given.seal = erased
    with refused(
        UnmodifiableEntity,
        "The principal AIDAANA was erased and can hold no new secrets. Delete it and create another.",
    ):
        CreateAccessKey(user_name="ana").decide(after(ANA), given)


def test_the_last_use_of_a_key_is_kept_and_use_of_a_deleted_one_changes_nothing():
    account = then(after(ANA, HERS), CredentialUsed("AKIAHERS", 5, "iam", "us-east-1"))
    (key,) = account.user("ana").keys
    assert (key.last_used, key.last_service, key.last_region) == (5, "iam", "us-east-1")
    gone = then(account, AccessKeyDeleted("Ana", "AKIAHERS"))
    assert then(gone, CredentialUsed("AKIAHERS", 6)).users == gone.users

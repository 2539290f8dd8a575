"""Passwords: policy, login profiles, ChangePassword (FEATURES 1a, 1b; SECURITY 7)."""

import pytest

from muniment.commands.iam.login_profile import (
    ChangePassword,
    CreateLoginProfile,
    DeleteLoginProfile,
    UpdateLoginProfile,
)
from muniment.commands.iam.password_choice import Chosen
from muniment.commands.iam.password_policy import DeleteAccountPasswordPolicy, UpdateAccountPasswordPolicy
from muniment.commands.iam.users import CreateUser, DeleteUser, UpdateUser
from muniment.commands.task import Context, Task
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.passwords import PasswordResetRequirementSet
from muniment.domain.account.proving import DAY, PasswordPolicy
from muniment.domain.caller import Caller
from muniment.domain.errors import (
    AccessDenied,
    DeleteConflict,
    EntityAlreadyExists,
    EntityTemporarilyUnmodifiable,
    InvalidUserType,
    NoSuchEntity,
    PasswordPolicyViolation,
    TooManyRequests,
    ValidationError,
)
from tests.commands.given import ACCOUNT, ROOT, SESSION, House, after, arn, refused
from tests.commands.given import ana as ana_of

GOOD = "Correct-Horse-1"
BETTER = "Battery-Staple-2"


@pytest.fixture
def house():
    house = House(after(AccountCreated("Management", "Root-1@example.com")))
    house.do(CreateUser(user_name="ana"))
    return house


@pytest.fixture
def ana(house):
    return ana_of(house.account.user("ana").id)


@pytest.fixture
def signed_up(house):
    house.do(CreateLoginProfile(user_name="ana", password=GOOD))
    return house


def login(house):
    return house.account.user("ana").login


# -- login profiles


def test_a_password_is_kept_as_a_sealed_hash_under_its_user(house):
    answer = house.do(CreateLoginProfile(user_name="ANA", password=GOOD, password_reset_required=True))
    assert answer["LoginProfile"] == {"UserName": "ana", "CreateDate": house.time, "PasswordResetRequired": True}
    user = house.account.user("ana")
    assert user.login.hash.key == f"account.{ACCOUNT}/{user.id} password"
    assert (user.login.created, user.login.changed, user.login.reset_required) == (house.time, house.time, True)


def test_a_password_is_in_no_fact_no_parameter_and_no_repr(house):
    command = CreateLoginProfile(user_name="ana", password=GOOD)
    assert GOOD not in str(Task(command, Context(Caller(ROOT), "request")).public)
    assert GOOD not in repr(house.prepare(command))
    assert GOOD not in repr(Chosen(GOOD, None))


def test_a_second_profile_is_refused(signed_up):
    with refused(EntityAlreadyExists, "Login Profile for user ana already exists."):
        signed_up.do(CreateLoginProfile(user_name="ana", password=GOOD))


def test_a_profile_needs_a_password(house):
    with refused(ValidationError):
        house.do(CreateLoginProfile(user_name="ana"))


def test_an_unknown_user_gets_none(house):
    with refused(NoSuchEntity, "The user with name ghost cannot be found."):
        house.do(CreateLoginProfile(user_name="ghost", password=GOOD))


def test_root_has_a_password_of_its_own(house):
    answer = house.do(CreateLoginProfile(password=GOOD))
    assert answer["LoginProfile"]["UserName"] == "root"
    assert house.account.root_login.hash.key == f"account.{ACCOUNT}/{ACCOUNT} password"
    house.do(DeleteLoginProfile())
    assert house.account.root_login is None


def test_a_session_must_name_the_user(house):
    with refused(ValidationError):
        house.do(CreateLoginProfile(password=GOOD), SESSION)


def test_another_password_takes_the_place_of_the_first_and_the_first_is_remembered(signed_up):
    first = login(signed_up)
    signed_up.do(UpdateLoginProfile(user_name="ana", password=BETTER, password_reset_required=True))
    now = login(signed_up)
    assert now.history == (first.hash,)
    assert (now.created, now.changed, now.reset_required) == (first.created, signed_up.time, True)


def test_only_the_requirement_may_be_changed(signed_up):
    update = UpdateLoginProfile(user_name="ana", password_reset_required=True)
    (entry,), _ = signed_up.run(update)
    assert entry.fact == PasswordResetRequirementSet("ana", True)
    assert signed_up.passwords.hashed == 1
    assert signed_up.run(update)[0] == ()


def test_a_profile_that_is_not_there_is_neither_changed_nor_deleted(house):
    for command in (UpdateLoginProfile(user_name="ana", password=GOOD), DeleteLoginProfile(user_name="ana")):
        with refused(NoSuchEntity, "Login Profile for User ana cannot be found."):
            house.do(command)


def test_a_user_with_a_password_is_not_deleted(signed_up):
    with refused(DeleteConflict, "Cannot delete entity, must delete login profile first."):
        signed_up.do(DeleteUser(user_name="ana"))
    signed_up.do(DeleteLoginProfile(user_name="ana"))
    signed_up.do(DeleteUser(user_name="ana"))


def test_a_password_outlives_a_rename(signed_up, ana):
    signed_up.do(UpdateUser(user_name="ana", new_user_name="anna"))
    signed_up.do(ChangePassword(old_password=GOOD, new_password=BETTER), ana)
    assert signed_up.account.user("anna").login.history


def test_a_password_prepared_for_an_older_one_is_refused(signed_up):
    """Two requests at once: the second hashed for a password that is no longer the current one."""
    command = UpdateLoginProfile(user_name="ana", password=BETTER)
    prepared = signed_up.prepare(command)
    signed_up.do(UpdateLoginProfile(user_name="ana", password="Something-Else-3"))
    given = signed_up.bench  # any clock will do
    from tests.commands.given import now

    given = now()
    given.prepared = prepared
    with refused(EntityTemporarilyUnmodifiable):
        command.decide(signed_up.account, given)
    given.prepared = None
    with refused(EntityTemporarilyUnmodifiable):
        command.decide(signed_up.account, given)


# -- ChangePassword


def test_a_user_changes_its_password(signed_up, ana):
    signed_up.do(UpdateLoginProfile(user_name="ana", password=BETTER, password_reset_required=True))
    signed_up.do(ChangePassword(old_password=BETTER, new_password=GOOD), ana)
    assert not login(signed_up).reset_required
    with refused(AccessDenied, "The old password was incorrect."):
        signed_up.do(ChangePassword(old_password=BETTER, new_password=GOOD), ana)


@pytest.mark.parametrize("who", [ROOT, SESSION])
def test_only_users_change_their_own_password(signed_up, who):
    with refused(InvalidUserType):
        signed_up.do(ChangePassword(old_password=GOOD, new_password=BETTER), who)


def test_wrong_old_passwords_are_counted_like_those_of_a_sign_in(signed_up, ana):  # CVE row 4
    for _ in range(5):
        with refused(AccessDenied):
            signed_up.prepare(ChangePassword(old_password="wrong", new_password=BETTER), ana)
    with pytest.raises(TooManyRequests):
        signed_up.prepare(ChangePassword(old_password=GOOD, new_password=BETTER), ana)


def test_an_attempt_that_found_no_room_to_be_checked_is_not_counted(signed_up, ana):
    def full(password, hashed):
        raise TooManyRequests("full")

    verify, signed_up.passwords.verify = signed_up.passwords.verify, full
    for _ in range(10):
        with pytest.raises(TooManyRequests, match="full"):
            signed_up.prepare(ChangePassword(old_password=GOOD, new_password=BETTER), ana)
    signed_up.passwords.verify = verify
    signed_up.prepare(ChangePassword(old_password=GOOD, new_password=BETTER), ana)


@pytest.mark.parametrize("allowed", [True, False])
def test_the_account_may_grant_it_to_every_user(signed_up, ana, allowed):
    signed_up.do(UpdateAccountPasswordPolicy(allow_users_to_change_password=allowed))
    (resource,) = ChangePassword(old_password="a", new_password="b").resources(signed_up.account, ana)
    assert (resource.arn, resource.granted) == (arn("user", "ana"), allowed)


def test_an_expired_password_may_be_changed_unless_expiry_is_hard(signed_up, ana):
    signed_up.do(UpdateAccountPasswordPolicy(max_password_age=1))
    signed_up.time += 2 * DAY
    signed_up.do(ChangePassword(old_password=GOOD, new_password=BETTER), ana)
    signed_up.do(UpdateAccountPasswordPolicy(max_password_age=1, hard_expiry=True))
    signed_up.time += 2 * DAY
    with refused(AccessDenied, "The password has expired; an administrator must set a new one."):
        signed_up.do(ChangePassword(old_password=BETTER, new_password=GOOD), ana)


# -- policy


def test_a_password_policy_replaces_the_one_before_whole(house):
    house.do(UpdateAccountPasswordPolicy(minimum_password_length=12, require_symbols=True))
    assert house.account.password_policy == PasswordPolicy(12, True)
    house.do(UpdateAccountPasswordPolicy(require_numbers=True))
    assert house.account.password_policy == PasswordPolicy(6, numbers=True)
    assert house.run(UpdateAccountPasswordPolicy(require_numbers=True))[0] == ()
    house.do(DeleteAccountPasswordPolicy())
    assert house.account.password_policy is None
    with refused(NoSuchEntity, f"The Password Policy with domain name {ACCOUNT} cannot be found."):
        house.do(DeleteAccountPasswordPolicy())


@pytest.mark.parametrize(
    ("policy", "password", "says"),
    [
        ({}, "Ab1-5", "Password should have a minimum length of 6"),
        ({"minimum_password_length": 20}, GOOD, "Password should have a minimum length of 20"),
        ({"require_symbols": True}, "Abcdef1", "Password should have at least one symbol"),
        ({"require_numbers": True}, "Abcdef-", "Password should have at least one number"),
        ({"require_uppercase_characters": True}, "abcdef-1", "Password should have at least one uppercase letter"),
        ({"require_lowercase_characters": True}, "ABCDEF-1", "Password should have at least one lowercase letter"),
    ],
)
def test_a_policy_is_enforced(house, policy, password, says):
    house.do(UpdateAccountPasswordPolicy(**policy))
    with refused(PasswordPolicyViolation, says):
        house.do(CreateLoginProfile(user_name="ana", password=password))
    assert house.passwords.hashed == 0  # nobody works for what is refused anyway


def test_a_lax_policy_allows_what_the_default_does_not(house):
    house.do(UpdateAccountPasswordPolicy())
    house.do(CreateLoginProfile(user_name="ana", password="aaaaaa"))


@pytest.mark.parametrize("password", ["Short-1", "alllowercase", "lower-and-symbols", "12345678"])
def test_without_a_policy_there_is_a_default(house, password):
    with refused(PasswordPolicyViolation):
        house.do(CreateLoginProfile(user_name="ana", password=password))


def test_the_default_says_how_much_more_it_wants(house):
    """As users of AWS quote it: redhat-cop/agnosticd pull request 6594."""
    says = (
        "Password should meet 1 more of the following requirements: "
        "Password should have at least one uppercase letter, Password should have at least one symbol"
    )
    with refused(PasswordPolicyViolation, says):
        house.do(CreateLoginProfile(user_name="ana", password="lowercase1"))


@pytest.mark.parametrize("password", ["root-1@EXAMPLE.com"])
def test_a_password_is_not_the_accounts_name_or_address(house, password):
    with refused(PasswordPolicyViolation, "Password should not be identical to the account's name or e-mail address"):
        house.do(CreateLoginProfile(user_name="ana", password=password))


def test_earlier_passwords_are_refused_as_many_as_the_policy_says(signed_up, ana):
    signed_up.do(UpdateAccountPasswordPolicy(password_reuse_prevention=3))
    words = [f"Password-{number}" for number in range(3)]
    old = GOOD
    for word in words:
        signed_up.do(ChangePassword(old_password=old, new_password=word), ana)
        old = word
    for word in words:
        with refused(PasswordPolicyViolation, "Password should not be one of the last 3 used"):
            signed_up.do(ChangePassword(old_password=old, new_password=word), ana)
    with refused(PasswordPolicyViolation):
        signed_up.do(UpdateLoginProfile(user_name="ana", password=words[0]))
    signed_up.do(ChangePassword(old_password=old, new_password=GOOD), ana)  # the fourth


def test_no_more_than_24_passwords_are_remembered(signed_up):
    for number in range(30):
        signed_up.do(UpdateLoginProfile(user_name="ana", password=f"Password-{number}"))
    assert len(login(signed_up).history) == 23  # and the current one

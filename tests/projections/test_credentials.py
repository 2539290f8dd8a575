"""Access keys: whose they are, and that a change counts at once."""

from muniment.domain.account.account import RootCredentialsReset
from muniment.domain.account.keys import (
    AccessKeyActivated,
    AccessKeyCreated,
    AccessKeyDeactivated,
    AccessKeyDeleted,
    CredentialUsed,
)
from muniment.domain.account.users import UserCreated, UserMoved, UserRenamed
from muniment.domain.ledger import Sealed
from tests.projections.worlds import World

SECRET = Sealed("k", b"box")
ANA = (UserCreated("Ana", "AIDAANA", path="/eng/"), AccessKeyCreated("Ana", "AKIAANA", SECRET, "AIDAANA"))


def test_a_users_key_leads_to_the_user_and_to_its_sealed_secret() -> None:
    found = World(*ANA).credentials.find("AKIAANA")
    assert found is not None
    assert (found.account, found.type, found.name) == ("111122223333", "IAMUser", "Ana")
    assert found.arn == "arn:aws:iam::111122223333:user/eng/Ana"
    assert (found.principal_id, found.secret, found.active) == ("AIDAANA", SECRET, True)
    assert (found.owner, found.field) == ("account.111122223333/AIDAANA", "AKIAANA")


def test_roots_key_is_the_accounts() -> None:
    found = World(AccessKeyCreated("", "AKIAROOT", SECRET, "111122223333")).credentials.find("AKIAROOT")
    assert found is not None
    assert (found.type, found.principal_id, found.arn, found.name) == (
        "Root",
        "111122223333",
        "arn:aws:iam::111122223333:root",
        "",
    )


def test_deactivating_and_deleting_a_key_count_at_once() -> None:
    world = World(*ANA)
    world.happened(AccessKeyDeactivated("Ana", "AKIAANA"))
    found = world.credentials.find("AKIAANA")
    assert found is not None
    assert not found.active
    world.happened(AccessKeyActivated("Ana", "AKIAANA"))
    found = world.credentials.find("AKIAANA")
    assert found is not None
    assert found.active
    world.happened(AccessKeyDeleted("Ana", "AKIAANA"))
    assert world.credentials.find("AKIAANA") is None


def test_resetting_root_credentials_ends_the_old_keys() -> None:
    world = World(AccessKeyCreated("", "AKIAOLD", SECRET, "111122223333"))
    world.happened(RootCredentialsReset("AKIANEW", SECRET, ("AKIAOLD",)))
    assert world.credentials.find("AKIAOLD") is None
    assert world.credentials.find("AKIANEW") is not None


def test_a_renamed_and_moved_user_keeps_its_key_under_the_new_arn() -> None:
    world = World(*ANA)
    world.happened(UserRenamed("Ana", "Anna"), UserMoved("Anna", "/ops/"))
    found = world.credentials.find("AKIAANA")
    assert found is not None
    assert found.arn == "arn:aws:iam::111122223333:user/ops/Anna"


def test_the_last_use_is_known() -> None:
    world = World(*ANA)
    world.happened(CredentialUsed("AKIAANA", 5, "iam", "us-east-1"))
    found = world.credentials.find("AKIAANA")
    assert found is not None
    assert (found.last_used, found.last_service, found.last_region) == (5, "iam", "us-east-1")


def test_an_unknown_key_is_nobodys() -> None:
    assert World(*ANA).credentials.find("AKIANOBODY") is None


def test_a_secret_is_not_in_the_representation() -> None:
    assert "box" not in repr(World(*ANA).credentials.find("AKIAANA")).replace("box=***", "")

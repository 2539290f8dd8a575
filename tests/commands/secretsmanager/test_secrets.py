"""The rules of secrets that a server shows only after days or in great numbers (FEATURES 1f)."""

import pytest

from muniment.commands.secretsmanager.accesses import NoteSecretAccess
from muniment.commands.secretsmanager.create import CreateSecret
from muniment.commands.secretsmanager.deletion import DeleteSecret, EndSecret, NoteKeyErased, RestoreSecret
from muniment.commands.secretsmanager.rotations import CancelRotateSecret
from muniment.commands.secretsmanager.tags import Tag, TagResource
from muniment.commands.secretsmanager.value import value_of
from muniment.commands.secretsmanager.versions import PutSecretValue
from muniment.domain.errors import AccessDenied
from muniment.domain.quotas import SECRET_VERSIONS_KEPT, SECRET_VERSIONS_MAX, TAGS_PER_ENTITY_MAX
from muniment.domain.secret.errors import InvalidSecretRequest, SecretLimitExceeded, SecretNotFound
from muniment.domain.secret.rotations import SecretRotationScheduled, SecretRotationStarted
from muniment.domain.secret.state import CURRENT, PREVIOUS, boundary_of
from tests.commands.given import ACCOUNT, OPERATOR, SECOND, House, entry, refused

DAY = 86_400 * SECOND
BOUNDARY = boundary_of(ACCOUNT, "s")
ITSELF = OPERATOR


@pytest.fixture
def house():
    made = House()
    made.do(CreateSecret(name="s", secret_string="0"))
    return made


def secret(house):
    return house.state(BOUNDARY)


def put(house, value, **more):
    return house.do(PutSecretValue(secret_id="s", secret_string=str(value), **more))


def test_old_versions_without_a_stage_are_purged_beyond_a_hundred(house):
    for number in range(SECRET_VERSIONS_KEPT + 20):
        put(house, number)
    assert len(secret(house).versions) == SECRET_VERSIONS_KEPT + 21  # none is older than a day
    first = secret(house).versions[0].id
    house.time += DAY
    put(house, "next")
    assert len(secret(house).versions) == SECRET_VERSIONS_KEPT
    assert secret(house).version_of(first) is None
    assert [each.stages for each in secret(house).versions[-2:]] == [(PREVIOUS,), (CURRENT,)]


def test_a_version_with_a_stage_is_never_purged(house):
    kept = put(house, "kept", version_stages=("mine",))["VersionId"]
    for number in range(SECRET_VERSIONS_KEPT + 20):
        put(house, number)
    house.time += 2 * DAY
    put(house, "next")
    assert secret(house).version_of(kept).stages == ("mine",)


def test_no_secret_has_more_versions_than_can_be_held(house):
    state = secret(house)
    state.versions = state.versions * SECRET_VERSIONS_MAX
    with refused(SecretLimitExceeded):
        put(house, "one more")


def test_versions_of_one_secret_may_not_fill_the_memory(house):
    with refused(SecretLimitExceeded):
        for _ in range(200):
            put(house, "x" * 65_536)
    assert len(secret(house).versions) > 100


def test_a_secret_is_gone_when_its_window_is_over_swept_or_not(house):
    house.do(DeleteSecret(secret_id="s", recovery_window_in_days=7))
    end = EndSecret(secret=BOUNDARY, unique_id=secret(house).unique_id)
    house.do(end, ITSELF)
    assert secret(house).arn  # not yet
    house.time += 7 * DAY - 2 * SECOND
    house.time += 3 * SECOND
    with refused(SecretNotFound):
        house.do(RestoreSecret(secret_id="s"))
    with refused(InvalidSecretRequest):
        house.do(CreateSecret(name="s", secret_string="another"))  # until it is swept
    unique_id = secret(house).unique_id
    house.do(end, ITSELF)
    assert (secret(house).arn, secret(house).versions, secret(house).erasing) == ("", (), (unique_id,))
    vault = house.state(f"vault.{ACCOUNT}")
    assert (vault.names, vault.leaving) == ({}, {})
    house.do(NoteKeyErased(secret=BOUNDARY, unique_id=unique_id), ITSELF)
    assert secret(house).erasing == ()
    count = len(house.entries)
    house.do(end, ITSELF)
    house.do(NoteKeyErased(secret=BOUNDARY, unique_id=unique_id), ITSELF)
    assert len(house.entries) == count


def test_a_restored_secret_is_not_swept(house):
    house.do(DeleteSecret(secret_id="s"))
    house.do(RestoreSecret(secret_id="s"))
    house.time += 40 * DAY
    house.do(EndSecret(secret=BOUNDARY, unique_id=secret(house).unique_id), ITSELF)
    assert secret(house).arn


def test_a_new_secret_of_the_name_is_not_swept_in_place_of_the_old_one(house):
    old = secret(house).unique_id
    house.do(DeleteSecret(secret_id="s", force_delete_without_recovery=True))
    house.do(CreateSecret(name="s", secret_string="new"))
    house.do(DeleteSecret(secret_id="s", recovery_window_in_days=7))
    house.time += 8 * DAY
    house.do(EndSecret(secret=BOUNDARY, unique_id=old), ITSELF)
    assert secret(house).arn
    assert secret(house).erasing == (old,)


def test_only_the_program_itself_ends_secrets(house):
    for command in (
        EndSecret(secret=BOUNDARY, unique_id="x"),
        NoteKeyErased(secret=BOUNDARY, unique_id="x"),
        NoteSecretAccess(secret=BOUNDARY, arn=secret(house).arn, time=1),
    ):
        with pytest.raises(AccessDenied):
            house.do(command)


def test_a_read_is_noted_once_a_day(house):
    def note(time):
        house.do(NoteSecretAccess(secret=BOUNDARY, arn=secret(house).arn, time=time), ITSELF)

    count = len(house.entries)
    note(10 * DAY + 1)
    note(10 * DAY + 2)
    note(9 * DAY)
    assert (len(house.entries) - count, secret(house).accessed) == (1, 10 * DAY + 1)
    note(11 * DAY)
    assert len(house.entries) - count == 2


def test_a_secret_has_at_most_fifty_tags(house):
    every = tuple(Tag(f"k{number}", "v") for number in range(TAGS_PER_ENTITY_MAX))
    house.do(TagResource(secret_id="s", tags=every))
    house.do(TagResource(secret_id="s", tags=every[:1]))
    with refused(SecretLimitExceeded):
        house.do(TagResource(secret_id="s", tags=(Tag("one", "more"),)))


def test_cancelling_stops_the_rotation_under_way_and_leaves_the_current_version(house):
    current = secret(house).staged(CURRENT)
    for fact in (
        SecretRotationScheduled("rotator", after_days=30, due=99, due_id="d"),
        SecretRotationStarted("v" * 32, "d"),
    ):
        state = secret(house)
        draft = state.draft()
        draft.apply(entry(fact, state))
        house.states[BOUNDARY] = draft
    answer = house.do(CancelRotateSecret(secret_id="s"))
    assert answer["VersionId"] == "v" * 32
    state = secret(house)
    assert (state.run, state.rotation.enabled, state.rotation.due) == (None, False, 0)
    assert state.staged(CURRENT) == current


def test_the_repeat_of_a_creation_is_answered_from_its_entries(house):
    command = CreateSecret(name="other", secret_string="1", client_request_token="t" * 32)
    entries, answer = house.run(command)
    assert house.again(command, entries) == answer


def test_a_value_is_never_shown(house):  # SECURITY 18
    command = PutSecretValue(secret_id="s", secret_string="canary-7391", client_request_token="t" * 32)
    value = value_of("canary-7391", None)
    for shown in (repr(command), str(command), str(command.__rich_repr__()), repr(value), str(value.__rich_repr__())):
        assert "canary" not in shown
    assert "secret_id='s'" in repr(command)

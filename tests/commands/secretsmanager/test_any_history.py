"""Whatever is done to a secret, and in whatever order: its stages keep their rules (FEATURES 1f)."""

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.commands.secretsmanager.create import CreateSecret
from muniment.commands.secretsmanager.deletion import DeleteSecret, RestoreSecret
from muniment.commands.secretsmanager.stages import UpdateSecretVersionStage
from muniment.commands.secretsmanager.versions import PutSecretValue, UpdateSecret
from muniment.domain.errors import Refused
from muniment.domain.secret.state import CURRENT, PREVIOUS, boundary_of, value_field
from tests.commands.given import ACCOUNT, Fixed, House

TOKENS = [str(uuid.UUID(int=number)) for number in range(6)]
STAGES = [CURRENT, PREVIOUS, "AWSPENDING", "mine", "yours"]
tokens = st.sampled_from(TOKENS)
values = st.sampled_from(["one", "two", "three"])
commands = st.one_of(
    st.builds(PutSecretValue, secret_id=st.just("s"), client_request_token=tokens, secret_string=values,
              version_stages=st.lists(st.sampled_from(STAGES), max_size=3).map(tuple)),
    st.builds(UpdateSecret, secret_id=st.just("s"), client_request_token=tokens, secret_string=values),
    st.builds(UpdateSecretVersionStage, secret_id=st.just("s"), version_stage=st.sampled_from(STAGES),
              move_to_version_id=st.just("") | tokens, remove_from_version_id=st.just("") | tokens),
    st.builds(CreateSecret, name=st.just("s"), secret_string=values, client_request_token=tokens),
    st.builds(DeleteSecret, secret_id=st.just("s"), force_delete_without_recovery=st.booleans()),
    st.builds(RestoreSecret, secret_id=st.just("s")),
)  # fmt: skip


@given(st.lists(commands, max_size=25))
@settings(deadline=None)
def test_one_version_is_current_and_no_stage_is_on_two(history):
    house = House()
    house.do(CreateSecret(name="s", secret_string="one", client_request_token=TOKENS[0]))
    boundary = boundary_of(ACCOUNT, "s")
    for command in history:
        before = house.state(boundary)
        try:
            house.do(command)
        except Refused:
            assert house.state(boundary) is before
            continue
        _check(house.state(boundary), before, house)


def _check(secret, before, house):
    vault = house.state(f"vault.{ACCOUNT}")
    assert ("s" in vault.names) == bool(secret.arn)
    if not secret.arn:
        assert secret.versions == ()
        return
    assert vault.leaving.get("s", 0) == secret.deletion
    stages = [stage for version in secret.versions for stage in version.stages]
    assert len(stages) == len(set(stages))
    assert stages.count(CURRENT) == 1
    assert len({version.id for version in secret.versions}) == len(secret.versions)
    opened = Fixed()
    for version in secret.versions:
        known = before.version_of(version.id) if before.unique_id == secret.unique_id else None
        plain = opened.unseal(secret.owner, value_field(version.id), version.value)
        assert plain in ("one", "two", "three")
        assert known is None or known.value == version.value  # a version's value never changes
    was, now = before.staged(CURRENT), secret.staged(CURRENT)
    if was is not None and before.unique_id == secret.unique_id and was.id != now.id:
        previous = secret.staged(PREVIOUS)
        assert previous is not None
        assert previous.id == was.id

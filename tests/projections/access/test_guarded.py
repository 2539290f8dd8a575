"""A secret's resource policy counts from its entry on, in every model that shows it (POLICY_EVALUATION 2.2, step 5)."""

import json

from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.request import AccessRequest
from muniment.domain.secret.secrets import SecretCreated, SecretDeleted, SecretPolicyDeleted, SecretPolicyPut
from muniment.domain.secret.state import boundary_of
from muniment.projections.what_if import World as Supposed
from tests.projections.access.test_model import ANA, allow
from tests.projections.worlds import World

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"
LATER = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-GhIjKl"
BOUNDARY = boundary_of("111122223333", "db")
NOBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"},
    }
)


def _world() -> World:
    world = World(
        UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("secretsmanager:GetSecretValue"))
    )
    world.happened(SecretCreated("111122223333", "db", "1", ARN), boundary=BOUNDARY)
    return world


def _request(arn: str = ARN) -> AccessRequest:
    return AccessRequest(action="secretsmanager:GetSecretValue", resource=arn, principal=ANA)


def test_a_secrets_policy_forbids_from_its_entry_on_until_it_is_deleted() -> None:
    world = _world()
    assert world.access.decide(_request())
    world.happened(SecretPolicyPut(NOBODY), boundary=BOUNDARY)
    denied = world.access.decide(_request())
    assert (denied.effect, denied.layer) == (Effect.EXPLICIT_DENY, Layer.RESOURCE)
    world.happened(SecretPolicyDeleted(), boundary=BOUNDARY)
    assert world.access.decide(_request())


def test_a_secret_that_comes_again_under_its_name_has_no_policy_of_the_one_before() -> None:
    world = _world()
    world.happened(SecretPolicyPut(NOBODY), boundary=BOUNDARY)
    world.happened(SecretDeleted("1", "db", ARN), boundary=BOUNDARY)
    assert world.access.decide(_request())  # the ARN is nobody's now
    world.happened(SecretCreated("111122223333", "db", "2", LATER), boundary=BOUNDARY)
    assert world.access.decide(_request(LATER))
    world.happened(SecretPolicyPut(NOBODY), boundary=BOUNDARY)
    assert not world.access.decide(_request(LATER))
    assert world.access.decide(_request())


def test_a_secrets_policy_counts_after_loading_in_a_new_generation_and_in_supposed_states() -> None:
    world = _world()
    world.happened(SecretPolicyPut(NOBODY), boundary=BOUNDARY)
    supposed = Supposed(world.access, {})
    assert not supposed.decide(_request())
    world.access.reindex()
    assert not world.access.decide(_request())
    other = World()
    other.access.adopt(world.access)
    assert not other.access.decide(_request())

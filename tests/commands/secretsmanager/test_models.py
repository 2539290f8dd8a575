"""The actions of Secrets Manager are AWS's: all of T1, with the parameters and requirements of botocore's model (INTERFACES)."""

import botocore.session
import msgspec
import pytest

import muniment.ops.actions  # noqa: F401 fills the registries
from muniment.commands.command import COMMANDS
from muniment.projections.query import QUERIES

MODEL = botocore.session.get_session().get_service_model("secretsmanager")
OURS = {name: kind for (service, name), kind in [*COMMANDS.items(), *QUERIES.items()] if service == "secretsmanager"}
REPLICATION = {
    "ReplicateSecretToRegions",
    "RemoveRegionsFromReplication",
    "StopReplicationToReplica",
    "AssociateCrossAccountReplica",
    "DisassociateCrossAccountReplica",
}


def test_every_action_but_replication_is_there():
    assert set(OURS) == set(MODEL.operation_names) - REPLICATION


@pytest.mark.parametrize("action", sorted(OURS))
def test_the_parameters_are_those_of_aws(action):
    shape = MODEL.operation_model(action).input_shape
    fields = msgspec.structs.fields(OURS[action])
    assert {field.encode_name for field in fields} == set(shape.members)
    assert {field.encode_name for field in fields if field.required} == set(shape.required_members)


@pytest.mark.parametrize("action", sorted(OURS))
def test_the_documentation_leads_to_aws(action):
    assert f"/apireference/API_{action}.html" in OURS[action].__doc__


@pytest.mark.parametrize("action", sorted(OURS))
def test_no_value_is_a_parameter_that_is_recorded(action):
    shape = MODEL.operation_model(action).input_shape
    fields = msgspec.structs.fields(OURS[action])
    names = {field.encode_name: field.name for field in fields}
    sensitive = {names[name] for name, member in shape.members.items() if member.metadata.get("sensitive")}
    assert sensitive <= getattr(OURS[action], "secret_parameters", frozenset())

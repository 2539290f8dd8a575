"""How an organization's nouns are shown, in the answers of commands and queries alike. Source: Organizations API Reference, Data
Types."""

from typing import Any

from muniment.domain.organization.policy_types import GIVEN, GivenPolicy
from muniment.domain.organization.state import Organization, OrganizationPolicy, Unit

ROOT_NAME = "Root"


def root(state: Organization) -> dict[str, Any]:
    """The root, with the policy types that count."""
    types = [{"Type": each, "Status": "ENABLED"} for each in state.policy_types]
    return {"Id": state.root, "Arn": state.root_arn(), "Name": ROOT_NAME, "PolicyTypes": types}


def unit(state: Organization, found: Unit) -> dict[str, Any]:
    """An organizational unit."""
    path = "/".join((state.number, *state.path_to(found.parent), found.id, ""))
    return {"Id": found.id, "Arn": state.unit_arn(found.id), "Name": found.name, "Path": path}


def summary(state: Organization, policy: OrganizationPolicy | GivenPolicy) -> dict[str, Any]:
    """A policy without its document."""
    return {
        "Id": policy.id,
        "Arn": state.policy_arn(policy.id, policy.type),
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.id in GIVEN,
    }


def policy(state: Organization, found: OrganizationPolicy | GivenPolicy) -> dict[str, Any]:
    """A policy with its document."""
    return {"PolicySummary": summary(state, found), "Content": found.document}

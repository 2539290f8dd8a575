"""Where organization policies come from: each document's text, the node it is attached to, and what to look for in the log to say
who wrote it, attached it there, and put the account below.
"""

from muniment.domain.organization.policy_types import RCP, SCP, GivenPolicy
from muniment.domain.organization.shown import ROOT_NAME
from muniment.domain.organization.state import Organization
from muniment.domain.policy.decision import Layer
from muniment.projections.access.organizations import Policy, rows_over, source_type
from muniment.projections.explain.origins import Key, Origin, Value, Want, Way

TYPES = {Layer.SCP: SCP, Layer.RCP: RCP}


def organization_origins(organization: Organization | None, number: str, layer: Layer) -> dict[Key, Origin]:
    """The policies of a layer over an account, by the names that the evaluator gives them."""
    found: dict[Key, Origin] = {}
    if organization is None:
        return found
    for node, held in rows_over(organization, number, TYPES[layer]) or ():
        for policy in held:
            key = layer, source_type(policy), policy.name
            way = Way(node_name(organization, node), _wants(organization, policy, node, number))
            known = found.get(key)
            ways = (way,) if known is None else (*known.ways, way)
            found[key] = Origin(policy.document, organization.policy_arn(policy.id, policy.type), ways)
    return found


def node_name(organization: Organization, node: str) -> str:
    """A node as people know it: the root, a unit by its name, an account by its number."""
    if node == organization.root:
        return ROOT_NAME
    unit = organization.units.get(node)
    return node if unit is None else unit.name


def _wants(organization: Organization, policy: Policy, node: str, number: str) -> tuple[Want, ...]:
    attached = Want("attached", organization.id, _attached(policy.id, policy.type, node))
    wants = [attached]
    if not isinstance(policy, GivenPolicy):  # what came with the program no entry wrote
        wants.insert(0, Want("policy written", organization.id, _document(policy.id)))
    if node in organization.units:
        wants.append(Want("account placed", organization.id, _below(node, number)))
    return tuple(wants)


def _document(policy_id: str) -> Value:
    def value(organization: Organization) -> object:
        policy = organization.policies.get(policy_id)
        return None if policy is None else policy.document

    return value


def _attached(policy_id: str, policy_type: str, node: str) -> Value:
    def value(organization: Organization) -> object:
        return policy_id in organization.attached_to(node, policy_type)

    return value


def _below(node: str, number: str) -> Value:
    def value(organization: Organization) -> object:
        return node in organization.path_to(number)

    return value

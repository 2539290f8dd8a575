"""A plan in the making: the two inventories it compares, and what cannot be had in the target account."""

from typing import Any

from muniment.ops.import_account import documents
from muniment.ops.import_account.inventory import Entity, Inventory, is_aws
from muniment.ops.import_account.steps import Key, NotTaken, Plan, Step


class Planning:
    """Collects steps; `out` are entities that will not be there, so that nothing is planned on them."""

    def __init__(self, wanted: Inventory, here: Inventory, aws_policies: frozenset[str]) -> None:
        self.wanted, self.here, self.aws_policies = wanted, here, aws_policies
        self.plan = Plan()
        self.out: set[Key] = set()

    def step(self, action: str, params: dict[str, Any], about: Key, what: str, **more: Any) -> None:
        """Plan a command about an entity; its name is told as the file spells it."""
        self.plan.steps.append(Step(action, params, about[0], about[1], what, **more))

    def refuse(self, kind: str, name: str, what: str, why: str, widens: bool = False) -> None:
        """Note what cannot be taken."""
        self.plan.not_taken.append(NotTaken(kind, name, what, why, widens))

    def leave_out(self, kind: str, name: str, why: str) -> None:
        """An entity that will not be there at all."""
        self.out.add((kind, name.lower()))
        self.refuse(kind, name, kind, why)

    def policy_gap(self, policy_arn: str) -> str:
        """Why a managed policy cannot be used here; "" where it can."""
        if policy_arn in self.aws_policies or ("policy", policy_arn) in self._own():
            return ""
        if is_aws(policy_arn):
            return "this policy of AWS does not exist here: write a policy of your own for it"
        return "the policy is neither in the file nor here, or could not be taken"

    def policy_denies(self, policy_arn: str) -> bool:
        """Whether the file shows that a managed policy holds a Deny."""
        own = next((one for one in self.wanted.policies.values() if one.arn == policy_arn), None)
        found = own or self.wanted.aws_policies.get(policy_arn)
        return found is not None and documents.denies(found.default.document)

    def _own(self) -> set[Key]:
        tables = (self.here.policies, self.wanted.policies)
        arns = {policy.arn for table in tables for policy in table.values()}
        return {("policy", arn) for arn in arns} - self.out

    def differs_in_path(self, kind: str, wanted: Entity, known: Entity) -> None:
        """Note an entity that is here already, elsewhere."""
        if wanted.path != known.path:
            self.refuse(kind, wanted.name, f"path {wanted.path}", f"it is here already, under {known.path}")

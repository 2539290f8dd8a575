"""Commands on the policies of applications: what the subjects of a type, or one of them, may do."""

from typing import Annotated

import msgspec

from muniment.commands.command import Decision, Given
from muniment.commands.iam.documents import check_managed
from muniment.commands.muniment.applications import ApplicationCommand, Name, PolicyName, no_entity
from muniment.domain.account.application import ApplicationPolicy, entity_key
from muniment.domain.account.applications import ApplicationPolicyDeleted, ApplicationPolicyPut
from muniment.domain.account.state import Account
from muniment.domain.errors import InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Fact
from muniment.domain.quotas import POLICIES_PER_SUBJECT_TYPE_MAX

SubjectId = Annotated[str, msgspec.Meta(max_length=1_024)]


class PolicyCommand(ApplicationCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on a policy of an application: of a type of subjects, or with `SubjectId` of one known subject."""

    policy_name: PolicyName
    subject_type: Name
    subject_id: SubjectId = ""


class PutApplicationPolicy(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Write a policy that every subject of a type holds, or with `SubjectId` one known subject alone.

    It is an identity-based policy: actions are `app:read`, resources `arn:muniment:app::ACCOUNT:record/*`, and the properties of
    a question are the condition keys `authzen:subject/x`, `authzen:resource/x` and `authzen:action/x`.
    """

    policy_document: str

    def decide(self, state: Account, given: Given) -> Decision:
        application = self.application(state)
        if self.subject_type not in application.subject_types:
            raise InvalidInput(f"The application {application.name} has no subject type {self.subject_type}.")
        check_managed(self.policy_document)
        if self.subject_id:
            entity = state.entities.get(entity_key(self.subject_type, self.subject_id))
            if entity is None:
                raise no_entity(self.subject_type, self.subject_id)
            if entity.policies.get(self.policy_name) == self.policy_document:
                return None
            others = sum(name != self.policy_name for name in entity.policies)
        else:
            if application.policies.get(self.policy_name) == ApplicationPolicy(self.subject_type, self.policy_document):
                return None
            others = sum(
                policy.subject_type == self.subject_type
                for name, policy in application.policies.items()
                if name != self.policy_name
            )
        if others >= POLICIES_PER_SUBJECT_TYPE_MAX:
            raise LimitExceeded(f"Cannot exceed quota for PoliciesPerSubject: {POLICIES_PER_SUBJECT_TYPE_MAX}")
        return ApplicationPolicyPut(
            application.name, self.policy_name, self.subject_type, self.policy_document, self.subject_id
        )


class DeleteApplicationPolicy(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take a policy from the subjects of a type, or with `SubjectId` from one known subject."""

    def decide(self, state: Account, given: Given) -> Fact:
        application = self.application(state)
        if self.subject_id:
            if self.subject_type not in application.subject_types:
                raise InvalidInput(f"The application {application.name} has no subject type {self.subject_type}.")
            entity = state.entities.get(entity_key(self.subject_type, self.subject_id))
            if entity is None:
                raise no_entity(self.subject_type, self.subject_id)
            found = self.policy_name in entity.policies
        else:
            policy = application.policies.get(self.policy_name)
            found = policy is not None and policy.subject_type == self.subject_type
        if not found:
            raise NoSuchEntity(f"The policy with name {self.policy_name} cannot be found.")
        return ApplicationPolicyDeleted(application.name, self.policy_name, self.subject_type, self.subject_id)

"""Resource policies of secrets: PutResourcePolicy, DeleteResourcePolicy."""

from muniment.commands.command import Decision, Given
from muniment.commands.secretsmanager.secret import SecretCommand
from muniment.domain.secret.errors import InvalidSecretParameter, PublicPolicy
from muniment.domain.secret.keys import Keys, said
from muniment.domain.secret.policy import POLICY_NAME, PUBLIC, checked_policy, lets_strangers_in
from muniment.domain.secret.secrets import SecretPolicyDeleted, SecretPolicyPut
from muniment.domain.secret.state import Secret


class PutResourcePolicy(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Say who else may use a secret.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html"""

    resource_policy: str
    policy_name: str = ""
    block_public_policy: bool = False

    def keys(self) -> Keys:
        return said(BlockPublicPolicy=self.block_public_policy)

    def on(self, secret: Secret, given: Given) -> Decision:
        check_name(self.policy_name)
        parsed = checked_policy(self.resource_policy)
        if self.block_public_policy and lets_strangers_in(parsed):
            raise PublicPolicy(PUBLIC)
        return SecretPolicyPut(self.resource_policy) if self.resource_policy != secret.policy else None


class DeleteResourcePolicy(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take the policy away, where there is one.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteResourcePolicy.html"""

    policy_name: str = ""

    def on(self, secret: Secret, given: Given) -> Decision:
        check_name(self.policy_name)
        return SecretPolicyDeleted() if secret.policy else None


def check_name(name: str) -> None:
    """A secret has one policy here. Raises InvalidSecretParameter for any other name."""
    if name and name != POLICY_NAME:
        raise InvalidSecretParameter(f"A secret has one resource policy here, which is called {POLICY_NAME}.")

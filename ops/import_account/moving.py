"""An inventory moved to the target account: ARNs of its own entities, and, unless documents are kept, account numbers in them."""

from typing import TypeVar

import msgspec

from muniment.ops.import_account import documents
from muniment.ops.import_account.documents import Document
from muniment.ops.import_account.inventory import Entity, Inventory, ManagedPolicy, Version

T = TypeVar("T", Entity, ManagedPolicy)


class Move(msgspec.Struct, frozen=True):
    """From one account's number to another's."""

    source: str
    target: str
    keep_documents: bool = False  # leave policy documents as they are: what they name stays in the source account

    def inventory(self, found: Inventory) -> Inventory:
        """All of it, as it is to be in the target account."""
        return Inventory(
            {key: self._entity(user) for key, user in found.users.items()},
            {key: self._entity(group) for key, group in found.groups.items()},
            {key: self._entity(role) for key, role in found.roles.items()},
            {key: self._policy(policy) for key, policy in found.policies.items()},
            found.aws_policies,
        )

    def _arn(self, text: str) -> str:
        return documents.remapped_text(text, self.source, self.target)

    def _document(self, document: Document) -> Document:
        return document if self.keep_documents else documents.remapped(document, self.source, self.target)

    def _entity(self, entity: Entity) -> Entity:
        return msgspec.structs.replace(
            entity,
            arn=self._arn(entity.arn),
            inline={name: self._document(document) for name, document in entity.inline.items()},
            attached=tuple(self._arn(policy) for policy in entity.attached),
            boundary=self._arn(entity.boundary),
            trust=self._document(entity.trust),
        )

    def _policy(self, policy: ManagedPolicy) -> ManagedPolicy:
        versions = tuple(Version(one.id, self._document(one.document), one.default) for one in policy.versions)
        return msgspec.structs.replace(policy, arn=self._arn(policy.arn), versions=versions)

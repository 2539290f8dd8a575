"""What every question about a policy has in common: it concerns no resource, and needs no read model."""

from typing import ClassVar, Final

from muniment.domain.errors import ValidationError
from muniment.domain.quotas import POLICY_DOCUMENT_CHARACTERS_MAX
from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views

PREFIX: Final = "access-analyzer"  # of its permissions; botocore calls the service accessanalyzer


class PolicyQuery(Query, frozen=True, kw_only=True, rename="camel"):
    """A question about policies that the request brings."""

    service = "accessanalyzer"
    models: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def action(cls) -> str:
        """The permission: `access-analyzer:ValidatePolicy`."""
        return f"{PREFIX}:{cls.__name__}"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)


def check_size(name: str, document: str) -> None:
    """Raise ValidationError for a document longer than any policy may be (SECURITY 17): it is not read."""
    if len(document) > POLICY_DOCUMENT_CHARACTERS_MAX:
        raise ValidationError(
            f"1 validation error detected: {name} has more than {POLICY_DOCUMENT_CHARACTERS_MAX} characters"
        )

"""The reading actions of STS: GetCallerIdentity, which nobody can be denied, and GetAccessKeyInfo."""

from typing import Any

from muniment.domain import ids
from muniment.domain.errors import ValidationError
from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views
from muniment.projections.timeline.question import Question


class STSQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question to the token service."""

    service = "sts"


class GetCallerIdentity(STSQuery, frozen=True, kw_only=True, rename="pascal"):
    """Who calls. Always allowed, whatever policies say (POLICY_EVALUATION 2.2 step 0).

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return {"UserId": asked.actor.id, "Account": asked.actor.account, "Arn": asked.actor.arn}


class GetAccessKeyInfo(STSQuery, frozen=True, kw_only=True, rename="pascal"):
    """Which account a key belongs to, whatever its state. AWS names no resource type for it.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
    """

    access_key_id: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        if self.access_key_id.startswith(ids.SESSION_KEY):
            return {"Account": self._account_of_session(views)}
        if (credential := views.credentials.find(self.access_key_id)) is None:
            raise ValidationError(f"The access key ID {self.access_key_id} does not exist.")
        return {"Account": credential.account}

    def _account_of_session(self, views: Views) -> str:
        """Sessions are known by the record of their issue alone."""
        rows = views.timeline.rows(Question(resource=self.access_key_id, fact="SessionIssued"), limit=1)
        if not rows:
            raise ValidationError(f"The access key ID {self.access_key_id} does not exist.")
        return str(rows[0].record.data["session_arn"].split(":")[4])

"""ListSignInSessions: who is signed in (SECURITY 9). Tokens are never among the answers; nobody keeps them."""

from typing import Any

from muniment.domain.account.sign_ins import sessions_of
from muniment.projections.queries.iam.named import OfUserOrCaller
from muniment.projections.queries.iam.query import IAMQuery
from muniment.projections.query import Asked, Views


class ListSignInSessions(OfUserOrCaller, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """The sessions of a user, or of the caller where none is named, oldest first."""

    service = "muniment"

    user_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account, user = self.account(views, asked), self.user(views, asked)
        owner = account.number if user is None else user.id
        return {
            "Sessions": [
                {
                    "SessionId": each.id,
                    "Kind": each.kind,
                    "StartDate": each.started,
                    "LastProvenDate": each.proven,
                    "ExpirationDate": each.expires,
                    "Factor": each.factor,
                }
                for each in sessions_of(account, owner, asked.now)
            ]
        }

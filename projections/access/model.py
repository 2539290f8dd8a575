"""Access: may they? The read model over accounts that gathers a caller's policies and asks the plain evaluator (DESIGN §5)."""

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.policy.decision import Decision
from muniment.domain.policy.document import Kind
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind, principal_keys
from muniment.domain.site.state import SITE, Site
from muniment.projections.access.documents import Documents
from muniment.projections.access.holdings import Holdings, holdings
from muniment.projections.access.principals import holder_id
from muniment.projections.fold import Fold, FoldedModel

HOLDINGS_MAX: Final = 20_000  # principals whose gathered policies are kept
ROLE_ASSUMING: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
    }
)

OURS: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:userid",
        "aws:username",
    }
)  # condition keys, in lower case, that no request can say of itself


class Decided(msgspec.Struct, frozen=True):
    """A decision, and the position of stream IAM it was made from at the least. True where the request is allowed."""

    decision: Decision
    position: int

    def __bool__(self) -> bool:
        return bool(self.decision)


class Access(FoldedModel):
    """Who may do what, as the log says up to `position`."""

    name = "access"
    KINDS: ClassVar[frozenset[str] | None] = frozenset({"account", "site"})
    IGNORES: ClassVar[frozenset[str]] = frozenset({"AccountRegistrationDeclined", "PrincipalErased"})

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold)
        self._documents = Documents()
        self._holdings: dict[tuple[str, str], Holdings] = {}

    def decide(self, request: AccessRequest, session: tuple[Source, ...] | None = None) -> Decided:
        """The decision on one action on one resource. `session` are the policies passed when the session began.

        The condition keys that the log knows are added to the request's: tags, organization, owner. Total, as `evaluate` is.
        """
        position = self.position()
        known = self._known(request.principal)
        principal = _issued(request.principal, known)
        full = msgspec.structs.replace(request, principal=principal, context=self._context(request, known))
        return Decided(evaluate(full, self._policies(full, known, session)), position)

    def policies(self, principal: Principal) -> PolicySet:
        """The policies that count for a principal, whatever it asks for."""
        known = self._known(principal)
        return PolicySet(identity=known.identity, boundary=known.boundary)

    def principal(self, principal_arn: str) -> Principal | None:
        """The root user or user with this ARN, or a session of the role with it; None where there is no such principal."""
        parts = arn.ARN.parse(principal_arn)
        account = self._account(parts.account) if parts is not None else None
        if account is None:
            return None
        if principal_arn == arn.root(account.number):
            return Principal(kind=PrincipalKind.ROOT, arn=principal_arn, account=account.number)
        unique_id = account.id_of(principal_arn)
        if unique_id is None:
            return None
        if unique_id.startswith("AIDA"):
            return Principal(kind=PrincipalKind.USER, arn=principal_arn, account=account.number, unique_id=unique_id)
        name = arn.name_of(principal_arn)
        session = f"arn:{arn.PARTITION}:sts::{account.number}:assumed-role/{name}/{name}"
        return Principal(
            kind=PrincipalKind.ROLE_SESSION,
            arn=session,
            account=account.number,
            issuer_arn=principal_arn,
            issuer_id=unique_id,
        )

    def _policies(self, request: AccessRequest, known: Holdings, session: tuple[Source, ...] | None) -> PolicySet:
        mandatory = request.action.lower() in ROLE_ASSUMING
        return PolicySet(
            identity=known.identity,
            boundary=known.boundary,
            session=session,
            resource=self._trust(request) if mandatory else None,
            resource_mandatory=mandatory,
        )

    def _trust(self, request: AccessRequest) -> Source | None:
        """The trust policy of the role that is to be assumed; None where there is no such role."""
        account = self._account(request.owner)
        role = account.roles.get(arn.name_of(request.resource).lower()) if account is not None else None
        if account is None or role is None or account.role_arn(role) != request.resource:
            return None
        return Source(self._documents.read(role.trust, Kind.TRUST), role.name)

    def _known(self, principal: Principal) -> Holdings:
        unique_id, account = holder_id(principal), self._account(principal.account)
        if not unique_id or account is None:
            return Holdings(0)
        name = (account.number, unique_id)
        kept = self._holdings.get(name)
        if kept is not None and kept.version == account.version:
            return kept
        gathered = holdings(account, unique_id, self._documents)
        if len(self._holdings) >= HOLDINGS_MAX:
            self._holdings = {}
        self._holdings[name] = gathered
        return gathered

    def _context(self, request: AccessRequest, known: Holdings) -> Mapping[str, tuple[str, ...]]:
        """The request's keys, and in place of those that the log knows better than any request, the log's."""
        ours = principal_keys(_issued(request.principal, known))
        ours |= {f"aws:PrincipalTag/{key}": (value,) for key, value in known.tags.items()}
        ours["aws:ResourceAccount"] = (request.owner,)
        for key, number in (("aws:PrincipalOrgID", request.principal.account), ("aws:ResourceOrgID", request.owner)):
            if organization := self._organization(number):
                ours[key] = (organization,)
        theirs = {key: values for key, values in request.context.items() if not _is_ours(key.lower())}
        return {**theirs, **ours}

    def _organization(self, number: str) -> str:
        site = self.table.get(SITE)
        account = site.accounts.get(number) if isinstance(site, Site) else None
        return account.organization if account is not None else ""

    def _account(self, number: str) -> Account | None:
        found = self.table.get(f"account.{number}")
        return found if isinstance(found, Account) else None

    def reindex(self) -> None:
        self._holdings = {}

    def adopt_index(self, other: "Access") -> None:
        self._holdings = {}


def _is_ours(key: str) -> bool:
    return key in OURS or key.startswith("aws:principaltag/")


def _issued(principal: Principal, known: Holdings) -> Principal:
    """A session's principal with the ARN of the role or user behind it, which the log knows."""
    if principal.issuer_id and not principal.issuer_arn and known.arn:
        return msgspec.structs.replace(principal, issuer_arn=known.arn)
    return principal

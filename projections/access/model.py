"""Access: may they? The read model over accounts that finds a caller's policies and decides from their plans (DESIGN §5)."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from muniment.domain import arn
from muniment.domain.account.application import entity_arn, entity_key
from muniment.domain.account.state import Account
from muniment.domain.boundary import State
from muniment.domain.organization.state import Organization
from muniment.domain.policy.decision import Decision
from muniment.domain.policy.document import Kind
from muniment.domain.policy.evaluate import PolicySet, rcps_apply
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.secret.naming import boundary_of_arn
from muniment.domain.secret.state import Secret
from muniment.domain.session import Passed, Session
from muniment.domain.site.state import SITE
from muniment.projections.access.decided import Decided, Note, Question, plain, unheard
from muniment.projections.access.documents import Documents
from muniment.projections.access.engine import ALONE, Answer, Beside, alone, at_first, decide, within
from muniment.projections.access.frame import Frame
from muniment.projections.access.guarded import Everything, Guarded
from muniment.projections.access.holdings import Holdings, holdings, managed
from muniment.projections.access.known import KNOWN
from muniment.projections.access.library import Library
from muniment.projections.access.organizations import MOVING, NONE, Organizations, nowhere
from muniment.projections.access.plans import Bundle, Plan
from muniment.projections.access.principals import holder_id
from muniment.projections.access.standing import Standings
from muniment.projections.fold import Fold, FoldedModel
from muniment.projections.readmodel import BEGINNING, IAM, Recorded

ROLE_ASSUMING: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
    }
)
FEDERATED_USER: Final = (
    ":federated-user/"  # GetFederationToken's tags are passed to a user's own session: no role trusts anybody
)
SECRETS: Final = "arn:aws:secretsmanager:"
SECRET: Final = f"{Secret.kind}."
USER, ROLE_SESSION, APPLICATION = PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.APPLICATION


class Access(FoldedModel):
    """Who may do what, as the log says up to `position`."""

    name = "access"
    CHANGES_ONLY = True
    KINDS: ClassVar[frozenset[str] | None] = frozenset({"account", "organization", "secret", "site"})
    IGNORES: ClassVar[frozenset[str]] = frozenset({"AccountRegistrationDeclined", "PrincipalErased"})

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold)
        self.note: Note = unheard
        self._documents = Documents()
        self._alone = Question(self._documents)
        self._standings = Standings(Library())
        self._guarded = Guarded()
        self._stamp: object = object()  # another one whenever the site or an organization may be another
        self._organizations = NONE

    @property
    def organizations(self) -> Organizations:
        """The organizations as they are in the table now."""
        stamp, known = self._stamp, self._organizations
        if known.stamp is not stamp:
            known = self._organizations = self._seen(stamp)
        return known

    def _seen(self, stamp: object) -> Organizations:
        table = self.table
        site: Any = table.get(SITE)
        if site is None:
            return Organizations(None, nowhere, (), stamp)
        if type(table) is not dict:  # it is read as it is asked for, and never changes
            return Organizations(site, table.get, None, stamp)
        boundaries = [f"{Organization.kind}.{name}" for name in site.organizations]
        found = {name: state for name in boundaries if isinstance(state := table.get(name), Organization)}
        return Organizations(site, found.get, found.values(), stamp)

    def moved(self) -> None:
        """The site or an organization may be another: what was made from them counts no more."""
        self._stamp = object()

    def apply(self, batch: Sequence[Recorded]) -> None:
        concerned = any(boundary.startswith(MOVING) for boundary in self.fold.touched)
        if concerned:  # what is made from half of the change counts until the whole is there
            self.moved()
        super().apply(batch)
        if concerned:
            self.moved()

    def decide(self, request: AccessRequest, session: tuple[Source, ...] | None = None) -> Decided:
        """The decision on one action on one resource. `session` are the policies passed when the session began.

        The condition keys that the log knows are added to the request's: tags, organization, owner. Total, as `evaluate` is.
        """
        position = self.checkpoints.get(IAM, BEGINNING).sequence
        principal = request.principal
        kind = principal.kind
        if session is not None or principal.service_linked:
            return self._with_others(request, session, position)
        if kind is USER or kind is APPLICATION:
            unique_id = principal.unique_id
        elif kind is ROLE_SESSION:
            unique_id = principal.issuer_id
        else:
            return self._with_others(request, session, position)
        boundary, resource = "account." + principal.account, request.resource
        account: Any = self.table.get(boundary)  # the table's kinds are its names'
        organizations = self._organizations
        if organizations.stamp is not self._stamp:
            organizations = self.organizations
        if account is None or not unique_id or (resource.startswith(SECRETS) and resource in self._guarded):
            return self._with_others(request, session, position)
        if organizations.restricting and rcps_apply(request):
            return self._with_others(request, session, position)
        standings = self._standings
        grounds, standing = standings.grounds.get(boundary), standings.known.get(unique_id)
        if (
            grounds is None
            or standing is None
            or grounds.account is not account
            or grounds.version != account.version
            or standing.holders is not grounds.holders
            or standing.documents is not grounds.documents
        ):
            standing = standings.of(account, unique_id)
        plan = standing.plans.get(request.action)
        frame = Frame(request, resource, KNOWN, account, organizations, standing)
        if plan is None or plan.apart:  # noqa: SIM108
            answer = self._unplanned(frame, standing.bundle, plan)
        else:
            answer = alone(frame, plan)
        if answer is None:
            return self._with_others(request, session, position)
        limits = organizations.limits(principal.account, standings.library) if organizations.binding else None
        effect, layer, alarm = answer if limits is None else within(limits, frame, answer)
        return Decided(effect, layer, position, alarm, frame, self._alone)

    def _unplanned(self, frame: Frame, bundle: Bundle, plan: Plan | None) -> Answer | None:
        """The answer where there is no plan yet, and for actions with rules of their own; None where it takes the general way."""
        if plan is not None and not plan.asked:
            return None
        plans, action = self._standings.library.plans, frame.request.action
        if not plans.asked(bundle, action, plan):
            return at_first(frame, bundle)
        made = plans.made(bundle, action)
        return None if made is None or made.apart else alone(frame, made)

    def _with_others(self, request: AccessRequest, session: tuple[Source, ...] | None, position: int) -> Decided:
        """The decision where other policies may bear on it than the requester's own, and where there is no requester."""
        principal, standings, organizations = request.principal, self._standings, self.organizations
        account, unique_id = self._account(principal.account), holder_id(principal)
        standing, bundle = None, standings.nobody
        if account is not None and unique_id:
            standing = standings.of(account, unique_id)
            bundle = standing.bundle
        frame = Frame(request, request.resource, KNOWN, account, organizations, standing)
        question, beside = self._beside(request, session)
        effect, layer, alarm = decide(frame, bundle, standings.library.plans, beside)
        return Decided(effect, layer, position, alarm, frame, question)

    def evaluate(self, request: AccessRequest, session: tuple[Source, ...] | None = None) -> Decision:
        """The plain evaluator's answer to the same: the reference, and what explains."""
        frame = Frame(
            request,
            request.resource,
            knows=KNOWN,
            account=self._account(request.principal.account),
            organizations=self.organizations,
        )
        return plain(frame, self._beside(request, session)[0])

    def policies(self, principal: Principal) -> PolicySet:
        """The policies that count for a principal, whatever it asks for."""
        account, unique_id = self._account(principal.account), holder_id(principal)
        known = Holdings(0)
        if account is not None and unique_id:
            known = holdings(account, unique_id, self._documents)
        organizations = self.organizations
        return PolicySet(
            identity=known.identity,
            boundary=known.boundary,
            scps=organizations.scps(principal.account, self._documents),
            rcps=organizations.rcps(principal.account, self._documents),
        )

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

    def subject(self, number: str, subject_type: str, subject_id: str) -> Principal | None:
        """The subject of one of the account's applications, known or not; None where no application has such a type."""
        account = self._account(number)
        if account is None or account.subject_application(subject_type) is None:
            return None
        known = account.entities.get(entity_key(subject_type, subject_id))
        own = subject_id if known is not None and known.policies else ""  # else all of its type share what they hold
        return Principal(
            kind=PrincipalKind.APPLICATION,
            arn=entity_arn(number, subject_type, subject_id),
            account=number,
            unique_id=entity_arn(number, subject_type, own),
        )

    def session_policies(self, session: Session) -> tuple[Source, ...] | None:
        """The policies that were passed when a session began; None where none were. Managed ones count as they are now; where
        one is gone the session may nothing: it may have held a Deny."""
        return self.passed_policies(session.passed, session.account)

    def passed_policies(self, passed: Passed, number: str) -> tuple[Source, ...] | None:
        """The same, by what was passed to a session of account `number`."""
        if not passed.limits:
            return None
        account = self._account(number)
        found = [
            None if account is None else managed(account, policy_arn, self._documents) for policy_arn in passed.policies
        ]
        if passed.policy:
            found.append(Source(self._documents.read(passed.policy, Kind.SESSION), "session"))
        return tuple(source for source in found if source is not None) if all(found) else ()

    def _beside(self, request: AccessRequest, session: tuple[Source, ...] | None) -> tuple[Question, Beside]:
        """The policies that bear on a request beside its requester's own."""
        mandatory = request.action.lower() in ROLE_ASSUMING and FEDERATED_USER not in request.resource
        trust = self._trust(request) if mandatory else self._policy_of_secret(request)
        library, organizations, rcps = self._standings.library, self.organizations, None
        limits = organizations.limits(request.principal.account, library) if organizations.binding else None
        if organizations.restricting and rcps_apply(request):
            rcps = organizations.restrictions(request.owner, library)
        if session is None and trust is None and not mandatory and limits is None and rcps is None:
            return self._alone, ALONE
        return Question(self._documents, session, mandatory, trust), Beside(
            session=None if session is None else library.sources(session),
            limits=limits,
            rcps=rcps,
            resource=None if trust is None else library.read(trust.document),
            mandatory=mandatory,
        )

    def _trust(self, request: AccessRequest) -> Source | None:
        """The trust policy of the role that is to be assumed; None where there is no such role."""
        account = self._account(request.owner)
        role = account.roles.get(arn.name_of(request.resource).lower()) if account is not None else None
        if account is None or role is None or account.role_arn(role) != request.resource:
            return None
        return Source(self._documents.read(role.trust, Kind.TRUST), role.name)

    def _policy_of_secret(self, request: AccessRequest) -> Source | None:
        """The resource policy of the secret that is asked about; None where it has none, or there is no such secret."""
        if not request.resource.startswith(SECRETS) or (boundary := boundary_of_arn(request.resource)) is None:
            return None
        secret = self.table.get(boundary)
        if not isinstance(secret, Secret) or secret.arn != request.resource or not secret.policy:
            return None
        return Source(self._documents.read(secret.policy, Kind.RESOURCE), secret.name)

    def _account(self, number: str) -> Account | None:
        found = self.table.get(f"account.{number}")
        return found if isinstance(found, Account) else None

    def show(self, table: dict[str, State]) -> None:
        """Decide by these states from now on, which nobody tells of: they are another model's, or read as they are asked for."""
        self.table, self._guarded = table, Everything()
        self.moved()

    def index(self, batch: Sequence[Recorded]) -> None:
        states = self.fold.states
        for boundary in self.fold.touched:
            if boundary.startswith(SECRET):
                self._guarded.note(states[boundary])

    def reindex(self) -> None:
        self.moved()
        self._standings, self._guarded = Standings(Library()), Guarded(self.table.values())

    def adopt_index(self, other: "Access") -> None:
        self.moved()
        self._standings, self._guarded = Standings(Library()), other._guarded

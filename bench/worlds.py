"""Worlds for measuring decisions: accounts as large companies have them, made by the facts themselves, and requests about them."""

import json
import random
from collections.abc import Iterator
from typing import Any, Final

from muniment.domain.account import attachments, groups, inline, policies, roles, users
from muniment.domain.account import permissions_boundaries as bounds
from muniment.domain.account.state import Account
from muniment.domain.boundary import new_state
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.site.state import SITE, AccountRegistered, OrganizationRegistered, Site
from muniment.projections.access.model import Access
from muniment.projections.fold import NOTHING, Fold
from muniment.projections.readmodel import Checkpoint

PRINCIPALS_OF_ACCOUNT: Final = 5_000  # users and roles together; four of five are users
POLICIES, GROUPS = 60, 40
SERVICES: Final = {
    "s3": ("GetObject", "PutObject", "ListBucket", "DeleteObject", "GetBucketPolicy"),
    "dynamodb": ("GetItem", "PutItem", "Query", "Scan", "DeleteTable"),
    "ec2": ("DescribeInstances", "StartInstances", "StopInstances", "TerminateInstances", "RunInstances"),
    "secretsmanager": ("GetSecretValue", "DescribeSecret", "PutSecretValue", "ListSecrets"),
    "iam": ("GetUser", "CreateUser", "ListRoles", "PassRole", "AttachUserPolicy"),
    "kms": ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl"),
    "logs": ("PutLogEvents", "CreateLogStream", "GetLogEvents"),
}
KINDS: Final = {
    "s3": "arn:aws:s3:::{team}-{area}/{name}/{number}.json",
    "dynamodb": "arn:aws:dynamodb:eu-central-1:{account}:table/{team}-{area}-{number}",
    "ec2": "arn:aws:ec2:eu-central-1:{account}:instance/i-{number:017x}",
    "secretsmanager": "arn:aws:secretsmanager:eu-central-1:{account}:secret:{team}/{area}/{number}-AbCdEf",
    "iam": "arn:aws:iam::{account}:user/{team}/u{number}",
    "kms": "arn:aws:kms:eu-central-1:{account}:key/{number:032x}",
    "sqs": "arn:aws:sqs:eu-central-1:{account}:{team}-{area}-{number}",
    "logs": "arn:aws:logs:eu-central-1:{account}:log-group:/{team}/{area}:log-stream:{number}",
}
TEAMS, AREAS = ("red", "blue", "green", "ops", "data"), ("raw", "clean", "models", "tmp", "backup", "web")
ACTIONS: Final = [(service, name) for service, names in SERVICES.items() for name in names]


class World:
    """A filled read model, and everybody in it."""

    def __init__(self, principals: int, of_account: int = PRINCIPALS_OF_ACCOUNT, *, shared: bool = False) -> None:
        """`shared`: the first policy of an account counts for everybody in it."""
        self.shared = shared
        self.luck = random.Random(1)  # noqa: S311 - not a secret
        self.fold, self.principals, self.count = Fold(), [], 0
        numbers = [f"{200_000_000_000 + n}" for n in range(-(-principals // of_account))]
        site = new_state(SITE)
        assert isinstance(site, Site)
        for number in numbers:
            happen(site, AccountRegistered(number, number, f"{number}@example.com"))
        happen(site, OrganizationRegistered("o-example", numbers[0]))
        self.fold.states[SITE] = site
        for number in numbers:
            self._account(number, min(of_account, principals - len(self.principals)))
        for state in self.fold.states.values():
            state.remembered = NOTHING
        self.fold.position = 1
        self.access = Access(self.fold)
        self.load()

    def load(self) -> None:
        """Let the model show what the fold holds."""
        self.access.load(Checkpoint("e", self.fold.position, b""))
        self.access.live()

    def _account(self, number: str, principals: int) -> None:
        state, luck = new_state(f"account.{number}"), self.luck
        assert isinstance(state, Account)
        for n in range(POLICIES):
            happen(state, policies.PolicyCreated(f"p{n}", f"ANPA{number}{n}", document(luck, number)))
        held = [policy.arn for policy in state.policies.values()]
        for n in range(GROUPS):
            happen(state, groups.GroupCreated(f"g{n}", f"AGPA{number}{n:05d}"))
            for arn in self._some(held):
                happen(state, attachments.GroupPolicyAttached(f"g{n}", arn))
        for n in range(principals):
            (self._role if n % 5 == 4 else self._user)(state, n, held)
        state.version = 1
        self.fold.states[state.id] = state

    def _user(self, state: Account, n: int, held: list[str]) -> None:
        luck, name, unique_id = self.luck, f"u{n}", f"AIDA{state.number}{n:05d}"
        tags = {"team": luck.choice(TEAMS), "cost": str(n % 50)}
        happen(state, users.UserCreated(name, unique_id, f"/{luck.choice(TEAMS)}/", tags=tags))
        chosen = luck.choice(PROFILES)
        if luck.random() < 0.1:
            chosen = sorted({*chosen, luck.randrange(GROUPS)})
        for group in chosen:
            happen(state, groups.GroupMemberAdded(f"g{group}", name))
        if luck.random() < 0.1:
            happen(state, attachments.UserPolicyAttached(name, luck.choice(held)))
        if luck.random() < 0.05:
            happen(state, inline.UserInlinePolicyPut(name, "own", document(luck, state.number, 1)))
        if luck.random() < 0.1:
            happen(state, bounds.UserPermissionsBoundarySet(name, held[n % 3]))
        arn = state.user_arn(state.user(name))
        self.principals.append(Principal(kind=PrincipalKind.USER, arn=arn, account=state.number, unique_id=unique_id))

    def _role(self, state: Account, n: int, held: list[str]) -> None:
        luck, name, unique_id = self.luck, f"r{n}", f"AROA{state.number}{n:05d}"
        happen(state, roles.RoleCreated(name, unique_id, TRUST, tags={"team": luck.choice(TEAMS)}))
        for arn in self._some(held):
            happen(state, attachments.RolePolicyAttached(name, arn))
        if luck.random() < 0.3:
            happen(state, inline.RoleInlinePolicyPut(name, "own", document(luck, state.number, 2)))
        if luck.random() < 0.1:
            happen(state, bounds.RolePermissionsBoundarySet(name, held[n % 3]))
        arn = f"arn:aws:sts::{state.number}:assumed-role/{name}/s{n}"
        self.principals.append(
            Principal(kind=PrincipalKind.ROLE_SESSION, arn=arn, account=state.number, issuer_id=unique_id)
        )

    def _some(self, held: list[str]) -> list[str]:
        """A few of the account's policies."""
        chosen = self.luck.sample(held, self.luck.randint(1, 4))
        return [held[0], *(arn for arn in chosen if arn != held[0])] if self.shared else chosen

    def requests(self, count: int) -> Iterator[AccessRequest]:
        """A stream in which no request comes twice: the resource's number goes up."""
        for _ in range(count):
            yield self.request(self.luck.choice(self.principals), *self.luck.choice(ACTIONS))

    def request(self, principal: Principal, service: str, name: str) -> AccessRequest:
        """One request that was never asked before."""
        self.count += 1
        luck, number = self.luck, self.count
        resource = KINDS[service].format(
            team=luck.choice(TEAMS),
            area=luck.choice(AREAS),
            number=number,
            account=principal.account,
            name=principal.arn.rpartition("/")[2],
        )
        context = {
            "aws:SourceIp": (f"10.{number % 200}.{number % 250}.7",),
            "aws:SecureTransport": ("true",),
            "aws:UserAgent": (f"aws-cli/{number}",),
            "aws:CurrentTime": (f"2026-10-{number % 28 + 1:02d}T12:00:00Z",),
            "aws:RequestedRegion": ("eu-central-1",),
            "aws:ResourceTag/team": (luck.choice(TEAMS),),
        }
        if principal.kind is PrincipalKind.ROLE_SESSION:
            context["aws:MultiFactorAuthPresent"] = (luck.choice(("true", "false")),)
        return AccessRequest(action=f"{service}:{name}", resource=resource, principal=principal, context=context)


_luck = random.Random(7)  # noqa: S311 - not a secret
# people come by their groups through the work they do; one of ten has one more than the others
PROFILES: Final = [_luck.sample(range(GROUPS), _luck.randint(1, 3)) for _ in range(60)]
TRUST: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
ACTOR: Final = Actor("200000000000", "arn:aws:iam::200000000000:root", "200000000000", "Root")
ENTRY: Final = Entry("", "", 1, 1_767_225_600_000_000, ACTOR, Cause("iam:Bench", "r"), b"", Fact())


def happen(state: Any, fact: Fact) -> None:
    """Let a fact happen to a state that nobody has seen yet."""
    fact.evolve(state, ENTRY)


def document(luck: random.Random, account: str, statements: int = 0) -> str:
    """A policy as people write them: a few grants on named things, some conditions, sometimes a guard rail."""
    said = [_grant(luck, account) for _ in range(statements or luck.randint(2, 8))]
    if not statements and luck.random() < 0.3:
        said.append(luck.choice(GUARDS))
    for number, statement in enumerate(said):
        said[number] = {"Sid": f"S{number}", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": said})


GUARDS: Final[list[dict[str, Any]]] = [
    {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
    {
        "Effect": "Deny",
        "Action": ["iam:*", "kms:ScheduleKeyDeletion"],
        "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    },
    {
        "Effect": "Deny",
        "Action": "secretsmanager:*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}},
    },
    {"Effect": "Deny", "Action": ["ec2:TerminateInstances", "dynamodb:DeleteTable"], "Resource": "*"},
]


def _grant(luck: random.Random, account: str) -> dict[str, Any]:
    service = luck.choice(sorted(SERVICES))
    names = SERVICES[service]
    action = luck.choice([f"{service}:*", [f"{service}:{name}" for name in luck.sample(names, 2)], f"{service}:Get*"])
    said: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": _resources(luck, service, account)}
    roll = luck.random()
    if roll < 0.15:
        said["Condition"] = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    elif roll < 0.25:
        said["Condition"] = {"StringEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}
    elif roll < 0.3:
        said["Condition"] = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/9"]}, "Bool": {"aws:SecureTransport": "true"}}
    elif roll < 0.33:
        said["Condition"] = {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}
    return said


def _resources(luck: random.Random, service: str, account: str) -> Any:
    """`*`, whole families, named prefixes, one's own corner, and sometimes a wildcard inside."""
    roll = luck.random()
    if roll < 0.15:
        return "*"
    kind = KINDS[service].replace("{number:017x}", "*").replace("{number:032x}", "*").replace("{number}", "*")
    kind = kind.replace("{account}", account).removesuffix(".json")
    own = "${aws:username}" if service == "s3" and roll < 0.4 else "*"
    found = [kind.format(team=luck.choice(TEAMS), area=luck.choice(AREAS), name=own) for _ in range(luck.randint(1, 4))]
    return [each.replace("*/*", "*") if own == "*" else each for each in found]

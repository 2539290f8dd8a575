"""Writes `aws-account.json`: an invented account of 200 users, 60 roles and 120 policies, in the shape that
`aws iam get-account-authorization-details` prints. The same script always writes the same file.

    python examples/make_account.py > examples/aws-account.json

Names, numbers and documents are made up. A few things in it cannot be taken by an import, on purpose: service-linked roles,
instance profiles, trust in accounts that do not exist here, and a policy of AWS that Muniment does not have.
"""

import hashlib
import json
import sys
from typing import Any

ACCOUNT = "471108150923"
PARTNER = "590013377421"  # another company's account
USERS, ROLES, POLICIES = 200, 60, 120
ARN = f"arn:aws:iam::{ACCOUNT}"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

GIVEN = "ana ben caro dan eva finn gita hugo ines jan kira luis mara nils olga paul quin rosa sven tina".split()  # noqa: SIM905
FAMILY = ["abel", "brandt", "conti", "diaz", "ek", "falk", "gruber", "haas", "ivanova", "jansen"]
TEAMS = "billing catalog checkout data docks fleet identity ledger mobile orders pricing routing search support".split()  # noqa: SIM905
SERVICES = ["s3", "dynamodb", "sqs", "sns", "lambda", "logs", "kms", "ecr", "ssm", "secretsmanager"]
STAGES = ["dev", "test", "prod"]

Item = dict[str, Any]


def number(*seed: object) -> int:
    """A number that depends on the seed alone."""
    return int.from_bytes(hashlib.sha256(repr(seed).encode()).digest())


def pick(options: list[str], *seed: object) -> str:
    """One of the options, always the same for the same seed."""
    return options[number(*seed) % len(options)]


def unique_id(prefix: str, *seed: object) -> str:
    """An id as AWS makes them: AIDA…"""
    value, letters = number(prefix, *seed), ""
    for _ in range(17):
        value, low = divmod(value, 32)
        letters += LETTERS[low]
    return prefix + letters


def date(*seed: object) -> str:
    """A moment in 2019 to 2025, as the aws CLI prints it."""
    n = number("date", *seed)
    year, month, day, hour, minute, second = n % 7 + 2019, n % 12 + 1, n % 28 + 1, n % 24, n % 59, n % 60
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00"


def document(*statements: Item) -> Item:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: list[str], resources: list[str] | str, **more: Any) -> Item:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: list[str], resources: list[str] | str, **more: Any) -> Item:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


def resource(service: str, team: str, stage: str) -> str:
    """What a team owns of a service in a stage."""
    if service == "s3":
        return f"arn:aws:s3:::kestrel-{team}-{stage}/*"
    return f"arn:aws:{service}:eu-central-1:{ACCOUNT}:{team}-{stage}-*"


def team_document(team: str, service: str, stage: str, version: int) -> Item:
    """What a team may do with a service; later versions of the policy say more."""
    verbs = ["Get*", "List*", "Describe*", "Put*", "Create*"][: 2 + version]
    statements = [allow([f"{service}:{verb}" for verb in verbs], [resource(service, team, stage)])]
    if stage == "prod":
        statements.append(
            deny([f"{service}:Delete*"], "*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
        )
    return document(*statements)


def managed_policy(index: int) -> Item:
    """A customer managed policy with one to five versions; every seventh has lost its early ones."""
    team, service, stage = TEAMS[index % 14], SERVICES[index // 14 % 10], pick(STAGES, "stage", index)
    count, first = 1 + number("versions", index) % 5, 1 + (3 if index % 7 == 0 else 0)
    name = f"{team}-{service}-{stage}"
    default = first + number("default", index) % count
    versions = [
        {
            "Document": team_document(team, service, stage, version - first),
            "VersionId": f"v{version}",
            "IsDefaultVersion": version == default,
            "CreateDate": date("version", name, version),
        }
        for version in range(first + count - 1, first - 1, -1)
    ]
    return policy(name, f"/{team}/", versions, f"v{default}", f"What {team} does with {service} in {stage}")


def policy(name: str, path: str, versions: list[Item], default: str, description: str = "", owner: str = ARN) -> Item:
    """A managed policy as it is printed."""
    return {
        "PolicyName": name,
        "PolicyId": unique_id("ANPA", owner, name),
        "Arn": f"{owner}:policy{path}{name}",
        "Path": path,
        "DefaultVersionId": default,
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        **({"Description": description} if description else {}),
        "CreateDate": date("policy", name),
        "UpdateDate": date("update", name),
        "PolicyVersionList": versions,
    }


def single(name: str, path: str, body: Item, owner: str = ARN) -> Item:
    """A managed policy with one version."""
    version = {"Document": body, "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": date("policy", name)}
    return policy(name, path, [version], "v1", owner=owner)


BOUNDARY = single(
    "DeveloperBoundary",
    "/guardrails/",
    document(
        allow(["*"], "*"),
        deny(["iam:*", "organizations:*"], "*", Sid="NoIdentities"),
        allow(["iam:ChangePassword", "iam:GetUser"], [f"{ARN}:user/${{aws:username}}"]),
    ),
)
MFA = single(
    "RequireMFA",
    "/guardrails/",
    document(
        {
            "Sid": "DenyAllWithoutMFA",
            "Effect": "Deny",
            "NotAction": ["iam:ListMFADevices", "iam:EnableMFADevice", "sts:GetSessionToken"],
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        }
    ),
)
CROSS = single(
    "AssumeDeployRoles",
    "/guardrails/",
    document(allow(["sts:AssumeRole"], [f"{ARN}:role/deploy/*", f"arn:aws:iam::{PARTNER}:role/kestrel-exchange"])),
)
OWN = [BOUNDARY, MFA, CROSS, *(managed_policy(index) for index in range(POLICIES - 3))]

AWS = "arn:aws:iam::aws"  # the documents of AWS's policies are stand-ins
AWS_POLICIES = [
    single("AdministratorAccess", "/", document(allow(["*"], "*")), AWS),
    single("ReadOnlyAccess", "/", document(allow(["*:Get*", "*:List*", "*:Describe*"], "*")), AWS),
    single("SecurityAudit", "/", document(allow(["iam:Get*", "iam:List*"], "*")), AWS),
    single("AWSCompromisedKeyQuarantineV3", "/", document(deny(["iam:*", "ec2:RunInstances"], "*")), AWS),
    single("AmazonSSMManagedInstanceCore", "/", document(allow(["ssm:UpdateInstanceInformation"], "*")), AWS),
]
for each in (*OWN, *AWS_POLICIES):
    assert each["PolicyVersionList"]


def attached(policies: list[Item]) -> list[Item]:
    """Attachments; the policies count them."""
    for one in policies:
        one["AttachmentCount"] += 1
    return [{"PolicyName": one["PolicyName"], "PolicyArn": one["Arn"]} for one in policies]


def bounded(by: Item) -> Item:
    """A permissions boundary; the policy counts it."""
    by["PermissionsBoundaryUsageCount"] += 1
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": by["Arn"]}}


def of_team(team: str, most: int) -> list[Item]:
    """The first policies of a team."""
    return [one for one in OWN if one["Path"] == f"/{team}/"][:most]


def group(name: str, path: str, policies: list[Item], inline: list[Item]) -> Item:
    """A group as it is printed."""
    return {
        "Path": path,
        "GroupName": name,
        "GroupId": unique_id("AGPA", name),
        "Arn": f"{ARN}:group{path}{name}",
        "CreateDate": date("group", name),
        "GroupPolicyList": inline,
        "AttachedManagedPolicies": attached(policies),
    }


def groups() -> list[Item]:
    """One group a team, and three for everybody's roles."""
    logs = {"PolicyName": "read-logs", "PolicyDocument": document(allow(["logs:Get*", "logs:FilterLogEvents"], "*"))}
    teams = [
        group(team, "/teams/", of_team(team, 6), [logs] if index % 3 == 0 else []) for index, team in enumerate(TEAMS)
    ]
    everyone = group("Everyone", "/", [MFA], [])
    admins = group("Administrators", "/", [AWS_POLICIES[0]], [])
    return [admins, group("Auditors", "/", [AWS_POLICIES[1], AWS_POLICIES[2]], []), everyone, *teams]


def user(index: int) -> Item:
    """A person of a team, or, every tenth, a machine with an inline policy and no group."""
    team = TEAMS[index % 14]
    if index % 10 == 9:
        return machine(index, team)
    name = f"{GIVEN[index % 20].capitalize()}.{FAMILY[index // 20].capitalize()}"
    member = ["Everyone", team]
    if index % 40 == 0:
        member.append("Administrators")
    if index % 25 == 3:
        member.append("Auditors")
    tags = [{"Key": "cost-center", "Value": str(4_000 + index % 14)}, {"Key": "team", "Value": team}]
    return {
        **named("user", "User", "AIDA", name, f"/staff/{team}/"),
        **({"UserPolicyList": [home(name)]} if index % 6 == 0 else {}),
        "GroupList": member,
        "AttachedManagedPolicies": attached([CROSS] if index % 8 == 0 else []),
        **(bounded(BOUNDARY) if index % 3 == 0 else {}),
        "Tags": tags if index % 5 else [],
    }


def machine(index: int, team: str) -> Item:
    """A program's user."""
    name = f"svc-{team}-{index:03}"
    body = document(allow(["s3:PutObject", "s3:GetObject"], [resource("s3", team, "prod")]))
    quarantined = [AWS_POLICIES[3]] if index == 99 else []  # its key was once found in a public place
    return {
        **named("user", "User", "AIDA", name, "/machines/"),
        "UserPolicyList": [{"PolicyName": "upload", "PolicyDocument": body}],
        "GroupList": [],
        "AttachedManagedPolicies": attached([*of_team(team, 1), *quarantined]),
        "Tags": [{"Key": "owner", "Value": team}],
    }


def home(name: str) -> Item:
    """Everybody's own folder."""
    return {
        "PolicyName": "home",
        "PolicyDocument": document(
            allow(["s3:*"], ["arn:aws:s3:::kestrel-home/${aws:username}/*"], Sid=f"Home{len(name)}")
        ),
    }


def named(kind: str, member: str, prefix: str, name: str, path: str) -> Item:
    """What users and roles begin with."""
    return {
        "Path": path,
        f"{member}Name": name,
        f"{member}Id": unique_id(prefix, name),
        "Arn": f"{ARN}:{kind}{path}{name}",
        "CreateDate": date(kind, name),
    }


def trust(principal: Item, **condition: Any) -> Item:
    """A trust policy."""
    action = "sts:AssumeRoleWithWebIdentity" if "Federated" in principal else "sts:AssumeRole"
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **condition})


def role(name: str, path: str, trusted: Item, policies: list[Item], **more: Any) -> Item:
    """A role as it is printed."""
    return {
        **named("role", "Role", "AROA", name, path),
        "AssumeRolePolicyDocument": trusted,
        "InstanceProfileList": more.get("profiles", []),
        "RolePolicyList": more.get("inline", []),
        "AttachedManagedPolicies": attached(policies),
        **(bounded(more["boundary"]) if "boundary" in more else {}),
        "Tags": more.get("tags", []),
        "RoleLastUsed": {"LastUsedDate": date("used", name), "Region": "eu-central-1"} if number(name) % 3 else {},
    }


def profile(name: str, of: str) -> Item:
    """An instance profile around a role."""
    return {
        "Path": "/",
        "InstanceProfileName": name,
        "InstanceProfileId": unique_id("AIPA", name),
        "Arn": f"{ARN}:instance-profile/{name}",
        "CreateDate": date("profile", name),
        "Roles": [{**named("role", "Role", "AROA", of, "/apps/"), "AssumeRolePolicyDocument": trust(service("ec2"))}],
    }


def service(name: str) -> Item:
    """A service of AWS as a principal."""
    return {"Service": f"{name}.amazonaws.com"}


def special_roles() -> list[Item]:
    """Those that show something: federation, circles, other accounts, services' own."""
    github = f"{ARN}:oidc-provider/token.actions.githubusercontent.com"
    subject = {"token.actions.githubusercontent.com:sub": "repo:kestrel/deploy:ref:refs/heads/main"}
    audience = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
    external = {"Condition": {"StringEquals": {"sts:ExternalId": "kestrel-4711"}}}
    blue, green = f"{ARN}:role/deploy/deploy-blue", f"{ARN}:role/deploy/deploy-green"
    return [
        role("deploy-blue", "/deploy/", trust({"AWS": [green, f"{ARN}:root"]}), [], boundary=BOUNDARY),
        role("deploy-green", "/deploy/", trust({"AWS": blue}), []),
        role("self-renewing", "/deploy/", trust({"AWS": [f"{ARN}:role/deploy/self-renewing", blue]}), []),
        role("break-glass", "/", trust({"AWS": f"{ARN}:user/staff/billing/Ana.Abel"}), [AWS_POLICIES[0]]),
        role("partner-exchange", "/", trust({"AWS": f"arn:aws:iam::{PARTNER}:root"}, **external), of_team("orders", 1)),
        role("partner-robot", "/", trust({"AWS": f"arn:aws:iam::{PARTNER}:role/kestrel-sync"}, **external), []),
        role("orphaned-trust", "/", trust({"AWS": [unique_id("AIDA", "somebody gone"), f"{ARN}:root"]}), []),
        role(
            "github-deploy",
            "/deploy/",
            trust({"Federated": github}, Condition={"StringEquals": {**subject, **audience}}),
            [CROSS],
        ),
        role("AWSServiceRoleForSupport", "/aws-service-role/support.amazonaws.com/", trust(service("support")), []),
        role("AWSServiceRoleForECS", "/aws-service-role/ecs.amazonaws.com/", trust(service("ecs")), []),
    ]


def app_role(index: int) -> Item:
    """A program's role in a stage."""
    team, stage = TEAMS[index % 14], STAGES[index // 14 % 3]
    name = f"{team}-{stage}" if index < 42 else f"{team}-{stage}-{index}"
    inline = [{"PolicyName": "metrics", "PolicyDocument": document(allow(["cloudwatch:PutMetricData"], "*"))}]
    tags = [{"Key": "stage", "Value": stage}, {"Key": "team", "Value": team}]
    if index % 10 == 4:
        tags.append({"Key": "aws:cloudformation:stack-name", "Value": f"{team}-{stage}"})
    policies = of_team(team, 2 + index % 3)
    if index % 12 == 5:
        policies = [*policies, AWS_POLICIES[4]]
    more: Item = {"inline": inline if index % 2 else [], "tags": tags}
    if index % 15 == 0:
        more["profiles"] = [profile(name, name)]
    if stage == "dev":
        more["boundary"] = BOUNDARY
    return role(
        name, "/apps/", trust(service(pick(["ec2", "ecs-tasks", "lambda"], "service", index))), policies, **more
    )


def account() -> Item:
    """The whole account."""
    special = special_roles()
    return {
        "UserDetailList": [user(index) for index in range(USERS)],
        "GroupDetailList": groups(),
        "RoleDetailList": [*special, *(app_role(index) for index in range(ROLES - len(special)))],
        "Policies": [*OWN, *AWS_POLICIES],
    }


if __name__ == "__main__":
    json.dump(account(), sys.stdout, indent=4)
    print()

"""What each NATS role may publish and hear: written once here, rendered into every server configuration we make.

SECURITY rule 13. A role listens only to its own inboxes. No role but `provision` reaches stream administration
(`STREAM.CREATE`, `UPDATE`, `DELETE`, `PURGE`, `RESTORE`, `SNAPSHOT`); only `erasure` deletes messages.

Publish permissions alone do not hold that: nats-server does not check the *reply* subject of a request, and sends the
answer there with its own rights. Who may pull or get a message whose bytes they chose can so have the server publish
them to `iam.>`, or to `$JS.API.STREAM.DELETE.IAM` (tried: the stream was gone). Therefore readers live in accounts of
their own and import just the services they need, under `LOG.API`: an answer stays in the account of who asked, where
no stream and no administration listens. It costs them reading speed (between a half and a quarter is left), so `api`, which
appends to the log anyway, stays in the account LOG: a stolen `api` key must be treated as able to destroy streams, and
archive and signed heads are kept off the store for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from muniment.ops.jetstream.settings import ROLES_IN_LOG, api_prefix, inbox_prefix

LEDGER_KINDS = ("site", "account", "vault", "secret", "organization", "directory", "access")

IAM_SUBJECTS = tuple(f"iam.{kind}.>" for kind in LEDGER_KINDS)
ACTIVITY_SUBJECTS = ("iam.activity.>",)
PROOFS_SUBJECTS = ("iam.proof.>", "iam.attempts.>", "iam.challenge.>")
CHECKPOINTS_SUBJECTS = ("iam.checkpoint.>",)
SCHEDULES_SUBJECTS = ("iam.schedule.>", "iam.due.>")
# Decision logs lie outside `iam.>`, so that a decision process publishes nothing below it.
DECISIONS_SUBJECTS = ("decisions.>",)
KEYS_SUBJECTS = ("$KV.IAM_KEYS.>",)
ALIASES_SUBJECTS = ("$KV.IAM_ALIASES.>",)

KEYS_STREAM = "KV_IAM_KEYS"
ALIASES_STREAM = "KV_IAM_ALIASES"
ANSWERED_BY_MANY = ("$JS.API.CONSUMER.MSG.NEXT.", "$JS.API.DIRECT.GET.")
STREAMS_READ = ("IAM", "IAM_ACTIVITY", "IAM_DECISIONS", "IAM_CHECKPOINTS", KEYS_STREAM, ALIASES_STREAM)
STREAMS_READ_BY_API = (*STREAMS_READ, "IAM_PROOFS", "IAM_SCHEDULES")


@dataclass(frozen=True)
class Role:
    """Subjects that a role may publish to and subscribe to; everything else is denied."""

    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def _reading(stream: str) -> tuple[str, ...]:
    """Leader gets, direct gets and consumers of one stream, and nothing that changes it."""
    return (
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}.>",
        f"$JS.API.CONSUMER.CREATE.{stream}.>",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.>",
        f"$JS.API.CONSUMER.DELETE.{stream}.>",
    )


def _readings(streams: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(subject for stream in streams for subject in _reading(stream))


def _role(name: str, *publish: str) -> Role:
    return Role(name, publish, (f"{inbox_prefix(name)}.>",))


PROVISION = _role(
    "provision",
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.CREATE.*",
    "$JS.API.STREAM.UPDATE.*",
    "$JS.API.STREAM.DELETE.*",
    "$JS.API.STREAM.PURGE.*",
    "$JS.API.CONSUMER.DURABLE.CREATE.>",
    "$JS.API.CONSUMER.CREATE.>",
    "$JS.API.CONSUMER.INFO.>",
    "$JS.API.CONSUMER.DELETE.>",
)
API = _role(
    "api",
    *IAM_SUBJECTS,
    *ACTIVITY_SUBJECTS,
    *PROOFS_SUBJECTS,
    *CHECKPOINTS_SUBJECTS,
    *SCHEDULES_SUBJECTS,
    *DECISIONS_SUBJECTS,
    *KEYS_SUBJECTS,
    *ALIASES_SUBJECTS,
    *_readings(STREAMS_READ_BY_API),
)
DECISIONS = _role("decisions", *DECISIONS_SUBJECTS, *_readings(STREAMS_READ))
ERASURE = _role(
    "erasure",
    f"$JS.API.STREAM.INFO.{KEYS_STREAM}",
    f"$JS.API.STREAM.MSG.GET.{KEYS_STREAM}",
    f"$JS.API.STREAM.MSG.DELETE.{KEYS_STREAM}",
)

# Answers questions of programs on NATS (docs/decisions/0019). It writes to nobody but who asks from another account.
ACCESS_PREFIX = "muniment.access"
ANSWERS_TO = "_R_."  # where the server wants answers to requests from other accounts
OPERATIONS = ("evaluation", "evaluations", "search-subject", "search-resource", "search-action")
NO_ASKERS: Mapping[str, str] = MappingProxyType({})
ANSWERS = Role("answers", (f"{ANSWERS_TO}>",), (f"{ACCESS_PREFIX}.>", f"{inbox_prefix('answers')}.>"))

ROLES = {role.name: role for role in (PROVISION, API, DECISIONS, ERASURE, ANSWERS)}
# These have a seed on the host of an embedded server; `provision` lives in memory and ends with provisioning.
ROLES_ON_HOST = ("api", "decisions", "erasure")


def foreign_reader(name: str, stream: str, *consumers: str) -> Role:
    """A reader from elsewhere: it may pull from durable consumers that were made for it, set them back, and acknowledge."""
    publish = (
        (
            f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}",
            f"$JS.API.CONSUMER.INFO.{stream}.{consumer}",
            f"$JS.API.CONSUMER.RESET.{stream}.{consumer}",
            f"$JS.ACK.{stream}.{consumer}.>",
        )
        for consumer in consumers
    )
    return _role(name, *(subject for subjects in publish for subject in subjects))


def exports() -> tuple[str, ...]:
    """What the account of the streams offers to the others, which take what their role needs of it."""
    readers = ("$JS.API.CONSUMER.INFO.IAM.>", "$JS.API.CONSUMER.RESET.IAM.>", "$JS.ACK.IAM.>")
    offered = (*DECISIONS.publish, *ERASURE.publish, *readers)
    return tuple(dict.fromkeys(offered))


def as_seen_by(role: Role, subject: str) -> str:
    """A subject under the name that the role's own account gives it."""
    return subject.replace("$JS.API.", api_prefix(role.name) + ".", 1)


def render_rules(role: Role) -> str:
    """What stands inside one user's `permissions` block, in nats-server's configuration language."""
    lines = []
    for verb, subjects in (("publish", role.publish), ("subscribe", role.subscribe)):
        lines.append(f"{verb} {{ allow: [")
        lines += [f'  "{as_seen_by(role, subject)}"' for subject in subjects]
        lines.append("] }")
    return "\n".join(lines)


def render_exports() -> str:
    """The `exports` of the account LOG. Answers of many messages need a response type of their own."""
    lines = ["exports: ["]
    for subject in exports():
        streamed = ", response_type: stream" if subject.startswith(ANSWERED_BY_MANY) else ""
        lines.append(f'  {{ service: "{subject}"{streamed} }}')
    return "\n".join([*lines, "]"])


def render_links(role: Role) -> str:
    """What an isolated role's account takes from that of the streams; the one of `answers` takes nothing and offers its service."""
    return render_service() if role is ANSWERS else render_imports(role)


def render_service(askers: Sequence[str] = ()) -> str:
    """What the account of `answers` offers: to these accounts alone, where some are named."""
    only = f", accounts: [{', '.join(askers)}]" if askers else ""
    return f'exports: [\n  {{ service: "{ACCESS_PREFIX}.*.*.*"{only} }}\n]'


def asker_account(name: str) -> str:
    """The NATS account of a program that asks."""
    return f"ASKER_{name}"


def asker(name: str) -> Role:
    """A program that asks: as it sees the service, the service has no account and no principal."""
    return Role(name, tuple(f"{ACCESS_PREFIX}.{operation}" for operation in OPERATIONS), ("_INBOX.>",))


def render_asker(name: str, account: str, unique_id: str, public_key: str) -> str:
    """The account of a program that asks as the user or role with this unique id, which only this configuration can say."""
    role = asker(name)
    user = f"{{ nkey: {public_key}\npermissions {{\n{render_rules(role)}\n}} }}"
    imports = "\n".join(
        f'  {{ service: {{ account: ANSWERS, subject: "{ACCESS_PREFIX}.{account}.{unique_id}.{operation}" }}, '
        f'to: "{ACCESS_PREFIX}.{operation}" }}'
        for operation in OPERATIONS
    )
    return f'"{asker_account(name)}" {{\nusers: [\n{user}\n]\nimports: [\n{imports}\n]\n}}'


def render_imports(role: Role) -> str:
    """The `imports` of an isolated role's account."""
    lines = ["imports: ["]
    for subject in role.publish:
        lines.append(f'  {{ service: {{ account: LOG, subject: "{subject}" }}, to: "{as_seen_by(role, subject)}" }}')
    return "\n".join([*lines, "]"])


def render_reader(role: Role, public_key: str) -> str:
    """The account of a foreign reader: one user, and what it takes of the streams' account."""
    user = f"{{ nkey: {public_key}\npermissions {{\n{render_rules(role)}\n}} }}"
    return f'"READER_{role.name}" {{\nusers: [\n{user}\n]\n{render_imports(role)}\n}}'


def render_accounts(
    public_keys: dict[str, str], readers: Sequence[tuple[Role, str]] = (), askers: Mapping[str, str] = NO_ASKERS
) -> str:
    """The `accounts` block for these users (role name → public nkey), foreign readers (role, public nkey), and askers (name of
    the account → how it is rendered)."""
    users = {
        name: f"{{ nkey: {key}\npermissions {{\n{render_rules(ROLES[name])}\n}} }}" for name, key in public_keys.items()
    }
    inside = "\n".join(user for name, user in users.items() if name in ROLES_IN_LOG)
    blocks = [f"LOG {{\njetstream: enabled\nusers: [\n{inside}\n]\n{render_exports()}\n}}"]
    for name, user in users.items():
        if name not in ROLES_IN_LOG:
            links = render_service(list(askers)) if name == ANSWERS.name else render_links(ROLES[name])
            blocks.append(f"{name.upper()} {{\nusers: [\n{user}\n]\n{links}\n}}")
    blocks += [render_reader(role, key) for role, key in readers]
    blocks += askers.values()
    return "accounts {\n" + "\n".join(blocks) + "\n}"

"""The API over a Ledger in memory: every part real but the log, the read models, the gate and the clock."""

import asyncio
import json
from urllib.parse import urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from prometheus_client import CollectorRegistry

from muniment.api.app import build_app
from muniment.api.services import Services
from muniment.commands.activity import Activity
from muniment.commands.drawn import clock
from muniment.commands.ledger import Ledger
from muniment.commands.muniment.accounts import FoundSite
from muniment.commands.muniment.operator import OPERATOR
from muniment.commands.task import Context
from muniment.domain import arn, ids, stored
from muniment.domain.account.keys import keys_of
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, ReadModelBehind, ServiceUnavailable
from muniment.domain.ledger import Actor, Sealed
from muniment.ops import actions as _actions  # noqa: F401 - importing it registers every command and query
from muniment.ops.keys.tokens import Tokens
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credential
from muniment.projections.fold import Fold
from muniment.projections.sessions import standing

ACCOUNT = "123456789012"
ITSELF = Caller(Actor(ids.NOBODY, "arn:muniment:ops:::test", "test", OPERATOR), operator=True)


class Stream:
    """What the activity writer publishes to; refuses when told to."""

    def __init__(self):
        self.messages, self.away = [], False

    def publish(self, messages, deadline):
        if self.away:
            raise TimeoutError
        self.messages.extend(messages)
        return list(range(len(messages)))

    @property
    def entries(self):
        return [stored.decode(data) for _, data in self.messages]


class Signer:
    def sign(self, payload):
        return "k", b"s" * 64

    def verify(self, key_id, signature, payload):
        return True


class Sealer:
    def seal(self, owner, field, plain):
        return Sealed(owner, plain)

    def unseal(self, owner, field, sealed):
        return sealed.box


class Gate:
    """Allows everything but what it is told to deny."""

    def __init__(self):
        self.denied, self.stale, self.asked = set(), set(), []

    def check(self, caller, action, resources, position):
        self.asked.append((action, tuple(resource.arn for resource in resources)))
        if action in self.denied:
            raise AccessDenied(f"not {action}")

    def fresh(self, action):
        if action in self.stale:
            raise ServiceUnavailable("too old")


class Reads:
    """Read models that are always level, for they read the Ledger's own states."""

    cursor_key = b"k" * 32
    timeline = credentials = rebuilds = None
    access = Access(Fold())  # which has heard of nobody

    def __init__(self, house):
        self.house, self.waited, self.reached = house, [], 10**6

    @property
    def views(self):
        return self

    def state(self, boundary):
        return self.house.ledger.boundaries.get(boundary)

    def level(self, models, position):
        return False

    def wait(self, models, position, timeout=2.0):
        self.waited.append(position)
        if position > self.reached:
            raise ReadModelBehind("behind")

    def account(self, number):
        return self.state(f"account.{number}")

    def session(self, session):
        return standing(session, self)

    def credential(self, key_id):
        account = self.state(f"account.{ACCOUNT}")
        if (name := account.keys.get(key_id)) is None:
            return None
        key = next(each for each in keys_of(account, name) if each.id == key_id)
        if name:
            user = account.users[name]
            who = ("IAMUser", user.id, account.user_arn(user), user.name)
        else:
            who = ("Root", ACCOUNT, arn.root(ACCOUNT), "")
        return Credential(key.id, ACCOUNT, *who, key.secret, key.active, key.created)


class Ready:
    answer = {"ready": True, "missing": []}

    def report(self):
        return self.answer


class House:
    """One application, and its first account's root key."""

    def __init__(self, **services):
        self.stream, self.gate, self.ready = Stream(), Gate(), Ready()
        self.ledger = Ledger(
            {"PERSISTENCE_MODULE": "eventsourcing.popo"}, signer=Signer(), sealer=Sealer(), gate=self.gate
        )
        founded = self.ledger.execute(
            FoundSite(email="root@example.com", account_id=ACCOUNT), Context(ITSELF, "founding")
        ).result["Root"]
        self.key = (founded["AccessKeyId"], founded["SecretAccessKey"])
        self.reads = Reads(self)
        self.activity = Activity(self.stream, Signer())
        self.registry = CollectorRegistry()
        wired = {
            "ledger": self.ledger,
            "activity": self.activity,
            "gate": self.gate,
            "reads": self.reads,
            "sealer": Sealer(),
            "tokens": Tokens(bytes(32)),
            "readiness": self.ready,
            "epoch": lambda: "epoch",
            "now": clock,
            **services,
        }
        self.app = build_app(Services(**wired), self.registry)

    def close(self):
        self.app.close()
        self.activity.close()
        self.ledger.close()

    def recorded(self):
        """The activity so far, what waits for company included."""
        self.activity.close()
        return self.stream.entries

    def send(self, method, target, body=b"", headers=(), client=("192.0.2.7", 4_000)):
        """(status, headers, body) of one request."""
        parts = urlsplit(target)
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in dict(headers).items()],
            "client": client,
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
        }
        sent, given = [], [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return given.pop(0) if given else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        start, *rest = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], found, b"".join(part.get("body", b"") for part in rest)

    def ask(self, method, target, body=b"", headers=None, service="iam", key=None):
        """`send`, signed."""
        request = AWSRequest(method, f"http://house{target}", data=body, headers={"Host": "house", **(headers or {})})
        SigV4Auth(Credentials(*(key or self.key)), service, "us-east-1").add_auth(request)
        return self.send(method, target, body, request.headers.items())

    def native(self, action, params=None, service="iam", **how):
        """(status, headers, decoded body) of a native call."""
        headers = {"Content-Type": "application/json", **how.pop("headers", {})}
        body = json.dumps(params or {}).encode()
        status, found, answer = self.ask("POST", f"/v1/{service}/{action}", body, headers, service=service, **how)
        return status, found, json.loads(answer)

    def call(self, action, headers=None, **params):
        """A call of IAM in the query protocol."""
        body = urlencode({"Action": action, "Version": "2010-05-08", **params}).encode()
        return self.ask("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

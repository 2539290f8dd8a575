"""All rotators by name, each with the tools that it needs."""

from collections.abc import Callable, Mapping
from pathlib import Path

from muniment.commands.keys import Sealer
from muniment.ops.federation.fetch import Fetcher
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.rotation.access_key import AccessKey, Executes
from muniment.ops.rotation.generated import Generated
from muniment.ops.rotation.nats_function import NatsFunction
from muniment.ops.rotation.postgresql import PostgreSQL
from muniment.ops.rotation.postgresql_alternating import PostgreSQLAlternatingUsers
from muniment.ops.rotation.postgresql_single import PostgreSQLSingleUser
from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.redis_acl import RedisACLUser
from muniment.ops.rotation.rotator import ReadSecret, Rotator
from muniment.ops.rotation.webhook import Sign, Webhook
from muniment.projections.credentials import Credential


def rotators(
    ledger: Executes,
    find: Callable[[str], Credential | None],
    sealer: Sealer,
    sign: Sign,
    read_secret: ReadSecret,
    fetcher: Fetcher,
    allowed: tuple[str, ...] = (),
    ca: Path | None = None,
    functions: Callable[[], NatsLoop | None] = lambda: None,
) -> Mapping[str, Rotator]:
    """Every rotator. A new one is a file beside this, a line here, and its name in domain/secret/rotators.py."""
    reach = Reach(fetcher, allowed, ca)
    postgresql = PostgreSQL(reach)
    every: tuple[Rotator, ...] = (
        AccessKey(ledger, find, sealer),
        Generated(),
        NatsFunction(functions),
        PostgreSQLAlternatingUsers(postgresql, read_secret),
        PostgreSQLSingleUser(postgresql),
        RedisACLUser(reach, read_secret),
        Webhook(fetcher, sign),
    )
    return {rotator.name: rotator for rotator in every}

"""Logging in to PostgreSQL with the values of secrets, and setting passwords there without ever sending one in clear.

A value is a JSON object as AWS's rotation functions have it: engine, host, port, dbname, username, password; `sslmode` is ours.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg import sql

from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.rotator import JSON, NotRotated, member, port_of

PORT: Final = 5432
SECONDS_MAX: Final = 5
SSL_MODES: Final = frozenset({"require", "verify-ca", "verify-full", "prefer", "disable"})

_REFUSED = re.compile(r'authentication failed|is not permitted to log in|role ".*" does not exist|no password supplied')

Connection = psycopg.Connection[Any]


class WrongPassword(NotRotated):
    """The server was reached and does not take this login."""


class PostgreSQL:
    """The target. Every connection is short."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    @contextlib.contextmanager
    def login(self, value: JSON) -> Iterator[Connection]:
        """A connection as the user in the value. Raises WrongPassword, and NotRotated for whatever PostgreSQL complains of."""
        connection = self._connect(value)
        try:
            with connection:
                yield connection
        except psycopg.Error as error:
            raise NotRotated(f"PostgreSQL refused: {_state(error)}") from None

    def takes(self, value: JSON) -> bool:
        """Whether the server takes this login. Raises NotRotated where it cannot be asked."""
        try:
            with self.login(value) as connection:
                found = connection.execute("SELECT session_user").fetchone()
        except WrongPassword:
            return False
        return found is not None and found[0] == value["username"]

    def _connect(self, value: JSON) -> Connection:
        host, port = member(value, "host"), port_of(value, PORT)
        address = self._reach.address(host, port)
        mode = value.get("sslmode", "prefer")
        if mode not in SSL_MODES:
            raise NotRotated("the secret's `sslmode` is none of PostgreSQL's")
        where: dict[str, Any] = {"host": address} if host.startswith("/") else {"host": host, "hostaddr": address}
        where |= self._authority(mode)
        try:
            return psycopg.connect(
                **where,
                port=port,
                dbname=value.get("dbname") or "postgres",
                user=member(value, "username"),
                password=member(value, "password"),
                sslmode=mode,
                connect_timeout=SECONDS_MAX,
                application_name="muniment-rotation",
                passfile="/dev/null",  # only what the secret says
                autocommit=True,
                options=f"-c statement_timeout={SECONDS_MAX * 1_000}",
            )
        except psycopg.OperationalError as error:
            if _refused_login(error):
                raise WrongPassword(f"PostgreSQL at `{host}` does not take the login of the secret") from None
            raise NotRotated(f"PostgreSQL at `{host}` could not be reached") from None
        except psycopg.Error as error:
            raise NotRotated(f"PostgreSQL at `{host}` could not be used: {type(error).__name__}") from None

    def _authority(self, mode: str) -> dict[str, str]:
        """Whose certificates are believed: the operator's authority where one is given, else the system's.

        libpq takes the system's (16 and later) with verify-full alone.
        """
        ca = self._reach.ca
        if mode in ("verify-ca", "verify-full") and ca is not None:
            return {"sslrootcert": str(ca)}
        return {"sslrootcert": "system"} if mode == "verify-full" else {}


def set_password(connection: Connection, user: str, password: str) -> None:
    """Give a role a password. The server, and whoever reads its logs, sees the SCRAM verifier only (RFC 5802)."""
    verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier))
        if user != _who(connection)
        else sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier))
    )


def end_sessions(connection: Connection, user: str) -> None:
    """End every session of a role but this one. Who is neither that role nor its administrator is refused by PostgreSQL."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()", (user,)
    )


def _who(connection: Connection) -> str:
    found = connection.execute("SELECT session_user").fetchone()
    return "" if found is None else str(found[0])


def _refused_login(error: psycopg.OperationalError) -> bool:
    """libpq has no code for it: 28P01 and 28000 come as text of the connection's failure."""
    return _REFUSED.search(str(error)) is not None


def _state(error: psycopg.Error) -> str:
    """The kind of error; PostgreSQL's own text may quote what was sent."""
    return f"{type(error).__name__} {error.sqlstate or ''}".strip()

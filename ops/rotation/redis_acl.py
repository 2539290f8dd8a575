"""A user of Redis's access control lists. Such a user can have several passwords, so old and new both work during the overlap.

A value is a JSON object: host, port, username, password; `tls` true for TLS. Who changes the user is the one whose login the
setting `adminSecretArn` names, on its own server; it needs `+acl|setuser +acl|getuser`, and `+client|kill` to end sessions.
Passwords are set as SHA-256 digests.
Source: the Redis documentation, "ACL" and "ACL SETUSER".
"""

import contextlib
import hashlib
import ssl
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import redis

from muniment.ops.rotation.passwords import new_password
from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.rotator import JSON, Job, NotRotated, ReadSecret, as_object, as_text, member, port_of

PORT: Final = 6379
SECONDS_MAX: Final = 5.0

Client = Any  # redis.Redis, whose methods have no types


class WrongPassword(NotRotated):
    """The server was reached and does not take this login."""


class RedisACLUser:
    """Adds a password, and takes the old one away when the overlap is over."""

    name: ClassVar[str] = "redis-acl-user"
    one_password: ClassVar[bool] = False

    def __init__(self, reach: Reach, read_secret: ReadSecret) -> None:
        self._reach, self._read = reach, read_secret

    def create(self, job: Job, current: str) -> str:
        """The same user with another password."""
        return as_text({**as_object(current), "password": new_password()})

    def set(self, job: Job, current: str, pending: str) -> None:
        """Add the new password, when the current login has proven that the secret is this user's."""
        before, after = as_object(current), as_object(pending)
        if self._takes(after):
            return
        admin = self._admin(job, after)
        if not self._takes(before):
            raise NotRotated("Redis does not take the current login, so nothing is changed for it")
        if member(after, "username") != member(before, "username"):
            raise NotRotated("the pending version is of another user")
        with self._login(admin) as server:
            server.execute_command("ACL", "SETUSER", after["username"], f"#{_digest(after)}")
            _save(server)

    def test(self, job: Job, pending: str) -> None:
        """Log in with the new password."""
        if not self._takes(as_object(pending)):
            raise NotRotated("Redis does not take the new password, though it was set")

    def finish(self, job: Job, pending: str) -> None:
        """Nothing is left to do."""

    def retire(self, job: Job, old: str, current: str) -> str:
        """Take every password away but the current one."""
        before, now = as_object(old), as_object(current)
        user = member(now, "username")
        if user != member(before, "username"):
            raise NotRotated("the old version is of another user")
        with self._login(self._admin(job, now)) as server:
            for digest in _digests(server, user) - {_digest(now)}:
                server.execute_command("ACL", "SETUSER", user, f"!{digest}")
            _save(server)
            if not job.ends_sessions:
                return "password removed from the user"
            server.execute_command("CLIENT", "KILL", "USER", user)  # Redis does not tell who came with which password
        return "password removed from the user, its connections ended"

    def _takes(self, value: JSON) -> bool:
        """Whether Redis takes this login. Raises NotRotated where it cannot be asked."""
        try:
            with self._login(value):
                return True
        except WrongPassword:
            return False

    @contextlib.contextmanager
    def _login(self, value: JSON) -> Iterator[Client]:
        """A connection as the user in the value. Raises WrongPassword, NotRotated."""
        host, port = member(value, "host"), port_of(value, PORT)
        connection = self._connection(host, port, value)
        client: Client = redis.Redis(connection_pool=redis.ConnectionPool(**connection))
        try:
            with contextlib.suppress(redis.exceptions.NoPermissionError):  # it is logged in, and may not even that
                client.ping()
            yield client
        except redis.AuthenticationError:
            raise WrongPassword(f"Redis at `{host}` does not take the login of the secret") from None
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            raise NotRotated(f"Redis at `{host}` could not be reached") from None
        except redis.RedisError as error:
            raise NotRotated(f"Redis at `{host}` refused: {type(error).__name__}") from None
        finally:
            client.close()
            client.connection_pool.disconnect()

    def _connection(self, host: str, port: int, value: JSON) -> dict[str, Any]:
        made: dict[str, Any] = {
            "host": self._reach.address(host, port),
            "port": port,
            "username": member(value, "username"),
            "password": member(value, "password"),
            "socket_timeout": SECONDS_MAX,
            "socket_connect_timeout": SECONDS_MAX,
            "decode_responses": True,
        }
        if value.get("tls"):
            made |= {"connection_class": _Pinned, "name": host, "tls": self._reach.tls}
        return made

    def _admin(self, job: Job, value: JSON) -> JSON:
        """The administrator's login. Raises NotRotated where it is of another server."""
        admin = as_object(self._read(job.account, job.setting("adminSecretArn")))
        if admin.get("host") != value.get("host") or port_of(admin, PORT) != port_of(value, PORT):
            raise NotRotated("the administrator's secret is for another server than this secret")
        return admin


class _Pinned(redis.Connection):
    """TLS to an address that was checked, for the name that was asked for."""

    def __init__(self, name: str, tls: ssl.SSLContext, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._name, self._tls = name, tls

    def _connect(self) -> Any:
        plain = super()._connect()  # type: ignore[no-untyped-call]
        try:
            return self._tls.wrap_socket(plain, server_hostname=self._name)
        except BaseException:
            plain.close()
            raise


def _digest(value: JSON) -> str:
    return hashlib.sha256(member(value, "password").encode()).hexdigest()


def _digests(server: Client, user: str) -> set[str]:
    """The digests of the passwords that a user has."""
    found = server.execute_command("ACL", "GETUSER", user)
    if not isinstance(found, dict):
        raise NotRotated("Redis does not know the user")
    return {str(each).removeprefix("#") for each in found.get("passwords", ())}


def _save(server: Client) -> None:
    """Keep the change over a restart, where Redis has a file for that. Without one, its operator keeps users elsewhere."""
    with contextlib.suppress(redis.ResponseError):
        server.execute_command("ACL", "SAVE")

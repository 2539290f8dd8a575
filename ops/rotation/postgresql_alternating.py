"""PostgreSQL, alternating users: two roles take turns, so that the old login works until the overlap is over.

The second role is named like the first with `_clone` behind it, and is a member of it: it has the first one's rights, and what it
makes belongs to the first. An administrator's login comes from the secret that the setting `adminSecretArn` names, and is used
only where both secrets name the same server, so that no writer of a secret can have that password sent elsewhere.
"""

from typing import ClassVar, Final

from psycopg import sql

from muniment.ops.rotation.passwords import new_password
from muniment.ops.rotation.postgresql import PORT, Connection, PostgreSQL, end_sessions, set_password
from muniment.ops.rotation.rotator import JSON, Job, NotRotated, ReadSecret, as_object, as_text, member, port_of

CLONE: Final = "_clone"
NAME_BYTES_MAX: Final = 63  # NAMEDATALEN - 1


class PostgreSQLAlternatingUsers:
    """Gives the role that is not current a new password; later takes the login from the one that was."""

    name: ClassVar[str] = "postgresql-alternating-users"
    one_password: ClassVar[bool] = False

    def __init__(self, server: PostgreSQL, read_secret: ReadSecret) -> None:
        self._server, self._read = server, read_secret

    def create(self, job: Job, current: str) -> str:
        """The login of the other role."""
        before = as_object(current)
        return as_text({**before, "username": other(member(before, "username")), "password": new_password()})

    def set(self, job: Job, current: str, pending: str) -> None:
        """As administrator, when the current login has proven that the secret is this role's."""
        before, after = as_object(current), as_object(pending)
        if self._server.takes(after):
            return
        admin = self._admin(job, before)
        if not self._server.takes(before):
            raise NotRotated("PostgreSQL does not take the current login, so nothing is changed for it")
        if after["username"] != other(member(before, "username")):
            raise NotRotated("the pending version is not of the other role")
        with self._server.login(admin) as connection, connection.transaction():
            _make(connection, base(after["username"]), after["username"])
            set_password(connection, after["username"], after["password"])

    def test(self, job: Job, pending: str) -> None:
        """Log in as the other role."""
        if not self._server.takes(as_object(pending)):
            raise NotRotated("PostgreSQL does not take the new login, though it was set")

    def finish(self, job: Job, pending: str) -> None:
        """Nothing is left to do."""

    def retire(self, job: Job, old: str, current: str) -> str:
        """The old role loses its password and its login."""
        before, now = as_object(old), as_object(current)
        user = member(before, "username")
        if user == now["username"]:
            return "password replaced"  # somebody put a value by hand; the role is in use again
        if user != other(member(now, "username")):
            raise NotRotated("the old version is not of the other role")
        with self._server.login(self._admin(job, now)) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(user)))
            if not job.ends_sessions:
                return "login taken from the role"
            end_sessions(connection, user)
        return "login taken from the role, its sessions ended"

    def _admin(self, job: Job, value: JSON) -> JSON:
        """The administrator's login, in the database of the secret. Raises NotRotated where it is of another server."""
        admin = as_object(self._read(job.account, job.setting("adminSecretArn")))
        same = admin.get("host") == value.get("host") and port_of(admin, PORT) == port_of(value, PORT)
        if not same:
            raise NotRotated("the administrator's secret is for another server than this secret")
        return {**admin, "dbname": value.get("dbname") or admin.get("dbname")}


def base(user: str) -> str:
    """The first of the two roles."""
    return user.removesuffix(CLONE)


def other(user: str) -> str:
    """The role whose turn it is. Raises NotRotated for a name that leaves no room."""
    if user.endswith(CLONE):
        return base(user)
    if len((user + CLONE).encode()) > NAME_BYTES_MAX:
        raise NotRotated(f"the role's name leaves no room for `{CLONE}` behind it")
    return user + CLONE


def _make(connection: Connection, first: str, user: str) -> None:
    """The second role, where it is missing: a member of the first, acting as it."""
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone()
    if found is not None:
        return
    if user == first:
        raise NotRotated("the first role does not exist any more")
    names = {"first": sql.Identifier(first), "user": sql.Identifier(user)}
    connection.execute(sql.SQL("CREATE ROLE {user} NOLOGIN IN ROLE {first}").format(**names))
    connection.execute(sql.SQL("ALTER ROLE {user} SET role = {first}").format(**names))

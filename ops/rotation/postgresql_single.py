"""PostgreSQL, single user: the role gets another password. One password cannot be two, so readers wait out set to finish."""

from typing import ClassVar

from muniment.ops.rotation.passwords import new_password
from muniment.ops.rotation.postgresql import PostgreSQL, WrongPassword, end_sessions, set_password
from muniment.ops.rotation.rotator import Job, NotRotated, as_object, as_text, member


class PostgreSQLSingleUser:
    """The role changes its own password, so the target needs no administrator."""

    name: ClassVar[str] = "postgresql-single-user"
    one_password: ClassVar[bool] = True

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server

    def create(self, job: Job, current: str) -> str:
        """The same login with another password."""
        return as_text({**as_object(current), "password": new_password()})

    def set(self, job: Job, current: str, pending: str) -> None:
        """As the role itself, with the password that still works."""
        before, after = as_object(current), as_object(pending)
        if self._server.takes(after):
            return
        try:
            with self._server.login(before) as connection:
                set_password(connection, after["username"], after["password"])
        except WrongPassword:
            raise NotRotated("PostgreSQL takes neither the current nor the pending password of the role") from None

    def test(self, job: Job, pending: str) -> None:
        """Log in with the new password."""
        if not self._server.takes(as_object(pending)):
            raise NotRotated("PostgreSQL does not take the new password, though it was set")

    def finish(self, job: Job, pending: str) -> None:
        """Nothing is left to do."""

    def retire(self, job: Job, old: str, current: str) -> str:
        """It died when the new one was set; make sure."""
        before, now = as_object(old), as_object(current)
        if before["password"] != now["password"] and self._server.takes(before):
            raise NotRotated("PostgreSQL still takes the old password")
        if not job.ends_sessions:
            return "password replaced"
        with self._server.login(
            now
        ) as connection:  # a role may end its own; PostgreSQL does not tell which password they had
            end_sessions(connection, member(now, "username"))
        return "password replaced, sessions ended"

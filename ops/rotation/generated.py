"""A value that is merely generated: for secrets whose readers are all there is, such as a session key."""

from typing import ClassVar

from muniment.ops.rotation.passwords import LENGTH, LENGTH_MAX, LENGTH_MIN, new_password
from muniment.ops.rotation.rotator import Job, NotRotated, as_object, as_text


class Generated:
    """Replaces the whole value, or, where the setting `member` names one, that member of the JSON object."""

    name: ClassVar[str] = "generated"
    one_password: ClassVar[bool] = False

    def create(self, job: Job, current: str) -> str:
        """A random value of `length` characters."""
        made = new_password(_length(job))
        if not (name := job.settings.get("member", "")):
            return made
        return as_text({**as_object(current), name: made})

    def set(self, job: Job, current: str, pending: str) -> None:
        """There is no target."""

    def test(self, job: Job, pending: str) -> None:
        """The value is there, where it should be. Also asked of values that somebody put by hand."""
        name = job.settings.get("member", "")
        found = as_object(pending).get(name) if name else pending
        if not isinstance(found, str) or not found:
            raise NotRotated("the value, or the member of it that is rotated, is not a text")

    def finish(self, job: Job, pending: str) -> None:
        """Nothing is left to do."""

    def retire(self, job: Job, old: str, current: str) -> str:
        """Nobody takes it but readers, and they have the new one."""
        return "replaced"


def _length(job: Job) -> int:
    text = job.settings.get("length", str(LENGTH))
    if not (text.isascii() and text.isdigit()) or not LENGTH_MIN <= int(text) <= LENGTH_MAX:
        raise NotRotated(f"the setting `length` is not between {LENGTH_MIN} and {LENGTH_MAX}")
    return int(text)

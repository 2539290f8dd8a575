"""Sources of key-encryption keys: a file with mode 0600, an environment variable, or an external command (DESIGN §7).

Each gives the same text: one key of 32 bytes a line, as 64 hexadecimal digits or as base64; the first wraps, all may
unwrap. Empty lines and lines that begin with `#` are skipped. Keys never stand in argv, an error, or a log.
"""

import base64
import binascii
import contextlib
import os
import secrets
import shlex
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from muniment.ops.keys.kek import KEK_BYTES, KEKSource
from muniment.ops.keys.secret import Secret

KEK_TEXT_BYTES_MAX: Final = 16_384
COMMAND_SECONDS_MAX: Final = 30


class KEKRefused(Exception):
    """The key-encryption key cannot be had, or not safely. The message says what to do and holds nothing secret."""


class KEKFile:
    """A file only its owner may read. It is created with one random key on the first start."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"KEKFile({str(self.path)!r})"

    def load(self) -> Sequence[Secret[bytes]]:
        """The keys in the file. Raises KEKRefused where others may read it or it holds no keys."""
        try:
            text = self._read()
        except FileNotFoundError:
            self._write_if_absent(_line(os.urandom(KEK_BYTES)))
            text = self._read()
        return parse(text, f"the file {self.path}")

    def stamp(self) -> object:
        """The file's identity and time of change."""
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return None
        return about.st_ino, about.st_mtime_ns

    def prepend(self) -> None:
        """Put a new random key first: the next step of a rotation is to rewrap (ops/keys/rotate.py). Raises KEKRefused."""
        keys = self.load()
        self._replace([Secret(os.urandom(KEK_BYTES)), *keys])

    def keep_first(self) -> None:
        """Forget all keys but the first: the last step of a rotation, once nothing is wrapped with the others."""
        self._replace(self.load()[:1])

    def _replace(self, keys: Sequence[Secret[bytes]]) -> None:
        fresh = self._write_beside(b"".join(_line(key.reveal()) for key in keys))
        os.replace(fresh, self.path)
        _sync_directory(self.path.parent)

    def _write_if_absent(self, content: bytes) -> None:
        """Whole or not at all, so that a process starting at the same time reads a complete file."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._write_beside(content)
        try:
            with contextlib.suppress(FileExistsError):
                os.link(fresh, self.path)
        finally:
            fresh.unlink()
        _sync_directory(self.path.parent)

    def _write_beside(self, content: bytes) -> Path:
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return fresh

    def _read(self) -> str:
        """Checks the very file it reads, through the open descriptor."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise KEKRefused(f"the key file {self.path} cannot be opened: {error.strerror}") from None
        try:
            self._refuse_unsafe(os.fstat(handle))
            return os.read(handle, KEK_TEXT_BYTES_MAX + 1).decode("ascii", "replace")
        finally:
            os.close(handle)

    def _refuse_unsafe(self, about: os.stat_result) -> None:
        if not stat.S_ISREG(about.st_mode):
            raise KEKRefused(f"the key file {self.path} is not a regular file")
        if about.st_mode & 0o077:
            mode = stat.S_IMODE(about.st_mode)
            raise KEKRefused(f"the key file {self.path} has mode {mode:04o}: run `chmod 600 {self.path}`")
        if about.st_uid not in (os.geteuid(), 0):
            raise KEKRefused(
                f"the key file {self.path} belongs to user {about.st_uid}: give it to the user who runs this program"
            )


class KEKEnvironment:
    """An environment variable; it is taken out of the environment at once, so that no child process inherits it."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        self._taken: Secret[str] | None = None

    def __repr__(self) -> str:
        return f"KEKEnvironment({self.variable!r})"

    def stamp(self) -> object:
        """It does not change while the process runs."""
        return None

    def load(self) -> Sequence[Secret[bytes]]:
        """The keys in the variable, separated by commas or line ends. Raises KEKRefused."""
        text = os.environ.pop(self.variable, None)
        if text is not None:
            self._taken = Secret(text)
        if self._taken is None:
            raise KEKRefused(
                f"the environment variable {self.variable} is not set: it must hold the key-encryption key"
            )
        return parse(self._taken.reveal().replace(",", "\n"), f"the environment variable {self.variable}")


class KEKCommand:
    """An external command that prints the keys, such as the client of a hardware module or a cloud's key service."""

    def __init__(self, command: str) -> None:
        self._arguments = shlex.split(command)
        if not self._arguments:
            raise KEKRefused("the key command is empty")

    def __repr__(self) -> str:
        return f"KEKCommand({self._arguments[0]!r})"

    def stamp(self) -> object:
        """It does not change while the process runs."""
        return None

    def load(self) -> Sequence[Secret[bytes]]:
        """What the command prints. Raises KEKRefused; neither its output nor its errors are repeated anywhere."""
        name = self._arguments[0]
        try:
            done = subprocess.run(  # the operator's own command, split without a shell
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS_MAX,
                check=False,
            )
        except OSError as error:
            raise KEKRefused(f"the key command `{name}` cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise KEKRefused(f"the key command `{name}` did not end within {COMMAND_SECONDS_MAX} seconds") from None
        if done.returncode != 0:
            raise KEKRefused(f"the key command `{name}` ended with status {done.returncode}: run it by hand to see why")
        return parse(done.stdout.decode("ascii", "replace"), f"the command `{name}`")


class KEKMemory:
    """Keys that are handed in, or one random key: for tests and for servers that keep nothing."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = tuple(Secret(key) for key in keys or (os.urandom(KEK_BYTES),))

    def __repr__(self) -> str:
        return "KEKMemory(***)"

    def stamp(self) -> object:
        """It does not change while the process runs."""
        return None

    def load(self) -> Sequence[Secret[bytes]]:
        """The keys in order."""
        return self._keys


def source_of(setting: str) -> KEKSource:
    """The source a setting names: `file:PATH`, `environment:VARIABLE` or `command:COMMAND LINE`. Raises KEKRefused."""
    kind, _, rest = setting.partition(":")
    if rest:
        if kind == "file":
            return KEKFile(Path(rest).expanduser())
        if kind == "environment":
            return KEKEnvironment(rest)
        if kind == "command":
            return KEKCommand(rest)
    raise KEKRefused("the key source must be `file:PATH`, `environment:VARIABLE` or `command:COMMAND LINE`")


def kek_source(setting: str, data: Path) -> KEKSource:
    """The source a setting names, or, where it is empty, the file `kek` in the data directory."""
    return source_of(setting) if setting else KEKFile(data / "kek")


def parse(text: str, place: str) -> tuple[Secret[bytes], ...]:
    """The keys in `text`; `place` says in an error where it came from. Raises KEKRefused with the number of the bad line."""
    if len(text) > KEK_TEXT_BYTES_MAX:
        raise KEKRefused(f"{place} is longer than {KEK_TEXT_BYTES_MAX} bytes")
    keys: list[Secret[bytes]] = []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if word and not word.startswith("#"):
            keys.append(Secret(_key(word, place, number)))
    if not keys:
        raise KEKRefused(f"{place} holds no key-encryption key")
    return tuple(keys)


def _key(word: str, place: str, number: int) -> bytes:
    raw = b""
    with contextlib.suppress(ValueError, binascii.Error):
        raw = bytes.fromhex(word) if len(word) == 2 * KEK_BYTES else base64.b64decode(word, validate=True)
    if len(raw) != KEK_BYTES:
        raise KEKRefused(
            f"{place}, line {number}: a key-encryption key is {KEK_BYTES} random bytes as hexadecimal digits or base64"
            " (`openssl rand -hex 32` makes one)"
        )
    return raw


def _line(key: bytes) -> bytes:
    return key.hex().encode() + b"\n"


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

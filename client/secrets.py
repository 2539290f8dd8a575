"""`Secrets`: values of secrets, kept in memory, renewed when they rotate, and tried again where a login fails (FEATURES 1f)."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec

from muniment.client.errors import NoSecret, NotFetched
from muniment.client.promotions import Promotions
from muniment.client.signing import Keys
from muniment.client.vault import Fetched, Vault
from muniment.domain.arn import ARN
from muniment.domain.secret.state import boundary_of
from muniment.ops.reader.credential import load

AGE_SECONDS_MAX: Final = 60.0
STALE_SECONDS_MAX: Final = 300.0
PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between two looks for a version that the target takes

T = TypeVar("T")
Refuses = tuple[type[Exception], ...] | Callable[[Exception], bool]


class _Kept(msgspec.Struct, frozen=True):
    fetched: Fetched
    asked: float  # when the server was asked for it


class Secrets:
    """Values by name or ARN. Thread-safe; make it with `Secrets.open`, close it, or use it as a context manager.

    A value is at most `age_seconds` old; with a reader's credential the server tells when one is replaced, and the next
    call fetches the new one. Where the server cannot be asked, the last value serves on until it is `stale_seconds` old.
    """

    def __init__(
        self,
        vault: Vault,
        age_seconds: float = AGE_SECONDS_MAX,
        stale_seconds: float = STALE_SECONDS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._vault, self._age, self._stale = vault, age_seconds, stale_seconds
        self._monotonic, self._sleep = monotonic, sleep
        self._kept: dict[str, _Kept] = {}
        self._told: dict[str, float] = {}  # boundary → when it was said to have a new value
        self._told_all = float("-inf")
        self._fetching: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._promotions: Promotions | None = None

    @classmethod
    def open(
        cls,
        endpoint: str,
        access_key_id: str,
        secret_access_key: str,
        session_token: str = "",
        *,
        credential: str | Path | None = None,
        process: int = 0,
        region: str = "us-east-1",
        ca: str | Path | None = None,
        age_seconds: float = AGE_SECONDS_MAX,
        stale_seconds: float = STALE_SECONDS_MAX,
    ) -> Self:
        """Ask the server at `endpoint` with these keys, which need `secretsmanager:GetSecretValue`.

        `credential` is the file of `muniment readers add --secret`, by which new values are told of. Raises BadCredential.
        """
        keys = Keys(access_key_id, secret_access_key, session_token)
        made = cls(Vault(endpoint, keys, region, Path(ca) if ca else None), age_seconds, stale_seconds)
        if credential is not None:
            made._listen(Path(credential), process)
        return made

    def get(self, secret_id: str) -> str:
        """The current SecretString. Raises NoSecret (there is none for us), NotFetched (the server cannot be asked)."""
        return self._current(secret_id).text or ""

    def get_json(self, secret_id: str) -> dict[str, Any]:
        """The current value, a JSON object. Raises as `get` does, and NoSecret where it is none."""
        return _as_object(self._current(secret_id))

    def using(self, secret_id: str, work: Callable[[dict[str, Any]], T], refused: Refuses) -> T:
        """What `work` makes of the current value, a JSON object such as a login. Where it fails as a login does that the target
        does not take, another value is fetched, for which it waits some two seconds, and the work is tried once more.

        `refused` are the exceptions of such a failure, or a function that recognizes them.
        """
        recognizes = refused if callable(refused) else lambda error: isinstance(error, refused)
        tried = self._current(secret_id)
        began = self._monotonic()
        try:
            return work(_as_object(tried))
        except Exception as error:
            if not recognizes(error):
                raise
            newer = self._another(secret_id, tried, began)
            if newer is None:
                raise
        return work(_as_object(newer))

    def _another(self, secret_id: str, refused: Fetched, since: float) -> Fetched | None:
        """Another version than the one that was refused. Where there is none yet, a rotation may be about to bring it: the target
        takes the new value before readers are given it. None where it does not come."""
        for pause in (*PAUSES, 0.0):
            found = self._current(secret_id, since)
            if found.version_id != refused.version_id:
                return found
            since = self._monotonic()
            self._sleep(pause)
        return None

    def close(self) -> None:
        """Forget all values, and listen no more."""
        if self._promotions is not None:
            self._promotions.close()
        self._kept.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what is kept ----------------------------------------------------------------------------------------------

    def _current(self, secret_id: str, since: float = float("-inf")) -> Fetched:
        """The value, asked for after `since` and after whatever was told of it."""
        kept = self._kept.get(secret_id)
        if kept is not None and self._is_fresh(kept, since):
            return kept.fetched
        with self._guard:
            lock = self._fetching.setdefault(secret_id, threading.Lock())
        with lock:  # one asks, the others take what it got
            kept = self._kept.get(secret_id)
            if kept is not None and self._is_fresh(kept, since):
                return kept.fetched
            asked = self._monotonic()
            try:
                fetched = self._vault.fetch(secret_id)
            except NotFetched:
                if kept is None or asked - kept.asked > self._stale:
                    raise
                return kept.fetched
            except NoSecret:
                self._kept.pop(secret_id, None)
                raise
            self._kept[secret_id] = _Kept(fetched, asked)
            return fetched

    def _is_fresh(self, kept: _Kept, since: float) -> bool:
        told = max(since, self._told_all, self._told.get(_boundary(kept.fetched), float("-inf")))
        return kept.asked > told and self._monotonic() - kept.asked <= self._age

    def _listen(self, path: Path, process: int) -> None:
        credential = load(path)
        consumer = credential.consumers[process]
        self._promotions = Promotions(credential, consumer, self._changed, self._lost)
        self._promotions.start()

    def _changed(self, boundary: str) -> None:
        self._told[boundary] = self._monotonic()

    def _lost(self) -> None:
        """Something may have been missed: every value is asked for again."""
        self._told_all = self._monotonic()


def _boundary(fetched: Fetched) -> str:
    parsed = ARN.parse(fetched.arn)
    return boundary_of(parsed.account, fetched.name) if parsed is not None else ""


def _as_object(fetched: Fetched) -> dict[str, Any]:
    try:
        return msgspec.json.decode(fetched.text or "", type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise NoSecret(f"the value of `{fetched.name}` is not a JSON object") from None

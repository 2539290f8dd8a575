"""Calls from other threads into the loop, with the library's exceptions."""

from __future__ import annotations

from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from eventsourcing.persistence import OperationalError

from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop

T = TypeVar("T")


def operational(
    loop: NatsLoop, coroutine: Coroutine[Any, Any, T], deadline: float, late: type[OperationalError] = OperationalError
) -> T:
    """Run on the loop; what NATS cannot do becomes OperationalError. Appends have mapped their own outcomes before.

    `late` is raised where the coroutine did not even end by itself soon after the deadline: for appends, Unknown.
    """
    try:
        return loop.run(coroutine, deadline)
    except NatsError as exc:
        raise OperationalError(str(exc)) from exc
    except TimeoutError as exc:
        raise late("the connection to NATS did not answer in time") from exc
    except CancelledError as exc:
        raise OperationalError("the connection to NATS was closed while waiting") from exc

"""Process hygiene: what keeps keys in memory out of core files and other processes (SECURITY 18)."""

import ctypes
import os
import resource
from typing import Final

PR_GET_DUMPABLE: Final = 3  # prctl(2)
PR_SET_DUMPABLE: Final = 4


def forbid_dumps() -> None:
    """No core files, and no reading of this process's memory by others of the same user. Raises OSError where refused.

    A side effect on Linux: `/proc/self` belongs to root from now on, unless this process is root (prctl(2)).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)


def dumps_are_forbidden() -> bool:
    """Whether this process is in the state that `forbid_dumps` leaves."""
    return resource.getrlimit(resource.RLIMIT_CORE)[0] == 0 and _prctl(PR_GET_DUMPABLE, 0) == 0


def _prctl(option: int, argument: int) -> int:
    answer = int(ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(argument), 0, 0, 0))
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}): {os.strerror(error)}")
    return answer

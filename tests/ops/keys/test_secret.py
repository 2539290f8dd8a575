"""Secrets show themselves only when asked by name; dumps are off."""

import copy
import json
import pickle
import subprocess
import sys

import pytest

from muniment.ops.keys.secret import Secret

CHECK = """
import muniment.ops.keys.hygiene as hygiene
assert not hygiene.dumps_are_forbidden()
hygiene.forbid_dumps()
assert hygiene.dumps_are_forbidden()
import resource
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
"""


def test_a_secret_shows_three_stars_everywhere() -> None:
    secret = Secret("canary")
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        "".join(["<", str(secret), ">"]),
        repr([secret]),
        repr({"a": secret}),
    ]
    assert "canary" not in "".join(shown)
    assert shown[0] == "***"
    assert secret.reveal() == "canary"


def test_a_secret_is_not_pickled_copied_hashed_or_serialised() -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, hash, json.dumps, vars):
        with pytest.raises(TypeError) as caught:
            attempt(Secret("canary"))  # type: ignore[operator]
        assert "canary" not in str(caught.value)


def test_secrets_compare_by_value_and_kind() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != Secret(b"a")
    assert Secret("a") != "a"
    assert Secret("é") == Secret("é")


def test_core_files_and_foreign_readers_are_refused() -> None:
    # in a process of its own: it cannot be taken back
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

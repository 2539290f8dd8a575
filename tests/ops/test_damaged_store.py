"""A damaged block file: the log stops being served, and the place is named (issue text: bad input; NATS.md, damage)."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.muniment_server import MUNIMENT, Muniment

USERS = 40
FOUNDING = 3  # entries of the first account; one more notes that its root key was used


def damage(data, text):
    """Flip one bit of `text` in the block file that holds it."""
    for block in sorted((data / "nats").rglob("streams/IAM/msgs/*.blk")):
        content = bytearray(block.read_bytes())
        if (place := content.find(text)) >= 0:
            content[place] ^= 1
            block.write_bytes(content)
            return
    raise AssertionError(f"{text!r} is in no block file")


def test_a_flipped_bit_stops_every_model_and_names_the_sequence(tmp_path):
    data = tmp_path / "data"
    with Muniment(data) as server:
        iam = server.client("iam")
        for number in range(USERS):
            iam.create_user(UserName=f"user-{number}")
        server.stop()
        damage(data, b"user-20")
        server.start()
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"{server.endpoint}/readyz")
        assert answer.value.code == 503
        report = json.load(answer.value)
        place = next(line for line in report["missing"] if line.startswith("log: IAM "))
        sequence = int(place.removeprefix("log: IAM ").split(":")[0])
        assert FOUNDING < sequence < FOUNDING + USERS
        assert report["models"]["access"]["condition"] == "stopped"
        with pytest.raises(Exception, match=r"ServiceUnavailable|503|cannot"):
            server.client("iam").list_users()
    found = subprocess.run([MUNIMENT, "verify", "--data", data], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert f"IAM {sequence}" in found.stdout

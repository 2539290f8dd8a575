"""The commands themselves, on a data directory whose server is not running: what they print, and how they end."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from muniment.ops.backup.archive import Archive
from muniment.ops.cli import app, backup
from muniment.ops.notary.file import FILE
from tests.ops import histories
from tests.ops.realm import realm

if not any(command.name == "restore" for command in app.registered_commands):
    backup.register(app)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data directory with a log, its heads and its keys."""
    place = tmp_path_factory.mktemp("data") / "muniment"
    with realm(place / FILE, place) as running:
        running.write()
        running.sign()
        running.write(histories.sequel())
        place_secret = running.secret
    (place.parent / "secret").write_text(place_secret)
    return place


@pytest.fixture
def muniment(data):
    """Runs a command on the data directory; its exit code, standard output, standard error."""

    def run(*arguments, on=data):
        done = CliRunner().invoke(app, [*map(str, arguments), "--data", str(on)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def test_replay_shows_states_differences_and_timelines(muniment):
    ana = f"arn:aws:iam::{histories.NUMBER}:user/ana"
    now = muniment("replay")
    assert now.exit_code == 0
    assert f"ana  {ana}" in now.stdout
    assert "site.muniment" in now.stdout
    one = json.loads(muniment("replay", histories.NUMBER, "--at", "8", "--json").stdout)
    assert one["position"] == 8
    assert list(one["boundaries"]) == [histories.BOUNDARY]
    changes = json.loads(muniment("replay", "--from", one["time"], "--json").stdout)["changes"]
    assert {"Benno", "ana"} <= {change["name"] for change in changes}
    assert "~ ana" in muniment("replay", "--from", "20").stdout
    told = muniment("replay", "--timeline", "--resource", ana).stdout
    assert "iam:TagUser  UserTagged" in told
    assert "nothing was recorded" in muniment("replay", "--timeline", "--principal", ana).stdout
    assert "UserTagged" in muniment("replay", "--timeline", "--resource", "ana", "--table").stdout
    assert "Benno" in muniment("replay", "--table").stdout


def test_a_time_shows_what_its_position_shows(muniment):
    by_position = json.loads(muniment("replay", "--at", "9", "--json").stdout)
    by_time = json.loads(muniment("replay", "--at", by_position["time"], "--json").stdout)
    assert by_time["position"] >= by_position["position"]
    assert json.loads(muniment("replay", "--at", "1 week ago", "--json").stdout)["boundaries"] == {}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["replay", "--at", "yesterday"], "is not a moment"),
        (["replay", "--at", "9999"], "lies beyond the log"),
        (["replay", "nowhere"], "is not a boundary"),
        (["replay", "account.999999999999"], "has no entry"),
        (["replay", "--at", "3", "--from", "2"], "either `--at`, or"),
        (["replay", "--from", "5", "--to", "3"], "lies behind"),
        (["replay", "--resource", "x"], "add `--timeline`"),
        (["replay", "--json", "--table"], "either `--json` or `--table`"),
    ],
)
def test_what_cannot_be_replayed_is_told_in_one_line(muniment, arguments, reason):
    done = muniment(*arguments)
    assert done.exit_code == 1
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_verify_says_that_the_log_is_sound(muniment):
    done = muniment("verify")
    assert done.exit_code == 0
    assert "the log is sound" in done.stdout
    assert json.loads(muniment("verify", "--json", "--quick").stdout)["sound"]


def test_verify_ends_with_one_and_names_the_place_when_the_file_of_heads_says_otherwise(muniment, data, tmp_path):
    lines = (data / FILE).read_text().splitlines(keepends=True)
    other = tmp_path / "heads.log"
    other.write_text("".join([lines[0][:-9] + "AAAAAAAA\n", *lines[1:]]))
    done = muniment("verify", "--heads", other)
    assert done.exit_code == 1
    assert f"{other} 1:" in done.stdout
    assert "the log is not sound" in done.stdout


def test_a_backup_is_restored_elsewhere_and_verifies(muniment, data, tmp_path):
    path, keys, there = tmp_path / "log", tmp_path / "keys", tmp_path / "there"
    done = muniment("backup", path, "--keys", keys)
    assert done.exit_code == 0, done.output
    assert Archive(path).begin.spans[0].stream == "IAM"
    there.mkdir()
    refused = muniment("restore", path, "--keys", keys, on=there)
    assert refused.exit_code == 1
    assert "in no backup" in refused.stderr
    shutil.copy(data / "kek", there / "kek")
    restored = muniment("restore", path, "--keys", keys, "--json", on=there)
    assert restored.exit_code == 0, restored.output
    assert set(json.loads(restored.stdout)["epochs"]) == {"IAM", "IAM_ACTIVITY", "IAM_CHECKPOINTS"}
    assert muniment("verify", on=there).exit_code == 0
    before, after = (json.loads(muniment("replay", "--json", on=place).stdout) for place in (data, there))
    assert before == after
    again = muniment("restore", path, "--keys", keys, on=there)
    assert again.exit_code == 1
    assert "nothing was changed" in again.stderr


def test_a_backup_and_its_keys_do_not_share_a_file(muniment, tmp_path):
    done = muniment("backup", tmp_path / "one", "--keys", tmp_path / "." / "one")
    assert done.exit_code == 1
    assert "kept apart" in done.stderr


def test_a_backup_over_a_file_that_is_there_is_refused(muniment, tmp_path):
    (tmp_path / "there").write_text("mine")
    assert muniment("backup", tmp_path / "there").exit_code == 1
    assert (tmp_path / "there").read_text() == "mine"


def test_a_restore_onto_a_log_is_refused(muniment, tmp_path):
    path = tmp_path / "log"
    assert muniment("backup", path).exit_code == 0
    done = muniment("restore", path)
    assert done.exit_code == 1
    assert "not empty" in done.stderr


def test_every_command_explains_itself_with_an_example():
    for command in ("replay", "verify", "backup", "restore"):
        text = CliRunner().invoke(app, [command, "--help"]).stdout
        assert f"muniment {command}" in text

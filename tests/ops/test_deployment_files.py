"""The example files of ops/deploy: what they start exists, with options that the program has, and their readers accept them."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from muniment.ops.cli import app
from muniment.ops.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "ops" / "deploy"
UNIT = (DEPLOY / "muniment.service").read_text()
CONTAINER = (DEPLOY / "Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def understood(words):
    """The parameters that the program reads from a command line. Raises where it would not start."""
    name, *rest = words
    command = get_command(app).commands[name]
    return command.make_context(name, [str(word) for word in rest]).params


def test_the_unit_starts_what_there_is():
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    program, *words = shlex.split(line)
    assert Path(program).name == "muniment"
    assert str(understood(words)["data"]) == "/var/lib/muniment"


def test_the_unit_has_every_section_and_says_nothing_twice():
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(UNIT)
    assert unit.sections() == ["Unit", "Service", "Install"]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze, which reads units, is not installed"
)
def test_systemd_accepts_the_unit(tmp_path):
    there = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT, flags=re.MULTILINE)
    unit = tmp_path / "muniment.service"
    unit.write_text(re.sub(r"^(User|Group)=.*$", r"\1=root", there, flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("service", ["api", "provision"])
def test_the_compose_file_starts_what_there_is(service):
    assert understood(COMPOSE["services"][service]["command"])["nats"].startswith("tls://nats-1:4222,")


def test_the_compose_file_s_choices_may_be_run(tmp_path):
    chosen = understood(COMPOSE["services"]["api"]["command"])
    settings = Settings(
        data=tmp_path, host=chosen["host"], role=chosen["role"], nats=chosen["nats"], kek=chosen["kek"],
        timeline=chosen["timeline"], trusted_proxies=tuple(chosen["trusted_proxy"]),
    )  # fmt: skip
    assert settings.role == "api"


def test_the_compose_file_names_only_what_it_has():
    for name, service in COMPOSE["services"].items():
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"]), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        assert set(service.get("depends_on", [])) <= set(COMPOSE["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith("./"), (name, source)


def test_every_setting_of_the_servers_is_given_to_each():
    wanted = set(re.findall(r"\$(MUNIMENT_NATS_\w+)", (DEPLOY / "nats" / "node.conf").read_text()))
    for number in (1, 2, 3):
        given = COMPOSE["services"][f"nats-{number}"]
        assert wanted == set(given["environment"])
        assert any(volume.startswith("./nats:/etc/nats") for volume in given["volumes"])


def test_the_container_copies_what_there_is_and_starts_the_program():
    for source in re.findall(r"^COPY (?!--from)(\S+) ", CONTAINER, re.MULTILINE):
        assert (ROOT / source).exists()
    (entry,) = re.findall(r'^ENTRYPOINT \["(\w+)"\]$', CONTAINER, re.MULTILINE)
    (words,) = re.findall(r"^CMD \[(.*)\]$", CONTAINER, re.MULTILINE)
    assert entry == "muniment"
    assert understood([word.strip(' "') for word in words.split(",")])["role"] == "all"
    (check,) = re.findall(r'HEALTHCHECK .* CMD \["python", "-c", "(.*)"\]', CONTAINER)
    compile(check, "healthcheck", "exec")

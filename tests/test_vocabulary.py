"""The rules of words and sizes (EXAMPLES §4), checked over the whole tree."""

import ast
import re
from pathlib import Path

import pytest

from muniment.commands.command import COMMANDS
from muniment.commands.sts.issue import ISSUES
from muniment.domain.errors import Refused
from muniment.domain.facts import FACTS
from muniment.ops import actions
from muniment.projections.query import QUERIES

ROOT = Path(__file__).parent.parent
FOLDERS = ("domain", "commands", "projections", "api", "ops", "client")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
VERSIONS_OF_NEED = re.compile(r"(Event|Exception|Aggregate|Manager)$")

assert actions  # every command and query is known once it is imported


def classes(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]


def test_facts_are_a_noun_and_a_past_participle():
    names = {name for (name, _), kind in FACTS.items() if kind.__module__.startswith("muniment.domain.")}
    assert len(names) > 60
    assert [name for name in names if VERSIONS_OF_NEED.search(name)] == []
    regular = re.compile(r"(ed|Put|Set|Reset|Made|Read)$")
    assert [name for name in names if not regular.search(name)] == []


def test_no_fact_says_only_that_something_was_updated():
    assert [name for name, _ in FACTS if name.endswith("Updated")] == []


def test_actions_are_imperatives_and_known_once():
    assert len(COMMANDS) + len(QUERIES) + len(ISSUES) == len({*COMMANDS, *QUERIES, *ISSUES})
    assert [name for _, name in (*COMMANDS, *QUERIES, *ISSUES) if not re.fullmatch(r"[A-Z][A-Za-z]+", name)] == []


def test_refusals_are_aws_codes_without_decoration():
    names = [kind.__name__ for kind in Refused.__subclasses__()]
    assert [name for name in names if name.endswith(("Error", "Exception")) and name != "ValidationError"] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small_opens_with_what_it_is_for_and_has_a_telling_name(path):
    text = path.read_text()
    if not text.strip():
        return
    assert path.stem not in SAY_NOTHING
    assert text.count("\n") < 400
    assert ast.get_docstring(ast.parse(text)), "a module opens with a sentence that says what it is for"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_fit_a_screen(path):
    nodes = (
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert [node.name for node in nodes if node.end_lineno - node.lineno + 1 > 70] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_unfinished(path):
    assert (
        re.findall(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|not implemented yet|\bfor now\b", path.read_text()) == []
    )

"""The documents say what the code does: commands, options and targets that they name exist."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from muniment.ops.cli import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
COMMAND = re.compile(r"muniment ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)((?: --?[a-z][a-z-]*)*)")
TREE = get_command(app)


def texts(path):
    """The code of a document: fenced blocks and spans."""
    text = path.read_text()
    return re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)


def command_of(words):
    """The command that the words name, or None."""
    node = TREE
    for word in words.split():
        children = getattr(node, "commands", {})
        if word not in children:
            break
        node = children[word]
    return None if node is TREE else node


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_muniment_command_in_the_documents_exists(path):
    named = [(words, options) for text in texts(path) for words, options in COMMAND.findall(text)]
    assert [words for words, _ in named if command_of(words) is None] == []
    for words, options in named:
        known = {option for parameter in command_of(words).params for option in parameter.opts}
        assert set(options.split()) <= known, words


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_in_the_documents_exists(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for text in texts(path)
        for name in re.findall(r"^\$? ?make ([a-z-]+)|`make ([a-z-]+)", text, re.MULTILINE)
        for name in name
        if name
    }
    assert named <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_command_is_told_of_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in TREE.commands if f"muniment {name}" not in readme] == []


def test_decisions_are_numbered_once():
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))

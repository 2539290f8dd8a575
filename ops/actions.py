"""Every command and query that this program knows: importing this module registers them all."""

import importlib
import pkgutil

from muniment import commands
from muniment.commands.command import COMMANDS
from muniment.projections import queries
from muniment.projections.authzen import catalog
from muniment.projections.query import QUERIES


def _import_all(package: object) -> None:
    path, name = package.__path__, package.__name__  # type: ignore[attr-defined]
    for module in pkgutil.walk_packages(path, f"{name}."):
        importlib.import_module(module.name)


_import_all(commands)
_import_all(queries)
catalog.learn([*COMMANDS, *QUERIES])

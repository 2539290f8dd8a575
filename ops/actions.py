"""Every command and query that this program knows: importing this module registers them all."""

import importlib
import pkgutil

from muniment import commands
from muniment.projections import queries


def _import_all(package: object) -> None:
    path, name = package.__path__, package.__name__  # type: ignore[attr-defined]
    for module in pkgutil.walk_packages(path, f"{name}."):
        importlib.import_module(module.name)


_import_all(commands)
_import_all(queries)

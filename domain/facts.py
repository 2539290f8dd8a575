"""Every fact there is: importing this module fills the FACTS registry, which must be whole before an entry is decoded."""

import importlib
import pkgutil

from muniment import domain
from muniment.domain.ledger import FACTS

NO_FACTS = ("policy", "escalation")  # the folders of the domain that are no boundary's


def _import_all() -> None:
    for folder in pkgutil.iter_modules(domain.__path__, f"{domain.__name__}."):
        if folder.ispkg and not folder.name.endswith(NO_FACTS):
            package = importlib.import_module(folder.name)
            for module in pkgutil.iter_modules(package.__path__, f"{folder.name}."):
                importlib.import_module(module.name)


_import_all()

__all__ = ["FACTS"]

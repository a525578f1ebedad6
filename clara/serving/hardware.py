"""What this machine has: GPUs as ``nvidia-smi`` names them, and main memory. No CUDA library is loaded here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_QUERY = "index,uuid,name,memory.total,compute_cap"
_SECONDS = 20


@dataclass(frozen=True)
class Gpu:
    """One GPU."""

    name: str
    gigabytes: float | None
    """Memory in 10⁹ bytes; None where the driver does not say (shared memory)."""
    compute: float | None = None
    """CUDA compute capability."""
    index: str = ""
    uuid: str = ""

    def __str__(self) -> str:
        """For people: the name, and the memory where it is known."""
        if self.gigabytes is None:
            return self.name
        return f"{self.name} with {round(self.gigabytes, 1):g} GB"


def find_gpus(environ: Mapping[str, str] | None = None) -> list[Gpu]:
    """The GPUs that a child of this process may use; empty without a driver."""
    if environ is None:
        environ = os.environ
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return []
    command = [program, f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return []
    if result.returncode:
        return []
    return visible(parse_gpus(result.stdout), environ.get("CUDA_VISIBLE_DEVICES"))


def parse_gpus(text: str) -> list[Gpu]:
    """The GPUs of ``nvidia-smi``'s table; lines that are none are left out."""
    gpus: list[Gpu] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(_QUERY.split(",")) or not cells[0].isdigit():
            continue
        index, uuid, name, mebibytes, compute = cells
        memory = _number(mebibytes)
        gigabytes = None
        if memory:
            gigabytes = memory * 2**20 / 1e9
        gpus.append(Gpu(name, gigabytes, _number(compute), index, uuid))
    return gpus


def visible(gpus: Sequence[Gpu], chosen: str | None) -> list[Gpu]:
    """Those that ``CUDA_VISIBLE_DEVICES`` leaves; like CUDA, it stops at the first entry that names none.

    The table does not hold the parts of a divided GPU (MIG), so one counts as a GPU of unknown memory.
    """
    if chosen is None:
        return list(gpus)
    left: list[Gpu] = []
    for entry in (part.strip() for part in chosen.split(",")):
        if entry.startswith("MIG-"):
            return [*left, Gpu("part of a GPU (MIG)", None, uuid=entry)]  # CUDA shows a process one such part, and no more
        match = next((gpu for gpu in gpus if _names(entry, gpu)), None)
        if match is None:
            break
        left.append(match)
    return left


def _names(entry: str, gpu: Gpu) -> bool:
    """True if an entry of ``CUDA_VISIBLE_DEVICES`` is the GPU's number, or the beginning of its UUID."""
    if entry == gpu.index:
        return True
    return len(entry) > 4 and gpu.uuid.startswith(entry)


def main_memory() -> float:
    """Main memory of this machine in 10⁹ bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

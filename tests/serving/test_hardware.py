"""GPUs are read from what nvidia-smi prints; a stand-in for it is the only fake."""

from __future__ import annotations

from pathlib import Path

from clara.serving.hardware import Gpu, find_gpus, main_memory, parse_gpus, visible

TABLE = """\
0, GPU-aaaa1111, NVIDIA H100 80GB HBM3, 81559, 9.0
1, GPU-bbbb2222, NVIDIA GB10, [N/A], 12.1
"""


def stand_in(folder: Path, body: str) -> dict[str, str]:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_table_is_read() -> None:
    first, second = parse_gpus(TABLE)
    assert (first.name, first.compute, round(first.gigabytes or 0, 1)) == ("NVIDIA H100 80GB HBM3", 9.0, 85.5)
    assert (second.gigabytes, second.compute) == (None, 12.1)


def test_other_lines_are_no_gpus() -> None:
    assert (
        parse_gpus("No devices were found\nNVIDIA-SMI has failed, because it couldn't talk to the driver, and, so, on\n")
        == []
    )


def test_program_is_asked_in_a_child(tmp_path: Path) -> None:
    found = find_gpus(stand_in(tmp_path, f"cat <<'END'\n{TABLE}END"))
    assert [gpu.index for gpu in found] == ["0", "1"]


def test_failing_program_means_no_gpu(tmp_path: Path) -> None:
    assert find_gpus(stand_in(tmp_path, "echo 0, GPU-a, Broken, 1, 1; exit 9")) == []


def test_missing_program_means_no_gpu(tmp_path: Path) -> None:
    assert find_gpus({"PATH": str(tmp_path)}) == []


def test_visible_devices_choose_by_index_and_by_uuid() -> None:
    gpus = parse_gpus(TABLE)
    assert visible(gpus, None) == gpus
    assert [gpu.index for gpu in visible(gpus, "1,0")] == ["1", "0"]
    assert [gpu.index for gpu in visible(gpus, "GPU-bbbb")] == ["1"]
    assert visible(gpus, "") == []
    assert visible(gpus, "-1,0") == []


def test_part_of_a_divided_gpu_counts_as_one_of_unknown_memory() -> None:
    gpus = parse_gpus(TABLE)
    for chosen in ("MIG-1234", "MIG-GPU-aaaa1111/1/0", "MIG-1234,MIG-5678"):
        (part,) = visible(gpus, chosen)
        assert (part.gigabytes, part.compute, part.uuid) == (None, None, chosen.partition(",")[0])
    assert visible(gpus, "GPU-none") == []


def test_gpu_is_described_with_its_memory() -> None:
    assert [str(gpu) for gpu in parse_gpus(TABLE)] == ["NVIDIA H100 80GB HBM3 with 85.5 GB", "NVIDIA GB10"]


def test_main_memory_is_that_of_a_computer() -> None:
    assert 0.2 < main_memory() < 100_000
    assert Gpu("x", 1.0).compute is None

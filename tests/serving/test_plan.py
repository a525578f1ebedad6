"""Which weights are taken and how they are split."""

from __future__ import annotations

import pytest

from clara.errors import ServingError
from clara.serving.hardware import Gpu
from clara.serving.plan import ROOMS, SHORT, assumed_gpus, gigabytes_per_gpu, plan_cpu, plan_gpus, plan_model
from clara.serving.presets import Preset, find_preset, presets


def gpus(count: int, gigabytes: float | None, compute: float = 9.0) -> list[Gpu]:
    return [Gpu("test GPU", gigabytes, compute)] * count


@pytest.mark.parametrize(
    ("name", "count", "memory", "variant", "tensor", "data"),
    [
        ("qwen3-8b", 1, 80, "bf16", 1, 1),
        ("qwen3-8b", 1, 24, "fp8", 1, 1),
        ("qwen3-8b", 8, 80, "bf16", 1, 8),
        ("qwen3-8b", 3, 80, "bf16", 1, 3),
        ("qwen3-32b", 1, 80, "fp8", 1, 1),
        ("qwen3-32b", 2, 80, "bf16", 2, 1),
        ("llama-3.3-70b", 1, 80, "int4", 1, 1),
        ("llama-3.3-70b", 2, 80, "fp8", 2, 1),
        ("llama-3.3-70b", 8, 80, "bf16", 4, 2),
        ("gemma-3-27b", 2, 80, "bf16", 2, 1),
        ("mistral-small-24b", 1, 80, "bf16", 1, 1),
    ],
)
def test_best_weights_that_fit_are_split_and_copied(
    name: str, count: int, memory: float, variant: str, tensor: int, data: int
) -> None:
    plan = plan_gpus(find_preset(name), gpus(count, memory))
    assert plan.variant is not None
    assert (plan.variant.name, plan.tensor, plan.data) == (variant, tensor, data)


@pytest.mark.parametrize("preset", presets().values(), ids=str)
@pytest.mark.parametrize("count", [1, 2, 4, 8])
@pytest.mark.parametrize("memory", [8, 12, 16, 24, 48, 80, 141])
def test_no_plan_exceeds_the_memory_or_the_gpus(preset: Preset, count: int, memory: float) -> None:
    try:
        plan = plan_gpus(preset, gpus(count, memory))
    except ServingError:
        smallest = preset.variants[-1]
        least = min(gigabytes_per_gpu(preset, smallest, split, SHORT, SHORT) for split in preset.splits(count))
        assert least > memory
        return
    assert plan.variant is not None
    assert plan.max_len is not None
    assert gigabytes_per_gpu(preset, plan.variant, plan.tensor, plan.max_len, ROOMS[-1]) <= memory
    assert plan.tensor * plan.data <= count
    assert plan.sequences is not None
    assert 4 <= plan.sequences <= 256


@pytest.mark.parametrize(
    ("name", "memory", "variant", "sequences"),
    [
        ("qwen3-0.6b", 8, "bf16", 8),
        ("qwen3-8b", 12, "awq", 8),
        ("qwen3-4b", 12, "fp8", 8),
        ("qwen3-8b", 16, "awq", 16),
        ("qwen3-8b", 24, "fp8", 32),
    ],
)
def test_a_small_gpu_serves_fewer_questions_at_a_time_before_a_model_is_refused(
    name: str, memory: float, variant: str, sequences: int
) -> None:
    plan = plan_gpus(find_preset(name), gpus(1, memory))
    assert plan.variant is not None
    assert (plan.variant.name, plan.sequences) == (variant, sequences)


def test_a_context_that_was_asked_for_is_not_shortened() -> None:
    preset = find_preset("qwen3-0.6b")
    assert plan_gpus(preset, gpus(1, 6)).max_len == 8192
    with pytest.raises(ServingError, match="with 32768 tokens of context it needs"):
        plan_gpus(preset, gpus(1, 6), 32_768)


def test_room_for_many_questions_comes_before_better_weights_for_few() -> None:
    plan = plan_gpus(find_preset("qwen3-8b"), gpus(1, 24))
    assert plan.model == "Qwen/Qwen3-8B-FP8"  # bfloat16 would fit with room for four


def test_pipeline_takes_all_gpus_of_every_stage() -> None:
    preset = find_preset("llama-3.3-70b")
    plan = plan_gpus(preset, gpus(4, 24), pipeline=2)
    assert plan.variant is not None
    assert (plan.variant.name, plan.tensor, plan.data, plan.pipeline) == ("fp8", 4, 1, 2)
    assert plan.summary.endswith("on 8 GPUs in 2 stages")
    assert gigabytes_per_gpu(preset, plan.variant, 8, preset.max_len) <= 24
    assert plan_gpus(find_preset("qwen3-8b"), gpus(4, 80), pipeline=2).data == 1


def test_smallest_gpu_decides() -> None:
    plan = plan_gpus(find_preset("qwen3-8b"), [*gpus(1, 80), *gpus(1, 24)])
    assert (plan.tensor, plan.data) == (2, 1)  # two with 80 GB would hold a copy each


def test_old_gpu_gets_weights_that_it_can_run() -> None:
    plan = plan_gpus(find_preset("qwen3-8b"), gpus(1, 24, compute=7.5))
    assert plan.variant is not None
    assert plan.variant.name == "awq"


def test_unknown_memory_takes_the_best_weights() -> None:
    plan = plan_gpus(find_preset("qwen3-8b"), gpus(1, None))
    assert plan.model == "Qwen/Qwen3-8B"


def test_too_large_model_says_what_it_needs_and_what_would_fit() -> None:
    wanted = (
        r"Llama 3.3 70B Instruct does not fit: as int4 .* GB a GPU .*; presets that fit: qwen3-8b, qwen3-4b, qwen3-0.6b$"
    )
    with pytest.raises(ServingError, match=wanted):
        plan_gpus(find_preset("llama-3.3-70b"), gpus(1, 24))
    with pytest.raises(ServingError, match=r"with 2 GB$"):
        plan_gpus(find_preset("llama-3.3-70b"), gpus(1, 2))


def test_too_large_model_names_the_smallest_gpu() -> None:
    with pytest.raises(ServingError, match=r"here is 2 x test GPU with 3\.5 GB$"):
        plan_gpus(find_preset("qwen3-32b"), [*gpus(1, 12), *gpus(1, 3.5)])


def test_longer_context_than_the_model_has_is_refused() -> None:
    with pytest.raises(ServingError, match="context of 32768 tokens"):
        plan_gpus(find_preset("qwen3-8b"), gpus(1, 80), 100_000)


def test_longer_context_takes_more_memory() -> None:
    preset = find_preset("llama-3.3-70b")
    variant = preset.variants[0]
    assert gigabytes_per_gpu(preset, variant, 4, 131_072) > gigabytes_per_gpu(preset, variant, 4, 16_384)


def test_cpu_plan_needs_the_main_memory() -> None:
    plan = plan_cpu(find_preset("qwen3-0.6b"), memory=16)
    assert plan.cpu_cache is not None
    assert 2 <= plan.cpu_cache <= 8
    with pytest.raises(ServingError, match="main memory"):
        plan_cpu(find_preset("qwen3-32b"), memory=16)


def test_model_of_unknown_shape_is_shared_by_all_gpus() -> None:
    assert [plan_model("org/model", count).tensor for count in (1, 2, 3, 4, 8)] == [1, 2, 2, 4, 8]


def test_another_machine_is_assumed_large_enough() -> None:
    for preset in presets().values():
        assert plan_gpus(preset, assumed_gpus(preset)).variant is not None

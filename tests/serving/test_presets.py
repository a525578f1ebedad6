"""The presets are complete, and their shapes hold together."""

from __future__ import annotations

import pytest

from clara.errors import UsageError
from clara.serving.presets import CPU_PRESET, DEFAULT_PRESET, Preset, find_preset, presets


def test_models_of_the_plan_are_there() -> None:
    wanted = {"qwen3-8b", "qwen3-32b", "llama-3.3-70b", "gemma-3-27b", "medgemma-27b", "mistral-small-24b"}
    assert wanted <= presets().keys()
    assert {DEFAULT_PRESET, CPU_PRESET} <= presets().keys()


@pytest.mark.parametrize("preset", presets().values(), ids=str)
def test_shape_is_consistent(preset: Preset) -> None:
    assert preset.heads % preset.kv_heads == 0
    assert preset.max_len <= preset.context
    sizes = [variant.gigabytes for variant in preset.variants]
    assert sizes == sorted(sizes, reverse=True)
    assert all("/" in variant.model for variant in preset.variants)
    assert "--trust-remote-code" not in (*preset.flags, *(flag for variant in preset.variants for flag in variant.flags))


def test_cache_of_a_token_is_that_of_the_published_shape() -> None:
    assert find_preset("qwen3-8b").kv_bytes == 147_456  # 36 layers, 8 heads of 128, keys and values, 2 bytes
    assert find_preset("llama-3.3-70b").kv_bytes == 327_680


def test_split_divides_the_heads() -> None:
    assert find_preset("qwen3-8b").splits(8) == [1, 2, 4, 8]
    assert find_preset("qwen3-8b").splits(3) == [1, 2]
    assert find_preset("gemma-3-27b").splits(64) == [1, 2, 4, 8, 16]


def test_preset_is_found_by_its_name_and_by_its_weights() -> None:
    assert find_preset(" Qwen3-8B ").name == "qwen3-8b"
    assert find_preset("Qwen/Qwen3-32B-AWQ").name == "qwen3-32b"


def test_unknown_preset_is_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no preset 'gpt-9'.*qwen3-8b"):
        find_preset("gpt-9")

"""The models that ``clara vllm`` knows: ``presets.toml`` as checked values."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from clara.errors import UsageError

DEFAULT_PRESET = "qwen3-8b"
CPU_PRESET = "qwen3-0.6b"


class Variant(BaseModel):
    """One set of weights of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The precision: bf16, fp8, awq, int4."""
    model: str
    """Where the weights are: an id of the model hub."""
    gigabytes: float = Field(gt=0)
    """Size of the weights in memory, in 10⁹ bytes."""
    compute: float
    """Lowest CUDA compute capability."""
    flags: tuple[str, ...] = ()
    """Further flags of vLLM for these weights."""


class Preset(BaseModel):
    """A model with its shape and the flags that suit CLARA."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    licence: str
    gated: bool = False
    """The hub asks for an account that has accepted the licence."""
    context: int
    """Longest context of the model in tokens."""
    max_len: int
    """Context that CLARA asks for, in tokens."""
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    reasoning_parser: str | None = None
    flags: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = Field(min_length=1)
    """Best quality first."""

    @property
    def kv_bytes(self) -> int:
        """Bytes of key-value cache that one token takes, at 16 bits a number."""
        return 2 * 2 * self.layers * self.kv_heads * self.head_dim

    def splits(self, gpus: int) -> list[int]:
        """The tensor-parallel sizes that ``gpus`` allow and the attention heads divide into, ascending."""
        sizes = (2**power for power in range(gpus.bit_length()))
        return [size for size in sizes if size <= gpus and self.heads % size == 0 and self.kv_heads % size == 0]


@cache
def presets() -> dict[str, Preset]:
    """All presets by name."""
    text = resources.files("clara.serving").joinpath("presets.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {name: Preset.model_validate({**values, "name": name}) for name, values in table.items()}


def find_preset(name: str) -> Preset:
    """The preset of that name; hub ids of its weights are understood too.

    Raises:
        UsageError: there is none.
    """
    wanted = name.strip().lower()
    for preset in presets().values():
        if wanted == preset.name or any(wanted == variant.model.lower() for variant in preset.variants):
            return preset
    raise UsageError(f"there is no preset {name!r}; choose from {', '.join(presets())}, or name any model with --model")

"""Which weights of a preset, and how they are split over the GPUs: pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clara.errors import ServingError
from clara.serving.hardware import Gpu
from clara.serving.presets import Preset, Variant, presets

USABLE = 0.9
"""Part of a GPU's memory that vLLM takes; its own default is 0.90 to 0.92, depending on the version."""
OVERHEAD = 2.5
"""GB a GPU for activations, CUDA graphs and the CUDA context."""
ROOM = 48 * 1024
"""Tokens of key-value cache that should be left: about 32 questions in flight."""
ROOMS = (ROOM, ROOM // 2, ROOM // 3, 8192)
"""What is tried before a model is refused: fewer questions in flight, at last four."""
SHORT = 8192
"""Context, in tokens, that a small GPU gets where none is asked for; CLARA's prompts take 1,000 to 4,000."""
PROMPT = 2048
"""Tokens of a typical call, answer included."""
MOST_SEQUENCES = 256
CPU_SEQUENCES = 64
CPU_CACHE = (2, 8)
"""Least and most GB of key-value cache in main memory."""


@dataclass(frozen=True)
class Plan:
    """How a model is served on the hardware at hand."""

    model: str
    preset: Preset | None = None
    variant: Variant | None = None
    tensor: int = 1
    """GPUs that share one copy of the model."""
    data: int = 1
    """Copies of the model that share the load."""
    pipeline: int = 1
    """Stages of a copy, one after the other, each on ``tensor`` GPUs."""
    max_len: int | None = None
    sequences: int | None = None
    """Requests that one copy works on at a time; None leaves it to vLLM."""
    cpu_cache: int | None = None
    """GB of key-value cache in main memory; None means that GPUs are used."""

    @property
    def summary(self) -> str:
        """One line for people."""
        text = self.model
        if self.variant:
            text += f" ({self.variant.name}, {self.variant.gigabytes:g} GB of weights)"
        if self.cpu_cache is not None:
            return f"{text} on the CPU"
        gpus = self.tensor * self.data * self.pipeline
        text += f" on {gpus} GPU{'s' * (gpus > 1)}"
        if self.data > 1:
            text += f": {self.data} x {self.tensor}"
        if self.pipeline > 1:
            text += f" in {self.pipeline} stages"
        return text


def gigabytes_per_gpu(preset: Preset, variant: Variant, shares: int, max_len: int, room: int = ROOM) -> float:
    """Least memory that each of the ``shares`` GPUs of one copy needs for ``room`` tokens of cache, in GB."""
    cache = preset.kv_bytes * max(room, max_len) / 1e9
    return (variant.gigabytes + cache) / shares / USABLE + OVERHEAD


def plan_gpus(preset: Preset, gpus: Sequence[Gpu], max_len: int | None = None, *, pipeline: int = 1) -> Plan:
    """The best weights that fit, on as few GPUs a copy as possible, with as many copies as there is room for.

    Where nothing fits with room for many questions, fewer are allowed, and then a shorter context, before it is refused.

    Args:
        preset: the model.
        gpus: those to use, at least one; the smallest decides. With ``pipeline``, those of one stage.
        max_len: context in tokens; None takes the preset's.
        pipeline: stages that one copy is cut into; with more than one there is a single copy, over all GPUs.

    Raises:
        ServingError: no weights fit, or the context is longer than the model's.
    """
    length = _length(preset, max_len)
    plan = _fitting(preset, gpus, length, pipeline, may_shorten=max_len is None)
    if plan is None:
        raise ServingError(_too_large(preset, gpus, length if max_len else min(length, SHORT), pipeline))
    return plan


def _fitting(preset: Preset, gpus: Sequence[Gpu], length: int, pipeline: int, *, may_shorten: bool = True) -> Plan | None:
    """The first plan that fits, from room for many questions to room for few."""
    lengths = [length]
    if may_shorten and length > SHORT:
        lengths.append(SHORT)
    for context in lengths:
        for room in ROOMS:
            plan = _best(preset, gpus, context, pipeline, room)
            if plan is not None:
                return plan
    return None


def _best(preset: Preset, gpus: Sequence[Gpu], length: int, pipeline: int, room: int) -> Plan | None:
    memory = min((gpu.gigabytes for gpu in gpus if gpu.gigabytes is not None), default=None)
    compute = min((gpu.compute for gpu in gpus if gpu.compute is not None), default=None)
    for variant in preset.variants:
        if compute is not None and compute < variant.compute:
            continue
        for tensor in _splits(preset, gpus, pipeline):
            if memory is None or gigabytes_per_gpu(preset, variant, tensor * pipeline, length, room) <= memory:
                copies = 1
                if pipeline == 1:
                    copies = len(gpus) // tensor
                sequences = _sequences(preset, variant, tensor * pipeline, memory)
                return Plan(variant.model, preset, variant, tensor, copies, pipeline, length, sequences)
    return None


def plan_cpu(preset: Preset, memory: float, max_len: int | None = None) -> Plan:
    """The model in main memory.

    Args:
        preset: the model.
        memory: main memory in GB.
        max_len: context in tokens; None takes the preset's.

    Raises:
        ServingError: it does not fit, or the context is longer than the model's.
    """
    length = _length(preset, max_len)
    variant = preset.variants[0]  # the quantised weights need a GPU's kernels
    least, most = CPU_CACHE
    if variant.gigabytes + least + OVERHEAD > memory:
        raise ServingError(
            f"{preset.title} needs about {variant.gigabytes + least + OVERHEAD:.0f} GB of main memory on the CPU, "
            f"this machine has {memory:.0f}; try --preset qwen3-0.6b, or a machine with a GPU"
        )
    cache = int(min(most, max(least, (memory - variant.gigabytes) / 4)))
    return Plan(variant.model, preset, variant, max_len=length, sequences=CPU_SEQUENCES, cpu_cache=cache)


def plan_model(model: str, gpus: int, max_len: int | None = None, *, cpu: bool = False, pipeline: int = 1) -> Plan:
    """A model whose shape is not known: all GPUs share one copy, since one GPU may be too small."""
    if cpu:
        return Plan(model, max_len=max_len, sequences=CPU_SEQUENCES, cpu_cache=CPU_CACHE[0])
    return Plan(model, tensor=2 ** (max(gpus, 1).bit_length() - 1), pipeline=pipeline, max_len=max_len)


def assumed_gpus(preset: Preset | None, memory: float = 80.0) -> list[Gpu]:
    """The fewest GPUs of a common size that take the preset, for a machine that is not this one."""
    for count in (1, 2, 4, 8):
        gpus = [Gpu("GPU", memory)] * count
        if preset is None or _best(preset, gpus, preset.max_len, 1, ROOM) is not None:
            return gpus
    return [Gpu("GPU", memory)]


def _length(preset: Preset, max_len: int | None) -> int:
    if max_len is None:
        return preset.max_len
    if max_len > preset.context:
        raise ServingError(f"{preset.title} has a context of {preset.context} tokens; --max-model-len {max_len} is more")
    return max_len


def _splits(preset: Preset, gpus: Sequence[Gpu], pipeline: int) -> list[int]:
    """The tensor-parallel sizes to try; a pipeline is for what is too large, so each of its stages takes all GPUs."""
    sizes = preset.splits(len(gpus))
    if pipeline > 1:
        return sizes[-1:]
    return sizes


def _sequences(preset: Preset, variant: Variant, shares: int, memory: float | None) -> int:
    if memory is None:
        return MOST_SEQUENCES // 4
    left = (memory - OVERHEAD) * USABLE * shares - variant.gigabytes
    tokens = left * 1e9 / preset.kv_bytes
    return min(MOST_SEQUENCES, 2 ** max(2, int(tokens / PROMPT).bit_length() - 1))


def _too_large(preset: Preset, gpus: Sequence[Gpu], length: int, pipeline: int) -> str:
    last = preset.variants[-1]
    needs = [
        gigabytes_per_gpu(preset, last, tensor * pipeline, length, ROOMS[-1]) for tensor in _splits(preset, gpus, pipeline)
    ]
    others = [other.name for other in presets().values() if _fitting(other, gpus, other.max_len, pipeline)]
    least = min(gpus, key=lambda gpu: gpu.gigabytes or float("inf"))
    message = (
        f"{preset.title} does not fit: as {last.name} with {length} tokens of context it needs {min(needs):.1f} GB a GPU "
        f"(compute capability {last.compute:g} or more), and here is {len(gpus)} x {least}"
    )
    if pipeline > 1:
        message += f" in each of {pipeline} stages"
    if others:
        message += f"; presets that fit: {', '.join(others)}"
    return message

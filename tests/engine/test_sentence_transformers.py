"""Embedder and reranker on the real sentence-transformers, which lies in the engine's environment; tiny random models."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import PYTHON, ROOT, STAMP

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not STAMP.is_file():
        if os.environ.get("CLARA_NO_ENGINE") == "1":
            pytest.skip("CLARA_NO_ENGINE=1")
        pytest.fail("the engine's environment .venv-vllm is missing: run make test", pytrace=False)
    folder = tmp_path_factory.mktemp("models")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [str(PYTHON), str(Path(__file__).with_name("transformers_probe.py")), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_embedder_knows_its_models_shape_and_instructions(report: dict[str, Any]) -> None:
    assert (report["dimension"], report["max_tokens"]) == (32, 64)
    assert report["instructions"] == ["query: ", "passage: "]
    assert report["tokens"] == [5, 5, 5]  # the words and the full stop, no special tokens


def test_vectors_are_the_librarys_own_for_the_text_behind_its_instruction(report: dict[str, Any]) -> None:
    assert report["norms"] == pytest.approx([1, 1, 1], abs=1e-5)
    assert report["passages_off"] < 1e-5
    assert report["queries_off"] < 1e-5
    assert report["apart"] > 1e-3


def test_the_rerankers_scores_are_the_librarys_own(report: dict[str, Any]) -> None:
    assert report["scores"] == pytest.approx(report["expected"], abs=1e-5)


def test_a_model_that_is_not_there_is_one_sentence(report: dict[str, Any]) -> None:
    assert "sentence-transformers cannot load" in report["refused"]
    assert "nothing" in report["refused"]

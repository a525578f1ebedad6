"""A translation model takes the translate task over; the wrapper with a counting fake, the model with real small weights."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from clara.assembly import build_backbone
from clara.backbone.translation.backbone import Text, TranslatingBackbone
from clara.backbone.translation.seq2seq import Seq2SeqTranslator, flores_code
from clara.config import Settings
from clara.errors import SettingsError
from clara.language.codes import LANGUAGES
from clara.tasks.model import TERMS, TRANSLATE, TermsIn, TermsOut, TranslateIn, TranslateOut
from clara.testing import ScriptedBackbone
from clara.types import Option

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / ".venv-vllm" / "bin" / "python"
QUESTION = TranslateIn(language="es", stem="¿Qué nervio?", options=(Option("A", "Sexto"), Option("B", "Tercero")))
OWN = TranslateOut(stem="by the backbone", options={"A": "Sixth", "B": "Third"})


class Counting:
    """Translates by upper case; ``batches`` holds what came together."""

    name = "upper"

    def __init__(self, *, languages: str = "es hi", silent: bool = False) -> None:
        self.languages = languages.split()
        self.silent = silent
        self.batches: list[list[Text]] = []

    def knows(self, language: str) -> bool:
        return language in self.languages

    def translate(self, texts: Sequence[Text]) -> list[str]:
        self.batches.append(list(texts))
        return ["" if self.silent else text.upper() for text, _ in texts]


def backbone(model: Counting, *, uses_model: bool = True) -> TranslatingBackbone:
    inner = ScriptedBackbone(uses_model=uses_model).always("translate", OWN).always("terms", TermsOut(terms=("x",)))
    return TranslatingBackbone(inner, lambda: model)


async def test_stem_and_options_are_translated_apart_and_the_letters_stay() -> None:
    model = Counting()
    result = await backbone(model).perform(TRANSLATE, QUESTION)
    assert result.output == TranslateOut(stem="¿QUÉ NERVIO?", options={"A": "SEXTO", "B": "TERCERO"})
    assert result.notes == ("translated by upper",)
    assert result.usage.calls == 0


async def test_other_tasks_go_to_the_backbone() -> None:
    model = Counting()
    assert (await backbone(model).perform(TERMS, TermsIn(stem="s"))).output == TermsOut(terms=("x",))
    assert model.batches == []


@pytest.mark.parametrize(
    "inputs",
    [
        TranslateIn(language="zh", stem="什么神经？"),
        TranslateIn(language="hi", stem="kaun si nerve?"),
        QUESTION.model_copy(update={"problems": ("right was lost",)}),
    ],
    ids=["no code", "romanised", "second attempt"],
)
async def test_what_the_model_cannot_do_the_backbone_does(inputs: TranslateIn) -> None:
    assert (await backbone(Counting()).perform(TRANSLATE, inputs)).output == OWN


async def test_without_a_language_model_it_keeps_second_attempts() -> None:
    inputs = QUESTION.model_copy(update={"problems": ("right was lost",)})
    assert (await backbone(Counting(), uses_model=False).perform(TRANSLATE, inputs)).output != OWN


async def test_a_model_that_says_nothing_leaves_it_to_the_backbone() -> None:
    assert (await backbone(Counting(silent=True)).perform(TRANSLATE, QUESTION)).output == OWN


async def test_calls_that_wait_together_go_together_and_none_is_mixed_up() -> None:
    model = Counting()
    parts = backbone(model)
    await parts.info()
    asked = [TranslateIn(language="es", stem=f"número {number}") for number in range(20)]
    results = await asyncio.gather(*(parts.perform(TRANSLATE, one) for one in asked))
    assert [result.output.stem for result in results if result.output] == [one.stem.upper() for one in asked]
    assert len(model.batches) < len(asked)


async def test_an_error_of_the_model_reaches_every_asker() -> None:
    class Broken(Counting):
        def translate(self, texts: Sequence[Text]) -> list[str]:
            raise RuntimeError("out of memory")

    parts = backbone(Broken())
    results = await asyncio.gather(*(parts.perform(TRANSLATE, QUESTION) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["out of memory"] * 3


async def test_the_manifest_names_both_models_and_the_reader_is_still_told_if_no_language_model_answers() -> None:
    info = await backbone(Counting(), uses_model=False).info()
    assert (info.model, info.uses_model) == ("scripted + upper", False)


def test_every_language_has_a_flores_code() -> None:
    assert {code: flores_code(code) for code in ("en", "hi", "fil", "zh", "pt", "ar", "ko", "sr")} == {
        "en": "eng_Latn",
        "hi": "hin_Deva",
        "fil": "tgl_Latn",
        "zh": "zho_Hans",
        "pt": "por_Latn",
        "ar": "arb_Arab",
        "ko": "kor_Hang",
        "sr": "srp_Cyrl",
    }
    assert all(len(flores_code(code) or "") == 8 for code in LANGUAGES)
    assert flores_code("xx") is None


async def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    parts = build_backbone(Settings(translator="some/model"))
    with pytest.raises(
        SettingsError, match=r"'some/model' needs torch and transformers: pip install 'clara-agent\[models\]'"
    ):
        await parts.info()
    with pytest.raises(SettingsError):
        Seq2SeqTranslator("some/model")


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["nllb", "m2m100"])
def test_a_real_model_with_random_weights_translates_in_batches(tmp_path: Path, kind: str) -> None:
    """Random weights say nothing sensible: what counts is that codes, batches and shapes are right."""
    if not ENGINE.is_file():
        if os.environ.get("CLARA_NO_ENGINE") == "1":
            pytest.skip("CLARA_NO_ENGINE=1")
        pytest.fail("the engine's environment .venv-vllm, which has torch and transformers, is missing: run make test")
    script = Path(__file__).with_name("tiny_translator.py")
    site = next((ROOT / ".venv" / "lib").glob("python3*/site-packages"))
    done = subprocess.run(
        [str(ENGINE), str(script), kind, str(tmp_path / kind), str(ROOT), str(site)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["knows"] == {"es": True, "hi": True, "fil": True, "xx": False}
    assert told["started_with_english"]
    assert told["texts"] == 4
    assert told["batches"] == [3, 1, 1]  # a batch a language, a row a sentence
    assert told["empty"] == ""
    assert "no language codes" in told["wrong_model"]

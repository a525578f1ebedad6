"""A dedicated translation model: NLLB or M2M100, by hub name or path.

Reference: NLLB Team, "No Language Left Behind: Scaling Human-Centered Machine Translation", arXiv 2207.04672; Fan et al.,
"Beyond English-Centric Multilingual Machine Translation", JMLR 2021. Needs the extra ``models``.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from clara.backbone.translation.backbone import Text
from clara.errors import SettingsError
from clara.language.codes import LANGUAGES, Language
from clara.language.text import sentences

_MACRO = {"ar": "arb", "fa": "pes", "ms": "zsm", "ne": "npi", "no": "nob", "sw": "swh", "zh": "zho", "fil": "tgl"}
"""CLARA's code to the ISO 639-3 code that FLORES-200 uses, where it is not the language's own."""
_SHORT = {"fil": "tl"}
"""CLARA's code to the one of M2M100, where they differ."""
_SCRIPTS = {"ko": "Hang"}
_LONGEST = 400
"""Tokens of one sentence, and of its translation."""
_BATCH = 32
"""Sentences that go through the model at once."""


def flores_code(code: str) -> str | None:
    """The FLORES-200 code of a language (``hi`` gives ``hin_Deva``), which NLLB uses; None if CLARA does not know it."""
    language = LANGUAGES.get(code)
    if language is None:
        return None
    return f"{_MACRO.get(code, _three_letters(language))}_{_SCRIPTS.get(code, language.script)}"


def _three_letters(language: Language) -> str:
    """The ISO 639-3 code of a language, the first of its codes that has three letters."""
    for code in (language.code, *language.aliases):
        if len(code) == 3:
            return code
    return ""


class Seq2SeqTranslator:
    """A Hugging Face sequence-to-sequence model whose tokenizer has language codes; one thread at a time.

    Raises:
        SettingsError: the extra is not installed, or the model cannot be loaded or is no multilingual translation model.
    """

    def __init__(self, name: str) -> None:
        try:
            library: Any = importlib.import_module("transformers")
            self._torch: Any = importlib.import_module("torch")
        except ImportError:
            raise SettingsError(
                f"the translator {name!r} needs torch and transformers: pip install 'clara-agent[models]'"
            ) from None
        try:
            self._tokenizer: Any = library.AutoTokenizer.from_pretrained(name, trust_remote_code=False)
            self._model: Any = library.AutoModelForSeq2SeqLM.from_pretrained(name, trust_remote_code=False).eval()
        except (OSError, ValueError, KeyError) as error:
            raise SettingsError(f"transformers cannot load the translator {name!r}: {error}") from None
        if self._torch.cuda.is_available():
            self._model = self._model.to("cuda")
        self.name = name
        english = self._code("en")
        if english is None:
            raise SettingsError(f"the translator {name!r} has no language codes: give an NLLB or M2M100 model")
        self._english = self._number(english)

    def knows(self, language: str) -> bool:
        """True if the tokenizer has a code for the language."""
        return self._code(language) is not None

    def translate(self, texts: Sequence[Text]) -> list[str]:
        """The English of each text, sentence by sentence, since that is what these models were trained on."""
        by_language: dict[str, list[tuple[int, str]]] = {}
        for place, (text, language) in enumerate(texts):
            for sentence in sentences(text):
                by_language.setdefault(language, []).append((place, sentence))
        english: defaultdict[int, list[str]] = defaultdict(list)
        for language, placed in by_language.items():
            for start in range(0, len(placed), _BATCH):
                batch = placed[start : start + _BATCH]
                translated = self._generate([sentence for _, sentence in batch], language)
                for (place, _), sentence in zip(batch, translated, strict=True):
                    english[place].append(sentence)
        return [" ".join(english[place]).strip() for place in range(len(texts))]

    def _generate(self, batch: list[str], language: str) -> list[str]:
        self._tokenizer.src_lang = self._code(language)
        inputs = self._tokenizer(batch, return_tensors="pt", padding=True, truncation=True, max_length=_LONGEST)
        with self._torch.inference_mode():
            tokens = self._model.generate(
                **inputs.to(self._model.device), forced_bos_token_id=self._english, max_new_tokens=_LONGEST, num_beams=4
            )
        return [str(text).strip() for text in self._tokenizer.batch_decode(tokens, skip_special_tokens=True)]

    def _code(self, language: str) -> str | None:
        """The model's own code: FLORES-200 for NLLB, ISO 639-1 for M2M100; None if it has none."""
        for code in filter(None, (flores_code(language), _SHORT.get(language, language))):
            if self._number(code) is not None:
                return code
        return None

    def _number(self, code: str) -> int | None:
        """The token that stands for a code."""
        token = code
        if "_" not in code:
            token = f"__{code}__"
        number = self._tokenizer.convert_tokens_to_ids(token)
        if number in (None, self._tokenizer.unk_token_id):
            return None
        return int(number)

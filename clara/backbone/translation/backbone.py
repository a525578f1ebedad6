"""A backbone whose ``translate`` task a translation model takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Protocol

from clara.backbone.base import Backbone, BackboneInfo, Skills, TokenSink
from clara.language.codes import LANGUAGES
from clara.runtime.batching import Batcher
from clara.tasks.model import I, O, Task, TaskResult, TranslateIn, TranslateOut
from clara.types import labels_of, texts_by_letter

Text = tuple[str, str]
"""Words, and the code of their language."""


class Translates(Protocol):
    """What :class:`TranslatingBackbone` needs of a model; blocks."""

    name: str

    def knows(self, language: str) -> bool:
        """True if it can translate from that language."""
        ...

    def translate(self, texts: Sequence[Text]) -> list[str]:
        """The English of each text."""
        ...


class TranslatingBackbone:
    """A backbone whose ``translate`` task a translation model performs; concurrent calls share its batches.

    The backbone itself translates what the model cannot: a language without a code, Hindi in Latin letters, and a second
    attempt, which must know what went wrong.
    """

    def __init__(self, inner: Backbone, load: Callable[[], Translates]) -> None:
        """A backbone whose model is loaded by its worker thread when it is first needed."""
        self.inner = inner
        self._load = load
        self._loaded: Translates | None = None
        self._loading = asyncio.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="clara-translate")
        self._batcher: Batcher[list[Text], list[str]] = Batcher(self._translate_together, self._worker)

    @property
    def concurrency(self) -> int | None:
        """Requests that the inner backbone may have in flight now; None if it has no such limit."""
        return getattr(self.inner, "concurrency", None)

    async def info(self) -> BackboneInfo:
        """The inner backbone, with the translation model's name behind its own. Raises: as the model's loading."""
        info = await self.inner.info()
        return replace(info, model=f"{info.model} + {(await self._translator()).name}")

    async def skills(self) -> Skills:
        """Those of the inner backbone."""
        return await self.inner.skills()

    async def perform(
        self,
        task: Task[I, O],
        inputs: I,
        *,
        seed: int | None = None,
        temperature: float | None = None,
        on_token: TokenSink | None = None,
    ) -> TaskResult[O]:
        """See :class:`clara.backbone.base.Backbone`."""
        if isinstance(inputs, TranslateIn):
            translator = await self._translator()
            if await self._takes(inputs, translator):
                output: Any = await self._translated(inputs)
                if output is not None:
                    return TaskResult(output, notes=(f"translated by {translator.name}",))
        return await self.inner.perform(task, inputs, seed=seed, temperature=temperature, on_token=on_token)

    async def aclose(self) -> None:
        """End the worker and close the inner backbone."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        await self.inner.aclose()

    async def _translator(self) -> Translates:
        async with self._loading:
            if self._loaded is not None:
                return self._loaded
            loaded: Translates = await asyncio.get_running_loop().run_in_executor(self._worker, self._load)
            self._loaded = loaded
            return loaded

    async def _takes(self, inputs: TranslateIn, translator: Translates) -> bool:
        if inputs.problems and (await self.inner.info()).uses_model:
            return False
        language = LANGUAGES.get(inputs.language)
        if language is not None and language.script != "Latn" and inputs.stem.isascii():
            return False
        return translator.knows(inputs.language)

    async def _translated(self, inputs: TranslateIn) -> TranslateOut | None:
        """Stem and options, each on its own; None if the model gave no stem."""
        texts = [inputs.stem, *texts_by_letter(inputs.options).values()]
        stem, *options = await self._batcher.submit([(text, inputs.language) for text in texts])
        if not stem:
            return None
        return TranslateOut(stem=stem[:6000], options=dict(zip(labels_of(inputs.options), options, strict=True)))

    def _translate_together(self, requests: list[list[Text]]) -> list[list[str]]:
        """The English of each request's texts, in one call of the model; blocks."""
        translator = self._loaded or self._load()
        english = iter(translator.translate(list(chain.from_iterable(requests))))
        return [list(islice(english, len(texts))) for texts in requests]

"""A backbone whose ``translate`` task a translation model takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

from clara.backbone.base import Backbone, BackboneInfo, TokenSink
from clara.language.codes import LANGUAGES
from clara.tasks.model import TRANSLATE, I, O, Task, TaskResult, TranslateIn, TranslateOut

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
    attempt that must be told what went wrong.
    """

    def __init__(self, inner: Backbone, load: Callable[[], Translates]) -> None:
        """A backbone whose model is loaded by its worker thread when it is first needed."""
        self.inner = inner
        self._load = load
        self._loaded: Translates | None = None
        self._loading = asyncio.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="clara-translate")
        self._waiting: list[tuple[list[Text], asyncio.Future[list[str]]]] = []
        self._drainer: asyncio.Task[None] | None = None

    @property
    def concurrency(self) -> int | None:
        """Requests that the inner backbone may have in flight now; None if it has no such limit."""
        return getattr(self.inner, "concurrency", None)

    async def info(self) -> BackboneInfo:
        """The inner backbone, with the translation model's name behind its own. Raises: as the model's loading."""
        info = await self.inner.info()
        return replace(info, model=f"{info.model} + {(await self._translator()).name}")

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
        if task.name == TRANSLATE.name and isinstance(inputs, TranslateIn):
            translator = await self._translator()
            output: Any = await self._translated(inputs, translator) if await self._takes(inputs, translator) else None
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
        romanised = language is not None and language.script != "Latn" and inputs.stem.isascii()
        return not romanised and translator.knows(inputs.language)

    async def _translated(self, inputs: TranslateIn, translator: Translates) -> TranslateOut | None:
        """Stem and options, each on its own; None if the model gave no stem."""
        texts = [(text, inputs.language) for text in (inputs.stem, *(option.text for option in inputs.options))]
        future: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((texts, future))
        if self._drainer is None or self._drainer.done():
            self._drainer = asyncio.create_task(self._drain(translator))
        stem, *options = await future
        if not stem:
            return None
        return TranslateOut(
            stem=stem[:6000], options={option.label: text for option, text in zip(inputs.options, options, strict=True)}
        )

    async def _drain(self, translator: Translates) -> None:
        """Translate everything that waits, in one call after the other; its own task, so no asker's end stops it."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            texts = [text for mine, _ in batch for text in mine]
            work = asyncio.get_running_loop().run_in_executor(self._worker, translator.translate, texts)
            await asyncio.wait([work])
            error, at = work.exception(), 0
            for mine, future in batch:
                if not future.done():
                    if error is not None:
                        future.set_exception(error)
                    else:
                        future.set_result(work.result()[at : at + len(mine)])
                at += len(mine)

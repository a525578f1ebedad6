"""The Python API in the embedded profile, on the knowledge base that ships; and the examples that show it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clara import Answer, Clara, ClaraError, Final, Option, Question, Settings, StepStarted
from clara.errors import EmptyQuestion, NoKnowledgeBase, UnknownLanguage, UnsupportedLanguage, UsageError
from clara.tasks.model import TextOut
from clara.testing import ScriptedBackbone

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NERVE = {
    "en": "Which nerve supplies the lateral rectus muscle?",
    "es": "¿Qué nervio inerva el músculo recto lateral?",
    "pt": "Qual nervo inerva o músculo reto lateral?",
    "fr": "Quel nerf innerve le muscle droit latéral ?",
    "fil": "Alin sa mga sumusunod na nerbiyo ang para sa lateral rectus?",
    "hi": "पार्श्व रेक्टस पेशी की तंत्रिका कौन सी है?",
    "zh": "外直肌由哪条神经支配？",
}
MUSCLE = "¿Qué músculo extraocular abduce el ojo?"
MUSCLES = {"A": "Recto medial", "B": "Recto lateral", "C": "Recto superior"}
GERMAN = "Welcher Nerv versorgt den Musculus rectus lateralis?"


@pytest.fixture(scope="module")
def clara(built_home: Path) -> Iterator[Clara]:
    with Clara(Settings(home=built_home)) as opened:
        yield opened


def language_of(result: Answer | ClaraError) -> str:
    """The language of an answer; an error fails the test."""
    assert isinstance(result, Answer)
    return result.language


@pytest.mark.parametrize("language", NERVE)
def test_a_question_is_answered_from_sources_in_each_of_the_seven_languages(clara: Clara, language: str) -> None:
    answer = clara.ask(NERVE[language])
    assert answer.language == language
    assert "lateral rectus" in answer.english_question.lower()
    assert "abducens" in answer.answer
    assert any(citation.id.startswith("extraocular-muscles") for citation in answer.citations)
    assert all(citation.source and citation.quote for citation in answer.citations)
    assert answer.warnings[0] == "no_model"
    assert answer.usage.calls == 0
    assert (answer.label, answer.failure) == (None, None)


def test_options_by_mapping_and_in_the_text_are_the_same_question(clara: Clara) -> None:
    mapped = clara.ask(MUSCLE, options=MUSCLES)
    written = clara.ask(MUSCLE + " a) Recto medial b) Recto lateral c) Recto superior")
    assert mapped.question.options == written.question.options == tuple(Option(*pair) for pair in MUSCLES.items())
    assert mapped.label == written.label
    assert mapped.label in MUSCLES
    assert MUSCLES[mapped.label] in mapped.answer
    assert mapped.answer == written.answer


def test_the_letters_of_a_mapping_may_be_lower_case(clara: Clara) -> None:
    answer = clara.ask(MUSCLE, options={label.lower(): text for label, text in MUSCLES.items()})
    assert answer.question.labels == ("A", "B", "C")


def test_a_given_language_wins_over_detection_and_may_be_a_name(clara: Clara) -> None:
    assert clara.ask("Glaucoma", language="Tagalog").language == "fil"


def test_a_question_object_keeps_its_id(clara: Clara) -> None:
    answer = clara.ask(Question(NERVE["en"], (), "en", "q-1"), strategy="rag")
    assert answer.to_json()["id"] == "q-1"


def test_strategy_and_steps_to_leave_out_reach_the_graph(clara: Clara) -> None:
    answer = clara.ask(NERVE["es"], strategy="translate_rag", without=["assess"])
    assert [step.step for step in answer.trace] == ["detect", "translate", "retrieve", "answer", "localize"]
    with pytest.raises(UsageError, match="unknown strategy"):
        clara.ask(NERVE["es"], strategy="nope")


async def test_the_blocking_calls_work_inside_a_running_event_loop(clara: Clara) -> None:
    assert asyncio.get_running_loop().is_running()
    assert clara.ask(NERVE["fr"]).language == "fr"
    assert [type(event) for event in clara.stream(NERVE["fr"])][-1] is Final
    assert [language_of(result) for result in clara.batch([NERVE["fr"], NERVE["en"]])] == ["fr", "en"]


async def test_the_asynchronous_context_manager_answers_too(built_home: Path) -> None:
    async with Clara(Settings(home=built_home)) as opened:
        one, many = await asyncio.gather(opened.aask(NERVE["pt"]), opened.abatch([NERVE["zh"]]))
    assert one.language == "pt"
    assert [language_of(result) for result in many] == ["zh"]


def test_closing_ends_the_wrappers_thread_and_the_object_can_be_used_again(built_home: Path) -> None:
    before = {thread.ident for thread in threading.enumerate() if thread.name == "clara"}
    opened = Clara(Settings(home=built_home))
    for _ in range(2):
        assert opened.ask(NERVE["en"]).citations
        opened.close()
    assert {thread.ident for thread in threading.enumerate() if thread.name == "clara"} == before


class Interrupted(ScriptedBackbone):
    """A backbone that never replies, and behaves as if Ctrl-C were pressed meanwhile."""

    ended = False

    async def perform(self, task: Any, inputs: Any, **how: Any) -> Any:
        await asyncio.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            self.ended = True


@pytest.mark.parametrize("way", ["ask", "stream"])
def test_ctrl_c_raises_itself_once_the_work_has_ended(built_home: Path, way: str) -> None:
    backbone = Interrupted()
    with Clara(Settings(home=built_home), backbone=backbone) as opened, pytest.raises(KeyboardInterrupt):
        try:
            list(opened.stream(NERVE["en"], strategy="direct")) if way == "stream" else opened.ask(NERVE["en"])
        finally:
            assert backbone.ended


def test_closing_ends_a_stream_that_is_still_open(built_home: Path) -> None:
    opened = Clara(Settings(home=built_home))
    events = opened.stream(NERVE["en"])
    assert next(events) == StepStarted("detect", 0)
    opened.close()
    events.close()  # type: ignore[attr-defined]
    assert opened.ask(NERVE["en"]).citations
    opened.close()


def test_one_object_works_in_one_event_loop_after_the_other(built_home: Path) -> None:
    opened = Clara(Settings(home=built_home))
    assert [asyncio.run(opened.aask(NERVE["en"])).language for _ in range(2)] == ["en", "en"]
    assert opened.ask(NERVE["es"]).language == "es"
    opened.close()


@pytest.mark.parametrize("order", [("ask", "aask", "ask"), ("aask", "ask", "aask"), ("stream", "aask"), ("aask", "batch")])
async def test_blocking_and_awaited_calls_may_be_mixed_on_one_object(built_home: Path, order: tuple[str, ...]) -> None:
    async with Clara(Settings(home=built_home)) as opened:
        for way in order:
            if way == "aask":
                assert (await opened.aask(NERVE["en"])).citations
            elif way == "ask":
                assert opened.ask(NERVE["fr"]).citations
            elif way == "stream":
                assert isinstance(list(opened.stream(NERVE["fr"]))[-1], Final)
            else:
                assert language_of(opened.batch([NERVE["fr"]])[0]) == "fr"


def test_threads_may_share_one_object(built_home: Path) -> None:
    with Clara(Settings(home=built_home)) as opened, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(opened.ask, NERVE.values()))
    assert [answer.language for answer in answers] == list(NERVE)


async def test_the_asynchronous_close_releases_the_blocking_wrapper_too(built_home: Path) -> None:
    async with Clara(Settings(home=built_home)) as opened:
        assert opened.ask(NERVE["en"]).citations
    assert (await opened.aask(NERVE["en"])).citations
    await opened.aclose()


def test_a_batch_keeps_its_order_and_one_failure_ends_no_other(clara: Clara) -> None:
    questions = [NERVE["en"], GERMAN, NERVE["zh"], "   ", *NERVE.values()]
    results = clara.batch(questions, concurrency=3)
    assert len(results) == len(questions)
    assert isinstance(results[1], UnsupportedLanguage)
    assert results[1].language == "de"
    assert isinstance(results[3], EmptyQuestion)
    for question, result in zip(questions, results, strict=True):
        assert isinstance(result, (Answer, ClaraError))
        assert isinstance(result, ClaraError) or result.question.text == question


def test_an_empty_batch_is_empty(clara: Clara) -> None:
    assert clara.batch([]) == []


def test_a_stream_names_its_steps_and_ends_with_the_answer_that_ask_gives(clara: Clara) -> None:
    *before, last = clara.stream(NERVE["es"])
    assert isinstance(last, Final)
    assert next(iter(before)) == StepStarted("detect", 0)
    assert not any(isinstance(event, Final) for event in before)
    assert last.answer.answer == clara.ask(NERVE["es"]).answer


def test_a_stream_left_half_way_does_not_block_the_next_question(clara: Clara) -> None:
    for event in clara.stream(NERVE["en"]):
        assert event == StepStarted("detect", 0)
        break
    assert clara.ask(NERVE["en"]).citations


async def test_leaving_a_stream_ends_its_work(built_home: Path) -> None:
    before = asyncio.all_tasks()
    async with Clara(Settings(home=built_home)) as opened:
        async with contextlib.aclosing(opened.astream(NERVE["es"])) as events:
            assert await anext(events) == StepStarted("detect", 0)
            assert asyncio.all_tasks() > before
        left = {task for task in asyncio.all_tasks() - before if task.get_name() != "clara-search"}
    assert not [task for task in left if not task.done()]


async def test_asking_without_events_gives_the_same_answer_as_the_stream(built_home: Path) -> None:
    async with Clara(Settings(home=built_home)) as opened:
        asked = await opened.aask(NERVE["fr"])
        *_, last = [event async for event in opened.astream(NERVE["fr"])]
    assert isinstance(last, Final)
    assert [step.step for step in last.answer.trace] == [step.step for step in asked.trace]
    assert last.answer.answer == asked.answer


def test_the_bound_of_a_batch_is_kept(built_home: Path) -> None:
    class Counting(ScriptedBackbone):
        now = most = 0

        async def perform(self, task: Any, inputs: Any, **how: Any) -> Any:
            Counting.now += 1
            Counting.most = max(Counting.most, Counting.now)
            await asyncio.sleep(0)
            Counting.now -= 1
            return await super().perform(task, inputs, **how)

    backbone = Counting().always("answer_text", TextOut(answer="The sixth."))
    with Clara(Settings(home=built_home), backbone=backbone) as opened:
        answers = opened.batch([NERVE["en"]] * 20, strategy="direct", concurrency=3)
    assert len(answers) == 20
    assert Counting.most == 3


@pytest.mark.parametrize("text", ["", "  \n\t", "a) one b) two"])
def test_a_question_without_text_is_refused(clara: Clara, text: str) -> None:
    with pytest.raises(EmptyQuestion, match="give the text"):
        clara.ask(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"A": "one"}, "at least two"),
        ({"A": "one", "a": "two"}, "different letters"),
        ({"A": "one", "É": "two"}, "from A to Z"),
        ({"A": "one", "AB": "two"}, "from A to Z"),
        ({"A": "one", "B": " "}, "option B is empty"),
    ],
)
def test_options_that_are_none_are_refused(clara: Clara, options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        clara.ask("Which?", options=options)


def test_an_unknown_language_is_refused_with_the_nearest_name(clara: Clara) -> None:
    with pytest.raises(UnknownLanguage, match="did you mean spanish"):
        clara.ask(NERVE["es"], language="spanisch")


def test_a_language_the_profile_does_not_cover_is_refused_with_the_mend(clara: Clara) -> None:
    with pytest.raises(UnsupportedLanguage, match="not German; connect a multilingual model with --backbone"):
        clara.ask(GERMAN)
    with pytest.raises(UnsupportedLanguage, match="not Swahili"):
        clara.ask(NERVE["en"], language="sw")


def test_a_missing_knowledge_base_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(NoKnowledgeBase, match="clara kb add --kb mine PATH"):
        Clara(Settings(home=tmp_path, kb=("mine",))).ask(NERVE["en"])


def test_settings_come_from_the_environment_when_none_are_given(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_HOME", str(built_home))
    monkeypatch.setenv("CLARA_STRATEGY", "rag")
    with Clara() as opened:
        assert "verify" not in [step.step for step in opened.ask(NERVE["en"]).trace]


# --- the examples ------------------------------------------------------------------------------------------------------


def example(name: str, home: Path, *arguments: str) -> str:
    """What an example prints, run as its own process from elsewhere."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        env={**os.environ, "CLARA_HOME": str(home), "PYTHONIOENCODING": "utf-8"},
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_example_ask_prints_the_answer_and_its_sources(built_home: Path) -> None:
    shown = example("ask.py", built_home)
    assert "language es, letter" in shown
    assert "https://" in shown
    assert "language en, letter None" in example("ask.py", built_home, NERVE["en"])


def test_example_batch_keeps_order_and_shows_the_one_failure(built_home: Path) -> None:
    heads = [line.split(" ")[0] for line in example("batch.py", built_home).splitlines() if not line.startswith("   ")]
    assert heads == ["en", "pt", "--", "zh"]


def test_example_stream_prints_the_steps_before_the_answer(built_home: Path) -> None:
    lines = example("stream.py", built_home).splitlines()
    assert lines[0].split()[2] == "detect"
    assert "localize" in "\n".join(lines)


def test_example_custom_knowledge_base_answers_from_its_own_documents_and_is_repeatable(tmp_path: Path) -> None:
    first, second = (example("custom_knowledge_base.py", tmp_path) for _ in range(2))
    assert first.startswith("2 added, 0 replaced, 0 unchanged\n")
    assert second.startswith("0 added, 0 replaced, 2 unchanged\n")
    assert "every Tuesday" in first
    assert "Ward 7 handbook, page 3" in first


def test_a_script_that_never_closes_ends() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from clara import Clara\n"
        "from clara.testing import FixedRetriever\n"
        "clara = Clara(retriever=FixedRetriever([]))\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    print(len(list(pool.map(lambda _: clara.ask('What is a cataract?'), range(4)))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "4", "")


def test_a_script_that_leaves_a_stream_half_way_ends_without_a_complaint(built_home: Path) -> None:
    code = (
        "from clara import Clara\n"
        "clara = Clara()\n"
        "events, others = clara.stream('What is a cataract?'), clara.stream('What is glaucoma?')\n"
        "print(next(events).step, next(others).step)\n"
    )
    environ = os.environ | {"CLARA_HOME": str(built_home)}
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False, env=environ)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "detect detect", "")


def test_a_forked_process_asks_with_connections_of_its_own(clara: Clara) -> None:
    answer = clara.ask(MUSCLE, options=MUSCLES, strategy="rag").answer
    child = os.fork()
    if child == 0:  # whatever happens, pytest must not go on in here
        with contextlib.suppress(BaseException):
            os._exit(0 if clara.ask(MUSCLE, options=MUSCLES, strategy="rag").answer == answer else 1)
        os._exit(2)
    until = time.monotonic() + 60
    ended = (0, 0)
    while not ended[0] and time.monotonic() < until:
        time.sleep(0.1)
        ended = os.waitpid(child, os.WNOHANG)
    if not ended[0]:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended[0], "the child hangs"
    assert os.waitstatus_to_exitcode(ended[1]) == 0
    assert clara.ask(MUSCLE, options=MUSCLES, strategy="rag").answer == answer

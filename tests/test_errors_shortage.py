"""What the machine has run out of is a sentence and an exit code, wherever it shows."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
import textwrap
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from typer.testing import CliRunner

from clara.cli import app as app_module
from clara.errors import ClaraError, StoreError, shortage
from clara.runtime.batching import Batcher


class PanicException(BaseException):
    """As pyo3 has it: what a panic of a Rust library becomes."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("can't start new thread"), "no thread can be started"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "no further thread or process"),
        (ImportError("libx.so: failed to map segment from shared object"), "not enough memory"),
        (PanicException("ThreadPoolBuildError { kind: IOError(Os { code: 11 }) }"), "no thread can be started"),
        (StoreError("Chroma cannot search: can't start new thread"), "no thread can be started"),
        (BaseExceptionGroup("many", [ValueError(), MemoryError()]), "not enough memory"),
    ],
)
def test_what_is_short_is_read_from_the_error(error: BaseException, words: str) -> None:
    assert words in str(shortage(error))


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("memory"), RuntimeError("loop"), OSError(errno.ENOENT, "gone")])
def test_other_errors_are_no_shortage(error: Exception) -> None:
    assert shortage(error) is None


def test_a_shortage_behind_another_error_is_seen() -> None:
    try:
        try:
            raise MemoryError
        except MemoryError as inner:
            raise ValueError("cannot read it") from inner
    except ValueError as error:
        assert shortage(error) is not None


class NoThread(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise RuntimeError("can't start new thread")


class Panics(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(PanicException("index out of bounds"))
        return future


@pytest.mark.parametrize(
    ("executor", "words"), [(NoThread(), "can't start new thread"), (Panics(), "PanicException: index")]
)
async def test_those_who_wait_for_a_batch_hear_of_it_whatever_ended_it(executor: Executor, words: str) -> None:
    batcher: Batcher[int, int] = Batcher(lambda items: items, executor)
    waiting = [batcher.submit(n) for n in range(3)]
    async with asyncio.timeout(5):
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [words in str(result) for result in results] == [True] * 3


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread"), OSError(errno.EMFILE, "Too many")])
def test_command_line_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_name: str) -> None:
        raise error

    monkeypatch.setattr(app_module, "_load", fail)
    result = CliRunner().invoke(app_module.app, ["doctor"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the machine does not give CLARA what it needs: ")
    assert len(result.stderr.splitlines()) == 1


def test_few_open_files_end_a_question_with_a_sentence() -> None:
    script = """
        import resource, sys
        import clara.cli.app, clara.cli.ask, clara.assembly, clara.backbone.openai.backbone
        from clara.__main__ import main
        resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))
        sys.argv = ["clara", "ask", "What is hyphaema?", "--strategy", "direct", "--backbone", "http://127.0.0.1:9/v1"]
        main()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "too many files are open" in done.stderr


@pytest.mark.parametrize(
    "message",
    [
        "cannot open Chroma at http://cu:SECRET@127.0.0.1:9: refused",
        "no proxy at https://u:p@SECRET@proxy.example:8080/path",
        "two: http://a:SECRET@x/ and redis://:SECRET@y/0",
    ],
)
def test_no_error_shows_a_password_of_an_address(message: str) -> None:
    assert "SECRET" not in str(ClaraError(message))
    assert "SECRET" not in str(StoreError(message))

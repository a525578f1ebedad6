"""Real child processes parse real hostile files; the limits are made small so that the tests are quick."""

from __future__ import annotations

import gzip
import itertools
import os
import resource
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from clara.knowledge.documents import Document
from clara.knowledge.loading import sandbox
from clara.knowledge.loading.base import LONGEST_TEXT, Hints, SourceFile
from clara.knowledge.loading.sandbox import Problem, parse
from tests.knowledge.loading.makers import article, docx, pdf, pubmed, write


def run(paths: Iterable[Path], workers: int = 1) -> tuple[list[Document], list[Problem]]:
    found = list(parse([SourceFile(path, path.name) for path in paths], Hints(), workers=workers))
    return [item for item in found if isinstance(item, Document)], [item for item in found if isinstance(item, Problem)]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file that must be read whatever came before it."""
    return write(tmp_path / "good.md", "# Lens\n\nIt focuses.")


def zeros(path: Path, mebibytes: int, head: bytes = b"", tail: bytes = b"") -> Path:
    """A gzip that unpacks to a run of the letter a."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(head)
        for _ in range(mebibytes):
            file.write(b"a" * (1 << 20))
        file.write(tail)
    return path


def test_documents_come_with_the_file_they_were_read_from(good: Path) -> None:
    [found], problems = run([good])
    assert (found.id, found.title, found.origin) == ("good.md", "Lens", str(good))
    assert problems == []


def test_several_processes_read_every_file_once(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.txt", f"Text number {n}.") for n in range(30)]
    found, problems = run(paths, workers=3)
    assert sorted(item.id for item in found) == sorted(path.name for path in paths)
    assert problems == []


def hostile(folder: Path) -> list[Path]:
    """Files that must cost little and say what is wrong."""
    bomb = zlib.compress(b"0" * (40 << 20))
    entities = "".join(
        f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};&e{n - 1};">' for n in range(1, 30)
    )
    laughs = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'
        + pubmed(article("1", "T", "<AbstractText>&e29;</AbstractText>")).partition("?>")[2]
    )
    outside = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        + pubmed(article("2", "T", "<AbstractText>&f;</AbstractText>")).partition("?>")[2]
    )
    looping = pdf("x").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    return [
        zeros(folder / "one-line.jsonl.gz", 200),
        zeros(folder / "huge.txt.gz", (LONGEST_TEXT >> 20) + 1),
        write(folder / "bomb.docx", docx(("Normal", "x"), extra={"word/big.bin": b"\0" * (300 << 20)})),
        write(folder / "stream.pdf", pdf("x").replace(b"stream\nBT", b"stream\n" + bomb[:4096])),
        write(folder / "looping.pdf", looping),
        write(folder / "laughs.xml", laughs),
        write(folder / "outside.xml", outside),
        write(folder / "deep.html", "<div>" * 30_000 + "text"),
        write(folder / "deep.jsonl", "[" * 500_000),
        write(folder / "really-a-zip.pdf", docx(("Normal", "x"))),
        write(folder / "really-a-pdf.docx", pdf("x")),
        write(folder / "bytes.md", os.urandom(4096)),
        write(folder / "slip.docx", docx(("Normal", "kept"), extra={"../../escaped.txt": b"escaped"})),
    ]


def test_hostile_files_are_left_out_with_a_reason_and_the_next_is_read(tmp_path: Path, good: Path) -> None:
    paths = hostile(tmp_path / "hostile")
    found, problems = run([*paths, good])
    assert good.name in {item.id for item in found}
    left_out = {problem.path.name for problem in problems}
    harmless = {"slip.docx", "outside.xml", "laughs.xml", "stream.pdf", "deep.html"}
    assert left_out >= {path.name for path in paths} - harmless
    assert all(problem.reason for problem in problems)
    text = " ".join(item.text for item in found)
    assert "root:" not in text
    assert len(text) < 4_000_000
    assert not list(tmp_path.rglob("escaped.txt"))


def test_a_child_that_is_silent_too_long_is_killed_and_replaced(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 2.0)
    fifo = tmp_path / "never.txt"
    os.mkfifo(fifo)  # nobody ever writes into it
    found, [problem] = run([fifo, good])
    assert problem == Problem(fifo, "it took more than 2 s to parse")
    assert [item.id for item in found] == ["good.md"]


def test_a_child_cannot_take_more_memory_than_its_limit(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MEMORY", 256 << 20)
    monkeypatch.setattr(sandbox, "SECONDS", 120.0)  # memory must run out first, on a busy machine too
    page = write(tmp_path / "big.html", "<p>" + "word <b>bold</b> " * 1_500_000)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found, [problem] = run([page, good])
    assert problem.path == page
    assert "MiB" in problem.reason or "parser" in problem.reason
    assert [item.id for item in found] == ["good.md"]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 270 << 10)


def children() -> set[int]:
    """Processes that this one has started, dead ones that nobody waited for included."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue  # it ended meanwhile
        if int(parent) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def test_closing_the_iterator_ends_the_children(tmp_path: Path) -> None:
    before = children()
    lines = "\n".join(f'{{"id": "{n}", "text": "Text {n}."}}' for n in range(5000))
    stream = parse([SourceFile(write(tmp_path / "a.jsonl", lines), "a.jsonl")], Hints(), workers=1)
    next(stream)
    assert children() > before
    stream.close()
    assert children() == before


def test_a_file_of_bad_records_is_given_up(tmp_path: Path, good: Path) -> None:
    found, problems = run([write(tmp_path / "bad.jsonl", "{\n" * 3000), good])
    assert len(problems) == 1001
    assert problems[-1].reason == "more than 1,000 of its records cannot be read"
    assert [item.id for item in found] == ["good.md"]


def test_only_a_document_restarts_the_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()  # each look at it takes a second
    monkeypatch.setattr(sandbox, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    found, problems = run([write(tmp_path / "good.jsonl", '{"text": "a"}\n' * 100)])
    assert (len(found), problems) == (100, [])
    _, problems = run([write(tmp_path / "bad.jsonl", "{\n" * 100)])
    assert len(problems) < 30
    assert problems[-1].reason == "it took more than 30 s to parse"


def test_names_that_stand_with_every_passage_are_cut(tmp_path: Path) -> None:
    head = f"---\ntitle: {'t' * 5000}\nsynonyms: [{', '.join(['s' * 1000] * 9)}]\n---\n"
    [found], _ = run([write(tmp_path / "a.md", head + "Text.")])
    assert (len(found.title), [len(name) for name in found.also]) == (300, [1000] * 4)


def test_only_so_many_characters_wait_for_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_AHEAD_CHARACTERS", 250)
    most = 0
    put = sandbox._Channel.put

    def watched(channel: sandbox._Channel, item: Document | Problem | Exception | None) -> None:
        nonlocal most
        put(channel, item)
        most = max(most, channel._characters)

    monkeypatch.setattr(sandbox._Channel, "put", watched)
    for number in range(8):
        write(tmp_path / f"{number}.txt", "x" * (100 if number else 1000))
    found = list(parse([SourceFile(tmp_path / f"{n}.txt", str(n)) for n in range(8)], Hints(), workers=3))
    assert len(found) == 8
    assert 100 < most <= 1000 + 250  # the long one goes when nothing else waits

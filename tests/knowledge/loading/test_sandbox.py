"""Real child processes parse real hostile files; the limits are made small so that the tests are quick."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import resource
import threading
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading import child, reading, sandbox
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable
from clara.knowledge.loading.loaders import load
from clara.knowledge.loading.reading import LONGEST_TEXT
from clara.knowledge.loading.sandbox import Omission, parse
from tests.knowledge.loading.makers import article, docx, pdf, pubmed, write


def run(paths: Iterable[Path], workers: int = 1) -> tuple[list[Document], list[Omission]]:
    found = list(parse([SourceFile(path, path.name) for path in paths], Hints(), workers=workers))
    return [item for item in found if isinstance(item, Document)], [item for item in found if isinstance(item, Omission)]


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
    assert problem == Omission(fifo, "it took more than 2 s to parse")
    assert [item.id for item in found] == ["good.md"]


def test_a_child_cannot_take_more_memory_than_its_limit(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MEMORY", 384 << 20)
    monkeypatch.setattr(sandbox, "SECONDS", 120.0)  # memory must run out first, on a busy machine too
    page = write(tmp_path / "big.html", "<p>" + "word <b>bold</b> " * 1_500_000)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found, [problem] = run([page, good])
    assert problem.path == page
    assert "MiB" in problem.reason or "parser" in problem.reason
    assert [item.id for item in found] == ["good.md"]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 400 << 10)


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

    def watched(channel: sandbox._Channel, item: Document | Omission | Exception | None) -> None:
        nonlocal most
        put(channel, item)
        most = max(most, channel._characters)

    monkeypatch.setattr(sandbox._Channel, "put", watched)
    for number in range(8):
        write(tmp_path / f"{number}.txt", "x" * (100 if number else 1000))
    found = list(parse([SourceFile(tmp_path / f"{n}.txt", str(n)) for n in range(8)], Hints(), workers=3))
    assert len(found) == 8
    assert 100 < most <= 1000 + 250  # the long one goes when nothing else waits


def test_kind_and_source_are_cut_and_a_long_id_leaves_out_its_record(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "A.", "kind": "k" * 200, "source": "s" * 2000},
        {"id": "b" * 1001, "text": "B."},
        {"id": "c" * 1000, "text": "C."},
        {"id": "\ud800" * 200, "text": "D."},  # it would be stored with six characters for each
    ]
    note = write(tmp_path / "note.md", f"---\nid: {'n' * 2000}\n---\nText.")
    quiz = write(tmp_path / "quiz.jsonl", json.dumps({"id": "q" * 2000, "qa": [{"answer": "A."}]}))
    found, problems = run([write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows))), note, quiz])
    assert [item.id for item in found] == ["a", "c" * 1000]
    assert (len(found[0].kind), len(found[0].source)) == (100, 1000)
    told = [(problem.path.name, problem.reason.partition(" (")[0]) for problem in problems]
    reason = "its id is longer than 1,000 characters"
    assert told == [
        ("a.jsonl", f"line 2: {reason}"),
        ("a.jsonl", f"line 4: {reason}"),
        ("note.md", reason),
        ("quiz.jsonl", f"line 1: {reason}"),
    ]


def test_a_reason_does_not_quote_a_whole_file(tmp_path: Path) -> None:
    _, [problem] = run([write(tmp_path / "a.jsonl", json.dumps({"k" * 100_000: "Text."}))])
    assert len(problem.reason) < 1000
    assert problem.reason.endswith("map it with --field text=NAME")


def test_the_channel_counts_whatever_may_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_AHEAD_CHARACTERS", 1000)
    items = [
        Document("a", "T", "a", source="s" * 990),
        Document("a", "T", "a", also=("s" * 500, "t" * 490)),
        Omission(Path("a"), "r" * 990),
    ]
    for item in items:
        channel = sandbox._Channel()
        channel.put(item)
        assert not channel._has_room(20)


def test_a_child_that_starts_while_the_run_ends_is_ended_and_nothing_piles_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting, channels = threading.Event(), list[sandbox._Channel]()
    start, close = sandbox._Child.__init__, sandbox._Channel.close

    def slow(child: sandbox._Child) -> None:
        starting.set()
        time.sleep(0.5)
        start(child)

    def interrupted(_: sandbox._Channel) -> None:
        starting.wait()
        raise KeyboardInterrupt

    def watched(channel: sandbox._Channel) -> None:
        channels.append(channel)
        close(channel)

    monkeypatch.setattr(sandbox._Child, "__init__", slow)
    monkeypatch.setattr(sandbox._Channel, "get", interrupted)
    monkeypatch.setattr(sandbox._Channel, "close", watched)
    before = children()
    path = write(tmp_path / "a.jsonl", "\n".join(f'{{"text": "Text {n}."}}' for n in range(500)))
    with pytest.raises(KeyboardInterrupt):
        next(parse([SourceFile(path, "a.jsonl")], Hints(), workers=1))
    assert children() == before
    assert not channels[0]._items


ROWS = b'{"text": "a"}\n' * 20_000
NOISE = random.Random(5).randbytes(20_000).hex()


@pytest.mark.parametrize(
    ("name", "data", "at_once"),
    [
        ("rows.jsonl.gz", ROWS * 2, True),
        ("rows.csv.gz", b"text\n" + b"a\n" * 300_000, True),
        ("a.nbib.gz", b"PMID- 1\nAB  - a\n" * 40_000, True),
        ("a.xml.gz", pubmed(article("1", "T", "<AbstractText>a</AbstractText>") * 4000).encode(), True),
        ("padded.jsonl.gz", json.dumps({"text": NOISE}).encode() + b"\n" + ROWS * 8, False),
        (
            "padded.xml.gz",
            pubmed(article("1", "T", f"<AbstractText>{NOISE}</AbstractText>"), "<a>b</a>" * 300_000).encode(),
            False,
        ),
    ],
    ids=["jsonl", "csv", "nbib", "xml", "padded jsonl", "padded xml"],
)
def test_a_gzip_that_unpacks_to_far_too_much_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, at_once: bool
) -> None:
    monkeypatch.setattr(reading, "MOST_UNPACKED", 300_000)
    monkeypatch.setattr(reading, "MOST_TIMES", 20)
    source = SourceFile(write(tmp_path / name, data), name)
    found: list[Document | Unreadable] = []
    with pytest.raises(Unreadable, match=r"more than 20 times its size; unpack it yourself if you trust it"):
        found.extend(load(source, Hints()))
    assert at_once == (not found)


def test_a_gzip_that_packs_well_is_read_and_one_of_any_size_that_is_not_absurd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl.gz", ROWS)
    assert len(list(load(SourceFile(path, "a"), Hints()))) == 20_000  # a thousand times, but little
    monkeypatch.setattr(reading, "MOST_UNPACKED", 100_000)
    rows = b"".join(json.dumps({"text": os.urandom(20).hex()}).encode() + b"\n" for _ in range(5000))
    path = write(tmp_path / "b.jsonl.gz", rows)
    assert len(list(load(SourceFile(path, "b"), Hints()))) == 5000


def test_a_damaged_gzip_gives_what_comes_before_the_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_UNPACKED", 1)  # so that every file is looked at ahead
    path = tmp_path / "a.jsonl.gz"
    rows = b"".join(json.dumps({"text": os.urandom(20).hex()}).encode() + b"\n" for _ in range(5000))
    path.write_bytes(gzip.compress(rows)[:-5000])
    found: list[Document | Unreadable] = []
    with pytest.raises(Unreadable, match="damaged"):
        found.extend(load(SourceFile(path, "a"), Hints()))
    assert len(found) > 1000


def test_a_large_file_costs_none_of_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MEMORY", 384 << 20)
    huge = write(tmp_path / "huge.json", "[" + "[]," * 6_000_000 + "[]]")
    other = write(tmp_path / "export.xml", "<records>" + "<record><name>N</name></record>" * 100_000 + "</records>")
    notes = [write(tmp_path / f"{n}.md", f"# Note {n}\n\nText.") for n in range(8)]
    found, problems = run([notes[0], huge, *notes[1:4], other, *notes[4:]])
    assert [item.id for item in found] == [path.name for path in notes]
    assert [problem.path for problem in problems] == [huge, other]


def test_a_child_that_met_its_limits_is_replaced(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[sandbox._Child] = []
    start = sandbox._Child.__init__

    def counted(process: sandbox._Child) -> None:
        started.append(process)
        start(process)

    monkeypatch.setattr(sandbox._Child, "__init__", counted)
    monkeypatch.setattr(sandbox, "MEMORY", 384 << 20)
    many = write(tmp_path / "many.json", "[" + "[]," * 6_000_000 + "[]]")
    run([good, write(tmp_path / "bad.md", "  "), good])
    assert len(started) == 1  # a file that cannot be read is no reason
    run([many, good])
    assert len(started) == 3


@pytest.mark.parametrize("name", ["tiny.jsonl.gz", "tiny.csv.gz"])
def test_a_gzip_of_more_records_than_its_size_explains_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(child, "_FEW_RECORDS", 100)
    row = "x\n" if "csv" in name else '{"text": "x"}\n'
    path = write(tmp_path / name, ("text\n" if "csv" in name else "") + row * 5000)
    most = child.most_records(path)
    assert most == max(100, path.stat().st_size // 8)
    items = child.bounded(load(SourceFile(path, name), Hints()), most)
    found: list[Document | Unreadable] = []
    with pytest.raises(Unreadable, match=f"it holds more than {most:,} records"):
        found.extend(items)
    assert len(found) == most


def test_a_file_that_is_not_packed_may_hold_many_records(tmp_path: Path) -> None:
    assert child.most_records(write(tmp_path / "a.jsonl", '{"text": "x"}\n')) == child.MOST_RECORDS


def test_notices_are_no_reason_to_give_a_file_up() -> None:
    notices = [Notice(f"PMID {n}: no abstract") for n in range(3 * child.MOST_BAD)]
    assert list(child.bounded(notices, 10_000)) == notices

"""Fetching from a server on this machine that stands in for the public repository (the network boundary)."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from clara.bench.datasets import fetch, load_dataset
from clara.bench.datasets.fetch import IDS, LANGUAGES, MODELS, Upstream, fetch_multi_ophthalingua, sums
from clara.bench.figures.published import read_published
from clara.cli.app import app
from clara.errors import DatasetError

DATA = Path(__file__).parents[4] / "shared" / "data" / "multi_ophthalingua"
FIRST = MODELS["gpt-4"][0]


class Repository:
    """What the server holds, what it was asked for, and how it misbehaves."""

    def __init__(self, files: dict[Upstream, bytes] | None = None) -> None:
        self.files = dict(files or dict.fromkeys({source for parts in MODELS.values() for source in parts}, b""))
        self.asked: list[str] = []
        self.broken: dict[str, int] = {}
        """Path to the number of times that it answers 503."""
        for source in () if files else self.files:
            self.fill(source, lambda model, language, key: "abcd"[(len(model) + len(language) + int(key)) % 4])

    def fill(self, source: Upstream, response: object) -> None:
        """Write a table in the repository's own shape: questions, gold and each response twice."""
        model = source.path.rpartition("/")[2].removesuffix("_Temperature0_0.csv")
        late = source.path.startswith("responses/") and source.commit.startswith("cc9de")
        languages = ("hindi", "french") if late else ("chinese",) if "ch_jp" in source.path else LANGUAGES[:4]
        if late and model == "rag_gpt-3.5-turbo":
            languages = ("chinese", "hindi", "french")
        text = io.StringIO(newline="")
        answered = [f"responses_{language}{tail}" for language in languages for tail in ("", "_0")]
        writer = csv.writer(text)
        writer.writerow(["ID", "year", "test", "theme", "subtheme", *LANGUAGES, "answer", *answered])
        for key in IDS:
            texts = [f"{language} {key}?\na) x\nb) y\nc) z\nd) w" for language in LANGUAGES]
            given = [response(model, language, key) for language in languages for _ in range(2)]  # type: ignore[operator]
            writer.writerow([key, "2022", "Teórica I", "Anatomia", "cornea", *texts, "ABCD"[int(key) % 4], *given])
        self.files[source] = text.getvalue().encode()


@contextmanager
def serving(repository: Repository) -> Iterator[str]:
    """The address of a server that holds the repository."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository.asked.append(self.path)
            commit, _, path = unquote(self.path).lstrip("/").partition("/")
            data = repository.files.get(Upstream(commit, path))
            busy = repository.broken.get(path, 0)
            repository.broken[path] = busy - 1
            self.send_response(503 if busy > 0 else 404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[Upstream, bytes], dict[str, str]]:
    """A repository's files, and the sums of what is made of them."""
    repository = Repository()
    with serving(repository) as base:
        found = fetch_multi_ophthalingua(tmp_path_factory.mktemp("truth"), base=base, unverified=True)
    tables = [list(csv.DictReader(path.open(newline=""))) for path in (found.questions, found.answers, found.responses)]
    return repository.files, sums(*tables)


@pytest.fixture
def repository(truth: tuple[dict[Upstream, bytes], dict[str, str]]) -> Repository:
    return Repository(truth[0])


@pytest.fixture
def base(repository: Repository) -> Iterator[str]:
    with serving(repository) as address:
        yield address


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.time, "sleep", lambda _seconds: None)


@pytest.fixture
def pinned(truth: tuple[dict[Upstream, bytes], dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned sums are those of what the server holds."""
    monkeypatch.setattr(fetch, "SUMS", truth[1])
    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # speed; the disk is not under test here


@pytest.mark.usefixtures("pinned")
def test_three_files_that_the_other_commands_read(base: str, tmp_path: Path) -> None:
    found = fetch_multi_ophthalingua(tmp_path / "out", base=base)
    assert found.unconfirmed == ()
    data = load_dataset(found.questions)
    assert len(data.items) == 164 * 7
    assert set(data.languages) == set(LANGUAGES)
    runs = read_published(found.responses, found.answers)
    assert {run.name for run in runs} == set(MODELS)
    assert {len(run.records) for run in runs} == {164 * 7}
    origin = json.loads((tmp_path / "out" / "origin.json").read_text())
    assert (origin["base"], origin["licence"]) == (base, "MIT")
    assert not list((tmp_path / "out").rglob("*.part"))


@pytest.mark.usefixtures("pinned")
def test_what_is_there_is_not_asked_for_again(base: str, repository: Repository, tmp_path: Path) -> None:
    fetch_multi_ophthalingua(tmp_path / "out", base=base)
    count = len(repository.asked)
    assert count == len(repository.files)
    fetch_multi_ophthalingua(tmp_path / "out", base=base)
    assert len(repository.asked) == count


@pytest.mark.usefixtures("pinned")
def test_a_broken_download_goes_on_where_it_stopped(base: str, repository: Repository, tmp_path: Path) -> None:
    lost = repository.files.pop(MODELS["Qwen2-72B-Instruct"][1])
    with pytest.raises(DatasetError, match="status 404"):
        fetch_multi_ophthalingua(tmp_path / "out", base=base)
    assert not (tmp_path / "out" / "questions.csv").exists()
    before = len(repository.asked)
    repository.files[MODELS["Qwen2-72B-Instruct"][1]] = lost
    fetch_multi_ophthalingua(tmp_path / "out", base=base)
    assert len(repository.asked) - before == len(repository.files) - before + 1
    assert (tmp_path / "out" / "questions.csv").exists()


@pytest.mark.usefixtures("pinned")
def test_a_torn_table_is_fetched_again(base: str, repository: Repository, tmp_path: Path) -> None:
    fetch_multi_ophthalingua(tmp_path / "out", base=base)
    torn = tmp_path / "out" / "upstream" / FIRST.commit[:12] / FIRST.path
    torn.write_bytes(torn.read_bytes()[:5000])
    repository.asked.clear()
    fetch_multi_ophthalingua(tmp_path / "out", base=base)
    assert repository.asked == [f"/{FIRST.commit}/{FIRST.path}"]


@pytest.mark.usefixtures("pinned")
def test_a_busy_server_is_asked_again_and_a_dead_one_given_up(base: str, repository: Repository, tmp_path: Path) -> None:
    repository.broken[FIRST.path] = 2
    fetch_multi_ophthalingua(tmp_path / "out", base=base)
    repository.broken[FIRST.path] = 99
    with pytest.raises(DatasetError, match=r"cannot reach 127\.0\.0\.1 .*offline.*go on where it stopped"):
        fetch_multi_ophthalingua(tmp_path / "other", base=base)


@pytest.mark.usefixtures("pinned")
def test_changed_content_is_refused_and_named(base: str, repository: Repository, tmp_path: Path) -> None:
    repository.fill(MODELS["gpt-4-turbo-preview"][0], lambda *_: "a")
    with pytest.raises(
        DatasetError, match=r"differs from the pinned SHA-256 in gpt-4-turbo-preview; none of the files was written"
    ):
        fetch_multi_ophthalingua(tmp_path / "out", base=base)
    assert not (tmp_path / "out" / "published_responses.csv").exists()
    kept = fetch_multi_ophthalingua(tmp_path / "out", base=base, unverified=True)
    assert kept.unconfirmed == ("gpt-4-turbo-preview",)
    assert kept.responses.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"ID,answer\n1,A\n", "has 1 rows that are not the questions 1 to 165 without 156"),
        (b"\xff\xfe\x00", "is no readable CSV"),
        (b"<html>please log in</html>", "are not the questions"),
    ],
)
def test_a_table_that_is_not_what_it_should_be(
    base: str, repository: Repository, tmp_path: Path, content: bytes, message: str
) -> None:
    repository.files[FIRST] = content
    with pytest.raises(DatasetError, match=message):
        fetch_multi_ophthalingua(tmp_path / "out", base=base)


def test_an_endless_reply_is_cut(base: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_LARGEST", 100_000)
    repository.files[FIRST] = b"x" * 200_000
    with pytest.raises(DatasetError, match="is larger than"):
        fetch_multi_ophthalingua(tmp_path / "out", base=base)


def test_an_open_connection_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not an https address"):
        fetch_multi_ophthalingua(tmp_path, base="http://example.org/data")


def test_a_folder_that_cannot_be_written_is_named(base: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot write"):
        fetch_multi_ophthalingua(tmp_path / "file" / "below", base=base)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not here (../shared/data)")
def test_the_pinned_sums_are_those_of_the_real_data() -> None:
    names = ("questions_dev.csv", "answers.csv", "published_responses.csv")
    tables = [list(csv.DictReader((DATA / name).open(encoding="utf-8-sig", newline=""))) for name in names]
    assert sums(*tables) == fetch.SUMS


class TestCommand:
    run = CliRunner()

    @pytest.mark.usefixtures("pinned")
    def test_it_says_how_to_go_on(self, base: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("clara.bench.datasets.fetch.fetch_multi_ophthalingua.__kwdefaults__", {
            **(fetch.fetch_multi_ophthalingua.__kwdefaults__ or {}), "base": base
        })  # fmt: skip
        result = self.run.invoke(app, ["bench", "fetch", "multi-ophthalingua", "--out", str(tmp_path / "out")])
        assert result.exit_code == 0, result.stderr
        assert "164 questions in 7 languages" in result.stdout
        assert "clara bench published --responses" in result.stdout
        assert f"{len({s for parts in MODELS.values() for s in parts})} of" in result.stderr
        value = json.loads(
            self.run.invoke(app, ["bench", "fetch", "multi-ophthalingua", "--out", str(tmp_path / "out"), "--json"]).stdout
        )
        assert value["unconfirmed"] == []

    @pytest.mark.parametrize(("name", "hint"), [("mmlu-prox", "clara bench run mmlu-prox"), ("nonsense", "not 'nonsense'")])
    def test_other_names_are_a_usage_error(self, name: str, hint: str) -> None:
        result = self.run.invoke(app, ["bench", "fetch", name])
        assert result.exit_code == 2
        assert hint in result.stderr

"""Gets Multi-OphthaLingua from its authors' public repository: questions, gold letters and what nine systems answered.

The source is pinned to commits, so its content cannot change unseen. The repository keeps a table a model and group of
languages; they are put together here into the three files that ``clara bench`` reads. Gold letters, responses and the
questions 1 to 44 are compared with pinned SHA-256 sums; of the other questions the number, the columns and the ids are.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from clara.errors import DatasetError, WriteError
from clara.files import make_folder, replace_file

if TYPE_CHECKING:
    import httpx

BASE = "https://raw.githubusercontent.com/dsrestrepo/MIT_LLMs_Language_bias"
"""The repository of arXiv 2412.14304 (MIT licence)."""
LANGUAGES = ("portuguese", "spanish", "english", "tagalog", "chinese", "french", "hindi")
IDS = tuple(str(number) for number in range(1, 166) if number != 156)
"""The exam has no question 156."""
_LATE = "cc9de18d5db00b639cafa30997f7bbefaa47eac0"
_LARGEST = 8_000_000
"""Bytes; the real files have half a megabyte."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Upstream:
    """One table of the repository at one commit."""

    commit: str
    path: str

    def url(self, base: str) -> str:
        return f"{base}/{self.commit}/{quote(self.path)}"


def _tables(model: str, *folders: str) -> tuple[Upstream, ...]:
    return tuple(Upstream(_LATE, f"{folder}/{model}_Temperature0_0.csv") for folder in folders)


_ALL = ("responses", "responses_ch_jp_kr", "responses_en_es_pt_tag")
MODELS: dict[str, tuple[Upstream, ...]] = {
    **{
        model: _tables(model, *_ALL)
        for model in (
            "Llama-2-70b-chat-hf",
            "Mixtral-8x7B-Instruct-v0.1",
            "Qwen2-72B-Instruct",
            "gpt-3.5-turbo-0125",
            "gpt-4-turbo-preview",
            "rag_gpt-4-turbo-2024-04-09",
        )
    },
    "rag_gpt-3.5-turbo": _tables("rag_gpt-3.5-turbo", "responses", "responses_en_es_pt_tag"),
    "Llama-3-70b-chat-hf": (
        *_tables("Llama-3-70b-chat-hf", *_ALL[:2]),
        Upstream("cf314d13b546e9baf1917aba3ce27cac1e5912ae", "responses/Llama-3-70b-chat-hf_Temperature0_0.csv"),
    ),
    "gpt-4": (
        *_tables("gpt-4", *_ALL[:2]),
        Upstream("95d27e70b0a2f14f6a55c281e89bf5f5c335dd23", "responses/gpt-4_Temperature0_0.csv"),
    ),
}
"""Recorded system to the tables that hold its responses; the first of ``gpt-4`` also holds the questions."""

SUMS: dict[str, str] = {
    "answers": "80405389ff9873efa3bc8b198d22b06de2d1035865dda2e36ebe43af5a80a9bc",
    "questions 1-44": "50213c9f538ee8046453383b7d8cd80be75d118f04d2ca7f2ecad0224920554a",
    "Llama-2-70b-chat-hf": "8bcfc4bbc647619bd22766a4d223d5a2067b8481db3673ae532e9c2932d7ba48",
    "Llama-3-70b-chat-hf": "04ff14554156e837902b420d1418316144f7410724f138e47c24373bed26e25a",
    "Mixtral-8x7B-Instruct-v0.1": "22e202ea4e663eb12215d39b2e475507393a78b10ad395afe5adf3eaf963b49b",
    "Qwen2-72B-Instruct": "49bed8da7654dbff141e677bd989c28afaec4be143dcdbd5f6ee0b4871823cb7",
    "gpt-3.5-turbo-0125": "13e85b5a0e5b44e4e6bac3228a3a7d15c8b361f29c5ed5b4ede6743ac1397e66",
    "gpt-4-turbo-preview": "6212da5137701c8fee073b16f1fbdeb507458c8efb47874f5da512d4b9375d4e",
    "gpt-4": "345c89f0ed783a2fd7f802386931026155973546b0256fc96c07dec4303a178b",
    "rag_gpt-4-turbo-2024-04-09": "5e1ee139275363aeecb51eb73890b030507b3de6fc988d66cfa966b8d1deb43f",
    "rag_gpt-3.5-turbo": "080a0e7e345f84ebadfefe2702cacfba8cdc1f337b79c08da4d4a6550dbb2232",
}
"""What was compared, to its SHA-256: ``answers``, ``questions 1-44`` and each system's responses."""

ExamRow = dict[str, str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where the files are, and what of them could not be confirmed."""

    folder: Path
    questions: Path
    answers: Path
    responses: Path
    unconfirmed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "questions": str(self.questions),
            "answers": str(self.answers),
            "responses": str(self.responses),
            "unconfirmed": list(self.unconfirmed),
        }


def fetch_multi_ophthalingua(
    folder: Path, *, base: str = BASE, unverified: bool = False, progress: Callable[[str], None] = lambda _text: None
) -> Fetched:
    """Download what is not there yet, check it, write ``questions.csv``, ``answers.csv``, ``published_responses.csv``.

    A table that has been downloaded is kept in ``folder/upstream`` and not asked for again, so a broken download goes on
    where it stopped. Every file appears whole or not at all.

    Args:
        base: address of the repository's raw files: https, or a server on this machine.
        unverified: keep files whose content differs from the pinned sums, and say which.

    Raises:
        DatasetError: the place cannot be reached, a table is not what it should be, the sums differ, or the disk is full.
    """
    _check_address(base)
    sources = _sources()
    tables: dict[Upstream, list[ExamRow]] = {}
    with _client() as client:
        for number, source in enumerate(sources, 1):
            progress(f"{number} of {len(sources)}: {source.path}")
            tables[source] = _table(client, source, folder / "upstream", base)
    questions = _questions(tables)
    answers = [_only(row, _ANSWER_COLUMNS) for row in questions]
    responses: list[ExamRow] = []
    for model in MODELS:
        responses.extend(_responses(model, tables))
    differing: list[str] = []
    for name, digest in sums(questions, answers, responses).items():
        if SUMS.get(name) != digest:
            differing.append(name)
    if differing and not unverified:
        raise DatasetError(
            f"{base}: the content differs from the pinned SHA-256 in {', '.join(differing)}; none of the files was written. "
            "Keep it all the same with --unverified"
        )
    paths = {
        "questions.csv": _csv(_QUESTION_COLUMNS, questions),
        "answers.csv": _csv(_ANSWER_COLUMNS, answers),
        "published_responses.csv": _csv(_RESPONSE_COLUMNS, responses),
    }
    for name, data in paths.items():
        _write(folder / name, data)
    commits = sorted({source.commit for source in sources})
    origin = {"base": base, "commits": commits, "licence": "MIT", "unconfirmed": differing}
    _write(folder / "origin.json", json.dumps(origin, indent=2).encode())
    questions_at, answers_at, responses_at = (folder / name for name in paths)
    return Fetched(folder, questions_at, answers_at, responses_at, tuple(differing))


_QUESTION_COLUMNS = ("ID", "year", "test", "theme", "subtheme", *LANGUAGES, "answer")
_ANSWER_COLUMNS = ("ID", "year", "test", "theme", "answer")
_RESPONSE_COLUMNS = ("model", "language", "ID", "response")


def sums(questions: Sequence[ExamRow], answers: Sequence[ExamRow], responses: Sequence[ExamRow]) -> dict[str, str]:
    """The SHA-256 of each part's content, without regard to quoting, order or space at the ends."""
    parts: dict[str, list[tuple[str, ...]]] = {"answers": [(row["ID"], row["answer"]) for row in answers]}
    first_questions: list[tuple[str, ...]] = []
    for row in questions:
        if int(row["ID"]) <= 44:
            first_questions.extend((row["ID"], language, row[language]) for language in LANGUAGES)
    parts["questions 1-44"] = first_questions
    for row in responses:
        parts.setdefault(row["model"], []).append((row["language"], row["ID"], row["response"]))
    return {name: _digest(rows) for name, rows in parts.items()}


def _digest(rows: list[tuple[str, ...]]) -> str:
    clean = sorted(tuple(map(_clean, row)) for row in rows)
    return hashlib.sha256(json.dumps(clean, ensure_ascii=False).encode()).hexdigest()


def _clean(cell: str) -> str:
    return cell.replace("\r\n", "\n").strip()


def _questions(tables: Mapping[Upstream, list[ExamRow]]) -> list[ExamRow]:
    questions: list[ExamRow] = []
    for row in tables[MODELS["gpt-4"][0]]:
        questions.append({name: row.get(name, "") for name in _QUESTION_COLUMNS})
    return questions


def _only(row: ExamRow, columns: Sequence[str]) -> ExamRow:
    return {name: row[name] for name in columns}


def _sources() -> list[Upstream]:
    """All tables, each once, in the order of their commits and paths."""
    unique: set[Upstream] = set()
    for parts in MODELS.values():
        unique.update(parts)
    return sorted(unique, key=str)


def _responses(model: str, tables: dict[Upstream, list[ExamRow]]) -> Iterator[ExamRow]:
    for language in LANGUAGES:
        column = f"responses_{language}"
        table = _table_with(column, [tables[source] for source in MODELS[model]])
        if table is None:
            raise DatasetError(f"none of the tables of {model} has a column {column}", column=column)
        for row in table:
            yield {"model": model, "language": language, "ID": row["ID"], "response": row[column]}


def _table_with(column: str, tables: Sequence[list[ExamRow]]) -> list[ExamRow] | None:
    for table in tables:
        if column in table[0]:
            return table
    return None


def _check_address(base: str) -> None:
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise DatasetError(f"{base} is not an https address; nothing is fetched over an open connection")


def _client() -> httpx.Client:
    import httpx

    # Proxies come from the environment, where the user has configured them; redirects could lead to another place.
    return httpx.Client(timeout=httpx.Timeout(60, connect=10), follow_redirects=False, trust_env=True)


def _table(client: httpx.Client, source: Upstream, cache: Path, base: str) -> list[ExamRow]:
    path = cache / source.commit[:12] / source.path
    try:
        if path.is_file():
            return _rows(path.read_bytes(), str(path))
    except (OSError, DatasetError):
        pass  # a damaged copy is fetched again
    raw = _download(client, source.url(base))
    rows = _rows(raw, source.url(base))
    _write(path, raw)
    return rows


def _rows(raw: bytes, where: str) -> list[ExamRow]:
    """The rows of a table, if it has the exam's questions."""
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), restkey="", restval="")
        rows = [{str(key): str(value) for key, value in row.items()} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{where} is no readable CSV: {error}", path=where) from None
    if [row.get("ID") for row in rows] != list(IDS):
        raise DatasetError(f"{where} has {len(rows)} rows that are not the questions 1 to 165 without 156", path=where)
    return rows


def _download(client: httpx.Client, url: str) -> bytes:
    import httpx

    for attempt in range(1, _TRIES + 1):
        try:
            return _once(client, url)
        except httpx.TransportError as error:
            if attempt == _TRIES:
                host = urlsplit(url).hostname
                raise DatasetError(
                    f"cannot reach {host} ({type(error).__name__}); if this machine is offline, run the command on another "
                    "one and copy the folder here. Run it again to go on where it stopped",
                    path=url,
                ) from None
            time.sleep(0.5 * attempt)
    raise AssertionError("the loop returns or raises")


def _once(client: httpx.Client, url: str) -> bytes:
    import httpx

    with client.stream("GET", url) as response:
        if response.status_code >= 500:
            raise httpx.RemoteProtocolError(f"status {response.status_code}")
        if response.status_code != 200:
            raise DatasetError(f"{url} answers with status {response.status_code}", path=url)
        data = bytearray()
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > _LARGEST:
                raise DatasetError(
                    f"{url} is larger than {_LARGEST // 1_000_000} MB, which no table of this set is", path=url
                )
    return bytes(data)


def _csv(columns: Sequence[str], rows: Sequence[ExamRow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _write(path: Path, data: bytes) -> None:
    try:
        make_folder(path.parent)
        replace_file(path, data)
    except WriteError as error:
        raise DatasetError(str(error), path=str(path)) from None

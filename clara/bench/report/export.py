"""Results for other programs: answers as CSV, JSONL or Parquet, figures as LaTeX or Markdown. The file's ending decides.

Answers come as one flat row each with the same columns whatever the run, so that pandas, R or a spreadsheet read them as
they are. Parquet needs pyarrow: ``pip install 'clara-agent[export]'``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clara.bench.figures.runs import Run, score
from clara.bench.replay.journal import AnswerRecord
from clara.bench.report.accuracy import ARTICLE, parity_sheet
from clara.bench.report.sheet import Sheet
from clara.errors import UsageError
from clara.files import write_result

COLUMNS: dict[str, str] = {
    "run": "string", "strategy": "string", "dataset": "string", "id": "string", "language": "string", "repeat": "int64",
    "theme": "string", "gold": "string", "label": "string", "outcome": "string", "score": "double", "confidence": "double",
    "rounds": "int64", "calls": "int64", "prompt_tokens": "int64", "completion_tokens": "int64", "seconds": "double",
    "answer": "string", "reply": "string", "error": "string",
}  # fmt: skip
"""Name and Arrow type of each column of an answer."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection)."""


def export(path: Path, document: Mapping[str, Any], runs: Sequence[Run]) -> None:
    """Write answers or figures in the form that the file's ending names.

    Raises:
        UsageError: no such form, or Parquet without pyarrow.
        WriteError: the file cannot be written; what was there before is unchanged.
    """
    write = _FORMS.get(path.suffix.lower())
    if write is None:
        raise UsageError(f"cannot export to {path}: its ending must be one of {', '.join(_FORMS)}")
    write_result(path, write(document, runs))


def rows(runs: Iterable[Run]) -> Iterator[dict[str, Any]]:
    """Every answer as a flat row with the columns of :data:`COLUMNS`; None where a fact is missing."""
    for run in runs:
        dataset = str(run.manifest.get("dataset", run.dataset))
        for record in run.records:
            usage = record.get("usage") or {}
            row = {name: usage.get(name, record.get(name)) for name in COLUMNS}
            row.update(run=run.name, dataset=dataset, repeat=record.get("repeat", 0))
            row.update(score=score(record), answer=_answer(record))
            yield row


def _answer(record: AnswerRecord) -> str | None:
    answer = record.get("answer")
    if isinstance(answer, Mapping):
        return answer.get("answer")
    return answer


def _csv(_document: Mapping[str, Any], runs: Sequence[Run]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows(runs):
        writer.writerow(map(_cell, row.values()))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run is marked as text."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _jsonl(_document: Mapping[str, Any], runs: Sequence[Run]) -> bytes:
    """With the whole record, path included."""
    lines: list[str] = []
    for run in runs:
        for record in run.records:
            lines.append(json.dumps({**record, "run": run.name, "score": score(record)}, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _parquet(_document: Mapping[str, Any], runs: Sequence[Run]) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'clara-agent[export]'") from None
    types = {"string": pa.string(), "int64": pa.int64(), "double": pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows(runs)), schema=schema), sink, compression="zstd")
    return sink.getvalue()


def _figures(sheet: Sheet) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table: figures with their intervals, stars where Holm's p is below 0.05."""
    header = [title[:1].upper() + title[1:] for title in sheet.header]
    body: list[list[str]] = []
    for row in sheet.rows:
        body.append([cell.full for cell in row])
    return header, body


_CAPTION = (
    "Accuracy in per cent with 95 % intervals (languages: Wilson; mean and range: bootstrap paired on the question). "
    "Gap: language less English in points, so that − is behind. "
    "* differs from English, p < 0.05 (exact McNemar, Holm)."
)
_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "−": "$-$",
    "[": "{[}", "]": "{]}", "\n": " ", "\r": " ",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def _latex(document: Mapping[str, Any], _runs: Sequence[Run]) -> bytes:
    header, body = _figures(parity_sheet(document, ARTICLE))
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering\\small",
        f"\\caption{{{_tex(_CAPTION)}}}",
        f"\\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
        "\\toprule",
        _tex_row(header),
        "\\midrule",
        *map(_tex_row, body),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _tex_row(cells: Iterable[str]) -> str:
    return " & ".join(map(_tex, cells)) + " \\\\"


def _markdown(document: Mapping[str, Any], _runs: Sequence[Run]) -> bytes:
    return f"{markdown(parity_sheet(document, ARTICLE))}\n\n{_plain(_CAPTION)}\n".encode()


def markdown(sheet: Sheet) -> str:
    """A table as Markdown."""
    header, body = _figures(sheet)
    rule = "| --- |" + " ---: |" * (len(header) - 1)
    return "\n".join([_markdown_row(header), rule, *map(_markdown_row, body)])


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_plain, cells)) + " |"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    escaped = re.sub(r"[\\`*_\[\]<>|]", r"\\\g<0>", text)
    return " ".join(escaped.split())


_FORMS: dict[str, Callable[[Mapping[str, Any], Sequence[Run]], bytes]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
    ".tex": _latex,
    ".md": _markdown,
}

"""What an evaluation found: figures with intervals, comparisons, and every answer, for notebooks and other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from clara.bench import plugins
from clara.bench.evaluation.plans import as_list
from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run, read_runs
from clara.bench.figures.scores import score_figures
from clara.bench.report import html, notes
from clara.bench.report.accuracy import PAGE, parity_sheet
from clara.bench.report.export import export, markdown, rows
from clara.bench.scoring.scorers import Scorer
from clara.errors import UsageError
from clara.files import write_result

if TYPE_CHECKING:
    import pandas

Frame = Literal["answers", "accuracy", "comparisons", "scores"]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One run in one language; all figures but counts are per cent or points."""

    run: str
    language: str
    n: int
    """Answers, repeats included."""
    accuracy: float
    low: float
    """Of the 95 % Wilson interval."""
    high: float
    gap: float | None = None
    """Language less English, negative where it is behind; None for English and where no question was asked in both."""
    gap_low: float | None = None
    """Of the 95 % interval of the bootstrap paired on the question."""
    gap_high: float | None = None
    p_holm: float | None = None
    """Exact McNemar test against English, corrected over the languages of the run."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs in one language, over the questions that both were asked; ``difference`` is a - b in points."""

    a: str
    b: str
    language: str
    n: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    """Corrected over all comparisons of the evaluation."""


@dataclass(frozen=True, slots=True)
class ScoreMean:
    """The mean of one scorer for one run in one language, in per cent, with its 95 % intervals paired on the question."""

    run: str
    scorer: str
    language: str
    n: int
    """Questions that it scored."""
    mean: float
    low: float
    high: float
    gap: float | None = None
    """Language less English in points, negative where it is behind."""
    gap_low: float | None = None
    gap_high: float | None = None


def choose_scorers(given: Sequence[str] | Mapping[str, Scorer]) -> dict[str, Scorer]:
    """Scorers by name.

    Raises:
        UsageError: there is none of that name.
    """
    if isinstance(given, Mapping):
        return dict(given)
    return {name: plugins.scorers.get(name) for name in as_list(given)}


class Results:
    """The runs of an evaluation and all figures about them; nothing here calls a model.

    Args:
        runs: as :func:`clara.bench.figures.runs.read_runs` gives them.
        folders: where their journals are.
        scorers: what is computed for each answer beside right and wrong.
    """

    def __init__(
        self, runs: Sequence[Run], folders: Sequence[Path] = (), scorers: Mapping[str, Scorer] | None = None
    ) -> None:
        self.runs = tuple(runs)
        self.folders = tuple(folders)
        self.scorers = dict(scorers or {})

    @classmethod
    def read(cls, folders: Iterable[str | Path], scorers: Sequence[str] | Mapping[str, Scorer] = ()) -> Results:
        """The results that lie in run folders, finished or not, also under scorers that came later.

        Raises:
            JournalError: a folder holds no run, or no answers yet.
            UsageError: there is no such scorer.
        """
        paths = [Path(folder) for folder in folders]
        return cls(read_runs(paths), paths, choose_scorers(scorers))

    @cached_property
    def document(self) -> dict[str, Any]:
        """All figures, in the shape of ``clara bench run --json``."""
        document = metrics(self.runs)
        if self.scorers:
            document["scores"] = score_figures(self.runs, self.scorers)
        return document

    @property
    def notes(self) -> list[str]:
        """What must be read beside the figures."""
        return notes(self.document)

    @property
    def accuracies(self) -> list[Accuracy]:
        """A row for each run and language."""
        entries: list[Accuracy] = []
        for run in self.document["runs"]:
            for language, cell in run["languages"].items():
                low, high = cell["ci95"]
                gap_low, gap_high = run["gap_to_english_ci95"].get(language) or (None, None)
                test = run["mcnemar_vs_english"].get(language) or {}
                gap = run["gap_to_english"].get(language)
                figures = (cell["n"], cell["accuracy"], low, high, gap, gap_low, gap_high, test.get("p_holm"))
                entries.append(Accuracy(run["name"], language, *figures))
        return entries

    @property
    def comparisons(self) -> list[Comparison]:
        """A row for each pair of runs on the same data and each language."""
        entries: list[Comparison] = []
        for entry in self.document["comparisons"]:
            low, high = entry["ci95"]
            test = entry["mcnemar"]
            names = (entry["a"], entry["b"], entry["language"])
            entries.append(Comparison(*names, entry["n"], entry["difference"], low, high, test["p"], test["p_holm"]))
        return entries

    @property
    def scores(self) -> list[ScoreMean]:
        """A row for each run, scorer and language."""
        entries: list[ScoreMean] = []
        for entry in self.document.get("scores", ()):
            low, high = entry["ci95"]
            bounds = entry["gap_ci95"] or (None, None)
            names = (entry["run"], entry["scorer"], entry["language"])
            entries.append(ScoreMean(*names, entry["n"], entry["mean"], low, high, entry["gap"], *bounds))
        return entries

    def to_pandas(self, what: Frame = "answers") -> pandas.DataFrame:
        """A table of all answers (``answers``), the accuracies (``accuracy``), the ``comparisons`` or the ``scores``.

        Raises:
            UsageError: pandas is not installed, or there is no such table.
        """
        try:
            import pandas
        except ImportError:
            raise UsageError("to_pandas() needs pandas: pip install 'clara-agent[bench]'") from None
        if what == "answers":
            records = list(rows(self.runs))
        elif what == "accuracy":
            records = [asdict(entry) for entry in self.accuracies]
        elif what == "comparisons":
            records = [asdict(entry) for entry in self.comparisons]
        elif what == "scores":
            records = [asdict(entry) for entry in self.scores]
        else:
            raise UsageError(f"there is no table {what!r}: choose answers, accuracy, comparisons or scores")
        return pandas.DataFrame(records)

    def to_html(self, path: str | Path | None = None) -> str:
        """The report page, also written to ``path`` if one is given.

        Raises:
            WriteError: the file cannot be written.
        """
        page = html(self.document, self.runs)
        if path is not None:
            write_result(Path(path), page.encode())
        return page

    def export(self, path: str | Path) -> None:
        """Write ``.csv``, ``.jsonl`` or ``.parquet`` (answers), ``.tex`` or ``.md`` (figures).

        Raises:
            UsageError: no such form, or Parquet without pyarrow.
            WriteError: the file cannot be written.
        """
        export(Path(path), self.document, self.runs)

    def __str__(self) -> str:
        """The parity table as Markdown."""
        return markdown(parity_sheet(self.document, PAGE))

    def __repr__(self) -> str:
        names = ", ".join(run.name for run in self.runs)
        return f"<Results of {names}: {sum(len(run.records) for run in self.runs):,} answers>"

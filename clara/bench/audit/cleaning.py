"""Which questions of a run are unfair: an audit of its data set now, or what the journal recorded of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from clara.bench.audit.audit import Audit, Finding, audit_dataset
from clara.bench.datasets import Dataset, load_dataset
from clara.bench.figures.runs import Run
from clara.errors import DatasetError, UsageError


def flagged_in(runs: Sequence[Run], home: Path) -> dict[str, list[str]]:
    """What an audit finds in the data sets of these runs: a sentence for each defect, by question id.

    The data set is audited again if it is still the one that was asked; else the audit that the journal recorded counts.

    Args:
        runs: runs of journals.
        home: the user's data folder, where fetched data sets lie.

    Raises:
        UsageError: the journal recorded no audit and its data set is not at hand.
    """
    audits: list[Audit] = []
    for run in _one_a_dataset(runs):
        audit = _now(run, home)
        audits.append(_recorded(run) if audit is None else audit)
    return _sentences(audits)


def flagged_by(dataset: Dataset) -> dict[str, list[str]]:
    """What an audit of this data set finds, in the same form."""
    return _sentences([audit_dataset(dataset)])


def recorded_flags(runs: Sequence[Run]) -> dict[str, list[str]]:
    """What the journals recorded of an audit, in the same form; nothing where they recorded none."""
    audits: list[Audit] = []
    for run in _one_a_dataset(runs):
        if run.manifest.get("flagged"):
            audits.append(_recorded(run))
    return _sentences(audits)


def _one_a_dataset(runs: Sequence[Run]) -> Collection[Run]:
    run_of: dict[tuple[str, str], Run] = {}
    for run in runs:
        run_of[run.dataset, _source(run)] = run
    return run_of.values()


def _source(run: Run) -> str:
    """Where the data set of a run was loaded from."""
    return str(run.manifest.get("dataset_path", ""))


def _sentences(audits: Sequence[Audit]) -> dict[str, list[str]]:
    sentences: dict[str, list[str]] = {}
    for audit in audits:
        ids = audit.flagged_ids()
        for problem in audit.problems:
            if problem.id in ids:
                sentences.setdefault(problem.id, []).append(_sentence(problem))
    return sentences


def _now(run: Run, home: Path) -> Audit | None:
    source = _source(run)
    if not source:
        return None
    try:
        dataset = load_dataset(source, home=home, strict=False)
    except DatasetError:
        return None
    return audit_dataset(dataset) if dataset.fingerprint == run.dataset else None


def _recorded(run: Run) -> Audit:
    recorded: Sequence[Mapping[str, str]] | None = run.manifest.get("flagged")
    if recorded is None:
        raise UsageError(f"--clean cannot audit {run.name}: its data set is not at hand, and the journal recorded no audit")
    items = {(record["id"], record["language"]) for record in run.records}
    sizes = Counter(map(itemgetter(1), items))
    problems = [Finding(**problem) for problem in recorded]
    return Audit(run.dataset, len(items), tuple(run.languages), tuple(problems), sizes)


def _sentence(problem: Finding) -> str:
    language = problem.language or "all languages"
    return f"{language}: {problem.problem.replace('_', ' ')} ({problem.detail})"

"""Parts of one's own: the examples of the documentation, by --import and by entry point, and names that are taken."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clara.agent.strategies import STRATEGIES, Strategy
from clara.bench import plugins
from clara.bench.plugins import Registry, import_modules
from clara.cli.app import app
from clara.errors import UsageError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "plugins"


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test adds is gone after it."""
    for registry in (plugins.strategies, plugins.scorers, plugins.datasets):
        parts: dict[str, Any] = registry._parts  # type: ignore[assignment]
        before, owners = dict(parts), dict(registry._owners)
        monkeypatch.setattr(registry, "_owners", owners)
        monkeypatch.setattr(registry, "_parts", parts if parts is STRATEGIES else before)
    for name in [name for name in sys.modules if name.startswith("clara_plugin_")]:
        monkeypatch.delitem(sys.modules, name)
    known = set(STRATEGIES)
    yield
    for name in set(STRATEGIES) - known:
        del STRATEGIES[name]


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["bench", "run", *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_own_strategies_scorer_and_data_in_one_command(
    built_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARA_HOME", str(built_home))
    modules = [part for name in ("strategy", "scorer", "dataset") for part in ("--import", str(EXAMPLES / f"{name}.py"))]
    strategies = "direct,graded_rag,closest_title"
    options = ["--strategy", strategies, "--scorer", "same_script,exact", "--out", str(tmp_path / "run"), "--json"]
    document = run("sums", *modules, *options)
    runs = {entry["strategy"]: entry for entry in document["runs"]}
    assert sorted(runs) == sorted(strategies.split(","))
    own = runs["closest_title"]
    assert list(own["languages"]) == ["english", "spanish"]
    assert (own["n_items"], own["mean"]) == (12, 100.0)  # the first option is right wherever no title matches
    scores = {(entry["run"], entry["scorer"], entry["language"]): entry["mean"] for entry in document["scores"]}
    assert scores["closest_title", "exact", "english"] == 100.0
    assert scores["closest_title", "same_script", "spanish"] == 100.0
    reported = CliRunner().invoke(
        app, ["bench", "report", str(tmp_path / "run"), "--scorer", "same_script", "--import", str(EXAMPLES / "scorer.py")]
    )
    assert reported.exit_code == 0, reported.output
    assert "same_script" in reported.stdout


def test_the_same_module_twice_is_no_clash() -> None:
    import_modules([str(EXAMPLES / "scorer.py"), str(EXAMPLES / "scorer.py")])
    assert "same_script" in plugins.scorers.all()


def test_a_name_that_is_taken_is_an_error_that_says_by_whom() -> None:
    with pytest.raises(UsageError, match="the scorer 'exact' is there already, from CLARA: choose another name"):
        plugins.scorers.add("exact", lambda _response: 1.0)
    with pytest.raises(UsageError, match="the data set 'sample' is there already"):
        plugins.datasets.add("sample", lambda: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(UsageError, match="the strategy 'direct' is there already"):
        plugins.strategies.add("direct", Strategy("direct", frozenset({"answer"}), "another"))
    plugins.scorers.add("mine", lambda _response: 1.0, "first_package")
    with pytest.raises(UsageError, match="from first_package"):
        plugins.scorers.add("mine", lambda _response: 0.0)


@pytest.mark.parametrize("name", ["", "clara-mine", "two words", "../x"])
def test_a_name_that_options_could_not_give_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="letters, digits and underscores"):
        plugins.scorers.add(name, lambda _response: 1.0)


def entry_point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "clara.scorers")


def test_entry_points_of_installed_packages_are_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [entry_point("brevity", "math:floor")]
    monkeypatch.setattr("clara.bench.plugins.entry_points", lambda group: points if group == "clara.scorers" else [])
    registry: Registry[Any] = Registry("clara.scorers", "scorer", {"exact": len})
    assert list(registry.all()) == ["exact", "brevity"]
    assert registry.get("brevity")(1.5) == 1
    with pytest.raises(UsageError, match="unknown scorer 'brev'; choose one of exact, brevity"):
        registry.get("brev")


@pytest.mark.parametrize(
    ("point", "reason"),
    [(("exact", "math:floor"), "is there already, from CLARA"), (("x", "no_such_module:f"), "cannot be loaded: No module")],
)
def test_an_entry_point_that_clashes_or_fails_is_one_sentence(
    point: tuple[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clara.bench.plugins.entry_points", lambda group: [entry_point(*point)])
    with pytest.raises(UsageError, match=reason):
        Registry("clara.scorers", "scorer", {"exact": len}).all()


def test_a_module_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot import .*broken\.py: ZeroDivisionError"):
        import_modules([str(broken)])
    with pytest.raises(UsageError, match=r"there is no module .*gone\.py"):
        import_modules([str(tmp_path / "gone.py")])
    with pytest.raises(UsageError, match="cannot import no_such_package: ModuleNotFoundError"):
        import_modules(["no_such_package"])


def test_unknown_names_are_wrong_before_the_run() -> None:
    result = CliRunner().invoke(app, ["bench", "run", "sample", "--scorer", "bleu"])
    assert result.exit_code == 2
    assert "unknown scorer 'bleu'; choose one of exact, f1, chrf" in result.output


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_are_short(path: Path) -> None:
    code: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(("from ", "import ", '"""')):
            code.append(line)
    assert len(code) <= 20

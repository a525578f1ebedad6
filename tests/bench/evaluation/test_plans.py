"""What is asked of whom: strategies by name, models by name, and a folder for each model."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.bench.evaluation.plans import choose_strategies, model_name, plan_evaluation, settings_for
from clara.bench.evaluation.session import Schedule
from clara.config import Settings
from clara.errors import SettingsError, UsageError

SERVER = "http://127.0.0.1:8000/v1"


def names(*given: str, without: tuple[str, ...] = ()) -> list[tuple[str, bool, bool]]:
    return [(s.name, s.has("grade"), s.has("retrieve")) for s in choose_strategies(given, without)]


def test_strategy_less_a_step_stands_beside_the_whole_one() -> None:
    assert names("clara", "clara-grade") == [("clara", True, True), ("clara without grade", False, True)]


def test_without_takes_the_step_from_all_that_have_it() -> None:
    assert names("direct", "clara", without=("grade",)) == [("direct", False, False), ("clara without grade", False, True)]


def test_strategy_named_twice_runs_once() -> None:
    assert names("rag", "rag") == [("rag", False, True)]


def test_a_single_name_is_one_entry_and_no_letters(tmp_path: Path) -> None:
    (plan,) = plan_evaluation("sample", strategies="rag", languages="hi", models="embedded", settings=Settings.plain(),
                              folder=tmp_path, limit=1)  # fmt: skip
    assert ([s.name for s in plan.strategies], plan.data.languages) == (["rag"], ("hindi",))


@pytest.mark.parametrize("given", [["claro"], ["clara-grad"], ["clara-answer"], []])
def test_unknown_strategy_or_step_is_refused(given: list[str]) -> None:
    with pytest.raises(UsageError):
        choose_strategies(given)
    with pytest.raises(UsageError):
        choose_strategies(["direct"], ["grad"])


def test_a_model_keeps_the_settings_of_the_run_and_brings_its_name_and_address() -> None:
    base = Settings.plain(profile="remote", backbone=(SERVER,), model="a", rounds=5)
    named = settings_for("b", base)
    assert (named.model, named.backbone, named.rounds) == ("b", (SERVER,), 5)
    elsewhere = settings_for("b@http://other:9000/v1", base)
    assert (elsewhere.model, elsewhere.backbone) == ("b", ("http://other:9000/v1",))
    none = settings_for("embedded", base)
    assert (none.uses_model, none.backbone, none.rounds) == (False, (), 5)
    assert settings_for("b@http://other:9000/v1", Settings.plain()).uses_model


def test_names_of_models() -> None:
    assert model_name("org/llama@http://x/v1") == "org/llama"
    assert model_name(Settings.plain()) == "embedded"


def test_each_of_several_models_has_a_folder_of_its_own(tmp_path: Path) -> None:
    base = Settings.plain(profile="remote", backbone=(SERVER,))
    plans = plan_evaluation(
        "sample", models=["org/a", "b:7"], settings=base, folder=tmp_path, strategies=["direct"], limit=1
    )
    assert [plan.folder for plan in plans] == [tmp_path / "org-a", tmp_path / "b-7"]
    (alone,) = plan_evaluation("sample", models=["org/a"], settings=base, folder=tmp_path, strategies=["direct"], limit=1)
    assert (alone.folder, alone.root) == (tmp_path, tmp_path)


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    base = Settings.plain(profile="remote", backbone=(SERVER,))
    with pytest.raises(UsageError, match="'a' is given twice"):
        plan_evaluation("sample", models=["a", "a@http://x/v1"], settings=base, folder=tmp_path)
    with pytest.raises(UsageError, match="would share the folder"):
        plan_evaluation("sample", models={"a/b": "a", "a b": "b"}, settings=base, folder=tmp_path)


def test_what_is_no_address_behind_a_model_is_one_sentence() -> None:
    for model in ("b@nonsense", "b@ftp://x"):
        with pytest.raises(SettingsError, match="is no address"):
            settings_for(model, Settings.plain())


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(UsageError, match="limit must be at least 1, not 0"):
        plan_evaluation("sample", limit=0)
    for schedule in (Schedule(repeat=0), Schedule(processes=-1)):
        with pytest.raises(UsageError, match="must be at least 1"):
            plan_evaluation("sample", schedule=schedule)

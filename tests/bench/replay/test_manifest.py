"""The manifest says what a run is; what differs keeps two runs apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.agent.strategies import get_strategy
from clara.backbone.base import BackboneInfo
from clara.bench.datasets import load_dataset
from clara.bench.replay.manifest import _IMMATERIAL, changed_versions, describe, differences, knowledge_of, session
from clara.config import Settings
from clara.testing import FixedRetriever
from clara.types import Option, Question

INFO = BackboneInfo(kind="scripted", model="m", uses_model=True, server="vllm 0.32")


def manifest(data=None, settings=None, info=INFO, strategies=("direct",), repeat=1, **more):
    data = data or load_dataset("sample").select(["en"], 3)
    chosen = [get_strategy(name) for name in strategies]
    return describe(data, chosen, repeat, info, settings or Settings(), **{"prompts": "p", **more})


def test_run_is_the_same_wherever_the_server_and_the_user_are():
    here = manifest(settings=Settings(home="/a", backbone=("http://a/v1",), concurrency=4, cache=False), source="sample")
    there = manifest(
        settings=Settings(home="/b", backbone=("http://b/v1",), profile="remote", timeout=3), flagged=[{"id": "1"}]
    )
    assert differences(here, there) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"settings": Settings(rounds=5)}, "settings.rounds (3 there, 5 now)"),
        ({"settings": Settings(seed=7)}, "seed (0 there, 7 now)"),
        ({"settings": Settings(samples=3)}, "settings.samples (1 there, 3 now)"),
        ({"info": replace(INFO, model="other")}, "model (m there, other now)"),
        ({"repeat": 2}, "repeat (1 there, 2 now)"),
        ({"strategies": ("direct", "rag")}, "strategies"),
        ({"prompts": "q"}, "prompts (p there, q now)"),
        ({"knowledge": {"eyes": "1"}}, "knowledge"),
        ({"data": load_dataset("sample").select(["en"], 4)}, "items"),
        ({"data": load_dataset("sample").select(["es"], 3)}, "languages"),
    ],
)
def test_what_changes_an_answer_is_named(change, told):
    found = differences(manifest(), manifest(**change))
    assert any(entry.startswith(told) for entry in found), found


def test_question_that_was_read_in_another_way_is_another_run():
    data = load_dataset("sample").select(["en"], 3)
    item = data.items[0]
    other = Question(item.question.text, (*item.question.options, Option("E", "None")), item.code, item.id)
    changed = replace(data, items=(replace(item, question=other), *data.items[1:]))
    assert [entry.split()[0] for entry in differences(manifest(data), manifest(changed))] == ["items"]


def test_setting_that_is_newer_than_the_run_counts_as_its_default():
    old = manifest()
    del old["settings"]["samples"]
    assert differences(old, manifest()) == []
    assert differences(old, manifest(settings=Settings(samples=2))) == ["settings.samples (1 there, 2 now)"]


def test_what_only_tells_about_a_run_keeps_no_older_run_from_going_on():
    data = load_dataset("sample").select(["en", "es"], 4)
    new = manifest(data)
    assert (new["n_items"], new["parallel"]) == (8, True)
    assert manifest(replace(data, parallel=False))["parallel"] is False
    assert differences({key: value for key, value in new.items() if key not in ("n_items", "parallel")}, new) == []


def test_immaterial_settings_exist():
    assert Settings.model_fields.keys() >= _IMMATERIAL


def test_secrets_are_left_out():
    text = str(
        manifest(settings=Settings(api_key="sk-secret", chroma_token="tok-secret", proxy="http://me:pw-secret@proxy"))
    )
    assert "secret" not in text


def test_other_versions_of_a_resumed_run_are_named():
    first, second = session(INFO), session(replace(INFO, server="vllm 0.33"))
    second["versions"] = first["versions"] | {"langgraph": "99.0"}
    assert changed_versions({"sessions": [first]}) == []
    assert changed_versions({"sessions": [first, first]}) == []
    assert changed_versions({"sessions": [first, second]}) == [
        f"langgraph ({first['versions']['langgraph']} before, 99.0 now)",
        "server (vllm 0.32 before, vllm 0.33 now)",
    ]
    assert first["versions"].keys() >= {"python", "clara-agent", "langgraph", "chromadb"}


async def test_knowledge_bases_are_known_by_their_documents(built_home):
    from clara.assembly import build_retriever

    assert await knowledge_of(FixedRetriever()) == {}
    retriever = build_retriever(Settings(home=built_home))
    first = await knowledge_of(retriever)
    assert first.keys() == {"ophthalmology"}
    assert await knowledge_of(retriever) == first
    await retriever.aclose()

"""``clara doctor`` states what each strategy can cost under the settings in force."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from clara.agent.strategies import STRATEGIES, max_calls
from clara.cli.app import app
from clara.config import load_settings


def test_the_bounds_are_those_that_the_property_test_holds_the_graph_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_ROUNDS", "5")
    monkeypatch.setenv("CLARA_SAMPLES", "3")
    stated = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["strategies"]
    settings = load_settings()
    assert list(stated) == list(STRATEGIES)
    for name, bounds in stated.items():
        strategy = STRATEGIES[name]
        assert bounds == {
            "max_calls_choice": max_calls(strategy, settings, 4),
            "max_calls_text": max_calls(strategy, settings, 0),
        }
    assert stated["clara"]["max_calls_choice"] > stated["direct"]["max_calls_choice"]


def test_outside_sources_and_a_translator_to_download_are_among_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_SEARCH", "pubmed,wikipedia")
    monkeypatch.setenv("CLARA_TRANSLATOR", "facebook/nllb-200-distilled-600M")
    network = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["network"]
    assert {"purpose": "search pubmed", "address": "https://eutils.ncbi.nlm.nih.gov"} in network
    assert {"purpose": "search wikipedia", "address": "https://en.wikipedia.org"} in network
    assert {"purpose": "translator download", "address": "https://huggingface.co"} in network

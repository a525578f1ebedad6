"""The files for containers and systemd: their form, and that nothing in them is open to others by mistake."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from clara.cli.serve import app

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def test_the_image_runs_without_rights_and_tells_its_health() -> None:
    assert re.search(r"^USER clara$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name


def test_variables_of_the_image_and_of_compose_exist() -> None:
    options = {option.envvar for option in get_command(app).params if getattr(option, "envvar", None)}
    named = set(re.findall(r"CLARA_SERVE_\w+", DOCKERFILE + (ROOT / "compose.yaml").read_text("utf-8")))
    assert named <= options


def test_every_image_of_others_has_a_version() -> None:
    images = [service["image"] for service in COMPOSE["services"].values() if "image" in service]
    assert len(images) == 4
    for image in images:
        assert re.search(r":v?\d+\.\d+\.\d+\}$", image), image


def test_every_published_port_is_on_the_loopback() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_both_profiles_bring_a_model_under_the_address_that_clara_asks() -> None:
    services = COMPOSE["services"]
    assert services["clara"]["environment"]["CLARA_BACKBONE"] == "http://model:8000/v1"
    for name, profile in (("vllm-gpu", "gpu"), ("vllm-cpu", "cpu")):
        assert services[name]["profiles"] == [profile]
        assert services[name]["networks"]["default"]["aliases"] == ["model"]
    volumes = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert set(volumes) == set(COMPOSE["volumes"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_unit_but_for_the_missing_program() -> None:
    line = ["systemd-analyze", "verify", str(ROOT / "deploy" / "clara.service")]
    problems = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False).stderr
    others = [problem for problem in problems.splitlines() if "clara.service" in problem and "not executable" not in problem]
    assert not others

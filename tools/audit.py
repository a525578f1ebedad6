"""Asks an advisory service about every installed package, and says so plainly where none answers.

``pip-audit`` skips a package that its service knows nothing of, and calls the result clean. Behind a package mirror without
advisories that is every package. So the service is first asked about a release that is known to be vulnerable; one that
knows nothing of it has audited nothing.

    make audit          exit code 0: no open advisory; 1: some; 2: nothing was audited
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, cast

KNOWN_VULNERABLE = "jinja2==2.4.1"
"""Open to a sandbox escape since 2016 (CVE-2016-10745)."""
SERVICES = ("osv", "pypi")
KNOWN_OPEN = {"CVE-2026-45829": "of Chroma's Python server, which CLARA does not run; see docs/security.md"}
"""Advisories without a release that ends them, and why they may stay."""


def main() -> None:
    service = _service()
    if service is None:
        print(f"nothing was audited: no advisory service answers from here ({', '.join(SERVICES)})")
        raise SystemExit(2)
    open_advisories = 0
    for package in _audited(service, "--path", sysconfig.get_path("purelib")):
        for advisory in package.get("vulns", []):
            names = [advisory["id"], *advisory.get("aliases", [])]
            reason = next((KNOWN_OPEN[name] for name in names if name in KNOWN_OPEN), "")
            open_advisories += not reason
            print(f"{package['name']} {package['version']}: {names[0]} {reason or 'is open'}")
    print(f"{open_advisories} open advisories ({service})")
    raise SystemExit(1 if open_advisories else 0)


def _service() -> str | None:
    """The first service that knows what everybody knows."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "known.txt"
        requirements.write_text(f"{KNOWN_VULNERABLE}\n")
        for service in SERVICES:
            packages = _audited(service, "--requirement", str(requirements), "--no-deps", "--disable-pip")
            if any(package.get("vulns") for package in packages):
                return service
    return None


def _audited(service: str, *what: str) -> list[dict[str, Any]]:
    """What pip-audit says of each package; empty where the service cannot be asked."""
    program = [sys.executable, "-m", "uv", "tool", "run", "--quiet", "pip-audit"]
    command = [*program, "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    try:
        return cast("list[dict[str, Any]]", json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError):
        return []


if __name__ == "__main__":
    main()

"""Finds Chromium, or installs the distribution's where that is possible; ``make test`` runs it before the tests.

    python3 tests/browser/setup_chromium.py

Never fails: without Chromium the browser tests are skipped and say why.
"""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium() -> str | None:
    """The browser that the tests drive, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> None:
    if find_chromium():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print("No Chromium found: the browser tests will be skipped. Install it with your package manager.")
        return
    print("Installing Chromium for the browser tests ...", flush=True)
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
        if done.returncode:
            print(f"{' '.join(command)} failed, the browser tests will be skipped: {done.stderr.strip()[-300:]}")
            return


if __name__ == "__main__":
    main()

"""The command ``clara``, also as ``python -m clara``."""

from __future__ import annotations

import sys

from clara.cli.encoding import escape_in
from clara.privacy import silence_telemetry


def main() -> None:
    """Run the command line."""
    silence_telemetry()
    for stream in (sys.stdout, sys.stderr):
        escape_in(stream)

    from clara.cli.app import app

    app(prog_name="clara")


if __name__ == "__main__":
    main()

"""The command ``clara``, also as ``python -m clara``."""

from __future__ import annotations

import io
import sys

from clara.privacy import silence_telemetry


def main() -> None:
    """Run the command line."""
    silence_telemetry()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

    from clara.cli.app import app

    app(prog_name="clara")


if __name__ == "__main__":
    main()

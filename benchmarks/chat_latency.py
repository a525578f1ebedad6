"""How long a user of ``clara chat`` waits: from the start to the prompt, and from the model's first token to the screen.

    python benchmarks/chat_latency.py [--runs N]

Both are measured from outside, in a real pseudo-terminal: the first with the embedded profile, the second against a fake
model server on the loopback that notes when it sends its first token.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clara.knowledge.corpus.notes import read_notes
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.index.store import KnowledgeBase
from tests.terminal.driver import Terminal
from tests.terminal.fake_model import FakeModel, serving

START_LIMIT = 1.5
"""Seconds from the start to the prompt."""
TOKEN_LIMIT = 0.150
"""Seconds from the model's first token to the screen."""


def start_to_prompt(home: Path) -> float:
    """Seconds until the prompt of the embedded profile can be typed at."""
    begin = time.perf_counter()
    terminal = Terminal(("chat",), home)
    terminal.prompted()
    seconds = time.perf_counter() - begin
    terminal.leave()
    return seconds


def token_to_screen(terminal: Terminal, model: FakeModel, number: int) -> float:
    """Seconds from the server's first token to the word on the screen."""
    sent = len(model.first_token)
    terminal.send(f"Tell me slow thing number {number} about the cornea please\r")
    while "word1" not in terminal.text():
        terminal.pump(0.002)
    seconds = time.time() - model.first_token[sent]
    terminal.send("\x03")
    terminal.wait("Stopped", count=number)
    terminal.prompted()
    return seconds


def report(name: str, seconds: list[float], limit: float) -> bool:
    """Print the figures; True if the slowest run is within the limit."""
    middle, slowest = (round(value * 1000) for value in (statistics.median(seconds), max(seconds)))
    print(f"{name}: median {middle} ms, slowest {slowest} ms of {len(seconds)} runs, limit {limit * 1000:.0f} ms")
    return max(seconds) <= limit


def main() -> None:
    """Measure and compare with the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder, serving() as model:
        home = Path(folder)
        with_notes(home)
        starts = [start_to_prompt(home) for _ in range(runs + 1)][1:]  # the first run fills the file cache
        terminal = Terminal(("chat", "--backbone", model.url, "--strategy", "rag"), home)
        terminal.prompted()
        tokens = [token_to_screen(terminal, model, number) for number in range(1, runs + 1)]
        terminal.leave()
    good = [report("start to prompt", starts, START_LIMIT), report("first token to screen", tokens, TOKEN_LIMIT)]
    sys.exit(0 if all(good) else 1)


def with_notes(home: Path) -> None:
    """Build the shipped knowledge base, and skip the offer of the setup."""
    base = KnowledgeBase(home / "kb" / "ophthalmology", StaticEmbedder(), create=True)
    base.add(note.document() for note in read_notes())
    base.postings()
    base.close()
    (home / ".setup-offered").touch()


if __name__ == "__main__":
    main()

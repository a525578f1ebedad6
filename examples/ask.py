"""One question, one answer: ``python examples/ask.py`` (after ``clara kb build``)."""

from __future__ import annotations

import sys

from clara import Clara

QUESTION = "¿Qué músculo extraocular abduce el ojo? a) Recto medial b) Recto lateral c) Recto superior"


def main(question: str = QUESTION) -> None:
    """Ask in any of the languages; the answer comes in the same one, with its sources."""
    with Clara() as clara:
        answer = clara.ask(question)
    print(answer.answer)
    for citation in answer.citations:
        print(f"  {citation.title} ({citation.source})")
    print(f"language {answer.language}, letter {answer.label}, rounds {answer.rounds}, warnings {list(answer.warnings)}")


if __name__ == "__main__":
    main(*sys.argv[1:2])

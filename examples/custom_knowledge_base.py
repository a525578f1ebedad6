"""A knowledge base of your own: two Markdown documents in a base named ``notes``, and a question that only they answer.

The same from the shell: ``clara kb add --kb notes FOLDER`` and ``clara ask --kb notes "..."``.
"""

from __future__ import annotations

from clara import Clara, load_settings
from clara.knowledge.corpus.documents import Document
from clara.knowledge.embedding.build import build_embedder
from clara.knowledge.index.store import KnowledgeBase

DOCUMENTS = (
    Document(
        id="ward-7-rounds",
        title="Ward 7: morning rounds",
        text="# Rounds\n\nThe tonometer of ward 7 is calibrated every Tuesday before the morning rounds.",
        source="Ward 7 handbook, page 3",
    ),
    Document(
        id="ward-7-drops",
        title="Ward 7: dilating drops",
        text="# Drops\n\nPatients of ward 7 receive tropicamide twenty minutes before the fundus examination.",
        source="Ward 7 handbook, page 5",
    ),
)


def main() -> None:
    """Add the documents (a second run finds them unchanged) and ask."""
    settings = load_settings({"kb": ("notes",)})
    base = KnowledgeBase.open(settings, "notes", build_embedder(settings), create=True)
    try:
        change = base.add(DOCUMENTS)
    finally:
        base.close()
    print(f"{change.added} added, {change.replaced} replaced, {change.unchanged} unchanged")
    with Clara(settings) as clara:
        answer = clara.ask("When is the tonometer of ward 7 calibrated?")
    print(answer.answer)
    for citation in answer.citations:
        print(f"  {citation.source}: {citation.quote}")


if __name__ == "__main__":
    main()

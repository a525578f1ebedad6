"""``make check``'s look at the knowledge base: every note, the glossary, the embedder's inputs. Exits 1 on a problem."""

from __future__ import annotations

import sys
from collections import Counter

from clara import resources
from clara.errors import KnowledgeError
from clara.knowledge.corpus.notes import AREAS, note_problems, read_notes
from clara.knowledge.glossary import TermGlossary
from tools.train_embedder import inputs_hash


def problems() -> list[str]:
    """Everything that is wrong with the knowledge base that ships."""
    try:
        notes, glossary = list(read_notes()), TermGlossary.load()
    except KnowledgeError as error:
        return [str(error)]
    slugs = frozenset(note.slug for note in notes)
    found = [f"{note.slug}: {problem}" for note in notes for problem in note_problems(note, slugs)]
    covered = {note.head.area for note in notes}
    found += [f"no note covers the area {area}" for area in AREAS if area not in covered]
    doubled = [key for key, count in Counter(entry.id for entry in glossary.entries).items() if count > 1]
    found += [f"the glossary has the id {key!r} twice" for key in doubled]
    stamp = resources.KNOWLEDGE_BASE / "embedder" / "inputs.sha256"
    if not stamp.is_file() or stamp.read_text().strip() != inputs_hash():
        found.append("the embedder is older than the notes or the glossary; run: make embedder")
    return found


def main() -> int:
    """Print the problems; 1 if there are any."""
    found = problems()
    for line in found:
        sys.stderr.write(f"knowledge base: {line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

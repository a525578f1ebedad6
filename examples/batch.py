"""Many questions at once: the order is kept, and a question that fails gives its error in its place."""

from __future__ import annotations

from clara import Clara, ClaraError

QUESTIONS = (
    "What is the most common primary intraocular malignancy of childhood?",
    "Qual músculo extraocular é inervado pelo quarto nervo craniano?",
    "Welcher Nerv versorgt den Musculus rectus lateralis?",  # German is not covered without a language model
    "糖尿病视网膜病变的主要危险因素是什么？",
)


def main() -> None:
    """Print one line a question."""
    with Clara() as clara:
        results = clara.batch(QUESTIONS, concurrency=4)
    for question, result in zip(QUESTIONS, results, strict=True):
        if isinstance(result, ClaraError):
            print(f"-- {question}\n   failed: {result}")
        else:
            sources = ", ".join(citation.title for citation in result.citations) or "none"
            print(f"{result.language} {question}\n   sources: {sources}")


if __name__ == "__main__":
    main()

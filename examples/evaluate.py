"""Strategies side by side on the sample benchmark: accuracy, gap to English, and which difference is more than chance."""

from __future__ import annotations

import sys

from clara.bench import evaluate

QUESTIONS = 12  # enough to see the tables; a measurement takes all of them


def main() -> None:
    """Print the figures and write the page where the first argument says."""
    results = evaluate(
        "sample", strategies=["direct", "rag", "translate_rag"], languages=["en", "es", "hi"], limit=QUESTIONS
    )
    print(results)
    for row in results.accuracies:
        if row.gap is not None:
            interval = f"[{row.gap_low:+.0f}, {row.gap_high:+.0f}]"
            print(f"{row.run:<14} {row.language:<8} {row.gap:+6.1f} points against English {interval}")
    for pair in results.comparisons:
        verdict = "differ" if pair.p_holm < 0.05 else "may be equal"
        print(f"{pair.a} and {pair.b} in {pair.language} {verdict} ({pair.difference:+.1f} points)")
    for note in results.notes:
        print(note)
    if len(sys.argv) > 1:
        results.to_html(sys.argv[1])


if __name__ == "__main__":
    main()

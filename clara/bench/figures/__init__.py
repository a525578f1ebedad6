"""The figures of runs: accuracy by language, paired comparisons, published results."""

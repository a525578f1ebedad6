"""The benchmark from Python: plans, runs and results."""

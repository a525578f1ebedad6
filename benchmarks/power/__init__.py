"""A power-loss simulator over recorded file operations; see :mod:`benchmarks.power.run`."""

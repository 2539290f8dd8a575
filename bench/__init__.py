"""Benchmarks, run by hand: ratios within one run, correctness checked in the same run. Figures are in README.md."""

"""Measuring: a paper's experiments, the benchmark, rivals, how steady clips are, and collages."""

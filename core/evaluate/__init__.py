"""Measuring: the paper's experiments and the benchmark."""

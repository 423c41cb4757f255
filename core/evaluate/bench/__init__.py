"""The benchmark: encoders, recipes, the fast engine, a very large picture and collages, timed on the CPU in one run.

Every recipe runs in a process of its own, with the seconds of its painting counted (reading, loading and writing left
out) and its peak memory. Pictures are measured by a judge that none of them was optimized or trained with
(`neutral.py`). The paper's recipe: VGG-19, one scale, float32, L-BFGS, lambda_os = 1e-3, started from the content.
"""

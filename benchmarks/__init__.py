"""Speed beside named peers: one module per goal, run as `python -m benchmarks.<module>`."""

import os

# BLAS takes its number of threads when it is loaded, so this stands before the first import of numpy. One thread for both sides.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

"""Speed beside named peers: one module per goal, run as `python -m benchmarks.<module>`."""

import os

# Libraries take their number of threads when they are loaded, so this stands before the first import of numpy. One thread for both sides.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

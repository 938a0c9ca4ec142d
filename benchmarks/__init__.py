"""Speed, measured against a named baseline of the same run: ``python -m benchmarks [name …] [--json FILE]``.

Numeric libraries are held to one thread here, before anything imports them, so that every figure is of one core.
"""

import os

os.environ.update(RAYON_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

"""`python -m core`: the engine's command line."""

import os
import sys

# Threads that wait must sleep, not spin: an artist's Blender works beside the engine, and with spinning threads a step
# took three times as long on a busy machine (measured). It must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from .cli import main

if __name__ == "__main__":
    sys.exit(main())

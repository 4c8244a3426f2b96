"""Loading of much code at once: nothing of it is garbage, so nobody should look for any meanwhile.

The collector's walks through what is being loaded take a seventh of the time that the server needs to start.
"""

import gc
import sys
from importlib import import_module


def load(*modules: str) -> None:
    """Imports them, by their full names. What the process has by then is never looked at by the collector again."""
    if not gc.isenabled() or all(name in sys.modules for name in modules):
        return
    gc.disable()
    try:
        for name in modules:
            import_module(name)
    finally:
        gc.freeze()
        gc.enable()

import gc
import subprocess
import sys

from pierhead.kit.loading import load

LOAD = """
import gc, sys
from pierhead.kit.loading import load
walks = []
gc.callbacks.append(lambda phase, info: walks.append(phase))
load("xml.dom.minidom", "email.mime.text")
print(len(walks), "xml.dom.minidom" in sys.modules, gc.isenabled(), gc.get_freeze_count() > 1000)
"""
MISSING = """
import gc
from pierhead.kit.loading import load
try:
    load("no.such.module")
except ImportError:
    print(gc.isenabled())
"""


def test_what_is_loaded_is_not_walked_by_the_collector_meanwhile_or_later() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True", "True", "True"]


def test_what_is_loaded_already_costs_nothing() -> None:
    frozen = gc.get_freeze_count()
    load("gc", "sys")
    assert gc.get_freeze_count() == frozen


def test_the_collector_is_back_after_a_module_that_is_not_there() -> None:
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]

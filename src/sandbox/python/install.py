"""Prepares an interpreter once: loads what programs import often, and the guest, which it hides from them.

Before this text runs, `standard_library` (names) and `guest` ([name, source] pairs) are set.
"""

import atexit
import importlib
import sys
import types

for name in standard_library:
    importlib.import_module(name)
for name, source in guest:
    sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name + ".py", "exec", dont_inherit=True), sys.modules[name].__dict__)
sys._coderlplus_main = sys.modules["coderlplus_guest"].main
sys.modules["coderlplus_shims"].install()
for name, source in guest:
    del sys.modules[name]
del guest, name, source, standard_library
atexit._clear()

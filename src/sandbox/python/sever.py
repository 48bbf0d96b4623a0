"""Cuts the ways to the host that pyodide opens. The firewall stands without this; it makes them fail early."""

import asyncio
import gc
import sys

for name in list(sys.modules):
    if name in ("js", "pyodide_js") or name.startswith(("pyodide", "_pyodide")):
        del sys.modules[name]
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("_pyodide")]
del sys._coderlplus_main, name
sys.argv[:] = ["program.py"]
# pyodide's own event loop counts as running.
asyncio._set_running_loop(None)
del asyncio
gc.collect()
gc.freeze()

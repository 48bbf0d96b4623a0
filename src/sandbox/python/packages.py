"""Imports what the wheels in `site` brought, so that it is there at once for every program: compiled modules can be
loaded only now, before the firewall is up.
"""

import importlib
import importlib.metadata
import sys

importlib.invalidate_caches()
for distribution in importlib.metadata.distributions(path=[site]):
    tops, compiled = set(), []
    for file in distribution.files or ():
        if file.suffix == ".so":
            compiled.append(".".join([*file.parts[:-1], file.name.partition(".")[0]]))
        elif file.suffix == ".py" and (len(file.parts) == 1 or file.name == "__init__.py" and len(file.parts) == 2):
            tops.add(file.parts[0].removesuffix(".py"))
    for name in sorted(tops):
        importlib.import_module(name)
    for name in compiled:
        try:
            importlib.import_module(name)
        except ImportError:
            # Parts of a package may ask for more than there is, such as its tests.
            pass
importlib.metadata.MetadataPathFinder.invalidate_caches()
del site, distribution, tops, compiled, file, name

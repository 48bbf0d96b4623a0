"""The standard library in memory, so that a program can import what it likes without a file system.

Compiled modules lie in memory that all processes share: a fork neither copies nor maps them. Extension modules cannot be
loaded without files: those that programs use are loaded beforehand.
"""

import _frozen_importlib
import _imp
import marshal
import mmap
import os
import sys
from _frozen_importlib_external import SourceFileLoader

# Nothing that needs another process, a window, a network or the machine; most of it is missing in the wasm engine too.
LEFT_OUT = {
    "test", "idlelib", "tkinter", "lib2to3", "ensurepip", "distutils", "turtledemo", "venv", "site-packages",
    "dist-packages", "ctypes", "curses", "sqlite3", "pydoc_data", "lib-dynload", "__pycache__", "ssl.py", "turtle.py",
    "antigravity.py", "this.py", "__phello__", "__hello__.py", "sitecustomize.py", "usercustomize.py",
}  # fmt: skip
EXTENSIONS = """_asyncio _bisect _blake2 _bz2 _contextvars _csv _datetime _decimal _elementtree _heapq _json _lzma _md5
  _opcode _pickle _posixsubprocess _queue _random _sha1 _sha2 _sha256 _sha3 _sha512 _socket _statistics _struct _typing
  _zoneinfo array binascii cmath fcntl math pyexpat select unicodedata zlib""".split()
FOLDER = "/lib/python"


class Library:
    """A finder and loader of modules."""

    def __init__(self):
        folder = os.path.dirname(os.__file__)
        parts, self._places, size = [], {}, 0
        for name, path, is_package in _modules(folder, ""):
            try:
                code = SourceFileLoader(name, path).get_code(name)
            except (SyntaxError, UnicodeDecodeError):
                continue
            _imp._fix_co_filename(code, FOLDER + path[len(folder) :])
            data = marshal.dumps(code)
            self._places[name] = (size, len(data), is_package)
            parts.append(data)
            size += len(data)
        self._memory = _share(b"".join(parts), size)

    def take_over(self, own):
        """From here on nothing is imported from files. What was, but for the codecs, is forgotten: `own` is where this
        module and its companions lie."""
        origins = (own, os.path.dirname(os.__file__))
        extensions = [path for path in sys.path if path.endswith("lib-dynload")]
        # Parents come before what lies in them: a package goes with all of its parts.
        for name, module in sorted(sys.modules.items()):
            path = getattr(module, "__file__", None) or ""
            frozen = getattr(getattr(module, "__spec__", None), "origin", None) == "frozen"
            from_file = path.endswith(".py") and path.startswith(origins) and not frozen
            orphan = "." in name and name.rpartition(".")[0] not in sys.modules
            if (from_file or orphan) and not name.startswith("encodings") and name != "__main__":
                del sys.modules[name]
        builtin = [finder for finder in sys.meta_path if finder.__name__ in ("BuiltinImporter", "FrozenImporter")]
        files = [finder for finder in sys.meta_path if finder not in builtin]
        sys.path[:] = extensions
        sys.meta_path[:] = [*builtin, self, *files]
        for name in EXTENSIONS:
            try:
                __import__(name)
            except ImportError:
                pass
        sys.meta_path[:] = [*builtin, self]
        sys.path.clear()
        sys.path_hooks.clear()
        sys.path_importer_cache.clear()

    def find_spec(self, name, path=None, target=None):
        if name not in self._places:
            return None
        return _frozen_importlib.spec_from_loader(name, self, is_package=self._places[name][2])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        start, length, _ = self._places[module.__name__]
        exec(marshal.loads(self._memory[start : start + length]), module.__dict__)

    def is_package(self, name):
        return self._places[name][2]

    def get_source(self, name):
        return None


def _share(data, size):
    """Memory that every fork sees and none can change for the others: what one writes becomes its own copy."""
    file = os.memfd_create("library")
    with open(file, "wb") as writer:
        writer.write(data)
        writer.flush()
        return mmap.mmap(file, size, mmap.MAP_PRIVATE, mmap.PROT_READ)


def _modules(folder, prefix):
    for entry in sorted(os.listdir(folder)):
        path = f"{folder}/{entry}"
        if entry in LEFT_OUT or entry.startswith("_sysconfigdata"):
            continue
        if entry.endswith(".py") and entry != "__init__.py":
            yield prefix + entry[:-3], path, False
        elif os.path.isfile(f"{path}/__init__.py"):
            yield prefix + entry, f"{path}/__init__.py", True
            yield from _modules(path, f"{prefix}{entry}.")

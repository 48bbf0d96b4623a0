import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { trace } from "./tracer.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const run = (code: string, stdin = "") => trace(sandbox, code, { kind: "stdio", stdin }, { determinismCheck: false });

const FUNCTION = "def f(n):\n    x = n\n    return x\n";

describe("marked as tampered", () => {
  test.each([
    "import sys\nsys.settrace(None)",
    "import sys\ngetattr(sys, 'set' + 'trace')(None)",
    "import sys\nname = 'monitoring'\ngetattr(sys, name).free_tool_id(4)",
    "import sys\nsys.__dict__['moni' + 'toring'].free_tool_id(4)",
    "import sys\nvars(sys)['monitoring'].set_events(4, 0)",
    "import sys as s\ns._getframe(1).f_locals",
    "from sys import monitoring as m\nm.set_events(4, 0)",
    "import operator, sys\noperator.attrgetter('monitoring.free_tool_id')(sys)(4)",
    "from operator import attrgetter\nimport sys as s\nk = attrgetter('sett' 'race')\nk(s)(None)",
    "import sys\ndef use(module):\n    return module.__dict__\nuse(sys)",
    "import os\nos.sys.settrace(None)",
    "import random\nrandom._os.sys.setprofile(None)",
    "import collections\ncollections._sys.monitoring.free_tool_id(4)",
    "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    frame = e.__traceback__.tb_frame.f_back",
    "import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    frame = sys.exc_info()[2].tb_frame",
    "def g():\n    yield 1\nframe = g().gi_frame",
    "async def g():\n    pass\nc = g()\nframe = c.cr_frame\nc.close()",
    "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Run': o.captured.values.clear()",
    "import inspect\nframe = inspect.currentframe()",
    "gc = __import__('g' + 'c')",
    "__import__('sys').settrace(None)",
    "import importlib\nimportlib.import_module('gc')",
    "import sys\nsys.modules.get('coderlplus_tracer')",
    "exec('import ' + 'gc')",
    "eval('__imp' + 'ort__')('gc')",
    "exec('import gc')",
    "import os\nrun = os._exit.__self__\nrun.captured.values['x'] = 1",
    "import threading\nthreading.Thread.start.__globals__['sys'].settrace(None)",
    "m = print.__self__.__import__('gc')",
    "globals()['__buil' + 'tins__']",
    "space = globals()\nfor key in list(space): space[key]",
    "f.__code__ = (lambda n: 5).__code__",
    "import types\nf2 = types.FunctionType",
    "def outer():\n    n = 1\n    def inner(): return n\n    return inner\nouter().__closure__[0].cell_contents = 7",
    "object.__getattribute__(f, '__glo' + 'bals__')",
    "match f:\n    case object(__globals__=g): pass",
    "class A: pass\nA.__mro__[1].__subclasses__()",
    "import traceback\nfor frame, _ in traceback.walk_stack(None): frame.f_locals",
    "t = list(map(getattr, [f], ['__glo' + 'bals__']))",
    "import pickle",
    "__builtins__.__import__",
  ])("%j", async (code) => {
    expect((await run(`${FUNCTION}f(1)\n${code}\ny = f(2)\n`)).tampered).toBe(true);
  });
});

test("ctypes does not even load: nothing is reported", async () => {
  const { tampered, variables } = await run("import ctypes\nx = 1\n");
  expect(tampered || Object.keys(variables).length === 0).toBe(true);
});

describe("not marked", () => {
  test.each([
    "import sys\ninput = sys.stdin.readline\nsys.setrecursionlimit(5000)\nx = sys.maxsize\nsys.stdout.write('x')\nsys.exit(0)",
    "import sys\na = sys.argv, sys.stdin.buffer.read(), sys.float_info.max\nprint(1, file=sys.stderr)",
    "from sys import stdin, stdout, exit, setrecursionlimit\nx = stdin.read()",
    "input = __import__('sys').stdin.readline",
    "gc = 'acgt'.count('g')\nd = 'gc'\ninspect = 'ctypes'",
    "import re, math, collections\np = re.compile('a+')\nq = math.gcd(4, 6)\nd = collections.deque([1])",
    "class A:\n    def __init__(self):\n        self.x = 1\n        self.modules = [2]\n    def __eq__(self, other):\n        return self.__dict__ == other.__dict__\na = A() == A()\nb = getattr(A(), 'x', None), hasattr(a, 'y')",
    "import operator\nl = sorted([(2, 1), (1, 2)], key=operator.itemgetter(1))\nclass P: x = 1\nm = sorted([P()], key=operator.attrgetter('x'))",
    "x = eval(input())\ny = list(map(eval, input().split()))",
    "import string\nstring = 'abc'\nprint(string)\nx = 'y' in globals()\ny = globals()['x']",
    "def f():\n    try:\n        return 1 / 0\n    except ZeroDivisionError as e:\n        return str(e)\nx = f()",
    "import os\nos._exit(0)",
  ])("%j", async (code) => {
    expect((await run(`${code}\n`, "1\n2 3\n")).tampered).toBe(false);
  });
});

"""EvalPlus's rule for outputs: what a function returns is compared with what the reference returns on the same input.

Runs in the sandbox, in front of a task's own lines of `assert expect([...])`. Numbers and special cases are EvalPlus's
(evalplus 26d6d00, evalplus/eval); not here: inputs, references, limits of time.
"""

import cmath
import copy
import math

RELATIVE = 1e-7
FOR_FLOATS = 1e-6


def reference_of(source, name):
    namespace = {"__name__": "reference"}
    exec(compile(source, "<reference>", "exec"), namespace)
    return namespace[name]


def expectation(name, reference, candidate, tolerance, sticky):
    """Says of a list of arguments whether candidate and reference agree on it.

    `sticky` repeats a mistake: once one expected value is a float, its tolerance holds for all inputs to come.
    """
    allowed = [tolerance]

    def expect(arguments):
        expected = reference(*copy.deepcopy(arguments))
        got = candidate(*copy.deepcopy(arguments))
        if name == "find_zero":
            return is_root(*arguments, got, tolerance) or not is_root(*arguments, expected, tolerance)
        exact = matches(name, got, expected, arguments, allowed[0])
        within = FOR_FLOATS if allowed[0] == 0 and is_floats(expected) else allowed[0]
        if sticky:
            allowed[0] = within
        if exact or within == 0:
            return exact
        return type(got) is type(expected) and close(got, expected, within, not sticky)

    return expect


def matches(name, got, expected, arguments, tolerance):
    if name in SAME_SET:
        return set(got) == set(expected)
    if name in ANYTHING_BUT_NONE:
        found = expected is not None
        return got == found if isinstance(got, bool) else found == (got is not None)
    if got == expected or name == "are_equivalent":
        return True
    if name == "sum_div":
        return got == 0
    if name == "surface_Area":
        return abs(got - surface_of_pyramid(*arguments)) <= tolerance
    return name == "digit_distance_nums" and got == distance_of_digits(*arguments)


SAME_SET = {
    "similar_elements",
    "find_char_long",
    "common_in_nested_lists",
    "extract_singly",
    "larg_nnum",
    "intersection_array",
    "find_dissimilar",
    "Diff",
}
ANYTHING_BUT_NONE = {"check_str", "text_match_three", "text_starta_endb"}


def is_floats(value):
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def close(got, expected, tolerance, equal_nan):
    """As numpy's `allclose`, of numbers and lists of lists of them; where shapes differ, never."""
    if isinstance(expected, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            return False
        return all(close(a, b, tolerance, equal_nan) for a, b in zip(got, expected))
    if not isinstance(expected, (int, float, complex)) or not isinstance(got, (int, float, complex)):
        return False
    if got == expected:
        return True
    try:
        got, expected = complex(got), complex(expected)
    except OverflowError:
        return False
    if cmath.isnan(got) or cmath.isnan(expected):
        return equal_nan and cmath.isnan(got) and cmath.isnan(expected)
    if cmath.isinf(got) or cmath.isinf(expected):
        return False
    return abs(got - expected) <= tolerance + RELATIVE * abs(expected)


def is_root(coefficients, x, tolerance):
    """Where terms are near 1e14, rounding alone leaves more than EvalPlus's tolerance.

    Of some inputs the reference finds no root unless rounding happens to help: such an input asks for nothing.
    """
    rounding = 1e-15 * polynomial([abs(coefficient) for coefficient in coefficients], abs(x))
    return abs(polynomial(coefficients, x)) <= max(tolerance, rounding)


def polynomial(coefficients, x):
    return sum(coefficient * math.pow(x, power) for power, coefficient in enumerate(coefficients))


def surface_of_pyramid(base, height):
    """With the height taken as the pyramid's, and not that of a side."""
    return round(base**2 + 2 * base * math.sqrt((base / 2) ** 2 + height**2))


def distance_of_digits(first, second):
    """Of the digits one below the other, the shorter number filled up with zeros in front."""
    width = max(len(str(first)), len(str(second)))
    pairs = zip(str(first).zfill(width), str(second).zfill(width))
    return sum(abs(int(one) - int(other)) for one, other in pairs)

"""What LiveCodeBench's grader of test outputs does with an answer, mistakes included: the right side of its first
assertion is evaluated, here inside the sandbox, among the names of the grader's own. Strict grading has no part in this.
"""

import ast
import json


def right_side(statement):
    try:
        body = ast.parse(statement).body
    except SyntaxError:
        return None
    comparison = body[0].test if body and isinstance(body[0], ast.Assert) else None
    if not isinstance(comparison, ast.Compare) or not isinstance(comparison.ops[0], ast.Eq):
        return None
    return ast.get_source_segment(statement, comparison.comparators[0])


def agrees(testcase_str, expected_output):
    lines = testcase_str.splitlines()
    if len(lines) > 1:
        asserting = [line for line in lines if not line.startswith("#") and "assert" in line]
        testcase_str = asserting[0] if asserting else testcase_str
    testcase_str = testcase_str.strip()
    source = right_side(testcase_str) if "assert" in testcase_str else testcase_str
    if source is None:
        return False
    try:
        value = eval(source)
        expected = json.loads(expected_output)
    except Exception:
        return False
    return value == expected

"""Whether a ``case`` is the one a known subject takes, and the names it binds."""

import ast

from watchfloor.experts.code.values import Value


def chosen(pattern: ast.pattern, subject: Value) -> tuple[bool | None, list[str]]:
    """Whether a pattern fits for certain (true), not at all (false) or perhaps (none); and the names it binds."""
    if isinstance(pattern, ast.MatchAs):
        if pattern.pattern is None:
            return True, [pattern.name] if pattern.name else []
        fits, names = chosen(pattern.pattern, subject)
        return fits, [*names, pattern.name] if pattern.name else names
    if isinstance(pattern, ast.MatchOr):
        answers = [chosen(each, subject) for each in pattern.patterns]
        names = [name for _, found in answers for name in found]
        if any(fits for fits, _ in answers):
            return True, names
        return (False if all(fits is False for fits, _ in answers) else None), names
    if isinstance(pattern, ast.MatchValue):
        if isinstance(pattern.value, ast.Constant) and subject.constants:
            equal = {each == pattern.value.value for each in subject.options}
            return (equal.pop() if len(equal) == 1 else None), []
        return None, []
    if isinstance(pattern, ast.MatchSingleton):
        return (subject.constant is pattern.value if subject.known else None), []
    names = [each.name for each in ast.walk(pattern) if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name]
    return None, names

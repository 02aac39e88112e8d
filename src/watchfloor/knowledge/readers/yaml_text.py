"""YAML of strangers, read without what makes YAML dangerous: tags, bombs of aliases, nesting that ends the process."""

import re
from typing import Any, Final

import yaml

_LARGEST: Final = 4 * 1024 * 1024
_MOST_BRACKETS: Final = 20_000
_DEEPEST_INDENT: Final = 200
_MOST_ALIASES: Final = 100
_ALIAS = re.compile(r"(?m)(?:^|[\s\[,:-])\*[A-Za-z0-9_]+")
#: Open brackets one after the other, and signs that open a level each within one line.
_NESTED = re.compile(r"[\[{](?:\s*[\[{]){50}|(?:[-?:] ?){50}(?=[^-\s])")
_INDENT = re.compile(rf"(?m)^[ ]{{{_DEEPEST_INDENT},}}(?=[-?]|[^\s:]+:)")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents(text: str) -> list[Any]:
    """The documents of a YAML text, as plain data.

    Raises:
        ValueError: it is none, or one that must not be read.
    """
    if len(text) > _LARGEST:
        raise ValueError(f"is larger than {_LARGEST // 1024 // 1024} MiB")
    if len(_ALIAS.findall(text)) > _MOST_ALIASES:
        raise ValueError("holds more aliases than any rule needs")
    if _INDENT.search(text) or _NESTED.search(text) or text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise ValueError("is nested too deeply")
    try:
        return [each for each in yaml.load_all(text, Loader=_Loader) if each is not None]
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" (line {line + 1})" if line is not None else ""
        raise ValueError(f"is no YAML: {getattr(error, 'problem', None) or type(error).__name__}{where}") from error

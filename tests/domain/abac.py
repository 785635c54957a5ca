"""Azure's conditions, read and evaluated: the few forms that role assignments use, written from the manual.

Independent of the code that makes them: a tokenizer, a recursive descent, and an error for anything else.
"""

import re
from collections.abc import Callable, Mapping

Attributes = Mapping[str, str]
Test = Callable[[str, Attributes, Attributes], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<word>\(|\)|!|AND\b|OR\b)"
    r"|(?P<match>ActionMatches\{'(?P<action>[^']+)'\})"
    r"|@(?P<source>Request|Resource)\[(?P<type>[\w./]+):(?P<name>\w+)\]\s+"
    r"ForAnyOfAnyValues:(?P<operator>GuidEquals|StringEqualsIgnoreCase)\s+\{(?P<values>[^}]*)\})"
)


def compiled(text: str) -> Test:
    """Return the condition as a function of (action, what is requested, what is there)."""
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not a condition: {text[at : at + 40]!r}")
        tokens.append(found)
        at = found.end()
    test, rest = _either(tokens)
    if rest:
        raise ValueError("words after the end")
    return test


def _either(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    left, tokens = _both(tokens)
    while tokens and tokens[0]["word"] == "OR":
        right, tokens = _both(tokens[1:])
        left = _or(left, right)
    return left, tokens


def _both(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    left, tokens = _one(tokens)
    while tokens and tokens[0]["word"] == "AND":
        right, tokens = _one(tokens[1:])
        left = _and(left, right)
    return left, tokens


def _one(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    head, tokens = tokens[0], tokens[1:]
    if head["word"] == "!":
        inner, tokens = _one(tokens)
        return (lambda *asked: not inner(*asked)), tokens
    if head["word"] == "(":
        inner, tokens = _either(tokens)
        if not tokens or tokens[0]["word"] != ")":
            raise ValueError("not closed")
        return inner, tokens[1:]
    if head["match"]:
        wanted = head["action"].lower()
        return (lambda action, *_: action.lower() == wanted), tokens
    if head["operator"] is None:
        raise ValueError(f"nothing stands before {head['word']}")
    return _compares(head), tokens


def _compares(token: re.Match[str]) -> Test:
    name, source, wanted = token["name"], token["source"], token["values"]
    quoted = token["operator"] == "StringEqualsIgnoreCase"
    values = {one.strip().strip("'" if quoted else "").lower() for one in wanted.split(",")}
    if token["type"] != "Microsoft.Authorization/roleAssignments":
        raise ValueError(f"not an attribute of role assignments: {token['type']}")

    def holds(_: str, requested: Attributes, there: Attributes) -> bool:
        found = (requested if source == "Request" else there).get(name)
        return found is not None and found.lower() in values

    return holds


def _and(left: Test, right: Test) -> Test:
    return lambda *asked: left(*asked) and right(*asked)


def _or(left: Test, right: Test) -> Test:
    return lambda *asked: left(*asked) or right(*asked)

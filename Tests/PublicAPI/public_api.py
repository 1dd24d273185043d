#!/usr/bin/env python3
"""Prints a module's public API as text, out of its symbol graph: one declaration a line, members below their type.

It fails when a symbol has no doc comment.
"""

import json
import sys

# Every type has these.
IMPLIED = {"Copyable", "Escapable", "SendableMetatype"}


def main(path):
    with open(path) as file:
        graph = json.load(file)
    # What the compiler writes itself, like the == of an enumeration, stands in no file.
    symbols = {
        symbol["identifier"]["precise"]: symbol
        for symbol in graph["symbols"]
        if "location" in symbol and "::SYNTHESIZED::" not in symbol["identifier"]["precise"]
    }
    conformances = {}
    for relationship in graph["relationships"]:
        if relationship["kind"] == "conformsTo":
            known = symbols.get(relationship["target"])
            name = known["names"]["title"] if known else relationship["targetFallback"].split(".")[-1]
            conformances.setdefault(relationship["source"], set()).add(name)
    lines, undocumented = [], []
    for identifier, symbol in symbols.items():
        path = tuple(symbol["pathComponents"])
        declaration = " ".join("".join(part["spelling"] for part in symbol["declarationFragments"]).split())
        if symbol["kind"]["identifier"] == "swift.protocol":
            # It says itself what it inherits.
            declaration = declaration.split(" : ")[0]
        names = conformances.get(identifier, set()) - IMPLIED
        if "Hashable" in names:
            names -= {"Equatable"}
        if names:
            declaration += ": " + ", ".join(sorted(names))
        lines.append((path, declaration))
        if "docComment" not in symbol:
            undocumented.append(".".join(path))
    for path, declaration in sorted(lines):
        print("    " * (len(path) - 1) + declaration)
    for name in sorted(undocumented):
        print(f"{name} has no doc comment", file=sys.stderr)
    return 1 if undocumented else 0


sys.exit(main(*sys.argv[1:]))

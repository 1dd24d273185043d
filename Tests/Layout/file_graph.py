#!/usr/bin/env python3
"""Checks that no files of the library use each other in a circle, and no two folders use each other both ways.

A file uses another one if it names a type or a function that the other defines at its top level. A folder within a
folder belongs to it. The files beside the folders are the library's front and its errors, which every folder may use.

    Tests/Layout/file_graph.py Sources/ImageDeletion
"""

import collections
import pathlib
import re
import sys

DEFINITION = re.compile(
    r"^(?:(?:public|package|fileprivate|private|internal|final|indirect|@\w+(?:\([^)]*\))?) )*"
    r"(?:struct|class|enum|actor|protocol|typealias|func|let|var) (\w+)",
    re.MULTILINE,
)
NOISE = re.compile(r'//[^\n]*|"""(?s:.*?)"""|#*"(?:\\.|[^"\\\n])*"#*')


def circles(edges):
    """The groups of nodes that reach each other (Tarjan's algorithm, without recursion)."""
    number, low, stack, on_stack, found = {}, {}, [], set(), []
    for root in edges:
        if root in number:
            continue
        work = [(root, iter(edges[root]))]
        number[root] = low[root] = len(number)
        stack.append(root), on_stack.add(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other), on_stack.add(other)
                    work.append((other, iter(edges[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    group = []
                    while not group or group[-1] != node:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    if len(group) > 1:
                        found.append(sorted(group))
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    texts = {path.relative_to(root): NOISE.sub('""', path.read_text()) for path in sorted(root.rglob("*.swift"))}
    owner = {}
    for path, text in texts.items():
        for match in DEFINITION.finditer(text):
            if "private " not in match.group(0):
                owner.setdefault(match.group(1), path)
    files = {path: collections.defaultdict(set) for path in texts}
    for path, text in texts.items():
        for word in set(re.findall(r"\b\w+\b", text)):
            if owner.get(word, path) != path:
                files[path][owner[word]].add(word)

    problems = ["circle of files: " + ", ".join(map(str, group)) for group in circles(files)]
    folders = collections.defaultdict(set)
    for path, others in files.items():
        for other, words in others.items():
            one, two = path.parts[0], other.parts[0]
            if one != two and len(path.parts) > 1 and len(other.parts) > 1:
                folders[one, two] |= {f"{path.name} names {word}" for word in words}
    for one, other in sorted(folders):
        if one < other and (other, one) in folders:
            for here, there in [(one, other), (other, one)]:
                problems.append(f"{here} uses {there}, and both ways: " + "; ".join(sorted(folders[here, there])))
    print("\n".join(problems) or f"{len(texts)} files, no circle")
    sys.exit(bool(problems))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that can be seen in the text of the sources.

    check.py --list                    the names of the checks
    check.py --root DIR [CHECK...]     run these checks (all of them, if none is named) over the tree
    check.py --self-test DIR           does each check find its planted violations, and nothing else?

A violation is reported as path:line: message, and the exit code is 1. To add a check, write a function under @check and
plant what it must find: planted/ holds a small tree in which each violating line says `planted: name-of-the-check`. The
files there end in .planted, which keeps compilers, formatters and these checks away from them.
"""

import argparse
import fnmatch
import os
import pathlib
import re
import shutil
import sys
import tempfile
import textwrap

# Where a state word or a lock-free structure lives. Everything else calls their named transitions.
COMPARE_EXCHANGE_HOMES = [
    "core/include/charkha/detail/task_state.hpp",
    "core/include/charkha/detail/waiter_list.hpp",
    "core/src/future_core.cpp",  # the reference count
    "core/src/task_core.cpp",  # notes made by whoever needs them first
    "core/src/serial_queue.cpp",  # and queues
    "core/src/context_state.cpp",  # and contexts
    "core/include/charkha/detail/deque.hpp",
    "scheduler/src/idle_set.*",
    "scheduler/src/injection_queue.*",
    "scheduler/src/parker.*",
]

CORE = ["core/*.hpp", "core/*.cpp"]
LIBRARY = CORE + ["scheduler/*.hpp", "scheduler/*.cpp"]
PUBLIC = ["core/include/*.hpp", "scheduler/include/*.hpp"]
LICENSED = ["*.hpp", "*.cpp", "*.cmake", "*.css", "*.go", "*.in", "*.js", "*.py", "*.rs", "*.sh", "*CMakeLists.txt"]
LICENSED += ["run", ".ci/run"]


# ---- reading the tree ------------------------------------------------------------------------------------------------

# Comments, strings and characters (but not the ' of 1'000), in this order.
TOKENS = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | R"(?P<mark>[^()\s\\]*)\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL | re.VERBOSE,
)


def blank(text):
    """As many lines and columns, and nothing in them."""
    return re.sub(r"[^\n]", " ", text)


class Source:
    """One file: its text, and that text split into code and comments at unchanged positions."""

    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")

    @property
    def code(self):
        return TOKENS.sub(lambda token: blank(token.group()), self.text)

    @property
    def comments(self):
        out, end = [], 0
        for token in TOKENS.finditer(self.text):
            kept = token.group() if token["comment"] else blank(token.group())
            out += [blank(self.text[end : token.start()]), kept]
            end = token.end()
        return "".join(out) + blank(self.text[end:])

    def line(self, position):
        return self.text.count("\n", 0, position) + 1

    def includes(self):
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', self.text, re.MULTILINE):
            yield match.start(2), match[1], match[2]


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f == ".ci" or not (f.startswith(".") or f.startswith("build")))
            self.paths += [(pathlib.Path(folder) / f).relative_to(self.root).as_posix() for f in sorted(files)]

    def has(self, path):
        return (self.root / path).is_file()

    def sources(self, patterns):
        for path in self.paths:
            if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns):
                yield Source(self.root, path)

    def find(self, patterns, regex, message):
        """Reports each match in the code of these files; {} in the message becomes the matched text."""
        for source in self.sources(patterns):
            for match in re.finditer(regex, source.code):
                yield source.path, source.line(match.start()), message.format(match.group().strip())


# ---- the checks ------------------------------------------------------------------------------------------------------

CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


@check
def core_includes_only_core(tree):
    for source in tree.sources(CORE):
        for position, quote, name in source.includes():
            beside = quote == '"' and tree.has(os.path.normpath(os.path.join(os.path.dirname(source.path), name)))
            ours = quote == '"' or name.startswith("charkha/")
            if ours and not tree.has("core/include/" + name) and not (beside and source.path.startswith("core/src/")):
                yield source.path, source.line(position), f"core includes {name}, which is not core's"


@check
def core_has_no_threads_and_no_clock(tree):
    threading = {"thread", "mutex", "shared_mutex", "condition_variable", "stop_token", "semaphore", "latch",
                 "barrier", "future"}  # fmt: skip
    # Neither memory nor making room for the holder of a lock is anybody's turn: sys/mman.h and sched.h are let through.
    system = re.compile(r"(pthread|unistd|signal|time|threads)\.h$|sys/(?!mman\.h)|linux/")
    for source in tree.sources(CORE):
        for position, quote, name in source.includes():
            if quote == "<" and (name in threading or system.match(name)):
                message = f"core includes <{name}>: threads and system calls are scheduler's"
                yield source.path, source.line(position), message
    yield from tree.find(
        CORE,
        r"\b\w*_clock::now\b|\bclock_gettime\b|\bpthread_\w+|\bsyscall\b|\bthis_thread::(?:sleep_\w+|yield|get_id)\b",
        "core uses {}: threads, clocks and system calls are scheduler's",
    )


@check
def no_tbb_in_public_headers(tree):
    for source in tree.sources(PUBLIC):
        for position, _, name in source.includes():
            if re.match(r"(oneapi/)?tbb/", name):
                yield source.path, source.line(position), f"a public header includes <{name}>"
    yield from tree.find(PUBLIC, r"\b(?:tbb|oneapi)::", "a public header names {}")


@check
def no_fences(tree):
    yield from tree.find(
        LIBRARY, r"\batomic_(?:thread|signal)_fence\b", "{}: ThreadSanitizer cannot see it; order an access instead"
    )


@check
def memory_order_is_spelled(tree):
    access = re.compile(
        r"(?:\.|->)\s*"
        r"(load|store|exchange|test_and_set|fetch_(?:add|sub|and|or|xor)|compare_exchange_(?:weak|strong))\s*\("
    )
    declaration = re.compile(r"\batomic<[^;(){}]*>\s+(\w+)")
    for source in tree.sources(LIBRARY):
        code = source.code
        for match in access.finditer(code):
            if not re.search(r"\bmemory_order|order\b", arguments(code, match.end())):
                yield source.path, source.line(match.start()), f"{match[1]}() without a memory order"
        # counter_++ and counter_ = 1 are sequentially consistent without saying so.
        for name in {match[1] for match in declaration.finditer(code)}:
            operator = rf"(?:\+\+|--)\s*(?:\w+(?:\.|->))*{name}\b|\b{name}\s*(?:\+\+|--|[-+&|^]?=(?!=))"
            for match in re.finditer(operator, code):
                if not declaration.search(line_at(code, match.start())):
                    yield source.path, source.line(match.start()), f"operator on the atomic {name}: no memory order"


def arguments(code, start):
    """The text from after an opening parenthesis to its partner."""
    depth = 1
    for end in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[end], 0)
        if depth == 0:
            return code[start:end]
    return code[start:]


def line_at(text, position):
    end = text.find("\n", position)
    return text[text.rfind("\n", 0, position) + 1 : end if end >= 0 else len(text)]


@check
def order_labels_pair(tree):
    # [two-words] is a label wherever it stands, [word] where an order follows it.
    label = re.compile(r"\[[a-z]+(?:-[a-z]+)+\]|\[[a-z]+\](?= (?:release|acquire|seq_cst))")
    places = {}
    for source in tree.sources(LIBRARY):
        for match in label.finditer(source.comments):
            places.setdefault(match.group(), []).append((source.path, source.line(match.start())))
    for name, found in places.items():
        if len(found) < 2:
            yield *found[0], f"the memory-order label {name} has one end only"


@check
def licence_is_named(tree):
    for source in tree.sources(LICENSED):
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(source.text.splitlines()[:3]):
            yield source.path, 1, "no 'SPDX-License-Identifier: Apache-2.0' in the first three lines"


@check
def thread_local_has_one_home(tree):
    found = list(tree.find(LIBRARY, r"\bthread_local\b", "{} occurs in more than one file; it may in one"))
    if len({path for path, _, _ in found}) > 1:
        yield from found


@check
def compare_exchange_has_a_home(tree):
    for path, line, message in tree.find(
        LIBRARY, r"\bcompare_exchange_(?:weak|strong)\b", "{} outside the files that own a state word"
    ):
        if not any(fnmatch.fnmatchcase(path, home) for home in COMPARE_EXCHANGE_HOMES):
            yield path, line, message


@check
def tests_never_sleep(tree):
    yield from tree.find(
        ["tests/*.hpp", "tests/*.cpp"],
        r"\bsleep_for\b|\bthis_thread::sleep_until\b|(?<!\w)::sleep\b|\busleep\b|\bnanosleep\b",
        "{}: time in tests is virtual or cranked by hand",
    )


@check
def readme_shows_the_examples(tree):
    if not tree.has("README.md"):
        return
    readme = Source(tree.root, "README.md")
    blocks = re.compile(r"^```cpp\b[^\n]*\n// (examples/\S+\.cpp)\n(.*?)^```", re.MULTILINE | re.DOTALL)
    for block in blocks.finditer(readme.text):
        name, shown = block[1], block[2]
        if not tree.has(name):
            yield readme.path, readme.line(block.start()), f"shows {name}, which does not exist"
        elif shown.strip() != example_body(Source(tree.root, name).text, name):
            yield readme.path, readme.line(block.start()), f"shows something else than {name} holds"


def example_body(text, name):
    """The file without its licence line and without the line that says its name."""
    head = re.compile(rf"(//[^\n]*SPDX-License-Identifier[^\n]*\n)?\s*(// {re.escape(name)}\n)?")
    return text[head.match(text).end() :].strip()


PAGES = {"docs/coming-from-asyncio.md": "examples/coming_from_asyncio/", "docs/testing.md": "examples/testing/"}


@check
def pages_show_the_snippets(tree):
    for page, folder in PAGES.items():
        if tree.has(page):
            yield from page_shows_the_snippets(tree, page, folder)


def page_shows_the_snippets(tree, page_name, folder):
    page = Source(tree.root, page_name)
    snippet = re.compile(r"^[ \t]*// \[([a-z0-9-]+)\][^\n]*\n(.*?)^[ \t]*// \[end\]$", re.MULTILINE | re.DOTALL)
    snippets = {}
    for source in tree.sources([folder + "*.cpp", folder + "*.hpp"]):
        for match in snippet.finditer(source.text):
            snippets[without_margin(match[2])] = (source.path, source.line(match.start()), match[1])
    shown = set()
    for block in re.finditer(r"^```cpp\b[^\n]*\n(.*?)^```", page.text, re.MULTILINE | re.DOTALL):
        body = without_margin(block[1])
        shown.add(body)
        if body not in snippets:
            yield page.path, page.line(block.start()), f"shows something that is no snippet of {folder}"
    for body, (path, line, name) in snippets.items():
        if body not in shown:
            yield path, line, f"{page_name} does not show the snippet {name}"


def without_margin(text):
    return textwrap.dedent(text).strip()


@check
def links_lead_somewhere(tree):
    quoted = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
    for source in tree.sources(["*.md"]):
        text = quoted.sub(lambda code: blank(code.group()), source.text)
        for link in re.finditer(r"\]\((?![a-z]+:)([^()#\s]+)(?:#[^()\s]*)?\)", text):
            place = os.path.normpath(os.path.join(os.path.dirname(source.path), link[1]))
            if not (tree.root / place).exists():
                yield source.path, source.line(link.start()), f"links to {place}, which does not exist"


# ---- running them ----------------------------------------------------------------------------------------------------


def run(root, names):
    tree = Tree(root)
    violations = [violation for name in names for violation in CHECKS[name](tree)]
    for path, line, message in sorted(violations):
        print(f"{path}:{line}: {message}")
    return 1 if violations else 0


def self_test(planted):
    with tempfile.TemporaryDirectory() as root:
        for path in pathlib.Path(planted).rglob("*.planted"):
            copy = pathlib.Path(root) / path.relative_to(planted).with_suffix("")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        tree = Tree(root)
        expected = set()
        for source in tree.sources(["*"]):
            for match in re.finditer(r"planted: (\w+)", source.text):
                expected.add((match[1], source.path, source.line(match.start())))
        reported = {(name, path, line) for name in CHECKS for path, line, _ in CHECKS[name](tree)}
    faults = [f"{name} does not report {path}:{line}" for name, path, line in sorted(expected - reported)]
    faults += [f"{name} reports {path}:{line}, not planted" for name, path, line in sorted(reported - expected)]
    faults += [f"{name} has nothing planted" for name in CHECKS if name not in {plant[0] for plant in expected}]
    print("\n".join(faults) if faults else f"{len(expected)} planted violations, each found by its check")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--root", default=".")
    parser.add_argument("--self-test", metavar="DIR")
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    options = parser.parse_args()
    unknown = [name for name in options.checks if name not in CHECKS]
    if unknown:
        parser.error(f"no such check: {' '.join(unknown)}")
    if options.list:
        print("\n".join(CHECKS))
        return 0
    if options.self_test:
        return self_test(options.self_test)
    return run(options.root, options.checks or list(CHECKS))


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Who is compared. A rival takes part in a workload if it has a source file there: WORKLOAD/SOURCE."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

COMPARE = pathlib.Path(__file__).resolve().parent.parent  # bench/compare


@dataclasses.dataclass(frozen=True)
class Rival:
    name: str
    title: str
    source: str
    threads: str  # "many": as many as it is told; "one": one; "own": as many as its work has
    packages: str  # what Debian calls what it needs
    colours: tuple  # on light and on dark ground
    reference: bool = False  # a floor or a ceiling, not a rival: it is not ranked
    environment: tuple = ()
    note: str = ""


RIVALS = (
    Rival("charkha", "charkha", "charkha.cpp", "many", "", ("#e8590c", "#ff922b")),
    Rival("onetbb", "oneTBB", "onetbb.cpp", "many", "libtbb-dev", ("#1971c2", "#4dabf7")),
    Rival("asio", "Asio", "asio.cpp", "many", "libasio-dev", ("#0c8599", "#3bc9db"), note="C++20 coroutines"),
    Rival("tokio", "Tokio", "tokio.rs", "many", "cargo librust-tokio-dev", ("#9c36b5", "#da77f2"), note="multi_thread"),
    Rival(
        "tokio_current",
        "Tokio ct",
        "tokio.rs",
        "one",
        "cargo librust-tokio-dev",
        ("#c774d9", "#b197fc"),
        environment=(("FLAVOUR", "current_thread"),),
        note="current_thread",
    ),
    Rival("go", "Go", "go.go", "many", "golang-go", ("#2b8a3e", "#69db7c")),
    Rival("asyncio", "asyncio", "python.py", "one", "python3", ("#e0a800", "#ffd43b")),
    Rival(
        "uvloop",
        "uvloop",
        "python.py",
        "one",
        "python3-uvloop",
        ("#a68a2f", "#e6cf7a"),
        environment=(("LOOP", "uvloop"),),
        note="asyncio on libuv",
    ),
    Rival("libuv", "libuv", "libuv.cpp", "one", "libuv1-dev", ("#5c677d", "#a5b4cb"), note="callbacks, no tasks"),
    Rival("node", "Node", "node.js", "one", "nodejs", ("#5c940d", "#a9e34b")),
    Rival("threads", "threads", "threads.cpp", "own", "", ("#868e96", "#909296"), True, note="of the system"),
    Rival("serial", "serial", "serial.cpp", "one", "", ("#adb5bd", "#6c757d"), True, note="no tasks"),
    Rival("epoll", "epoll", "epoll.cpp", "one", "", ("#adb5bd", "#6c757d"), True, note="system calls alone"),
)
BY_NAME = {rival.name: rival for rival in RIVALS}


def python_with(module):
    """An interpreter that has this module: the one on the path or, if not, the system's. None if neither has it."""
    for candidate in dict.fromkeys(filter(None, [shutil.which("python3"), "/usr/bin/python3"])):
        if os.access(candidate, os.X_OK):
            probe = "import asyncio, sys; asyncio.timeout; import " + module  # asyncio.timeout: 3.11
            if subprocess.run([candidate, "-c", probe], capture_output=True, check=False).returncode == 0:
                return candidate
    return None


def workers_of(rival, workload, counts):
    """With how many workers a rival is measured."""
    if rival.threads == "one":
        return counts[:1] if counts[0] == 1 else []
    if rival.threads == "own" or (rival.name, workload) == ("onetbb", "channel"):  # each end is a thread
        return counts[-1:]
    return counts

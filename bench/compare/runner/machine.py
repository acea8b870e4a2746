# SPDX-License-Identifier: Apache-2.0
"""What was measured on, and whether it was quiet."""

import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

# Beyond these the figures are not to be trusted, and the report says so.
LOAD_LIMIT = 0.25  # processes that wanted to run before we began, per processor
SPREAD_LIMIT = 0.10  # between the fastest and the usual turn of a loop that always does the same
STEAL_LIMIT = 0.01  # share of the time that the hypervisor gave to others


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return ""


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def system():
    try:
        release = pathlib.Path("/etc/os-release").read_text()
        return re.search(r'^PRETTY_NAME="?([^"\n]*)', release, re.MULTILINE)[1]
    except (OSError, TypeError):
        return platform.system()


def version_of(package):
    return first_line("dpkg-query", "-W", "-f=${Version}", package) if pathlib.Path("/var/lib/dpkg").exists() else ""


def describe(toolbox, root):
    """The machine and what is compared, by version."""
    tools = toolbox.tools
    versions = {
        "charkha": first_line("git", "-C", str(root), "describe", "--always", "--dirty"),
        "onetbb": version_of("libtbb-dev") if "onetbb" in tools else "",
        "asio": version_of("libasio-dev") if "asio" in tools else "",
        "tokio": version_of("librust-tokio-dev") if "tokio" in tools else "",
        "go": first_line("go", "version").removeprefix("go version ") if "go" in tools else "",
        "asyncio": first_line(tools["asyncio"], "--version") if "asyncio" in tools else "",
        "uvloop": version_of("python3-uvloop") if "uvloop" in tools else "",
        "libuv": version_of("libuv1-dev") if "libuv" in tools else "",
        "node": first_line("node", "--version") if "node" in tools else "",
    }
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": system(),
        "kernel": platform.release(),
        "compiler": first_line("clang++-19", "--version"),
        "versions": {name: version for name, version in versions.items() if version},
    }


def turn():
    """How long a loop takes that always does the same, in seconds."""
    begin = time.perf_counter()
    x = 1
    for _ in range(20_000):
        x = x * 1103515245 + 12345 & 0x7FFFFFFF
    return time.perf_counter() - begin


def jiffies():
    """All time of all processors, and the part that was stolen."""
    numbers = [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return sum(numbers[:8]), numbers[7] if len(numbers) > 7 else 0


class Noise:
    """Listens before each round and at the end. Its notes are part of the results: a continued run adds to them."""

    def __init__(self, notes=None):
        self.notes = notes or {"load": os.getloadavg()[0], "turns": [], "steal": 0.0}
        self.begin = jiffies()

    def listen(self):
        self.notes["turns"].append([turn() for _ in range(30)])
        all_time, stolen = (end - begin for end, begin in zip(jiffies(), self.begin))
        self.notes["steal"] = max(self.notes["steal"], stolen / all_time if all_time else 0.0)

    @staticmethod
    def warnings(notes, processors):
        """What makes the figures doubtful, in words."""
        found = []
        load = notes["load"] / processors
        if load > LOAD_LIMIT:
            found.append(f"before it began {notes['load']:.1f} processes wanted to run on {processors} processors")
        if notes["turns"]:
            fastest = min(min(turns) for turns in notes["turns"])
            usual = [statistics.median(turns) for turns in notes["turns"]]
            spread = max(usual) / fastest - 1
            if spread > SPREAD_LIMIT:
                found.append(f"a loop that always does the same took up to {spread:.0%} longer than at its fastest")
        if notes["steal"] > STEAL_LIMIT:
            found.append(f"the hypervisor gave {notes['steal']:.1%} of the time to others")
        return found

# SPDX-License-Identifier: Apache-2.0
"""Runs one program once, and says what it said and what it used (support/measured.cpp)."""

import collections
import pathlib
import re
import select
import signal
import subprocess
import tempfile

ECHO_SECONDS = {"full": 3, "quick": 0.5, "tiny": 0.1}
CANNOT = 3  # the exit status of a program whose rival has no such thing

Program = collections.namedtuple("Program", "command environment workers size variant")


class Cannot(Exception):
    """This rival has no such thing."""


class Failed(Exception):
    """The program failed, or its result was wrong."""


def parse(text):
    """The key=value pairs of all lines, as numbers; what has commas is a list."""
    found = {}
    for key, value in re.findall(r"([a-z_]+)=(\S+)", text):
        found[key] = [float(each) for each in value.split(",")] if "," in value else float(value)
    return found


def arguments(program):
    words = [*program.command, str(program.workers), str(program.size)]
    return [*words, program.variant] if program.variant else words


def checked(said, errors):
    """What a run said, if it went well. `exit` is how the measured program ended."""
    status = int(said.pop("exit", -1))
    if status == CANNOT:
        raise Cannot
    if status != 0 or "operations" not in said:
        last = errors.strip().splitlines()[-1:] or ["no message"]
        raise Failed(f"exit status {status}: {last[0]}")
    for key in ("operations", "peak_kib", "voluntary", "involuntary"):
        said[key] = int(said[key])
    return said


class Meter:
    """Where the measuring tools are."""

    def __init__(self, build, scale, time_limit=120):
        self.measured, self.load = str(build / "support/measured"), str(build / "support/load")
        self.echo_seconds, self.time_limit = str(ECHO_SECONDS[scale]), time_limit

    def run(self, program):
        command = [self.measured, *arguments(program)]
        with start(command, program) as process:
            try:
                out, errors = process.communicate(timeout=self.time_limit)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                process.communicate()
                raise Failed(f"no end after {self.time_limit} s") from None
            except BaseException:
                process.send_signal(signal.SIGTERM)
                raise
        return checked(parse(out), errors)

    def echo(self, program):
        """A server beside a load generator: `size` connections. What is used is the server's."""
        command = [self.measured, *arguments(program._replace(variant=""))]
        with start(command, program) as server:
            try:
                load = self.load_on(server, program.size)
            finally:
                server.send_signal(signal.SIGTERM)
            out, errors = server.communicate()
        return checked({**parse(out), **load, "exit": 0}, errors)

    def load_on(self, server, connections):
        if not select.select([server.stdout], [], [], 20)[0]:
            raise Failed("the server does not start")
        line = server.stdout.readline()
        port = re.match(r"port=(\d+)", line)
        if not port:
            used = parse(line + server.stdout.read())
            if used.get("exit") == CANNOT:
                raise Cannot
            raise Failed("the server does not start")
        command = [self.load, port[1], str(connections), self.echo_seconds]
        done = subprocess.run(command, capture_output=True, text=True, timeout=self.time_limit, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr.strip() or "the load generator failed")
        return parse(done.stdout)

    # ---- system calls -----------------------------------------------------------------------------------------------

    def system_calls(self, program, is_server):
        """One run under strace, which makes it slow: how often each call was made, and for how many operations."""
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "table"
            plain = program._replace(variant="") if is_server else program
            command = ["strace", "-c", "-f", "-o", str(table), "--", *arguments(plain)]
            with start(command, program) as process:
                try:
                    if is_server:
                        said = self.load_on(process, program.size)
                        for child in children(process.pid):
                            subprocess.run(["kill", "-KILL", child], check=False)
                        process.communicate(timeout=self.time_limit)
                    else:
                        out, errors = process.communicate(timeout=self.time_limit)
                        said = checked({**parse(out), **unused(), "exit": process.returncode}, errors)
                except subprocess.TimeoutExpired:
                    raise Failed(f"no end under strace after {self.time_limit} s") from None
                finally:
                    for child in children(process.pid):
                        subprocess.run(["kill", "-KILL", child], check=False)
            return {"operations": int(said["operations"]), "calls": parse_strace(table.read_text())}


def start(command, program):
    return subprocess.Popen(
        command,
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def unused():
    return dict.fromkeys(("peak_kib", "voluntary", "involuntary"), 0)


def children(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def parse_strace(table):
    """The counts in what strace -c writes: its fourth column is the number of calls, its last the name."""
    calls = {}
    for line in table.splitlines():
        columns = line.split()
        if len(columns) >= 5 and columns[3].isdigit() and columns[-1] != "total":
            calls[columns[-1]] = int(columns[3])
    return calls

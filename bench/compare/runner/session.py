# SPDX-License-Identifier: Apache-2.0
"""A run of the suite: rivals side by side in rounds, one program at a time, and kept after each, so that it can go on."""

import collections
import fcntl
import functools
import os
import shutil
import sys
import tempfile
import time

import results as storage
from machine import Noise
from measure import Cannot, Failed, Program
from rivals import BY_NAME, RIVALS, workers_of
from workloads import size_of

Step = collections.namedtuple("Step", "workload case rival workers")
NO_SUCH_THING = "has no such thing"
GUESS = 0.3  # seconds for a program that has not run yet
IDLE = {"libuv": ("timer", ""), "serial": ("fib", ""), "epoll": ("", "")}  # a small program of each; others: spawn


class Busy(Exception):
    """Another run is going on."""


class Alone:
    """Never two measurements at once on one machine: a lock file, whoever runs them from wherever."""

    def __init__(self, path=os.path.join(tempfile.gettempdir(), "charkha-bench.lock")):
        self.path = path

    def __enter__(self):
        self.file = open(self.path, "a+", encoding="utf-8")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.seek(0)
            holder = self.file.read().strip() or "?"
            self.file.close()
            raise Busy(f"a benchmark is running already, as process {holder}") from None
        self.file.truncate(0)
        self.file.write(str(os.getpid()))
        self.file.flush()
        return self

    def __exit__(self, *_):
        self.file.truncate(0)
        self.file.close()


class Session:
    def __init__(self, meter, toolbox, plan, results, path):
        """plan: (workload, case) to run, from the table. results: those so far."""
        self.meter, self.toolbox, self.plan, self.results, self.path = meter, toolbox, plan, results, path
        self.left_out = {storage.key_of(entry) for entry in results["left_out"]}
        self.done = {(storage.key_of(run), run["round"]) for run in results["runs"]}
        self.took = {}  # key -> seconds that the last run took
        self.progress = Progress()

    @functools.lru_cache(maxsize=None)  # asked for again and again, to say how much time is left
    def steps(self, round_number):
        """All programs of a round: rivals next to each other, and another one first in each round."""
        return list(self.each_step(round_number))

    def each_step(self, round_number):
        for workload, case in self.plan:
            if round_number >= case.rounds:
                continue
            for workers in self.results["workers"]:
                names = [name for name in self.results["rivals"] if name not in case.without]
                turned = names[round_number % len(names) :] + names[: round_number % len(names)]
                for name in turned:
                    counts = workers_of(BY_NAME[name], workload.name, self.results["workers"])
                    if workers in counts and self.toolbox.command(workload.name, name):
                        yield Step(workload, case, name, workers)

    def waiting(self, from_round):
        """The steps that are still to be made, from this round on."""
        for number in range(from_round, self.results["rounds"]):
            for step in self.steps(number):
                key = self.key(step)
                if key not in self.left_out and (key, number) not in self.done:
                    yield number, step

    @staticmethod
    def key(step):
        return storage.Key(step.workload.name, step.case.variant, step.rival, step.workers)

    def run(self, seconds=None):
        """Runs what is waiting. With a limit of seconds, no round begins that would not end within it."""
        noise = Noise(self.results["noise"])
        self.results["noise"] = noise.notes
        begin = time.monotonic()
        self.measure_idle()
        for number in range(self.results["rounds"]):
            waiting = [step for n, step in self.waiting(number) if n == number]
            if not waiting:
                continue
            used = time.monotonic() - begin
            if seconds and number > 0 and used + self.time_for(waiting) > seconds:
                self.progress.say(f"there is time for {number} of {self.results['rounds']} rounds")
                self.results["rounds"] = number
                break
            noise.listen()
            for position, step in enumerate(waiting):
                this_round = self.time_for(waiting[position:])
                left = this_round + sum(self.time_of(s) for _, s in self.waiting(number + 1))
                if seconds:
                    left = min(left, max(this_round, begin + seconds - time.monotonic()))
                self.progress.show(step, number, self.results["rounds"], left)
                self.make(step, number)
                storage.save(self.results, self.path)
        noise.listen()
        storage.save(self.results, self.path)
        self.count_system_calls()
        storage.save(self.results, self.path)
        self.progress.end()

    def time_of(self, step):
        sleeps = {"sleepers": 2 if step.case.variant == "brief" else 10}.get(step.workload.name, 0)
        return self.took.get(self.key(step), GUESS + sleeps)

    def time_for(self, steps):
        return sum(map(self.time_of, steps))

    def program(self, step, size):
        command = self.toolbox.command(step.workload.name, step.rival)
        return Program(command, self.toolbox.environment(step.rival), step.workers, size, step.case.variant)

    def make(self, step, number):
        key, size = self.key(step), size_of(step.case, step.rival, self.results["scale"])
        measure = self.meter.echo if step.workload.name == "echo" else self.meter.run
        begin = time.monotonic()
        try:
            run = measure(self.program(step, size))
        except Cannot:
            self.leave_out(key, NO_SUCH_THING)
        except Failed as error:
            self.leave_out(key, str(error))
        else:
            self.results["runs"].append({**key._asdict(), "size": size, "round": number, **run})
        self.took[key] = time.monotonic() - begin

    def leave_out(self, key, why):
        self.left_out.add(key)
        self.results["left_out"].append({**key._asdict(), "why": why})
        if why != NO_SUCH_THING:
            self.progress.say(f"{BY_NAME[key.rival].title}: {key.workload} {key.variant}, {key.workers} workers: {why}")

    def idle_program(self, rival):
        """One that does next to nothing, with the most workers, or None."""
        workload, variant = IDLE.get(rival.name, ("spawn", ""))
        command = self.toolbox.command(workload, rival.name)
        if rival.name not in self.results["rivals"] or not command:
            return None
        workers = (workers_of(rival, workload, self.results["workers"]) or [1])[-1]
        return Program(command, self.toolbox.environment(rival.name), workers, 1, variant)

    def measure_idle(self):
        """How much memory a rival's process takes that does next to nothing."""
        for rival in RIVALS:
            program = self.idle_program(rival)
            if program is None or rival.name in self.results["idle_kib"]:
                continue
            try:
                self.results["idle_kib"][rival.name] = self.meter.run(program)["peak_kib"]
            except (Cannot, Failed) as error:
                self.progress.say(f"{rival.title}: the memory of an idle process is not known: {error}")

    def count_idle_system_calls(self):
        """What starting and ending a rival's process takes: it is not part of the work."""
        for rival in RIVALS:
            program = self.idle_program(rival)
            if program is None or rival.name in self.results["idle_calls"]:
                continue
            try:
                self.results["idle_calls"][rival.name] = self.meter.system_calls(program, False)["calls"]
            except (Cannot, Failed) as error:
                self.progress.say(f"{rival.title}: the system calls of an idle process are not known: {error}")

    def count_system_calls(self):
        """Once, untimed, with next to nothing to do, with the most workers; of --quick only a workload's first case."""
        if not shutil.which("strace"):
            self.progress.say("skips system calls: strace is not installed (apt install strace)")
            return
        self.count_idle_system_calls()
        counted = {storage.key_of(entry)[:3] for entry in self.results["system_calls"]}
        steps = {}
        for step in self.steps(0):  # of a rival's steps in a case, the last has the most workers
            first = step.case is next(case for workload, case in self.plan if workload is step.workload)
            if step.workload.name == "sleepers" or (self.results["scale"] == "quick" and not first):
                continue
            if self.key(step) not in self.left_out:
                steps[self.key(step)[:3]] = step
        steps = [step for key, step in steps.items() if key not in counted]
        for position, step in enumerate(steps):
            self.progress.show(step, "system calls", None, GUESS * (len(steps) - position))
            size = size_of(step.case, step.rival, "quick")
            small = size_of(step.case, step.rival, "tiny")
            size = max(size // 20, small) if size > 1000 else min(size, 20) if step.workload.name == "wake" else small
            try:
                found = self.meter.system_calls(self.program(step, size), step.workload.name == "echo")
            except (Cannot, Failed) as error:
                self.progress.say(f"{step.rival}, {step.workload.name}: {error}")
                continue
            self.results["system_calls"].append({**self.key(step)._asdict(), "size": size, **found})
            storage.save(self.results, self.path)


class Progress:
    """One line that is written over on a terminal; elsewhere a line for each case."""

    def __init__(self, out=sys.stderr):
        self.out, self.live, self.last = out, out.isatty(), None

    def show(self, step, round_number, rounds, seconds_left):
        about = f"{seconds_left / 60:.0f} min" if seconds_left >= 90 else f"{seconds_left:.0f} s"
        where = f"round {round_number + 1} of {rounds}" if rounds else round_number
        what = f"{step.workload.name} {step.case.variant}".strip()
        if self.live:
            line = f"{where}, about {about} left: {what}, {BY_NAME[step.rival].title}, {step.workers} workers"
            self.out.write(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}")
        elif (where, what) != self.last:
            self.out.write(f"{where}, about {about} left: {what}\n")
        self.last = (where, what)
        self.out.flush()

    def say(self, text):
        self.out.write(f"\r\033[K{text}\n" if self.live else f"{text}\n")

    def end(self):
        if self.live:
            self.out.write("\r\033[K")

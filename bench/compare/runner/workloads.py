# SPDX-License-Identifier: Apache-2.0
"""The work that is compared: each Workload has cases (variants of its programs), each case its sizes.

Sizes are chosen so that a fast rival takes some tenths of a second (full), some hundredths (quick), or next to nothing
(tiny: does it work?). Where a rival is so slow, or the work grows so fast, that it needs a size of its own, `instead`
gives it; figures are per operation, so that they compare.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Sizes:
    full: int
    quick: int
    tiny: int


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    variant: str
    title: str
    sizes: Sizes
    measures: tuple = ("ns",)
    instead: dict = dataclasses.field(default_factory=dict)  # rival -> Sizes
    without: tuple = ()  # rivals that are not asked to
    quick: bool = True  # is it part of --quick
    full: bool = True  # and of what is not
    rounds: int = 1000  # at most so many


@dataclasses.dataclass(frozen=True, eq=False)
class Workload:
    name: str
    title: str
    text: str  # what it does and where a server does it
    cases: tuple
    curves: bool = False  # quantile curves are worth a look


PYTHON = ("asyncio", "uvloop")


def sizes(*of):
    return Sizes(*of)


def slower(python, **others):
    """Sizes for Python's rivals, and for others by name."""
    return {**dict.fromkeys(PYTHON, python), **others}


WORKLOADS = (
    Workload(
        "spawn",
        "Create tasks, await them all",
        "A million tasks are created, all handles held, then each is awaited: the price of a request that becomes a "
        "task.",
        (
            Case(
                "",
                "",
                sizes(1_000_000, 300_000, 1000),
                ("ns", "bytes"),
                slower(sizes(200_000, 40_000, 1000), threads=sizes(10_000, 5_000, 100)),
            ),
        ),
    ),
    Workload(
        "task_fib",
        "A task for each call of fib",
        "fib(n), both calls as tasks: creating and awaiting in a tree, as a request that fans out does.",
        (Case("", "", sizes(27, 23, 10), ("ns",), slower(sizes(20, 17, 10), node=sizes(25, 21, 10))),),
    ),
    Workload(
        "fib",
        "Fork-join: fib",
        "fib(n), divided down to the leaves: nothing but forking and joining. The serial bar is the same recursion "
        "without any task.",
        (Case("", "", sizes(36, 30, 16)),),
    ),
    Workload(
        "skynet",
        "Fork-join: a tree of ten",
        "A tree of ten children a node; each node sums up its children. Wide fan-out with no work in the leaves. "
        "Go, Tokio, Asio, asyncio and Node do it with the tasks that they have.",
        (
            Case(
                "",
                "",
                sizes(7, 6, 3),
                ("ns",),
                slower(
                    sizes(5, 4, 3),
                    go=sizes(6, 5, 3),
                    tokio=sizes(6, 5, 3),
                    tokio_current=sizes(6, 5, 3),
                    asio=sizes(6, 5, 3),
                    node=sizes(6, 5, 3),
                ),
            ),
        ),
    ),
    Workload(
        "nqueens",
        "Fork-join: queens on a board",
        "All ways to place n queens: an irregular tree with a little work in each node. Time is per board.",
        (Case("", "", sizes(13, 11, 8), ("ns",), slower(sizes(8, 8, 8))),),
    ),
    Workload(
        "matmul",
        "Fork-join: matrix product",
        "Two square matrices multiplied by quarters, down to blocks of 32: much work in each task, so that the scheduler "
        "hardly matters and the compiler does.",
        (Case("", "", sizes(2048, 1024, 128), ("ms",)),),
    ),
    Workload(
        "yield",
        "Yield",
        "A thousand tasks that give way to each other: the bare cost of a turn, in fair order.",
        (Case("", "", sizes(1_000_000, 300_000, 2000), ("ns",), slower(sizes(200_000, 50_000, 2000))),),
    ),
    Workload(
        "ping_pong",
        "Two tasks that wait for each other",
        "A round trip between two tasks: what a request pays for each hand-over to another task and back.",
        tuple(
            Case(
                variant,
                title,
                sizes(500_000, 100_000, 500),
                ("ns",),
                slower(sizes(50_000, 10_000, 500), threads=sizes(50_000, 10_000, 500)),
            )
            for variant, title in (
                ("event", "by event"),
                ("queue", "by a queue of one place"),
                ("future", "by a future for each message"),
            )
        ),
    ),
    Workload(
        "submit",
        "Submit from outside",
        "A thread that is not a worker hands over tasks as fast as it can: an accept loop, or a library's own thread.",
        (Case("", "", sizes(1_000_000, 200_000, 500), ("ns",), slower(sizes(20_000, 5_000, 500))),),
    ),
    Workload(
        "wake",
        "Wake an idle runtime",
        "Nothing runs; a thread hands over a task: how long until its first instruction. What a quiet server adds "
        "to each request. Mostly the kernel.",
        (
            Case("", "one task", sizes(500, 100, 10), ("p50", "p99")),
            Case("burst", "until the last of 1,000 tasks", sizes(100, 30, 5), ("p50", "p99"), slower(sizes(30, 10, 3))),
        ),
        curves=True,
    ),
    Workload(
        "sleepers",
        "A million sleepers",
        "Tasks that all sleep for 10 s: idle connections, sessions, retries. Counts are what they cost to hold and "
        "to wake.",
        (
            Case(
                "",
                "all for 10 s",
                sizes(1_000_000, 200_000, 100),
                ("cpu_us", "bytes", "beyond_ms"),
                slower(sizes(200_000, 40_000, 100)),
                quick=False,
                rounds=3,
            ),
            Case(
                "random",
                "between 1 and 10 s",
                sizes(1_000_000, 200_000, 100),
                ("cpu_us", "bytes"),
                slower(sizes(200_000, 40_000, 100)),
                quick=False,
                rounds=3,
            ),
            Case(
                "brief",
                "all for 2 s",
                sizes(200_000, 200_000, 100),
                ("cpu_us", "bytes", "beyond_ms"),
                slower(sizes(40_000, 40_000, 100)),
                full=False,
                rounds=2,
            ),
        ),
    ),
    Workload(
        "timeout",
        "A time-out around an operation",
        "A deadline of a minute around an operation that ends long before it: every call that a server makes.",
        tuple(
            Case(variant, title, sizes(500_000, 100_000, 200), ("ns",), slower(sizes(50_000, 10_000, 200), asio=asio))
            for variant, title, asio in (
                ("ready", "that is ready", sizes(100_000, 20_000, 200)),
                ("yield", "that suspends once", sizes(100_000, 20_000, 200)),
                ("pending", "that suspends once, 100,000 timers pending", sizes(100_000, 20_000, 200)),
            )
        ),
    ),
    Workload(
        "timer",
        "Arm and cancel a timer",
        "A timer that is set and taken back: what is inside every time-out.",
        tuple(
            Case(
                variant,
                title,
                sizes(1_000_000, 200_000, 500),
                ("ns",),
                slower(sizes(100_000, 20_000, 500)),
                quick=quick,
            )
            for variant, title, quick in (
                ("", "no other", True),
                ("ahead", "an earlier one pending", True),
                ("pending", "100,000 later ones pending", True),
                ("million", "1,000,000 later ones pending", False),
                ("both", "two tasks at once, an earlier one pending", True),
            )
        ),
    ),
    Workload(
        "lateness",
        "How late a sleep ends",
        "Tasks that sleep between 1 and 100 ms, all started at once: how late each wakes. Below zero is early, "
        "which is wrong: a retry that comes before its time.",
        (
            Case("", "1,000 tasks", sizes(1_000, 1_000, 100), ("p50", "p99")),
            Case("many", "10,000 tasks", sizes(10_000, 10_000, 100), ("p50", "p99"), without=("threads",)),
        ),
        curves=True,
    ),
    Workload(
        "mutex",
        "One lock, a thousand tasks",
        "Tasks that take one lock and count: a cache or a counter that all requests share.",
        (
            Case("", "no await inside", sizes(1_000_000, 200_000, 2000), ("ns",), slower(sizes(100_000, 40_000, 2000))),
            Case("yield", "a yield inside", sizes(200_000, 50_000, 2000), ("ns",), slower(sizes(50_000, 10_000, 2000))),
        ),
    ),
    Workload(
        "semaphore",
        "Ten permits, a thousand tasks",
        "A limit on what happens at once: connections of a pool, calls to another service.",
        (
            Case("", "no await inside", sizes(1_000_000, 200_000, 2000), ("ns",), slower(sizes(100_000, 40_000, 2000))),
            Case(
                "yield",
                "a yield inside",
                sizes(200_000, 50_000, 2000),
                ("ns",),
                slower(sizes(50_000, 10_000, 2000)),
                without=("threads",),  # a thousand threads that call sched_yield come to no end
            ),
        ),
    ),
    Workload(
        "channel",
        "A bounded queue",
        "Four producers, a queue of 1,024 places: stages of a pipeline, a log writer, a batcher.",
        tuple(
            Case(
                variant,
                title,
                sizes(2_000_000, 400_000, 400),
                ("ns",),
                slower(sizes(200_000, 40_000, 400), onetbb=sizes(200_000, 40_000, 400)),
            )
            for variant, title in (("", "four consumers"), ("one", "one consumer"))
        ),
    ),
    Workload(
        "to_thread",
        "A blocking call on another thread",
        "An empty function goes to the thread pool and back: what is paid around each call that blocks (files, DNS, "
        "an old database driver).",
        (
            Case("", "one at a time", sizes(10_000, 2_000, 50), ("us",)),
            Case("all", "all in flight", sizes(100_000, 10_000, 100), ("us",), slower(sizes(10_000, 2_000, 100))),
        ),
    ),
    Workload(
        "echo",
        "TCP echo under load",
        "Messages of 64 bytes, there and back, on loopback; one load generator of one thread on the same machine. "
        "charkha has no sockets: Asio reads and writes on a thread of its own, and each message becomes a task.",
        (
            Case("64", "64 connections", sizes(64, 64, 4), ("us", "p99", "cpu_us")),
            Case("1000", "1,000 connections", sizes(1000, 1000, 8), ("us", "p99", "cpu_us")),
        ),
        curves=True,
    ),
)


def size_of(case, rival, scale):
    """The size of a case for a rival; scale is "full", "quick" or "tiny"."""
    return getattr(case.instead.get(rival, case.sizes), scale)


def find(workload, variant):
    return next((w, c) for w in WORKLOADS for c in w.cases if (w.name, c.variant) == (workload, variant))

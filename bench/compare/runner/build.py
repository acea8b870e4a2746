# SPDX-License-Identifier: Apache-2.0
"""Makes the programs ready, in the build folder: C++ is built by CMake beforehand, Tokio and Go are built here, Python
and Node need their interpreter. A Toolbox gives the command line of each program, or says why there is none."""

import os
import pathlib
import shutil
import subprocess

from rivals import BY_NAME, COMPARE, python_with

CARGO_TOML = """# Written by the benchmark runner: one program, a module for each workload.
[package]
name = "tokio-programs"
version = "0.0.0"
edition = "2021"

[dependencies]
tokio = { version = "1", features = ["rt-multi-thread", "sync", "time", "net", "io-util"] }

[profile.release]
opt-level = 3
lto = true
codegen-units = 1
panic = "abort"
"""

# Debian brings its crates along; without them cargo asks crates.io.
DEBIAN_CRATES = "/usr/share/cargo/registry"
CARGO_CONFIG = f"""[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "{DEBIAN_CRATES}"
[net]
offline = true
"""


def write(path, text):
    """Only if it changed: cargo looks at the time of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def sources(name):
    return sorted(COMPARE.glob(f"*/{name}"))


class Toolbox:
    def __init__(self, build, say=print):
        self.build, self.say = build, say  # build: build/release/bench/compare
        self.tools = {}  # rival -> path of its program or interpreter, or "" for programs of their own
        self.missing = {}  # rival -> why it is skipped

    def make(self, rivals):
        """Builds what these rivals need; what cannot be built is missing."""
        makers = {
            "tokio": self.cargo,
            "tokio_current": self.cargo,
            "go": self.go,
            "node": self.node,
            "asyncio": lambda: self.python("asyncio"),
            "uvloop": lambda: self.python("uvloop"),
        }
        done = {}
        for name in rivals:
            maker = makers.get(name, lambda name=name: self.cpp(name))
            key = "cargo" if maker == self.cargo else name
            if key not in done:
                done[key] = maker()
            tool, why = done[key]
            if why:
                self.missing[name] = why
                hint = f" (apt install {BY_NAME[name].packages})" if BY_NAME[name].packages else ""
                self.say(f"skips {BY_NAME[name].title}: {why}{hint}")
            else:
                self.tools[name] = tool

    def command(self, workload, rival):
        """The command line before WORKERS, or None."""
        if rival not in self.tools or not (COMPARE / workload / BY_NAME[rival].source).exists():
            return None
        tool, source = self.tools[rival], str(COMPARE / workload / BY_NAME[rival].source)
        if rival in ("tokio", "tokio_current"):
            return [tool, workload]
        if rival in ("asyncio", "uvloop"):
            return [tool, "-B", source]
        if rival == "node":
            return [tool, source]
        program = self.build / workload / rival
        return [str(program)] if program.exists() else None

    def environment(self, rival):
        return {**os.environ, "PYTHONPATH": str(COMPARE / "support"), **dict(BY_NAME[rival].environment)}

    # ---- the languages ----------------------------------------------------------------------------------------------

    def cpp(self, name):
        if any((self.build / path.parent.name / name).exists() for path in sources(BY_NAME[name].source)):
            return "", ""
        return "", "it is not installed, or its programs are not built"

    def node(self):
        tool = shutil.which("node")
        return tool, "" if tool else "it is not installed"

    def python(self, module):
        tool = python_with(module)
        return tool, "" if tool else "it is not installed, or its Python is older than 3.11"

    def go(self):
        tool = shutil.which("go")
        if not tool:
            return "", "it is not installed"
        environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
        for path in sources("go.go"):
            program = self.build / path.parent.name / "go"
            if program.exists() and program.stat().st_mtime > max(p.stat().st_mtime for p in self.go_sources(path)):
                continue
            self.say(f"builds {path.parent.name} for Go")
            why = self.run([tool, "build", "-o", str(program), f"./{path.parent.name}/go.go"], COMPARE, environment)
            if why:
                return "", why
        return "", ""

    @staticmethod
    def go_sources(path):
        return [path, COMPARE / "support/program/program.go", COMPARE / "go.mod"]

    def cargo(self):
        tool = shutil.which("cargo")
        if not tool:
            return "", "cargo is not installed"
        crate = self.build / "tokio"
        modules = [(path.parent.name, path) for path in sources("tokio.rs")]
        main = ["// Written by the benchmark runner.", f'#[path = "{COMPARE}/support/program.rs"]', "mod program;"]
        main += [f'#[path = "{path}"]\nmod r#{name};' for name, path in modules]
        main += ["fn main() {", "    let (workload, args) = program::parse();", "    match workload.as_str() {"]
        main += [f'        "{name}" => r#{name}::main(args),' for name, _ in modules]
        main += ["        _ => program::cannot(),", "    }", "}", ""]
        write(crate / "Cargo.toml", CARGO_TOML)
        write(crate / "src/main.rs", "\n".join(main))
        if list(pathlib.Path(DEBIAN_CRATES).glob("tokio-1.*")):
            write(crate / ".cargo/config.toml", CARGO_CONFIG)
        self.say("builds the programs for Tokio")
        command = [tool, "build", "--release", "--quiet", "--target-dir", str(crate / "target")]
        why = self.run(command, crate, os.environ)
        return str(crate / "target/release/tokio-programs"), why

    def run(self, command, folder, environment):
        """Empty if it worked, else what went wrong."""
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return ""
        self.say(done.stderr)
        lines = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        return f"its programs cannot be built: {lines[0] if lines else command[0]}"

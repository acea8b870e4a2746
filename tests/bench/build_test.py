# SPDX-License-Identifier: Apache-2.0
"""What is not installed is left out, and a line says so."""

import pathlib
import tempfile
import unittest
import unittest.mock

from build import Toolbox


class Missing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build, self.said = pathlib.Path(folder.name), []
        self.toolbox = Toolbox(self.build, self.said.append)

    def test_without_its_tool_a_rival_is_skipped_and_the_package_named(self):
        with unittest.mock.patch("shutil.which", return_value=None):
            self.toolbox.make(["go", "tokio", "tokio_current", "node", "libuv"])
        self.assertEqual(self.toolbox.tools, {})
        self.assertIn("skips Go: it is not installed (apt install golang-go)", self.said)
        self.assertIn("skips Tokio: cargo is not installed (apt install cargo librust-tokio-dev)", self.said)
        self.assertTrue(any(line.startswith("skips libuv") and "libuv1-dev" in line for line in self.said))
        self.assertIsNone(self.toolbox.command("spawn", "go"))

    def test_a_program_that_is_there_is_run_with_its_workload(self):
        program = self.build / "spawn/charkha"
        program.parent.mkdir()
        program.touch()
        self.toolbox.make(["charkha"])
        self.assertEqual(self.toolbox.command("spawn", "charkha"), [str(program)])
        self.assertIsNone(self.toolbox.command("yield", "charkha"))  # not built


if __name__ == "__main__":
    unittest.main()

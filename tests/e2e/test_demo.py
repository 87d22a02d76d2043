"""The demo: it verifies every step, and notices each that is spoilt."""
import os
import subprocess
import sys
import tempfile
import threading
import unittest

import harness

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = os.path.join(TOP, "demo", "demo.py")


def run_demo(folder, *words):
    """(exit status, what it printed)"""
    done = subprocess.run([sys.executable, DEMO, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=100, text=True)
    return done.returncode, done.stdout


class Demo(unittest.TestCase):
    def test_every_step_is_verified_and_the_recording_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            code, text = run_demo(folder)
            self.assertEqual(code, 0, text)
            self.assertGreater(harness.Wav(os.path.join(folder, os.listdir(folder)[0])).seconds, 3.0)

    def test_each_spoilt_step_is_named(self):
        steps = [line.split()[0] for line in run_demo(TOP, "--list")[1].splitlines() if not line.startswith(" ")]
        self.assertGreaterEqual(len(steps), 8)
        results = {}

        def spoil(step):
            with tempfile.TemporaryDirectory() as folder:
                results[step] = run_demo(folder, "--break", step)

        for half in (steps[::2], steps[1::2]):
            threads = [threading.Thread(target=spoil, args=(step,)) for step in half]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for step in steps:
            code, text = results[step]
            print("    --break %s: exit %d, %s" % (step, code, text.strip().splitlines()[-1]))
            self.assertEqual((code, text.strip().splitlines()[-1]), (1, "The demo failed at step: " + step), text)


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""The measuring tools measured: parley-load against parley-floor, which sends every packet straight back."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
from harness import Callers, Wav, measured, program, start, wait_until  # noqa: E402


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.floor = start([program("parley-floor")], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(harness.end, cls.floor)
        cls.addClassCleanup(cls.floor.stdout.close)
        cls.target = "sip:x@" + cls.floor.stdout.readline().split("sip=sip:")[1].strip()

    def setUp(self):
        self.callers = Callers()
        self.addCleanup(self.callers.close)

    def test_a_tone_is_measured_at_the_level_it_was_said(self):
        for codec in ("PCMU", "PCMA"):
            phone = self.callers.call(codec, self.target, tone="1013@-20,539@-31", codec=codec)
            phone.wait("answered")
            phone.hears(1013.0, -21.0)
            got = phone.fresh_levels((1013.0, 539.0, 855.0))
            measured(codec + " 1013 Hz", got["tones"][1013.0], "-20.1 to -19.9", "dBFS")
            self.assertAlmostEqual(got["tones"][1013.0], -20.0, delta=0.1)
            self.assertAlmostEqual(got["tones"][539.0], -31.0, delta=0.1)
            self.assertLess(got["tones"][855.0], -70.0)
            self.assertEqual(got["lost"], 0)

    def test_no_pilot_leaks_into_another_through_the_codec(self):
        """What G.711 alone makes of four pilots at the place of the fifth: well below what tests call silence."""
        for missing in harness.PILOTS_HZ:
            said = ",".join("%g@-24" % hz for hz in harness.PILOTS_HZ if hz != missing)
            phone = self.callers.call("pilot%g" % missing, self.target, tone=said)
            phone.wait("answered")
            phone.hears(539.0 if missing != 539.0 else 855.0, -25.0)
            level = phone.fresh_levels((missing,))["tones"][missing]
            measured("%g Hz, not said" % missing, level, "below -75", "dBFS")
            self.assertLess(level, -75.0)
            phone.hangup()

    def test_coded_silence_is_nothing_at_all(self):
        phone = self.callers.call("quiet", self.target)
        phone.wait("first_rtp")
        self.assertEqual(phone.fresh_levels()["rms"], harness.NOTHING_DBFS)

    def test_a_tap_holds_an_unbroken_tone_and_the_finder_of_breaks_finds_one(self):
        with tempfile.TemporaryDirectory() as work:
            path = os.path.join(work, "tap.wav")
            phone = self.callers.call("tapped", self.target, tone="1013@-12")
            phone.hears(1013.0, -13.0)
            phone.tap(path)
            phone.fresh_levels()
            phone.tap(None)
            wav = Wav(path)
            broken = wav.breaks(1013.0)
            measured("breaks in a steady tone", repr(broken), "none")
            # A late packet of a busy machine makes the floor repeat one: that is no fault of the measuring.
            if phone.stats()["duplicates"] == 0:
                self.assertEqual(broken.total, 0)
            for spoil, name in ((lambda s: s[:3200] + s[3360:], "dropped"), (lambda s: s[:3200] + s[3040:], "repeated"),
                                (lambda s: s[:3200] + type(s)("h", bytes(320)) + s[3360:], "zeroed")):
                other = Wav(path)
                other.samples = spoil(wav.samples)
                found = other.breaks(1013.0)
                measured("one frame " + name, repr(found), "at least one")
                self.assertGreater(found.total, broken.total)

    def test_hold_digits_and_hangup_are_told(self):
        phone = self.callers.call("busy", self.target)
        phone.wait("answered")
        phone.wait("first_rtp")
        phone.command("dtmf", "5")
        self.assertEqual(phone.wait("dtmf")["digit"], "5")
        phone.hold()
        phone.resume()
        over = phone.hangup()
        self.assertEqual((over["code"], over["by"]), (200, "caller"))

    def test_a_hangup_before_any_answer_waits_for_one(self):
        phone = self.callers.call("void", "sip:x@127.0.0.1:%d" % harness.free_port())
        since = self.callers.mark()
        phone.command("hangup")
        self.assertFalse([e for e in self.callers.events[since:] if e["event"] == "ended"])

    def batch(self):
        run = subprocess.run([program("parley-load"), "--target", self.target, "--calls", "20", "--seconds", "2",
                              "--settle-ms", "200", "--json", "--pid", str(self.floor.pid)], stdout=subprocess.PIPE,
                             timeout=30)
        return run.returncode, json.loads(run.stdout)

    def test_a_batch_reports_every_packet(self):
        for _ in range(3):  # where the machine is busy with others, the delay is theirs: the best of three counts
            code, got = self.batch()
            if got["delay_p50_ms"] <= 21.0:
                break
        measured("received of due", got["received"] / got["received_due"], "0.98 to 1.02")
        self.assertEqual((got["up"], got["failed"], code), (20, 0, 0))
        self.assertAlmostEqual(got["received"] / got["received_due"], 1.0, delta=0.02)
        self.assertGreater(got["delay_count"], 0)
        measured("delay through the floor", got["delay_p50_ms"], "0 to 21", "ms")
        self.assertTrue(0.0 <= got["delay_p50_ms"] <= 21.0)
        self.assertIn(str(self.floor.pid), got["cpu_us"])

    def test_a_share_of_lost_packets_is_seen_as_lost(self):
        phone = self.callers.call("lossy", self.target, tone="1013@-20")
        phone.hears(1013.0, -21.0)
        phone.command("drop", "0.3")
        wait_until(lambda: phone.stats()["lost"] >= 5, 5.0, "lost packets are counted")


if __name__ == "__main__":
    unittest.main(verbosity=2)

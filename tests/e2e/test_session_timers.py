"""Session timers (RFC 4028) take as long as the shortest that is allowed: all of them at the same time."""
import unittest

import harness
from harness import PILOTS_HZ, SDP_TYPE, BridgeTest, RawSip, Sipp, measured, now_us, raw_sdp


class SessionTimers(BridgeTest):
    def test_in_both_roles_and_a_missed_refresh(self):
        runs = []
        for name in ("timer_ours", "timer_theirs", "timer_missed"):
            alias = self.alias()
            self.bridge.conference(alias=alias, playBeep="never")
            runs.append(Sipp(name, self.bridge, alias, self.bridge.work, tone=(PILOTS_HZ[2], -24.0), seconds=95))
            self.addCleanup(runs[-1].stop)
        # Beside them: a call whose 200 is never acknowledged is given up with a BYE after 64 T1. RFC 3261 section 13.3.1.4.
        raw = RawSip(self.bridge)
        self.addCleanup(raw.close)
        raw.request("INVITE", "sip:%s@TARGET" % self.alias("never"), SDP_TYPE, raw_sdp(harness.free_port()))
        self.assertEqual(raw.final()[0], 200)
        began_us = now_us()
        for run in runs:
            run.finish()
            measured("%s: done after" % run.name, (now_us() - began_us) / 1e6, "92 s", "s")
        told = []
        while True:
            text = raw.receive(0.1)
            if text is None:
                break
            told.append(text.split(" ")[0] if not text.startswith("SIP/2.0") else text[8:11])
        measured("told to one that never acknowledged", " ".join(told), "200 repeated, then BYE")
        self.assertIn("BYE", told)


if __name__ == "__main__":
    unittest.main(verbosity=2)

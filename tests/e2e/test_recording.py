"""The recording: exactly the inProgress period, all talkers and beeps, no music; and its file over REST."""
import math
import os
import unittest

from harness import BEEP_HIGH_HZ, BEEP_LOW_HZ, NOTHING_DBFS, PILOTS_HZ, BridgeTest, Wav, measured, wait_until

SAID_DBFS = -24.0


def said(hz):
    return "%g@%g" % (hz, SAID_DBFS)


class Recording(BridgeTest):
    def room(self, **members):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias, record=True, statusCallbackUrl=self.hooks.url, **members)
        return conference["conferenceId"], alias

    def join(self, room, name, hz=None, **parameters):
        return self.bridge.join(room[0], self.callers, name, room[1], tone=said(hz) if hz else None,
                                parameters=parameters)

    def finished(self, room, count=1):
        """The recordings' objects, newest first, when that many have been announced."""
        self.hooks.wait(lambda received: len([h for h in received if h.json and h.json.get("conferenceId") == room[0] and
                                              h.json.get("requestType") == "conferenceRecordingStatus"]) >= count,
                        10.0, "%d recordings announced" % count)
        return self.bridge.recordings(room[0])

    def path(self, recording, end="/Download"):
        return "/Recordings/" + recording["recordingId"] + end

    def download(self, recording, **more):
        return self.bridge.expect(200, "GET", self.path(recording), **more)

    def status_time_us(self, room, status):
        """When a state was told to us: a bound from above on when it began."""
        hook = self.hooks.wait(lambda received: next((h for h in received if h.json and h.json.get("status") == status and
                                                      h.json.get("conferenceId") == room[0] and
                                                      h.json.get("requestType") == "conferenceStatus"), None),
                               5.0, status)
        return hook.at_us

    def test_it_holds_exactly_the_inprogress_period_and_no_music(self):
        """The moderator's tone begins with its first packet, and ends with its last: both are in the recording at the
        places where the period's bounds put them. The music before is the early caller's alone."""
        room = self.room(playBeep="never")
        early = self.join(room, "early", PILOTS_HZ[0], startConfOnEnter=False)
        wait_until(lambda: early.levels(ms=400)["rms"] > -40.0, 5.0, "music is heard")
        early.fresh_levels()
        self.callers.late_ms()
        since = self.callers.mark()
        early.watch((PILOTS_HZ[1],))
        moderator = self.join(room, "moderator", PILOTS_HZ[1])
        early.hears(PILOTS_HZ[1], SAID_DBFS - 1.0)
        late = self.callers.late_ms()
        early.fresh_levels()
        moderator.fresh_levels()
        # Both leave; the conference is empty at the later BYE's arrival.
        moderator.hangup()
        early.hears_not(PILOTS_HZ[1], SAID_DBFS - 45.0)
        over = early.hangup()
        self.bridge.status_is(room[0], "empty")
        began_us = next(e["mono_us"] for e in self.callers.events if e["event"] == "answered" and e["name"] == "moderator")
        heard_us = next(w["mono_us"] for w in early.windows(since) if w["tones"]["%g" % PILOTS_HZ[1]] > SAID_DBFS - 6.0)
        recording = self.finished(room)[0]
        wav = Wav(self.download(recording).body)
        period_s = (over["mono_us"] - began_us) / 1e6
        self.within("length against answer to BYE", wav.seconds - period_s, -0.04, 0.04, "s")
        starts = wav.tone_begins(PILOTS_HZ[0], SAID_DBFS)
        self.within("the early caller is in it from", starts, 0.0, 0.04, "s")
        begins = wav.tone_begins(PILOTS_HZ[1], SAID_DBFS)
        self.within("the moderator is heard in it, against the early ear", begins - (heard_us - began_us) / 1e6, -0.04, 0.04, "s")
        ends = wav.tone_ends(PILOTS_HZ[0], SAID_DBFS)
        self.within("the early caller is in it up to its end", wav.seconds - ends, 0.0, 0.04, "s")
        inside = (begins + 0.1, wav.tone_ends(PILOTS_HZ[1], SAID_DBFS) - 0.1)
        for hz in PILOTS_HZ[:2]:
            self.within("%g Hz in it" % hz, wav.held_tone(hz, *inside), SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        two_tones = SAID_DBFS + 0.2 + 10.0 * math.log10(2.0)
        self.below("everything in it (two tones and no music)", wav.rms(*inside), two_tones, "dBFS")
        breaks = wav.breaks(PILOTS_HZ[0], starts + 0.1, begins - 0.05) if begins - starts > 0.3 else None
        measured("breaks while one talks alone", repr(breaks), "none; our own packets were up to %.1f ms late" % late)
        self.assertTrue(breaks is None or breaks.total == 0 or late >= 3.0, repr(breaks))
        self.assertIsInstance(recording["durationSec"], int)
        self.within("durationSec", recording["durationSec"], int(wav.seconds), int(wav.seconds) + 1, "s")

    def test_beeps_are_in_it(self):
        room = self.room(playBeep="always")
        first = self.join(room, "first")
        first.fresh_levels(ms=1000)
        second = self.join(room, "second")
        first.fresh_levels(ms=1000)
        second.hangup()
        first.fresh_levels(ms=1000)
        first.hangup()
        wav = Wav(self.download(self.finished(room)[0]).body)
        low = [at for at, level in wav.profile(BEEP_LOW_HZ, 0.03) if level > -22.0]
        high = [at for at, level in wav.profile(BEEP_HIGH_HZ, 0.03) if level > -22.0]
        measured("seconds with the low note", " ".join("%.2f" % t for t in low), "enter (twice), exit")
        measured("seconds with the high note", " ".join("%.2f" % t for t in high), "enter (twice), exit")
        runs = sum(1 for i, t in enumerate(low) if i == 0 or t - low[i - 1] > 0.3)
        self.assertGreaterEqual(runs, 2)
        exits = [t for t in low if t > 1.9]
        self.assertTrue(exits and any(h < exits[0] and exits[0] - h < 0.3 for h in high), "the exit beep falls")

    def test_one_without_talk_is_not_in_it(self):
        room = self.room(playBeep="never")
        self.join(room, "mute", PILOTS_HZ[0], talk=False)
        talker = self.join(room, "talker", PILOTS_HZ[1])
        talker.fresh_levels()
        self.bridge.conference_update(room[0], status="empty")
        wav = Wav(self.download(self.finished(room)[0]).body)
        self.below("one without talk", wav.tone(PILOTS_HZ[0]), SAID_DBFS - 45.0, "dBFS")
        self.above("the talker", wav.held_tone(PILOTS_HZ[1], 0.2, wav.seconds - 0.1), SAID_DBFS - 0.5, "dBFS")

    def test_it_is_readable_while_it_grows(self):
        room = self.room(playBeep="never")
        talker = self.join(room, "talker", PILOTS_HZ[0])
        lengths = []
        recording = wait_until(lambda: self.bridge.recordings(room[0]), 5.0, "a recording is listed while it grows")[0]
        for _ in range(3):
            talker.fresh_levels(ms=1000)
            wav = Wav(self.download(recording).body)
            self.assertEqual(wav.riff_bytes + 8, wav.file_bytes, "the header counts what is there")
            lengths.append(wav.seconds)
        measured("seconds readable, each a second later", ["%.2f" % s for s in lengths], "growing by about 1")
        self.assertGreater(lengths[1], lengths[0] + 0.5)
        self.assertGreater(lengths[2], lengths[1] + 0.5)
        self.above("the talker in it", wav.held_tone(PILOTS_HZ[0], 0.2, wav.seconds - 0.2), SAID_DBFS - 0.5, "dBFS")

    def test_download_knows_range_and_head_and_delete_removes_it(self):
        room = self.room(playBeep="never")
        talker = self.join(room, "talker", PILOTS_HZ[0])
        talker.fresh_levels()
        talker.hangup()
        recording = self.finished(room)[0]
        whole = self.download(recording)
        self.assertEqual(whole.headers["Content-Type"], "audio/wav")
        self.assertEqual(int(whole.headers["Content-Length"]), len(whole.body))
        head = self.bridge.rest("HEAD", self.path(recording))
        self.assertEqual((head.status, int(head.headers["Content-Length"]), head.body), (200, len(whole.body), b""))
        for wanted, low, high in (("bytes=0-43", 0, 44), ("bytes=100-199", 100, 200),
                                  ("bytes=-50", len(whole.body) - 50, len(whole.body)),
                                  ("bytes=200-", 200, len(whole.body))):
            part = self.bridge.rest("GET", self.path(recording), headers={"Range": wanted})
            self.assertEqual(part.status, 206, wanted)
            self.assertEqual(part.body, whole.body[low:high], wanted)
            self.assertEqual(part.headers["Content-Range"], "bytes %d-%d/%d" % (low, high - 1, len(whole.body)))
        beyond = self.bridge.rest("GET", self.path(recording), headers={"Range": "bytes=%d-" % len(whole.body)})
        self.assertEqual(beyond.status, 416)
        self.assertEqual(self.bridge.rest("GET", self.path(recording, "/Stream")).body, whole.body)
        kept = os.path.join(self.bridge.data, "recordings", recording["recordingId"] + ".wav")
        self.assertEqual(os.path.getsize(kept), len(whole.body))
        self.bridge.expect(204, "DELETE", self.path(recording, ""))
        self.assertFalse(os.path.exists(kept))
        self.assertEqual(self.bridge.rest("GET", self.path(recording)).status, 404)
        self.assertNotIn(recording["recordingId"], [r["recordingId"] for r in self.bridge.recordings(room[0])])

    def test_two_periods_are_two_recordings_and_nothing_between_is_in_either(self):
        room = self.room(playBeep="never")
        for n, hz in enumerate(PILOTS_HZ[:2]):
            phone = self.join(room, "talker%d" % n, hz)
            phone.fresh_levels(ms=1000)
            phone.hangup()
            self.bridge.status_is(room[0], "empty")
        newest, oldest = self.finished(room, 2)
        self.assertNotEqual(newest["recordingId"], oldest["recordingId"])
        for recording, hz, other in ((oldest, PILOTS_HZ[0], PILOTS_HZ[1]), (newest, PILOTS_HZ[1], PILOTS_HZ[0])):
            self.assertEqual(recording["conferenceId"], room[0])
            wav = Wav(self.download(recording).body)
            self.above("%g Hz in its own" % hz, wav.held_tone(hz, 0.2, wav.seconds - 0.1), SAID_DBFS - 0.5, "dBFS")
            self.below("%g Hz in it" % other, wav.tone(other), SAID_DBFS - 45.0, "dBFS")

    def test_a_conference_that_never_began_has_none(self):
        room = self.room(playBeep="never")
        phone = self.join(room, "early", PILOTS_HZ[0], startConfOnEnter=False)
        phone.fresh_levels()
        phone.hangup()
        self.bridge.status_is(room[0], "empty")
        self.assertEqual(self.bridge.recordings(room[0]), [])

    def test_without_record_there_is_none(self):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias)["conferenceId"]
        phone = self.bridge.join(conference, self.callers, "p", alias)
        phone.fresh_levels()
        phone.hangup()
        self.bridge.status_is(conference, "empty")
        self.assertEqual(self.bridge.recordings(conference), [])

    def test_silence_is_recorded_as_silence(self):
        """From its first sample on: of the music that fades out at the ears nothing is in it."""
        room = self.room(playBeep="never")
        early = self.join(room, "early", startConfOnEnter=False)
        wait_until(lambda: early.levels(ms=400)["rms"] > -40.0, 5.0, "music is heard")
        phone = self.join(room, "quiet")
        phone.fresh_levels()
        self.bridge.conference_update(room[0], status="empty")
        wav = Wav(self.download(self.finished(room)[0]).body)
        self.within("level of nobody talking", wav.rms(), NOTHING_DBFS, -80.0, "dBFS")
        self.within("level of the first 100 ms", wav.rms(0.0, 0.1), NOTHING_DBFS, -80.0, "dBFS")


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""Say and Play to a whole conference, by REST and by PerCL: when it is refused, who hears it, what is recorded of it."""
import unittest

from harness import PILOTS_HZ, BridgeTest, Wav, measured, tone_samples, wait_until, wav_bytes

TONE_HZ, TONE_DBFS = PILOTS_HZ[2], -14.0
HEARD_DBFS, SILENT_DBFS = -17.0, -50.0


class AnnounceTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.hooks.files["/tone.wav"] = wav_bytes(tone_samples(TONE_HZ, TONE_DBFS, 20.0))
        self.hooks.files["/short.wav"] = wav_bytes(tone_samples(TONE_HZ, TONE_DBFS, 0.4))

    def room(self, **members):
        members.setdefault("playBeep", "never")
        conference = self.bridge.conference(alias=self.alias(), **members)
        return conference["conferenceId"], conference["alias"]

    def join(self, room, name, **parameters):
        return self.bridge.join(room[0], self.callers, name, room[1], parameters=parameters)

    def play(self, room, name="tone", status=202, **members):
        body = {"play": dict(members, file=self.hooks.url + "/%s.wav" % name)}
        return self.bridge.expect(status, "POST", "/Conferences/%s/Announcements" % room[0], body).json

    def stop(self, room, announcement, status=204):
        self.bridge.expect(status, "DELETE", "/Conferences/%s/Announcements/%s" % (room[0], announcement["announcementId"]))

    def hears_it(self, phone):
        phone.hears(TONE_HZ, HEARD_DBFS)
        self.within("level at " + phone.name, phone.median_level(TONE_HZ, 25), TONE_DBFS - 1.0, TONE_DBFS + 1.0, "dBFS")

    def hears_nothing(self, phone):
        self.below("loudest at " + phone.name, phone.fresh_levels((TONE_HZ,), 300)["tones"][TONE_HZ], SILENT_DBFS, "dBFS")

    def by_percl(self, room, commands, hold=True):
        """A caller whose script is these commands; it waits for a key then, or the script is over."""
        name = self.alias("script")
        self.hooks.scripts["/" + name] = commands + ([{"Pause": {"length": 30000}}] if hold else [])
        self.bridge.number(name, self.hooks.url + "/" + name)
        phone = self.callers.call(name, self.bridge.uri(name))
        phone.wait("answered")
        phone.call_id = self.hooks.first("/" + name, requestType="inboundCall").json["callId"]
        return phone

    def test_an_empty_conference_refuses_with_409_and_a_terminated_one_with_404(self):
        room = self.room()
        self.play(room, status=409)
        self.bridge.expect(409, "POST", "/Conferences/%s/Announcements" % room[0], {"say": {"text": "hello"}})
        self.bridge.conference_update(room[0], status="terminated")
        self.play(room, status=404)
        self.play(("CF" + "0" * 40,), status=404)
        again = self.room()
        phone = self.join(again, "guest")
        self.bridge.status_is(again[0], "inProgress")
        phone.hangup()
        self.bridge.status_is(again[0], "empty")
        self.play(again, status=409)

    def test_what_is_no_announcement_is_refused_with_400(self):
        room = self.room()
        self.join(room, "guest")
        for body in ({}, {"say": {}}, {"play": {}}, {"play": {"file": "tone.wav"}}, {"say": {"text": "x" * 4097}},
                     {"say": {"text": "a"}, "play": {"file": self.hooks.url + "/tone.wav"}}):
            self.bridge.expect(400, "POST", "/Conferences/%s/Announcements" % room[0], body)

    def test_in_progress_the_listeners_hear_it_until_it_is_deleted(self):
        room = self.room()
        listener = self.join(room, "listener")
        deaf = self.join(room, "deaf", listen=False)
        announcement = self.play(room)
        self.hears_it(listener)
        self.hears_nothing(deaf)
        self.bridge.participant_update(room[0], deaf.call_id, listen=True)
        self.hears_it(deaf)
        self.stop(room, announcement)
        for phone in (listener, deaf):
            phone.hears_not(TONE_HZ, SILENT_DBFS)
        self.stop(room, announcement, 404)

    def test_it_is_heard_over_the_wait_music_of_a_populated_conference(self):
        room = self.room()
        listener = self.join(room, "waiting", startConfOnEnter=False)
        deaf = self.join(room, "deaf", startConfOnEnter=False, listen=False)
        self.bridge.status_is(room[0], "populated")
        announcement = self.play(room)
        listener.hears(TONE_HZ, HEARD_DBFS - 3.0)
        self.hears_nothing(deaf)
        self.stop(room, announcement)
        listener.hears_not(TONE_HZ, SILENT_DBFS + 10.0)

    def test_it_goes_on_when_the_conference_begins(self):
        room = self.room()
        listener = self.join(room, "waiting", startConfOnEnter=False)
        announcement = self.play(room)
        listener.hears(TONE_HZ, HEARD_DBFS - 3.0)
        moderator = self.join(room, "moderator")
        self.hears_it(moderator)
        self.hears_it(listener)
        self.stop(room, announcement)

    def test_it_ends_with_the_conference(self):
        room = self.room()
        first = self.join(room, "first")
        announcement = self.play(room)
        self.hears_it(first)
        first.hangup()
        self.bridge.status_is(room[0], "empty")
        wait_until(lambda: self.bridge.rest("DELETE", "/Conferences/%s/Announcements/%s" % (
            room[0], announcement["announcementId"])).status == 404, 3.0, "it is over")
        second = self.join(room, "second")
        self.hears_nothing(second)

    def test_it_is_in_the_recording_only_of_a_conference_in_progress(self):
        room = self.room(record=True)
        waiting = self.join(room, "waiting", startConfOnEnter=False)
        announcement = self.play(room)
        waiting.hears(TONE_HZ, HEARD_DBFS - 3.0)
        self.stop(room, announcement)
        waiting.hears_not(TONE_HZ, SILENT_DBFS + 10.0)
        moderator = self.join(room, "moderator")
        self.bridge.status_is(room[0], "inProgress")
        moderator.fresh_levels(ms=300)
        announcement = self.play(room)
        self.hears_it(moderator)
        moderator.fresh_levels(ms=400)
        self.stop(room, announcement)
        moderator.hears_not(TONE_HZ, SILENT_DBFS)
        self.bridge.conference_update(room[0], status="empty")
        recording = wait_until(lambda: [r for r in self.bridge.recordings(room[0]) if r["revision"] > 1], 5.0,
                               "the recording is complete")
        self.assertEqual(len(recording), 1)
        path = "/Recordings/%s/Download" % recording[0]["recordingId"]
        wav = Wav(self.bridge.expect(200, "GET", path).body)
        begins, ends = wav.tone_begins(TONE_HZ, TONE_DBFS), wav.tone_ends(TONE_HZ, TONE_DBFS)
        self.above("silence before it", begins, 0.25, "s")
        self.within("its length", ends - begins, 0.4, wav.seconds - 0.25, "s")
        self.within("its level", wav.median_tone(TONE_HZ, begins + 0.05, ends - 0.05), TONE_DBFS - 1.0, TONE_DBFS + 1.0, "dBFS")
        self.below("before it", wav.tone(TONE_HZ, 0.0, begins - 0.05), SILENT_DBFS, "dBFS")

    def test_a_say_is_spoken_to_the_listeners(self):
        room = self.room()
        listener, deaf = self.join(room, "listener"), self.join(room, "deaf", listen=False)
        self.bridge.expect(202, "POST", "/Conferences/%s/Announcements" % room[0],
                           {"say": {"text": "The conference ends in five minutes", "loop": 0}})
        loudest = wait_until(lambda: max(listener.levels((), 400)["rms"], -45.0) + 45.0, 10.0, "speech at the listener")
        measured("speech", loudest - 45.0, "above -45", "dBFS")
        self.below("at the one who does not listen", deaf.fresh_levels((), 300)["rms"], SILENT_DBFS, "dBFS")

    def test_loop_says_how_often(self):
        room = self.room()
        listener = self.join(room, "listener")
        mark = self.callers.mark()
        listener.watch((TONE_HZ,))
        announcement = self.play(room, "short", loop=3)
        wait_until(lambda: self.bridge.rest("DELETE", "/Conferences/%s/Announcements/%s" % (
            room[0], "AN" + "0" * 40)).status == 404 and sum(
                w["tones"]["%g" % TONE_HZ] > HEARD_DBFS - 3 for w in listener.windows(mark)) >= 110, 5.0, "three times")
        listener.hears_not(TONE_HZ, SILENT_DBFS)
        heard = sum(w["tones"]["%g" % TONE_HZ] > HEARD_DBFS - 3.0 for w in listener.windows(mark))
        self.within("windows of 10 ms with the tone", heard, 110, 126)
        self.stop(room, announcement, 404)

    def test_percl_with_a_conference_id_plays_to_its_listeners_and_does_not_wait(self):
        room = self.room()
        listener, deaf = self.join(room, "listener"), self.join(room, "deaf", listen=False)
        script = self.by_percl(room, [
            {"Play": {"file": self.hooks.url + "/tone.wav", "conferenceId": room[0]}},
            {"Redirect": {"actionUrl": self.hooks.url + "/after"}}], hold=False)
        self.hooks.scripts["/after"] = [{"Pause": {"length": 30000}}]
        self.hooks.first("/after", callId=script.call_id)
        self.hears_it(listener)
        self.hears_nothing(deaf)
        self.hears_nothing(script)
        script.hangup()
        self.hears_it(listener)

    def test_percl_to_an_empty_or_unknown_conference_is_a_warning_in_the_calls_log(self):
        room = self.room()
        for conference, words in ((room[0], "empty"), ("CF" + "0" * 40, "no such conference")):
            script = self.by_percl(room, [{"Say": {"text": "hello", "conferenceId": conference}}])
            wait_until(lambda: [line for line in self.bridge.logs(script.call_id) if line.startswith("warning") and words in line],
                       5.0, lambda: "a warning about it: %s" % self.bridge.logs(script.call_id))
            script.hangup()

    def test_a_file_that_cannot_be_played_is_a_warning_in_the_accounts_log(self):
        room = self.room()
        self.join(room, "listener")
        self.play(room, "missing")
        wait_until(lambda: [line for line in self.bridge.expect(200, "GET", "/Logs").json["logs"]
                            if line["level"] == "warning" and "404" in line["message"]], 5.0, "a warning about it")


if __name__ == "__main__":
    unittest.main(verbosity=2)

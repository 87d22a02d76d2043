"""The tracks of a recording: one a caller and one of the bridge, sample-aligned with the mix, and a timeline."""
import os

from harness import PILOTS_HZ, BridgeTest, Wav, http_request, rms_dbfs, tone_samples, wait_until, wav_bytes

SAID_DBFS = -24.0
ANNOUNCED_HZ = 1823.0
AT_MS = 20.0  # how far an event may be from its audio


class TracksTest(BridgeTest):
    """A conference whose recording has tracks, and what REST has of it."""

    def setUp(self):
        super().setUp()
        self.hooks.files["/tone.wav"] = wav_bytes(tone_samples(ANNOUNCED_HZ, SAID_DBFS, 0.6))

    def room(self, **members):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias, record=True, recordTracks=True,
                                            statusCallbackUrl=self.hooks.url, **members)
        self.assertIs(conference["recordTracks"], True)
        return conference["conferenceId"], alias

    def join(self, room, name, hz=None, **parameters):
        return self.bridge.join(room[0], self.callers, name, room[1],
                                tone="%g@%g" % (hz, SAID_DBFS) if hz else None, parameters=parameters)

    def recording(self, room):
        self.hooks.wait(lambda received: any(h.json and h.json.get("conferenceId") == room[0] and
                                             h.json.get("requestType") == "conferenceRecordingStatus"
                                             for h in received), 10.0, "the recording is announced")
        return "/Recordings/" + self.bridge.recordings(room[0])[0]["recordingId"]

    def tracks(self, path):
        """Name to audio, as REST lists them."""
        listed = self.bridge.expect(200, "GET", path + "/Tracks").json["tracks"]
        for track in listed:
            self.assertEqual(track["callId"], None if track["track"] == "bridge" else track["track"])
        inside = len("/Accounts/" + self.bridge.account)
        return {t["track"]: Wav(self.bridge.expect(200, "GET", t["downloadUrl"][inside:]).body) for t in listed}

    def events(self, path, event, call_id=None):
        timeline = self.bridge.expect(200, "GET", path + "/Timeline").json
        return [e for e in timeline["events"] if e["event"] == event and e.get("callId") == call_id]

    def at(self, path, event, audio_s, call_id=None, nth=0):
        """An event stands where its audio is."""
        found = self.events(path, event, call_id)
        self.assertGreater(len(found), nth, event)
        self.within("%s, against its audio" % event, found[nth]["atMs"] - audio_s * 1000.0, -AT_MS, AT_MS, "ms")
        return found[nth]

    def add_up(self, mix, tracks):
        for name, wav in tracks.items():
            self.assertEqual((len(wav.samples), wav.rate_hz), (len(mix.samples), mix.rate_hz), name)
        rest = [m - sum(s) for m, s in zip(mix.samples, zip(*(wav.samples for wav in tracks.values())))]
        self.below("sum of %d tracks less the mix" % len(tracks), rms_dbfs(rest) - mix.rms(), -60.0, "dB")


class Tracks(TracksTest):
    def test_tracks_add_up_to_the_mix_and_the_timeline_tells_when(self):
        room = self.room(playBeep="entryOnly")
        first = self.join(room, "first", PILOTS_HZ[0])
        first.fresh_levels(ms=600)
        second = self.join(room, "second", PILOTS_HZ[1])
        first.hears(PILOTS_HZ[1], SAID_DBFS - 1.0)
        self.bridge.participant_update(room[0], second.call_id, talk=False)
        first.hears_not(PILOTS_HZ[1], SAID_DBFS - 45.0)
        self.bridge.expect(202, "POST", "/Conferences/%s/Announcements" % room[0],
                           {"play": {"file": self.hooks.url + "/tone.wav"}})
        first.hears(ANNOUNCED_HZ, SAID_DBFS - 2.0)
        first.hears_not(ANNOUNCED_HZ, SAID_DBFS - 45.0)
        second.hangup()
        first.fresh_levels(ms=300)
        first.hangup()
        path = self.recording(room)
        mix, tracks = Wav(self.bridge.expect(200, "GET", path + "/Download").body), self.tracks(path)
        self.assertEqual(set(tracks), {first.call_id, second.call_id, "bridge"})
        self.add_up(mix, tracks)
        for name, hz, others in ((first.call_id, PILOTS_HZ[0], (PILOTS_HZ[1], ANNOUNCED_HZ)),
                                 (second.call_id, PILOTS_HZ[1], (PILOTS_HZ[0], ANNOUNCED_HZ)),
                                 ("bridge", ANNOUNCED_HZ, PILOTS_HZ[:2])):
            own = max(level for _, level in tracks[name].profile(hz, 0.1))
            self.within("%g Hz in its own track" % hz, own, SAID_DBFS - 1.0, SAID_DBFS + 1.0, "dBFS")
            for other in others:
                loudest = max(level for _, level in tracks[name].profile(other, 0.1))
                # A beep has many notes, and begins and ends: no pilot of a caller is in it at its level. A caller of ours
                # that was sent late splashes to -64.
                self.below("%g Hz in it" % other, loudest, -45.0 if name == "bridge" else -60.0, "dBFS")
        said = tracks[second.call_id]
        self.at(path, "talkStart", said.tone_begins(PILOTS_HZ[1], SAID_DBFS), second.call_id)
        self.at(path, "mute", said.tone_ends(PILOTS_HZ[1], SAID_DBFS) - 0.01, second.call_id)
        began = tracks["bridge"].tone_begins(ANNOUNCED_HZ, SAID_DBFS)
        begins = self.at(path, "announcementStart", began)
        ends = self.at(path, "announcementEnd", tracks["bridge"].tone_ends(ANNOUNCED_HZ, SAID_DBFS))
        self.assertEqual(begins["announcement"], ends["announcement"])
        beep = next(i for i, s in enumerate(tracks["bridge"].samples) if abs(s) > 300) / mix.rate_hz
        self.at(path, "beepStart", beep)
        self.assertEqual(len(self.events(path, "beepEnd")), len(self.events(path, "beepStart")))
        self.assertEqual(self.events(path, "join", first.call_id)[0]["atMs"], 0)
        joined = self.events(path, "join", second.call_id)[0]["atMs"]
        self.within("joined before it was heard", said.tone_begins(PILOTS_HZ[1], SAID_DBFS) * 1000.0 - joined, 0.0, 200.0, "ms")
        left = self.events(path, "leave", second.call_id)[0]["atMs"]
        self.within("left before the end", mix.seconds * 1000.0 - left, 300.0, 2000.0, "ms")
        recordings = os.path.join(self.bridge.data, "recordings")
        self.assertTrue(os.path.isdir(os.path.join(recordings, path.split("/")[2] + ".tracks")))
        self.bridge.expect(204, "DELETE", path)
        self.assertEqual([f for f in os.listdir(recordings) if path.split("/")[2] in f], [])

    def test_a_passed_digit_is_the_bridge_s_and_any_other_is_not_named(self):
        room = self.room(playBeep="never")
        plain = self.join(room, "plain", PILOTS_HZ[0])
        passes = self.join(room, "passes")
        self.bridge.participant_update(room[0], plain.call_id, dtmfPassThrough=False)
        self.bridge.participant_update(room[0], passes.call_id, dtmfPassThrough=True)
        plain.dial("7")
        plain.fresh_levels(ms=200)
        passes.dial("5")
        plain.fresh_levels(ms=400)
        plain.hangup()
        passes.hangup()
        path = self.recording(room)
        mix, tracks = Wav(self.bridge.expect(200, "GET", path + "/Download").body), self.tracks(path)
        self.add_up(mix, tracks)
        self.assertNotIn("digit", self.events(path, "dtmf", plain.call_id)[0])
        # 5 is 770 and 1336 Hz; a key is passed on from the tick after it was seen.
        heard = self.at(path, "dtmf", tracks["bridge"].tone_begins(770.0, -14.0), passes.call_id)
        self.assertEqual(heard["digit"], "5")
        for hz in (852.0, 1209.0):
            self.below("%g Hz of 7 in the bridge's track" % hz, max(l for _, l in tracks["bridge"].profile(hz, 0.05)), -30.0,
                       "dBFS")

    def test_kill_9_leaves_tracks_that_are_whole(self):
        room = self.room(playBeep="never")
        first = self.join(room, "first", PILOTS_HZ[0])
        second = self.join(room, "second", PILOTS_HZ[1])
        wait_until(lambda: self.bridge.recordings(room[0])[0]["durationSec"] >= 2, 6.0, "audio recorded")
        self.bridge.kill()
        for phone in (first, second):
            phone.command("hangup")
        self.bridge.start()
        path = self.recording(room)
        mix, tracks = Wav(self.bridge.expect(200, "GET", path + "/Download").body), self.tracks(path)
        self.above("seconds kept", mix.seconds, 0.5, "s")
        self.assertEqual(set(tracks), {first.call_id, second.call_id, "bridge"})
        for name, wav in tracks.items():
            self.assertEqual(len(wav.samples), len(mix.samples), name)
        whole = mix.seconds - 0.3  # what a look at the rings had begun to write may be in some of the files
        rest = [m - sum(s) for m, s in zip(mix.part(0.0, whole), zip(*(wav.part(0.0, whole) for wav in tracks.values())))]
        self.below("sum of the tracks less the mix", rms_dbfs(rest) - mix.rms(0.0, whole), -60.0, "dB")
        self.assertEqual(len(self.events(path, "join", second.call_id)), 1)

    def test_while_it_grows_tracks_and_timeline_can_be_read(self):
        room = self.room(playBeep="never")
        first = self.join(room, "first", PILOTS_HZ[0])
        grown = wait_until(lambda: [r for r in self.bridge.recordings(room[0]) if r["durationSec"] >= 2], 6.0, "two seconds of it")
        path = "/Recordings/" + grown[0]["recordingId"]
        wav = self.tracks(path)[first.call_id]
        self.assertEqual(wav.riff_bytes + 8, wav.file_bytes)
        self.above("the caller in it", wav.held_tone(PILOTS_HZ[0], 0.2, wav.seconds - 0.1), SAID_DBFS - 1.0, "dBFS")
        self.assertEqual(len(self.events(path, "join", first.call_id)), 1)
        self.bridge.expect(404, "GET", path + "/Tracks/CA" + "0" * 40 + "/Download")

    def test_without_tracks_there_are_none(self):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias, record=True, statusCallbackUrl=self.hooks.url)
        self.assertIs(conference["recordTracks"], False)
        room = conference["conferenceId"], alias
        self.join(room, "p").hangup()
        path = self.recording(room)
        self.assertEqual(self.bridge.expect(200, "GET", path + "/Tracks").json["tracks"], [])
        self.bridge.expect(404, "GET", path + "/Timeline")


class Formats(TracksTest):
    """The same recording kept as FLAC: what is told of it, and that no WAV stays."""
    bridge_config = "recording_format = flac\n"

    def test_a_complete_recording_is_flac_and_says_so(self):
        room = self.room(playBeep="never")
        first = self.join(room, "first", PILOTS_HZ[0])
        path = "/Recordings/" + wait_until(lambda: self.bridge.recordings(room[0]), 5.0, "it is listed")[0]["recordingId"]
        self.assertEqual(self.bridge.expect(200, "GET", path).json["mimeType"], "audio/wav", "while it grows")
        first.fresh_levels()
        first.hangup()
        self.assertEqual(self.recording(room), path)
        told = next(h.json for h in self.hooks.received if h.json and h.json.get("conferenceId") == room[0] and
                    h.json.get("requestType") == "conferenceRecordingStatus")
        self.assertTrue(told["recordingUrl"].endswith(".flac"), told["recordingUrl"])
        self.assertEqual(self.bridge.expect(200, "GET", path).json["mimeType"], "audio/flac")
        inside = len("/Accounts/" + self.bridge.account)
        tracks = self.bridge.expect(200, "GET", path + "/Tracks").json["tracks"]
        self.assertEqual({t["track"] for t in tracks}, {first.call_id, "bridge"})
        for at in [path + "/Download"] + [t["downloadUrl"][inside:] for t in tracks]:
            reply = self.bridge.expect(200, "GET", at)
            self.assertEqual((reply.headers["Content-Type"], reply.body[:4]), ("audio/flac", b"fLaC"))
        by_token = http_request("GET", told["recordingUrl"])
        self.assertEqual((by_token.status, by_token.headers["Content-Type"]), (200, "audio/flac"))
        recordings = os.path.join(self.bridge.data, "recordings")
        self.assertEqual([f for _, _, names in os.walk(recordings) for f in names if ".wav" in f], [])
        self.bridge.expect(204, "DELETE", path)
        self.assertEqual(os.listdir(recordings), [])

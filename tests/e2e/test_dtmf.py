"""Keys from real calls: as tones, by SIP INFO, as events of other people's phones; and that tones are no longer there
where somebody else could read them."""
import os
import subprocess

from harness import Baresip, BridgeTest, Sipp, measured, program, wait_until

CONFIG = """
route "lines" { user = "line*" dtmf_inband = true }
route "rooms" { }
"""
ROWS, COLUMNS, KEYPAD = (697, 770, 852, 941), (1209, 1336, 1477, 1633), "123A456B789C*0#D"
KEY_DBFS = -33.0  # each tone: -30 dBm0


def tones_of(key):
    at = KEYPAD.index(key)
    return "%g@%g,%g@%g" % (ROWS[at // 4], KEY_DBFS, COLUMNS[at % 4], KEY_DBFS)


def press(phone, keys):
    """Sends their tones, at least 100 ms each and 100 ms apart."""
    for key in keys:
        phone.tone(tones_of(key))
        phone.fresh_levels(ms=100)
        phone.tone("off")
        phone.fresh_levels(ms=100)


class Dtmf(BridgeTest):
    bridge_config = CONFIG

    def desk(self, word, script):
        name = self.alias(word)
        self.hooks.scripts["/" + name] = script
        self.bridge.number(name, self.hooks.url + "/" + name)
        return name

    def keys_in(self, path):
        """What a detector that is not ours reads there, and with how many of 34 beginnings."""
        out = subprocess.run([program("tests/dtmf_read"), path], check=True, stdout=subprocess.PIPE, text=True).stdout
        keys, chances = out.split()
        return keys[len("keys="):], int(chances[len("chances="):])

    def unreadable(self, what, path):
        keys, chances = self.keys_in(path)
        measured("%s is read with" % what, chances, 0, "of 34 beginnings")
        self.assertEqual((keys, chances), ("", 0), what)

    def test_tones_are_digits_where_the_route_says_so(self):
        self.hooks.scripts["/got"] = [{"Pause": {"length": 60000}}]
        desk = self.desk("line", [{"GetDigits": {"actionUrl": self.hooks.url + "/got", "maxDigits": 4,
                                                 "initialTimeoutMs": 20000, "digitTimeoutMs": 20000}}])
        phone = self.callers.call(desk, self.bridge.uri(desk))
        phone.wait("answered")
        press(phone, "1990")
        self.assertEqual(self.hooks.first("/got", requestType="getDigits", seconds=10.0).json["digits"], "1990")

    def test_tones_are_nobodys_but_the_bridges(self):
        alias = self.alias("line")
        room = self.bridge.conference(alias=alias, playBeep="never", record=True)["conferenceId"]
        ear = self.bridge.join(room, self.callers, "ear", alias)
        presser = self.bridge.join(room, self.callers, "presser", alias)
        heard = os.path.join(self.bridge.work, "heard.wav")
        self.bridge.participant_update(room, presser.call_id, dtmfPassThrough=False)
        ear.tap(heard)
        press(presser, "159#")
        self.assertEqual([e for e in self.callers.events if e["event"] == "dtmf"], [])
        ear.tap(None)
        self.unreadable("what another hears", heard)

        self.bridge.participant_update(room, presser.call_id, dtmfPassThrough=True)
        since = self.callers.mark()
        ear.tap(heard)
        press(presser, "42")
        for digit in "42":
            ear.wait("dtmf", 5.0, since, lambda e, digit=digit: e["digit"] == digit)
        ear.tap(None)
        self.unreadable("audio beside an event", heard)
        self.assertEqual([e["digit"] for e in self.callers.events if e["event"] == "dtmf"], ["4", "2"])
        ear.fresh_levels(ms=500)  # an event is told as it begins: its tone in the recording has to end before that does
        self.bridge.expect(204, "POST", "/Conferences/" + room, {"status": "terminated"})
        recording = wait_until(lambda: [r for r in self.bridge.recordings(room) if r.get("durationSec") is not None], 10.0,
                               "the recording")[0]
        kept = os.path.join(self.bridge.work, "kept.wav")
        with open(kept, "wb") as f:
            f.write(self.bridge.rest("GET", "/Recordings/%s/Download" % recording["recordingId"]).body)
        self.assertEqual(self.keys_in(kept)[0], "42")

    def test_info_gives_digits(self):
        self.hooks.scripts["/info"] = [{"Pause": {"length": 60000}}]
        desk = self.desk("desk", [{"GetDigits": {"actionUrl": self.hooks.url + "/info", "finishOnKey": "#",
                                                 "initialTimeoutMs": 20000, "digitTimeoutMs": 20000}}])
        run = Sipp("info_digits", self.bridge, desk, self.bridge.work)
        self.addCleanup(run.stop)
        hook = self.hooks.first("/info", requestType="getDigits", seconds=10.0).json
        self.assertEqual((hook["digits"], hook["reason"]), ("5", "finishKey"))
        run.finish()

    def test_info_is_passed_on_as_an_event(self):
        alias = self.alias("room")
        room = self.bridge.conference(alias=alias, playBeep="never")["conferenceId"]
        ear = self.bridge.join(room, self.callers, "ear", alias)
        run = Sipp("info_digits", self.bridge, alias, self.bridge.work)
        self.addCleanup(run.stop)
        for digit in "5#":
            ear.wait("dtmf", 10.0, 0, lambda e, digit=digit: e["digit"] == digit)
        run.finish()
        self.assertEqual([e["digit"] for e in self.callers.events if e["event"] == "dtmf"], ["5", "#"])

    def test_events_of_other_peoples_phones(self):
        for codec in ("PCMA", "G722", "opus"):
            with self.subTest(codec=codec):
                alias = self.alias("room")
                room = self.bridge.conference(alias=alias, playBeep="never")["conferenceId"]
                ear = self.bridge.join(room, self.callers, "ear_" + codec, alias)
                phone = Baresip(self.bridge.work, codec=codec)
                self.addCleanup(phone.quit)
                phone.dial(self.bridge.uri(alias))
                wait_until(lambda: len(self.bridge.participants(room)) == 2, 5.0, "baresip is in")
                for digit in "7*":
                    since = self.callers.mark()
                    phone.command("sndcode", digit)
                    ear.wait("dtmf", 5.0, since, lambda e, digit=digit: e["digit"] == digit)
                ear.dial("3")
                phone.wait("CALL_DTMF_START")
                phone.hangup()
                self.assertEqual([e["digit"] for e in self.callers.events
                                  if e["event"] == "dtmf" and e.get("name") == ear.name], ["7", "*"])

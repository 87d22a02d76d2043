"""A complete application on the real SDK, and every webhook's body held member by member to the reference."""
import json
import os
import re
import subprocess
import threading
import unittest

import harness
from harness import PILOTS_HZ, Baresip, BridgeTest, http_request, wait_until
from sdk_driver import installed

HERE = os.path.dirname(os.path.abspath(__file__))
PIN, NUMBER, CALLER_NUMBER = "4271", "+15550123", "+15550199"
FIRST, SECOND, WRONG = "15550001", "15550002", "15550003"
FIRST_HZ, SECOND_HZ, THIRD_HZ = PILOTS_HZ[0], PILOTS_HZ[1], PILOTS_HZ[2]
HEARD_DBFS, SILENT_DBFS = -28.0, -50.0

# The reference: the members of each requestType beside requestType itself.
STANDARD = {"callId", "accountId", "from", "to", "callStatus", "direction", "conferenceId", "queueId"}
RECORDING = {"recordingId", "recordingUrl", "recordingDurationSec"}
MEMBERS = {
    "inboundCall": STANDARD | {"parentCallId"},
    "outDialStart": STANDARD | {"parentCallId", "dialCallId"},
    "outDialConnect": STANDARD | {"parentCallId", "dialCallStatus"},
    "outDialApiConnect": STANDARD | {"parentCallId", "dialCallStatus"},
    "createConference": STANDARD | RECORDING | {"status"},
    "conferenceStatus": STANDARD | RECORDING | {"status"},
    "conferenceRecordingStatus": STANDARD | RECORDING | {"status"},
    "addToConferenceNotification": STANDARD,
    "leaveConference": STANDARD,
    "callControl": STANDARD | {"digits"},
    "callStatus": STANDARD | RECORDING | {"parentCallId", "callEndedReason", "callDuration"},
    "getDigits": STANDARD | {"parentCallId", "digits", "reason"},
    "record": STANDARD | RECORDING | {"parentCallId", "recordingSize", "recordingFormat", "termReason", "privacyMode"},
    "redirect": STANDARD | {"parentCallId", "originalRequestType"},
}


class App:
    """app/server.js in a node of its own; what it was sent."""

    def __init__(self, bridge, secret, third):
        told = {"base": bridge.https + "/apiserver", "account": bridge.account, "key": bridge.key, "secret": secret,
                "pin": PIN, "third": third, "number": CALLER_NUMBER}
        environment = dict(os.environ, NODE_PATH=os.path.join(installed(), "node_modules"))
        self.process = harness.start(["node", os.path.join(HERE, "app", "server.js"), json.dumps(told)], env=environment,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.told = []
        self.changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()
        self.url = self.wait(lambda told: told and told[0]["url"], 15.0, "the application listens")

    def _run(self):
        with self.process.stdout:
            for line in self.process.stdout:
                with self.changed:
                    self.told.append(json.loads(line))
                    self.changed.notify_all()

    def wait(self, condition, seconds, what):
        with self.changed:
            result = self.changed.wait_for(lambda: condition(self.told), seconds)
            if not result:
                raise AssertionError("not within %.1f s: %s; told: %s" % (seconds, what, self.told))
            return result

    def hook(self, path, nth=0, seconds=8.0, **members):
        """The body of the nth webhook there with these members."""
        def found(told):
            fitting = [t["body"] for t in told if t.get("path") == path and "body" in t and
                       all(t["body"].get(k) == v for k, v in members.items())]
            return fitting[nth] if len(fitting) > nth else None
        return self.wait(found, seconds, "%s %s" % (path, members))

    def bodies(self):
        with self.changed:
            return [t["body"] for t in self.told if "body" in t]

    def forged(self):
        with self.changed:
            return [t for t in self.told if "forged" in t]

    def talk(self, call_id, talk):
        return http_request("POST", self.url + "/do/talk", json.dumps({"callId": call_id, "talk": talk}).encode())

    def close(self):
        harness.end(self.process)


class Bodies(BridgeTest):
    def is_exactly(self, body, **wanted):
        """The members are those of its type; the values these, null where not named. A compiled pattern or a type fits
        what it describes."""
        names = MEMBERS[body["requestType"]] | {"requestType"}
        self.assertEqual(set(body), names, body)
        wanted.setdefault("accountId", self.bridge.account)
        for name in sorted(names - {"requestType"}):
            value, right = body[name], wanted.pop(name, None)
            if isinstance(right, re.Pattern):
                self.assertRegex(value, right, "%s of %s" % (name, body))
            elif isinstance(right, type):
                self.assertIs(type(value), right, "%s of %s" % (name, body))
            else:
                self.assertEqual(value, right, "%s of %s" % (name, body))
        self.assertFalse(wanted, "no such members in %s" % body)

    def desk(self, script, **application):
        """A name to call that is answered with this script; callStatus goes to /status/NAME."""
        name = self.alias("desk")
        self.hooks.scripts["/" + name] = script
        self.bridge.number(name, self.hooks.url + "/" + name, statusCallbackUrl=self.hooks.url + "/status/" + name, **application)
        return name

    def place(self, name, answered=True, **how):
        """Calls it, and gives back the phone with what its webhooks have in common."""
        phone = self.callers.call(name, self.bridge.uri(name), **how)
        if answered:
            phone.wait("answered")
        phone.call_id = self.hooks.first("/" + name, requestType="inboundCall").json["callId"]
        phone.facts = {"callId": phone.call_id, "from": "sip:%s@127.0.0.1" % name, "direction": "inbound",
                       "to": "sip:%s@%s" % (name, self.bridge.sip_address()), "callStatus": "inProgress"}
        return phone


class AppTest(Bodies):
    def setUp(self):
        super().setUp()
        for old in self.bridge.expect(200, "GET", "/SigningSecrets").json["signingSecrets"]:
            self.bridge.expect(204, "DELETE", "/SigningSecrets/" + old["signingSecretId"])
        self.secret = self.bridge.expect(201, "POST", "/SigningSecrets", {}).json["secret"]

    def start(self, third):
        app = App(self.bridge, self.secret, third)
        self.addCleanup(app.close)
        number = self.bridge.number(NUMBER, app.url + "/voice", statusCallbackUrl=app.url + "/ended", alias="meeting")
        self.addCleanup(self.bridge.expect, 204, "DELETE", "/IncomingPhoneNumbers/" + number["phoneNumberId"])
        return app

    def caller(self, app, name, hz):
        phone = self.callers.call(name, self.bridge.uri(NUMBER), tone="%g@-24" % hz)
        phone.wait("answered")
        hook = app.hook("/voice", **{"from": "+" + name})
        phone.call_id = hook["callId"]
        phone.facts = {"callId": phone.call_id, "from": "+" + name, "to": NUMBER, "direction": "inbound"}
        self.is_exactly(hook, callStatus="ringing", **phone.facts)
        phone.facts["callStatus"] = "inProgress"
        return phone

    def types_pin(self, app, phone, pin=PIN):
        phone.dial(pin)
        hook = app.hook("/pin", callId=phone.call_id, digits=pin)
        self.is_exactly(hook, digits=pin, reason="maxDigits", **phone.facts)

    def press(self, app, phone, conference, nth):
        phone.dial("*9")
        hook = app.hook("/control", nth)
        self.is_exactly(hook, conferenceId=conference, digits="*9", **phone.facts)

    def status(self, app, conference, nth, status, **recording):
        self.is_exactly(app.hook("/status", nth, requestType="conferenceStatus"), conferenceId=conference, status=status,
                        **recording)

    def has_joined(self, app, facts, conference):
        self.is_exactly(app.hook("/joined", callId=facts["callId"]), conferenceId=conference, **facts)

    def first_caller_makes_the_conference(self, app):
        first = self.caller(app, FIRST, FIRST_HZ)
        self.types_pin(app, first, "0000")
        self.types_pin(app, first)
        created = app.hook("/created")
        conference = created["conferenceId"]
        self.is_exactly(created, conferenceId=conference, status="empty", **first.facts)
        self.assertEqual(self.bridge.conference_get(conference)["alias"], "meeting")
        self.has_joined(app, first.facts, conference)
        for n, status in enumerate(("empty", "populated", "inProgress")):
            self.status(app, conference, n, status)
        return first, conference

    def second_caller_is_let_in(self, app, first, conference):
        second = self.caller(app, SECOND, SECOND_HZ)
        self.types_pin(app, second)
        self.has_joined(app, second.facts, conference)
        first.hears(SECOND_HZ, HEARD_DBFS)
        second.hears(FIRST_HZ, HEARD_DBFS)
        return second

    def third_is_dialled(self, app, first, conference):
        self.press(app, first, conference, 0)
        dialing = app.hook("/dialing")
        child = dialing["dialCallId"]
        self.is_exactly(dialing, conferenceId=conference, dialCallId=child, **first.facts)
        facts = {"callId": child, "from": CALLER_NUMBER, "to": self.bare.uri, "direction": "outboundDial",
                 "callStatus": "inProgress"}
        self.is_exactly(app.hook("/connected"), parentCallId=first.call_id, dialCallStatus="inProgress", **facts)
        self.has_joined(app, facts, conference)
        first.hears(THIRD_HZ, HEARD_DBFS)
        return dict(facts, parentCallId=first.call_id)

    def mute_by_rest(self, app, phone, hz, listener):
        muted = app.talk(phone, False)
        self.assertEqual((muted.status, muted.json["talk"], muted.json["listen"]), (200, False, True), muted)
        listener.hears_not(hz, SILENT_DBFS)

    def say_to_all(self, app, first, others, conference, nth):
        for phone in [first] + others:
            phone.tone("off")
        for phone in [first] + others:
            wait_until(lambda: phone.levels((), 200)["rms"] < SILENT_DBFS, 5.0, "silence at " + phone.name)
        self.press(app, first, conference, nth)
        for phone in [first] + others:
            wait_until(lambda: phone.levels((), 300)["rms"] > -40.0, 10.0, lambda: "speech at %s: %s" % (
                phone.name, phone.levels((), 300)))

    def end_of_all(self, app, calls, conference):
        """calls: the facts of each call, its parent among them."""
        url = re.compile(r"^https?://[^/]+/\S{20,}$")
        end = app.hook("/status", 0, requestType="conferenceRecordingStatus")
        recording = {"recordingId": re.compile("^RE[0-9a-f]{40}$"), "recordingUrl": url, "recordingDurationSec": int}
        self.is_exactly(end, conferenceId=conference, status=end["status"], **recording)
        self.assertIn(end["status"], ("empty", "terminated"))
        empty = app.hook("/status", 3, requestType="conferenceStatus")
        self.status(app, conference, 3, "empty", **(recording if empty["recordingId"] else {}))
        self.status(app, conference, 4, "terminated")
        for facts in calls:
            parent = facts.pop("parentCallId", None)
            left = app.hook("/left", callId=facts["callId"])
            self.is_exactly(left, conferenceId=conference, **dict(facts, callStatus=left["callStatus"]))
            self.assertIn(left["callStatus"], ("inProgress", "completed"))
            ended = app.hook("/ended", callId=facts["callId"])
            self.is_exactly(ended, **dict(facts, callStatus="completed", callEndedReason="conferenceTerminated",
                                          callDuration=int, parentCallId=parent))
        fetched = http_request("GET", end["recordingUrl"])
        self.assertEqual((fetched.status, fetched.headers["Content-Type"]), (200, "audio/wav"))
        self.within("length of the recording", harness.Wav(fetched.body).seconds, end["recordingDurationSec"] - 1.1,
                    end["recordingDurationSec"] + 0.1, "s")

    def test_a_meeting_from_the_first_call_to_the_end_of_the_conference(self):
        self.bare = Baresip(self.bridge.work, tone=(THIRD_HZ, -24.0), listens=True)
        self.addCleanup(self.bare.quit)
        app = self.start(self.bare.uri)
        first, conference = self.first_caller_makes_the_conference(app)
        second = self.second_caller_is_let_in(app, first, conference)
        third = self.third_is_dialled(app, first, conference)
        self.mute_by_rest(app, second.call_id, SECOND_HZ, first)
        self.mute_by_rest(app, third["callId"], THIRD_HZ, first)
        self.say_to_all(app, first, [second], conference, 1)
        self.press(app, first, conference, 2)
        for phone in (first, second):
            self.assertEqual(phone.wait("ended")["by"], "bridge")
        self.bare.wait("CALL_CLOSED")
        self.end_of_all(app, [first.facts, second.facts, third], conference)
        self.assertEqual(app.forged(), [])
        for body in app.bodies():
            self.assertEqual(set(body), MEMBERS[body["requestType"]] | {"requestType"}, body)

    def test_who_does_not_know_the_pin_is_asked_again_and_not_let_in(self):
        app = self.start("")
        phone = self.caller(app, WRONG, FIRST_HZ)
        self.types_pin(app, phone, "1111")
        self.types_pin(app, phone, "2222")
        phone.hangup()
        end = app.hook("/ended", callId=phone.call_id)
        self.is_exactly(end, **dict(phone.facts, callStatus="completed", callEndedReason="farEndHangup", callDuration=int))
        self.assertEqual([b["requestType"] for b in app.bodies() if b["callId"] == phone.call_id][-2:],
                         ["getDigits", "callStatus"])


class ScriptTest(Bodies):
    """What the application above does not do."""

    def test_an_utterance_is_recorded_and_can_be_played_by_its_url(self):
        url = self.hooks.url
        self.hooks.scripts["/recorded"] = lambda hook: [{"Play": {"file": hook.json["recordingUrl"], "loop": 0}}]
        name = self.desk([{"RecordUtterance": {"actionUrl": url + "/recorded", "finishOnKey": "#", "playBeep": False,
                                               "silenceTimeoutMs": 8000, "maxLengthSec": 20}}])
        phone = self.place(name, tone="%g@-20" % FIRST_HZ)
        phone.fresh_levels(ms=900)
        phone.dial("#")
        hook = self.hooks.first("/recorded", callId=phone.call_id).json
        fetched = http_request("GET", hook["recordingUrl"])
        self.is_exactly(hook, recordingId=re.compile("^RE[0-9a-f]{40}$"), recordingUrl=re.compile("^https?://"),
                        recordingSize=str(len(fetched.body)), recordingFormat="audio/wav", recordingDurationSec=int,
                        termReason="finishKey", privacyMode=False, **phone.facts)
        wav = harness.Wav(fetched.body)
        self.within("level in the recording", wav.median_tone(FIRST_HZ, 0.2, 0.8), -21.0, -19.0, "dBFS")
        phone.tone("off")
        phone.hears(FIRST_HZ, -23.0)
        phone.hangup()
        listed = self.bridge.expect(200, "GET", "/Calls/%s/Recordings" % phone.call_id).json["recordings"]
        self.assertEqual([r["recordingId"] for r in listed], [hook["recordingId"]])

    def test_a_redirect_says_where_it_comes_from(self):
        self.hooks.scripts["/next"] = [{"Hangup": {}}]
        name = self.desk([{"Redirect": {"actionUrl": self.hooks.url + "/next"}}])
        phone = self.place(name, answered=False)
        hook = self.hooks.first("/next", callId=phone.call_id).json
        self.is_exactly(hook, originalRequestType="inboundCall", **dict(phone.facts, callStatus=hook["callStatus"]))
        self.assertIn(hook["callStatus"], ("ringing", "inProgress"))
        phone.wait("ended")

    def test_a_recorded_call_has_its_recording_in_call_status(self):
        name = self.desk([{"StartRecordCall": {}}, {"Pause": {"length": 60000}}])
        phone = self.place(name, tone="%g@-20" % FIRST_HZ)
        phone.fresh_levels(ms=600)
        phone.hangup()
        hook = self.hooks.first("/status/" + name, callId=phone.call_id).json
        self.is_exactly(hook, recordingId=re.compile("^RE"), recordingUrl=re.compile("^http"), recordingDurationSec=1,
                        callEndedReason="farEndHangup", callDuration=1, **dict(phone.facts, callStatus="completed"))
        wav = harness.Wav(http_request("GET", hook["recordingUrl"]).body)
        self.within("level in the recording", wav.median_tone(FIRST_HZ, 0.2, 0.5), -21.0, -19.0, "dBFS")

    def test_play_by_call_control_is_for_that_leg_alone_over_the_mix(self):
        url, room = self.hooks.url, self.bridge.conference(alias=self.alias(), playBeep="never")["conferenceId"]
        self.hooks.files["/tone.wav"] = harness.wav_bytes(harness.tone_samples(THIRD_HZ, -20.0, 10.0))
        self.hooks.scripts["/control"] = [{"Play": {"file": url + "/tone.wav"}}]
        add = {"conferenceId": room, "allowCallControl": True, "callControlSequence": "##", "callControlUrl": url + "/control"}
        name = self.desk([{"AddToConference": add}])
        host, guest = self.place(name, tone="off"), self.desk([{"AddToConference": {"conferenceId": room}}])
        guest = self.place(guest, tone="%g@-20" % SECOND_HZ)
        host.hears(SECOND_HZ, -22.0)
        host.dial("##")
        self.is_exactly(self.hooks.first("/control").json, conferenceId=room, digits="##", **host.facts)
        host.hears(THIRD_HZ, -23.0)
        self.below("the other talker under it", host.fresh_levels((SECOND_HZ,), 200)["tones"][SECOND_HZ], -24.0, "dBFS")
        self.below("it at the other", guest.fresh_levels((THIRD_HZ,), 200)["tones"][THIRD_HZ], SILENT_DBFS, "dBFS")

    def test_early_media_is_heard_before_the_answer(self):
        self.hooks.files["/tone.wav"] = harness.wav_bytes(harness.tone_samples(THIRD_HZ, -20.0, 0.6))
        name = self.desk([{"PlayEarlyMedia": {"file": self.hooks.url + "/tone.wav"}}, {"Reject": {"reason": "too late"}},
                          {"Play": {"file": self.hooks.url + "/tone.wav"}}, {"Hangup": {}}])
        phone = self.place(name, answered=False)
        early = phone.wait("progress", where=lambda event: event.get("code") == 183)
        phone.hears(THIRD_HZ, -23.0, ms=40)
        self.assertEqual(self.bridge.expect(200, "GET", "/Calls/" + phone.call_id).json["status"], "ringing")
        answered = phone.wait("answered")
        self.within("from 183 to the answer", (answered["mono_us"] - early["mono_us"]) / 1e6, 0.55, 3.0, "s")
        self.assertEqual(phone.wait("ended")["by"], "bridge")
        self.assertEqual([line for line in self.bridge.logs(phone.call_id) if line.startswith("warning")],
                         ["warning: command 1 (Reject): counts only as the first command of a call; skipped"])

    def test_a_call_by_rest_says_how_it_was_answered(self):
        bare = Baresip(self.bridge.work, tone=(THIRD_HZ, -20.0), listens=True)
        self.addCleanup(bare.quit)
        self.hooks.scripts["/connect"] = [{"RecordUtterance": {"actionUrl": self.hooks.url + "/told", "silenceTimeoutMs": 8000}}]
        application = self.bridge.expect(201, "POST", "/Applications", {
            "callConnectUrl": self.hooks.url + "/connect", "statusCallbackUrl": self.hooks.url + "/out"}).json
        made = self.bridge.expect(202, "POST", "/Calls", {
            "to": bare.uri, "from": CALLER_NUMBER, "applicationId": application["applicationId"]}).json
        facts = {"callId": made["callId"], "from": CALLER_NUMBER, "to": bare.uri, "direction": "outboundAPI"}
        self.is_exactly(self.hooks.first("/connect", callId=made["callId"]).json, callStatus="inProgress",
                        dialCallStatus="inProgress", **facts)
        wait_until(lambda: self.bridge.expect(200, "GET", "/Calls/%s/Recordings" % made["callId"]).json["recordings"], 5.0,
                   "it is being recorded")
        bare.hangup()
        record = self.hooks.first("/told", callId=made["callId"]).json
        self.assertEqual(record["termReason"], "hangup")
        self.assertEqual(set(record), MEMBERS["record"] | {"requestType"})
        self.is_exactly(self.hooks.first("/out", callId=made["callId"]).json, callStatus="completed",
                        callEndedReason="farEndHangup", callDuration=int, **facts)

    def test_a_call_that_is_not_answered_says_why(self):
        for code, status, reason in ((486, "busy", "busy"), (603, None, None), (480, None, None), (404, "failed", "failed"),
                                     (500, "failed", "failed"), (None, "noAnswer", "noAnswer")):
            with self.subTest(code=code):
                raw = harness.RawSip(self.bridge)
                self.addCleanup(raw.close)
                path = "/" + self.alias("out")
                application = self.bridge.expect(201, "POST", "/Applications", {
                    "callConnectUrl": self.hooks.url + path, "statusCallbackUrl": self.hooks.url + "/end" + path}).json
                to = "sip:raw@127.0.0.1:%d" % raw.port
                made = self.bridge.expect(202, "POST", "/Calls", {
                    "to": to, "from": CALLER_NUMBER, "applicationId": application["applicationId"], "timeout": 1}).json
                invite = raw.asked("INVITE")
                if code:
                    raw.answer(invite, code)
                else:
                    raw.answer(invite, 180, "Ringing")
                    raw.answer(raw.asked("CANCEL"), 200, "OK")
                    raw.answer(invite, 487, "Request Terminated")
                raw.asked("ACK")
                told = self.hooks.first(path, callId=made["callId"]).json
                end = self.hooks.first("/end" + path, callId=made["callId"]).json
                status = status or told["callStatus"]
                self.assertIn(status, ("busy", "failed", "noAnswer"))
                facts = {"callId": made["callId"], "from": CALLER_NUMBER, "to": to, "direction": "outboundAPI",
                         "callStatus": status}
                self.is_exactly(told, dialCallStatus=status, **facts)
                self.is_exactly(end, callEndedReason=reason or status, **facts)
                self.assertEqual(self.bridge.expect(200, "GET", "/Calls/" + made["callId"]).json["status"], status)


if __name__ == "__main__":
    unittest.main(verbosity=2)

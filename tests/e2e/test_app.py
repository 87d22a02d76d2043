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
    """server.js in a node of its own; what it was sent."""

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

    def can_dial_out(self):
        """True where a call to loopback is accepted."""
        reply = self.bridge.rest("POST", "/Calls", {"to": "sip:nobody@127.0.0.1:%d" % harness.free_port(), "from": NUMBER,
                                                    "callConnectUrl": self.hooks.url + "/nobody"})
        return reply.status == 202


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
        dials = self.can_dial_out()
        self.bare = Baresip(self.bridge.work, tone=(THIRD_HZ, -24.0), listens=True) if dials else None
        if dials:
            self.addCleanup(self.bare.quit)
        app = self.start(self.bare.uri if dials else None)
        first, conference = self.first_caller_makes_the_conference(app)
        second = self.second_caller_is_let_in(app, first, conference)
        third = self.third_is_dialled(app, first, conference) if dials else None
        self.mute_by_rest(app, second.call_id, SECOND_HZ, first)
        if dials:
            self.mute_by_rest(app, third["callId"], THIRD_HZ, first)
        self.say_to_all(app, first, [second], conference, 1 if dials else 0)
        self.press(app, first, conference, 2 if dials else 1)
        for phone in (first, second):
            self.assertEqual(phone.wait("ended")["by"], "bridge")
        self.end_of_all(app, [first.facts, second.facts] + ([third] if dials else []), conference)
        self.assertEqual(app.forged(), [])
        for body in app.bodies():
            self.assertEqual(set(body), MEMBERS[body["requestType"]] | {"requestType"}, body)
        if not dials:
            self.skipTest("no calls out yet: all but the third caller was walked through")

    def test_who_does_not_know_the_pin_is_asked_again_and_not_let_in(self):
        app = self.start(None)
        phone = self.caller(app, WRONG, FIRST_HZ)
        self.types_pin(app, phone, "1111")
        self.types_pin(app, phone, "2222")
        phone.hangup()
        end = app.hook("/ended", callId=phone.call_id)
        self.is_exactly(end, **dict(phone.facts, callStatus="completed", callEndedReason="farEndHangup", callDuration=int))
        self.assertEqual([b["requestType"] for b in app.bodies() if b["callId"] == phone.call_id][-2:],
                         ["getDigits", "callStatus"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

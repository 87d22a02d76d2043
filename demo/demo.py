#!/usr/bin/env python3
"""Shows the bridge's main job on real calls, in under a minute, and verifies every step.

    ./run.sh demo                 run it; exit status 0 only if every step was verified
    ./run.sh demo --break STEP    spoil that step on purpose: the demo must notice, name the step, and exit with 1
    ./run.sh demo --list          the steps, and how each is spoilt

A bridge is started on free ports of this machine, a conference is made over REST, and four phones call it over SIP
from another process (parley-load). Each voice has a quiet pilot tone under it, so that who hears whom is measured in
the audio that arrives. The recording stays, as demo-TIME.wav in the current folder.
"""
import argparse
import os
import struct
import sys
import time
import wave

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
import harness  # noqa: E402

STEPS = {
    "create": "a recorded conference is made over REST, and its first callback comes | asked for without a callback URL",
    "music": "three phones wait, and hear the music | they come with listen=false",
    "gate": "while they wait, nobody hears another | a moderator comes too early",
    "beep": "the moderator enters with a beep | beeps are switched off",
    "start": "the conference is in progress, the music is over | the moderator comes without startConfOnEnter",
    "voices": "everybody hears the others, nobody itself | the moderator says nothing",
    "mute": "a mute over REST is heard at once | the request is not sent",
    "empty": "all hang up: the conference is empty | one phone stays",
    "recording": "the recording holds the conference | it was not asked for",
    "terminate": "terminated: told, kept, and never used again | it is not terminated",
}
PILOT_DBFS = -30.0
TALKER_HZ, MODERATOR_HZ = 3011.0, 3217.0


class Missed(Exception):
    """A figure outside of its limit."""


class Timeline:
    def __init__(self):
        self.begun_s = time.monotonic()
        self.step = "start-up"

    def say(self, text):
        print("%6.2f s  %-10s %s" % (time.monotonic() - self.begun_s, self.step, text), flush=True)

    def check(self, what, value, low, high, unit):
        """Prints a measured figure beside its limits; Missed where it is outside."""
        limit = "at least %g" % low if high is None else "at most %g" % high if low is None else "%g to %g" % (low, high)
        good = (low is None or value >= low) and (high is None or value <= high)
        self.say("%-54s %8.2f %-4s (%s)  %s" % (what, value, unit, limit, "ok" if good else "MISSED"))
        if not good:
            raise Missed("%s: %.2f %s, wanted %s" % (what, value, unit, limit))


def voice(work, name, speech, hz):
    """Speech with a pilot tone under it, as an 8 kHz WAV that a phone says over and over."""
    with wave.open(os.path.join(TOP, "audio", speech)) as w:
        words = struct.unpack("<%dh" % w.getnframes(), w.readframes(w.getnframes()))
    tone = harness.tone_samples(hz, PILOT_DBFS, len(words) / 8000.0)
    mixed = [max(-32768, min(32767, int(0.5 * word) + t)) for word, t in zip(words, tone)]
    path = os.path.join(work, name + ".wav")
    harness.write_wav(path, mixed)
    return path


class Demo:
    def __init__(self, spoilt):
        self.spoilt = spoilt
        self.t = Timeline()
        self.bridge = self.hooks = self.callers = None
        self.phones = {}
        self.expected = ["empty"]

    def run(self):
        self.t.say("starting a bridge on free ports")
        self.bridge = harness.Bridge(ipv6=False)
        self.hooks = harness.Webhooks()
        self.callers = harness.Callers()
        self.t.say("REST %s, SIP %s, callbacks to %s" % (self.bridge.http, self.bridge.sip_address(), self.hooks.url))
        for name in STEPS:
            self.t.step = name
            getattr(self, "step_" + name)()

    def close(self):
        for part in (self.callers, self.bridge, self.hooks):
            if part:
                part.close()

    def breaks(self, step):
        return self.spoilt == step

    def told(self, *states):
        """Waits until the callback has told exactly these states so far, in order."""
        self.expected = list(states)
        self.hooks.wait_statuses(self.conference, states)
        self.t.say("callbacks so far: " + ", ".join(states))

    def call(self, name, **parameters):
        phone = self.bridge.join(self.conference, self.callers, name, "demo", parameters=parameters)
        self.phones[name] = phone
        words = ", ".join("%s=%s" % (k, str(v).lower()) for k, v in parameters.items())
        self.t.say("%s is in%s" % (name, " (%s)" % words if words else ""))
        return phone

    # ---- the steps

    def step_create(self):
        members = {"alias": "demo", "record": not self.breaks("recording")}
        members["playBeep"] = "never" if self.breaks("beep") else "always"
        if not self.breaks("create"):
            members["statusCallbackUrl"] = self.hooks.url + "/status"
        made = self.bridge.conference(**members)
        self.conference = made["conferenceId"]
        self.t.say("conference %s, status %s" % (self.conference, made["status"]))
        self.told("empty")

    def step_music(self):
        listens = not self.breaks("music")
        self.call("listener-1", startConfOnEnter=False, talk=False, listen=listens)
        self.call("listener-2", startConfOnEnter=False, talk=False, listen=listens)
        self.call("talker", startConfOnEnter=False, listen=listens)
        self.told("empty", "populated")
        for name, phone in self.phones.items():
            self.t.check("%s hears the wait music" % name, phone.fresh_levels(ms=600)["rms"], -40.0, None, "dBFS")

    def step_gate(self):
        talker = self.phones["talker"]
        talker.command("wav", voice(self.bridge.work, "talker", "speech_early.wav", TALKER_HZ))
        if self.breaks("gate"):
            self.call("too-early", startConfOnEnter=True)
        for name in ("listener-1", "listener-2"):
            level = self.phones[name].fresh_levels((TALKER_HZ,))["tones"][TALKER_HZ]
            self.t.check("%s hears of the talker, who waits too" % name, level, None, -55.0, "dBFS")
        talker.command("wav", "off")
        talker.fresh_levels(ms=400)

    def step_beep(self):
        ear = self.phones["listener-1"]
        ear.watch((harness.BEEP_LOW_HZ, harness.BEEP_HIGH_HZ))
        since = self.callers.mark()
        self.began_us = harness.now_us()
        moderator = self.call("moderator", startConfOnEnter=not self.breaks("start"))
        moderator.fresh_levels(ms=600)
        windows = ear.windows(since)
        for what, hz in (("low", harness.BEEP_LOW_HZ), ("high", harness.BEEP_HIGH_HZ)):
            loudest = max([w["tones"]["%g" % hz] for w in windows] or [-120.0])
            self.t.check("listener-1 hears the beep's %s note" % what, loudest, -26.0, None, "dBFS")
        ear.watch(())

    def step_start(self):
        self.told("empty", "populated", "inProgress")
        for name, phone in self.phones.items():
            self.t.check("%s hears of the music" % name, phone.fresh_levels(ms=300)["rms"], None, -60.0, "dBFS")

    def step_voices(self):
        work = self.bridge.work
        self.phones["talker"].command("wav", voice(work, "talker", "speech_early.wav", TALKER_HZ))
        if not self.breaks("voices"):
            said = voice(work, "moderator", "speech_moderator.wav", MODERATOR_HZ)
            self.phones["moderator"].command("wav", said)
        own = {"talker": TALKER_HZ, "moderator": MODERATOR_HZ}
        self.phones["listener-1"].fresh_levels(ms=200)
        for name, phone in self.phones.items():
            tones = phone.fresh_levels((TALKER_HZ, MODERATOR_HZ))["tones"]
            for speaker, hz in own.items():
                if speaker == name:
                    self.t.check("%s hears of itself" % name, tones[hz], None, PILOT_DBFS - 20.0, "dBFS")
                else:
                    self.t.check("%s hears the %s" % (name, speaker), tones[hz], PILOT_DBFS - 1.5, PILOT_DBFS + 1.5, "dBFS")

    def step_mute(self):
        ear, talker = self.phones["listener-1"], self.phones["talker"]
        ear.watch((TALKER_HZ,))
        ear.fresh_levels(ms=200)
        since = self.callers.mark()
        at_us = harness.now_us()
        if not self.breaks("mute"):
            at_us = self.bridge.participant_update(self.conference, talker.call_id, talk=False).at_us
            self.t.say("POST talk=false for the talker: 200")
        ear.fresh_levels(ms=400)
        heard = [w["mono_us"] for w in ear.windows(since) if w["tones"]["%g" % TALKER_HZ] > PILOT_DBFS - 12.0]
        last_ms = (max(heard) - at_us) / 1000.0 if heard else 0.0
        self.t.check("the talker is heard after the reply for", max(last_ms, 0.0), None, 40.0, "ms")
        ear.watch(())

    def step_empty(self):
        for name in ("talker", "moderator", "listener-2", "listener-1"):
            if name == "listener-1" and self.breaks("empty"):
                continue
            over = self.phones[name].hangup()
            self.t.say("%s hangs up" % name)
        self.ended_us = over["mono_us"]
        self.told("empty", "populated", "inProgress", "empty")

    def step_recording(self):
        def announced(received):
            return next((h.json for h in received if h.json and h.json["requestType"] == "conferenceRecordingStatus"), None)
        hook = self.hooks.wait(announced, 5.0, "conferenceRecordingStatus")
        reply = harness.http_request("GET", hook["recordingUrl"])
        self.kept = os.path.abspath(time.strftime("demo-%Y%m%d-%H%M%S.wav"))
        with open(self.kept, "wb") as f:
            f.write(reply.body)
        wav = harness.Wav(reply.body)
        moderator = next(e["mono_us"] for e in self.callers.events if e["event"] == "answered" and e["name"] == "moderator")
        lasted_s = (self.ended_us - moderator) / 1e6
        self.t.say("recording %s, %.2f s, fetched from its URL" % (hook["recordingId"], wav.seconds))
        self.t.check("length less the time in progress", (wav.seconds - lasted_s) * 1000.0, -60.0, 60.0, "ms")
        middle = wav.seconds / 2
        for speaker, hz in (("talker", TALKER_HZ), ("moderator", MODERATOR_HZ)):
            loudest = max(level for _, level in wav.profile(hz, 0.2))
            self.t.check("the %s's pilot in it" % speaker, loudest, PILOT_DBFS - 1.5, PILOT_DBFS + 1.5, "dBFS")
        quiet = min(wav.rms(s / 10.0, s / 10.0 + 0.2) for s in range(3, int(middle * 10)))
        self.t.check("its quietest moment: no music in it", quiet, None, -55.0, "dBFS")

    def step_terminate(self):
        if not self.breaks("terminate"):
            self.bridge.conference_update(self.conference, status="terminated")
        self.told("empty", "populated", "inProgress", "empty", "terminated")
        status = self.bridge.conference_get(self.conference)["status"]
        refused = self.bridge.rest("POST", "/Conferences/" + self.conference, {"status": "empty"}).status
        self.t.say("GET says %s; a change is answered with %d" % (status, refused))
        if status != "terminated" or refused != 404:
            raise Missed("a terminated conference can be read (%s) and not be changed (%d)" % (status, refused))


def arguments():
    parser = argparse.ArgumentParser(prog="./run.sh demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--break", dest="spoilt", metavar="STEP", choices=list(STEPS), help=", ".join(STEPS))
    parser.add_argument("--list", action="store_true", help="list the steps and how each is spoilt")
    return parser.parse_args()


def main():
    args = arguments()
    if args.list:
        for name, text in STEPS.items():
            print("%-10s %s\n%-10s --break %s: %s" % (name, text.split(" | ")[0], "", name, text.split(" | ")[1]))
        return 0
    demo = Demo(args.spoilt)
    try:
        demo.run()
    except (Missed, AssertionError) as error:
        demo.t.say("FAILED: %s" % str(error).split("\n")[0][:400])
        print("\nThe demo failed at step: %s" % demo.t.step)
        return 1
    finally:
        demo.close()
    print("\nEvery step was verified. The recording: %s (%.2f s)" % (demo.kept, harness.Wav(open(demo.kept, "rb").read()).seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())

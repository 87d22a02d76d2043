#!/usr/bin/env python3
"""Makes the sounds of this folder: `python3 audio/make.py` writes them anew, byte for byte the same.

Only Python's standard library is needed, and espeak-ng for the speech clips (left as they are where it is missing).
What each sound is made of is told in SOURCES.md.
"""
import array
import math
import os
import shutil
import struct
import subprocess
import sys
import wave

RATE_HZ = 16000
HERE = os.path.dirname(os.path.abspath(__file__))

# Two notes a fifth apart: E5 and B5. Rising for somebody who enters, falling for somebody who leaves.
BEEP_LOW_HZ, BEEP_HIGH_HZ = 659.26, 987.77
BEEP_NOTE_S = 0.1
BEEP_PEAK_DBFS = -16.0

BEAT_S = 0.75
BEATS_A_BAR = 4
WAIT_RMS_DBFS, WAIT_PEAK_DBFS = -24.0, -12.0

# One chord a bar, as semitones from A4 = 440 Hz: bass, then the four voices of pad and arpeggio.
CHORDS = [
    (-21, (-9, -5, -2, 2)),    # C major 7
    (-24, (-12, -9, -5, -2)),  # A minor 7
    (-28, (-12, -9, -5, 0)),   # F major 7
    (-26, (-10, -7, -2, 0)),   # G with a ninth
    (-29, (-10, -7, -2, 2)),   # E minor 7
    (-24, (-9, -5, 0, 3)),     # A minor
    (-19, (-9, -4, 0, 3)),     # D minor 7
    (-26, (-9, -7, -2, 0)),    # G suspended, which leads back to C
]
# Which voice is plucked on each half beat; None is a rest. Two patterns take turns, so that the ear does not tire.
PATTERNS = [
    (0, 2, 3, None, 2, 1, 3, None),
    (3, None, 2, 1, 0, None, 2, 3),
]


def amplitude(dbfs):
    return 32767.0 * 10.0 ** (dbfs / 20.0)


def note_hz(semitones):
    return 440.0 * 2.0 ** (semitones / 12.0)


def write_wav(name, samples, rate_hz=RATE_HZ):
    path = os.path.join(HERE, name)
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(struct.pack("<%dh" % len(samples), *[int(round(s)) for s in samples]))


def beep(notes_hz):
    """Notes one after another, each with a raised-cosine attack of 8 ms and a decay over its second half."""
    out = []
    length = int(BEEP_NOTE_S * RATE_HZ)
    attack, release = int(0.008 * RATE_HZ), int(0.05 * RATE_HZ)
    for hz in notes_hz:
        for i in range(length):
            rise = 0.5 - 0.5 * math.cos(math.pi * min(1.0, i / attack))
            fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (length - 1 - i) / release))
            phase = 2.0 * math.pi * hz * i / RATE_HZ
            out.append(rise * fall * (math.sin(phase) + 0.08 * math.sin(2.0 * phase)))
    top = amplitude(BEEP_PEAK_DBFS) / max(abs(s) for s in out)
    return [s * top for s in out]


def add_note(ring, start_s, length_s, hz, gain, harmonics, envelope):
    """Adds one note to a circular buffer: what rings on past the end of the loop is heard at its beginning."""
    size = len(ring)
    start = int(start_s * RATE_HZ)
    count = int(length_s * RATE_HZ)
    for number, weight in harmonics:
        step = 2.0 * math.pi * hz * number / RATE_HZ
        turn = 2.0 * math.cos(step)
        before, now = math.sin(-step), 0.0
        for i in range(count):
            ring[(start + i) % size] += gain * weight * envelope[i] * now
            before, now = now, turn * now - before


def pluck_envelope(length_s, decay_s):
    count = int(length_s * RATE_HZ)
    attack, release = int(0.006 * RATE_HZ), int(0.15 * RATE_HZ)
    return [(0.5 - 0.5 * math.cos(math.pi * min(1.0, i / attack))) * math.exp(-i / (decay_s * RATE_HZ))
            * min(1.0, (count - i) / release) for i in range(count)]


def pad_envelope(length_s, swell_s):
    count = int(length_s * RATE_HZ)
    swell = swell_s * RATE_HZ
    return [(0.5 - 0.5 * math.cos(math.pi * min(1.0, i / swell)))
            * (0.5 - 0.5 * math.cos(math.pi * min(1.0, (count - i) / swell))) for i in range(count)]


def add_echo(ring):
    """A few circular echoes, falling and mellower each time: a room without an end."""
    dry = array.array("d", ring)
    size = len(ring)
    for delay_s, gain in ((0.1875, 0.22), (0.375, 0.16), (0.5625, 0.10), (0.75, 0.06)):
        delay = int(delay_s * RATE_HZ)
        for i in range(size):
            ring[i] += gain * 0.5 * (dry[i - delay] + dry[i - delay - 1])


def set_level(ring):
    """No DC, the wanted RMS, and a smooth knee that keeps every peak below the wanted one."""
    size = len(ring)
    for _ in range(3):
        mean = sum(ring) / size
        rms = math.sqrt(sum((s - mean) ** 2 for s in ring) / size)
        gain = amplitude(WAIT_RMS_DBFS) / rms
        top = amplitude(WAIT_PEAK_DBFS) * 0.995
        knee = 0.7 * top
        for i in range(size):
            s = (ring[i] - mean) * gain
            over = abs(s) - knee
            if over > 0:
                s = math.copysign(knee + (top - knee) * math.tanh(over / (top - knee)), s)
            ring[i] = s
    mean = sum(ring) / size
    level = [s - mean for s in ring]
    # The loop may begin anywhere in the quiet before the first note: where the wave hardly moves is best.
    start = min(range(1, int(0.02 * RATE_HZ)), key=lambda back: abs(level[-back] - level[-back - 1]))
    return level[-start:] + level[:-start]


def wait_music():
    bar_s = BEAT_S * BEATS_A_BAR
    ring = array.array("d", bytes(8 * int(bar_s * len(CHORDS) * RATE_HZ)))
    pad = pad_envelope(bar_s + 1.2, 1.2)
    bass = pluck_envelope(bar_s, 1.1)
    pluck = pluck_envelope(2.6, 0.55)
    for bar, (root, voices) in enumerate(CHORDS):
        at = bar * bar_s
        add_note(ring, at, bar_s, note_hz(root), 0.26, ((1, 1.0), (2, 0.7), (3, 0.35), (4, 0.12)), bass)
        for voice in voices:
            add_note(ring, at - 0.6 if at else bar_s * len(CHORDS) - 0.6, bar_s + 1.2, note_hz(voice), 0.055,
                     ((1, 1.0), (2, 0.25), (3, 0.08)), pad)
        for half, voice in enumerate(PATTERNS[bar % 2]):
            if voice is None:
                continue
            accent = 1.0 if half % 4 == 0 else 0.78
            add_note(ring, at + half * BEAT_S / 2.0, 2.6, note_hz(voices[voice] + 12 * (voice == 0)), 0.26 * accent,
                     ((1, 1.0), (2, 0.32), (3, 0.14), (4, 0.05)), pluck)
    add_echo(ring)
    return set_level(ring)


def resample(samples, from_hz, to_hz):
    """Windowed sinc, cut off a little under half of the lower rate."""
    ratio = from_hz / to_hz
    cut = 0.92 * min(1.0, to_hz / from_hz)
    reach = int(16 * max(1.0, ratio))
    out = []
    for n in range(int(len(samples) / ratio)):
        centre = n * ratio
        total = 0.0
        for k in range(max(0, int(centre) - reach), min(len(samples), int(centre) + reach + 1)):
            x = k - centre
            window = 0.5 + 0.5 * math.cos(math.pi * x / (reach + 1))
            total += samples[k] * window * cut * (math.sin(math.pi * x * cut) / (math.pi * x * cut) if x else 1.0)
        out.append(total)
    return out


def speech(name, voice, text):
    """Our own sentence spoken by espeak-ng, as telephone audio: 8 kHz, peak at -9 dBFS."""
    raw = subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "--stdout", text], check=True,
                         stdout=subprocess.PIPE).stdout
    rate_hz = struct.unpack("<I", raw[24:28])[0]
    body = raw[44:]
    samples = struct.unpack("<%dh" % (len(body) // 2), body[:len(body) // 2 * 2])
    narrow = resample(samples, rate_hz, 8000)
    gain = amplitude(-9.0) / max(abs(s) for s in narrow)
    write_wav(name, [s * gain for s in narrow], 8000)


def main():
    write_wav("beep_enter.wav", beep((BEEP_LOW_HZ, BEEP_HIGH_HZ)))
    write_wav("beep_exit.wav", beep((BEEP_HIGH_HZ, BEEP_LOW_HZ)))
    write_wav("wait.wav", wait_music())
    if shutil.which("espeak-ng"):
        speech("speech_early.wav", "en-gb", "Hello? I am early. Is anybody there yet?")
        speech("speech_moderator.wav", "en-us", "Good morning. I am the moderator, so now the conference begins.")
    else:
        print("espeak-ng is not installed: the speech clips stay as they are", file=sys.stderr)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The sounds of audio/: levels, notes, and a loop without a seam."""
import array
import math
import os
import unittest
import wave

AUDIO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "audio")
LOW_HZ, HIGH_HZ = 659.26, 987.77


def read(name):
    with wave.open(os.path.join(AUDIO, name)) as f:
        assert f.getnchannels() == 1 and f.getsampwidth() == 2, name
        samples = array.array("h")
        samples.frombytes(f.readframes(f.getnframes()))
        return f.getframerate(), samples


def dbfs(value):
    return 20.0 * math.log10(max(value, 1e-9) / 32768.0)


def rms(samples):
    return math.sqrt(sum(s * s for s in samples) / len(samples))


def tone(samples, rate_hz, hz):
    """Amplitude of one frequency, Hann window."""
    n = len(samples)
    re = im = weight = 0.0
    for i, s in enumerate(samples):
        w = 0.5 - 0.5 * math.cos(2.0 * math.pi * (i + 0.5) / n)
        re += w * s * math.cos(2.0 * math.pi * hz * i / rate_hz)
        im += w * s * math.sin(2.0 * math.pi * hz * i / rate_hz)
        weight += w
    return 2.0 * math.hypot(re, im) / weight


class Audio(unittest.TestCase):
    def check_beep(self, name, first_hz, second_hz):
        rate_hz, samples = read(name)
        half = len(samples) // 2
        self.assertTrue(0.15 <= len(samples) / rate_hz <= 0.25)
        self.assertAlmostEqual(dbfs(max(abs(s) for s in samples)), -16.0, delta=0.5)
        self.assertLess(abs(samples[0]) + abs(samples[-1]), 20)
        for part, hz, other in ((samples[:half], first_hz, second_hz), (samples[half:], second_hz, first_hz)):
            ratio = dbfs(tone(part, rate_hz, hz)) - dbfs(tone(part, rate_hz, other))
            print("%s: %.2f Hz over %.2f Hz by %.1f dB (at least 30)" % (name, hz, other, ratio))
            self.assertGreater(ratio, 30.0)

    def test_the_entry_beep_rises(self):
        self.check_beep("beep_enter.wav", LOW_HZ, HIGH_HZ)

    def test_the_exit_beep_falls(self):
        self.check_beep("beep_exit.wav", HIGH_HZ, LOW_HZ)

    def test_the_wait_music_has_the_promised_levels(self):
        rate_hz, samples = read("wait.wav")
        peak, level = dbfs(max(abs(s) for s in samples)), dbfs(rms(samples))
        mean = sum(samples) / len(samples)
        print("wait.wav: %.1f s, peak %.1f dBFS, rms %.1f dBFS, mean %.3f" % (len(samples) / rate_hz, peak, level, mean))
        self.assertEqual(rate_hz, 16000)
        self.assertTrue(24.0 <= len(samples) / rate_hz <= 32.0)
        self.assertTrue(-14.0 <= peak <= -12.0)
        self.assertAlmostEqual(level, -24.0, delta=0.5)
        self.assertLess(abs(mean), 1.0)

    def test_the_wait_music_is_never_silent_for_half_a_second(self):
        rate_hz, samples = read("wait.wav")
        width = rate_hz // 2
        low = min(dbfs(rms(samples[i:i + width])) for i in range(0, len(samples) - width, width // 2))
        print("wait.wav: quietest half second %.1f dBFS (above -36)" % low)
        self.assertGreater(low, -36.0)

    def test_the_wait_music_loops_without_a_seam(self):
        """The step and the bend over the loop point are like those inside, where the music sounds on."""
        _, samples = read("wait.wav")
        steps = [abs(samples[i] - samples[i - 1]) for i in range(1, len(samples))]
        typical = math.sqrt(sum(s * s for s in steps) / len(steps))
        seam = abs(samples[0] - samples[-1])
        bend = abs(samples[1] - 2 * samples[0] + samples[-1])
        bends = [abs(samples[i + 1] - 2 * samples[i] + samples[i - 1]) for i in range(1, len(samples) - 1)]
        typical_bend = math.sqrt(sum(b * b for b in bends) / len(bends))
        print("seam step %d (typical %.1f), bend %d (typical %.1f)" % (seam, typical, bend, typical_bend))
        self.assertLessEqual(seam, typical)
        self.assertLessEqual(bend, typical_bend)
        self.assertGreater(rms(samples[-800:] + samples[:800]), 0.1 * rms(samples))

    def test_the_speech_is_telephone_audio(self):
        for name in ("speech_early.wav", "speech_moderator.wav"):
            rate_hz, samples = read(name)
            self.assertEqual(rate_hz, 8000)
            self.assertTrue(2.0 <= len(samples) / rate_hz <= 8.0)
            self.assertAlmostEqual(dbfs(max(abs(s) for s in samples)), -9.0, delta=0.5)


if __name__ == "__main__":
    unittest.main(verbosity=2)

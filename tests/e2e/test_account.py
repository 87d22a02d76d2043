"""parleyd account: accounts and signing secrets of a bridge that does not run; the bridge takes them up."""
import os
import shutil
import subprocess
import tempfile
import unittest

from harness import Bridge, program


class Account(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="parley-account-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = os.path.join(self.folder, "data")

    def command(self, *words, code=0):
        done = subprocess.run([program("parleyd"), "account", *words, "--data", self.data], capture_output=True,
                              text=True, timeout=30)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_an_account_and_its_secrets_are_made_listed_masked_and_taken_back(self):
        account, key = self.command("add").strip().split(":")
        self.assertIn(account, self.command("list"))
        first, first_text = self.command("secret", account, "new").split()
        second, second_text = self.command("secret", account, "new").split()
        self.assertIn("two signing secrets already", self.command("secret", account, "new", code=1))
        listed = self.command("secret", account)
        self.assertIn(first, listed)
        self.assertNotIn(first_text, listed)
        self.assertNotIn(second_text, listed)
        self.command("secret", account, "delete", first)
        self.assertNotIn(first, self.command("secret", account))
        self.assertIn("no such secret", self.command("secret", account, "delete", first, code=1))
        bridge = Bridge(data=self.data, ipv6=False)
        self.addCleanup(bridge.close)
        bridge.account, bridge.key = account, key
        shown = bridge.expect(200, "GET", "/SigningSecrets").json["signingSecrets"]
        self.assertEqual([(s["signingSecretId"], s["secret"]) for s in shown], [(second, "****" + second_text[-4:])])
        self.assertIn("is in use by process", self.command("list", code=1))

    def test_wrong_words_show_what_is_allowed(self):
        for words in ((), ("lst",), ("secret",), ("add", "more")):
            self.assertIn("Usage: parleyd account", self.command(*words, code=2))
        self.assertIn("no such account", self.command("secret", "AC" + "0" * 40, code=1))


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""The unmodified npm SDK @freeclimb/sdk 2.1.3, driven from Python through tests/e2e/sdk/drive.js."""
import fcntl
import json
import os
import shutil
import subprocess
import tempfile

import harness

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdk")


def installed():
    """The folder with node_modules, installed once a machine and lock file."""
    folder = os.path.join(tempfile.gettempdir(), "parley-sdk-%d" % os.getuid())
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = os.path.join(folder, "package-lock.json")
        wanted = open(os.path.join(HERE, "package-lock.json")).read()
        done = os.path.join(folder, "done")
        if not os.path.exists(done) or open(marker).read() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(os.path.join(HERE, name), folder)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=240,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            open(done, "w").close()
        shutil.copy(os.path.join(HERE, "drive.js"), folder)
    return folder


class SdkError(Exception):
    """What the SDK threw."""


class Sdk:
    def __init__(self, bridge, base=None):
        folder = installed()
        self.process = harness.start(["node", "drive.js", (base or bridge.https) + "/apiserver", bridge.account, bridge.key],
                                     cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     text=True)
        self.lines = harness.Lines(self.process.stdout)
        self.count = 0

    def _ask(self, **request):
        self.count += 1
        request["id"] = self.count
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.lines.next(20.0)
        if line is None:
            raise AssertionError("the SDK did not answer %s" % request)
        reply = json.loads(line)
        if not reply["ok"]:
            raise SdkError(reply["error"])
        return reply["result"]

    def call(self, *path_and_args):
        """sdk.call("conferences", "create", [{...}]): the last one is the list of arguments."""
        *path, args = path_and_args
        return self._ask(path=[list(step) if isinstance(step, tuple) else step for step in path], args=args)

    def percl(self, *commands):
        """sdk.percl(("say", "text", {}), ("hangup",)): a script as the SDK's classes build it."""
        return self._ask(percl=[list(command) for command in commands])

    def enums(self, name):
        """The words of one of its enums."""
        return set(self._ask(enums=[name]).values())

    def pages(self, *path, **filters):
        """The items of a list, read two a page by getNextPage."""
        *way, member = path
        page, items = self.call(*way, "getList", [dict(filters, pageSize=2)]), []
        while True:
            items += page[member]
            if page["nextPageUri"] is None:
                return items
            page = self.call(*way, "getNextPage", [page["nextPageUri"]])

    def verify(self, body, header, secret):
        return self._ask(verify={"body": body, "header": header, "secret": secret})

    def close(self):
        self.process.stdin.close()
        harness.end(self.process)

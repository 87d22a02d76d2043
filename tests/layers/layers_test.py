"""Who may include whom in src/, and what the pure folders may call.

    layers_test.py includes SRC
    layers_test.py pure SRC BUILT NM AR CC     BUILT: the build's src/, with <folder>/lib<folder>.a

Each mode first shows on a small bad sample, made in a temporary folder, that it finds what it looks for.
Exit status 0: nothing found; 1: the findings are on stdout.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# The table of the design. A folder may always include itself.
MAY_INCLUDE = {
    "base": "",
    "conf": "base",
    "percl": "base conf",
    "media": "base",
    "rtp": "base",
    "sdp": "base",
    "signal": "base",
    "os": "base",
    "net": "base os",
    "sip": "base os signal",
    "call": "base os net conf sdp signal",
    "engine": "base os media rtp",
    "record": "base os media",
    "store": "base os",
    "hook": "base os net store",
    "rest": "base os net conf store",
    "daemon": "base conf percl media rtp sdp signal os net sip call engine record store hook rest",
}

# Libraries that only some folders may see, by how their headers are written.
LIBRARY_ONLY_IN = {
    "sofia-sip/": "sip",
    "event2/": "net",
    "curl/": "net",
    "sqlite3": "store",
    "opus/": "media",
    "spandsp": "media",
    "srtp2/": "rtp",
    "speex/": "media record",
    "sndfile.h": "record",
    "confuse.h": "daemon",
}

PURE = ["base", "conf", "percl", "media", "rtp", "sdp", "signal"]

# Clock, randomness, sockets, files, processes, threads, locks, logs; whole names.
IMPURE = re.compile(
    r"(clock_\w+|clock|time|times|gettimeofday|localtime\w*|timerfd_\w+|nanosleep|usleep|sleep"
    r"|rand|srand|random|srandom|getrandom|arc4random\w*|getentropy"
    r"|socket|socketpair|bind|connect|listen|accept4?|shutdown|getaddrinfo|gethostbyname\w*"
    r"|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|poll|ppoll|select|epoll_\w+|eventfd\w*"
    r"|open|open64|openat\w*|creat|close|read|write|pread\w*|pwrite\w*|readv|writev|unlink\w*|rename\w*|mkdir|stat|fstat"
    r"|fopen\w*|fdopen|freopen|fclose|fread|fwrite|fgets|fputs|fputc|putchar|puts|printf|fprintf|vprintf|vfprintf|perror"
    r"|__printf_chk|__fprintf_chk|__vfprintf_chk|stdin|stdout|stderr|syslog|vsyslog|log_\w+"
    r"|fork|vfork|exec\w*|posix_spawn\w*|system|popen|signal|sigaction|kill|getenv"
    r"|pthread_\w+|thrd_\w+|mtx_\w+|cnd_\w+|sem_\w+|event_\w+|evbuffer_\w+|bufferevent_\w+)"
)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
LIBRARY = re.compile(r"parley_library\(\s*(\w+)([^)]*)\)")


def allowed(folder):
    return set(MAY_INCLUDE[folder].split()) | {folder}


def own_include_fault(folder, path):
    if "/" not in path:
        return f'"{path}" must be written with its folder'
    target = path.split("/", 1)[0]
    if target not in allowed(folder):
        return f"{folder}/ may not include {target}/"
    return None


def library_include_fault(folder, path):
    for library, owners in LIBRARY_ONLY_IN.items():
        if path.startswith(library) and folder not in owners.split():
            return f"<{library}...> belongs to {'/ and '.join(owners.split())}/ only"
    return None


def file_faults(folder, file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        own, library = found.groups()
        fault = own_include_fault(folder, own) if own else library_include_fault(folder, library)
        if fault:
            yield f"{file}:{number}: {fault}"


def link_faults(folder, lists):
    """What a folder's CMakeLists.txt links is held to the same row."""
    for name, arguments in LIBRARY.findall(lists.read_text(encoding="utf-8")):
        words = arguments.split()
        uses = words[words.index("USES") + 1 :] if "USES" in words else []
        for used in uses:
            if used == "PACKAGES":
                break
            if used in MAY_INCLUDE and used not in allowed(folder):
                yield f"{lists}: {name} may not use {used}"


def include_faults(src):
    for directory in sorted(p for p in src.iterdir() if p.is_dir()):
        folder = directory.name
        if folder not in MAY_INCLUDE:
            yield f"{directory}: not in the table of folders"
            continue
        for file in sorted(directory.rglob("*.[ch]")):
            yield from file_faults(folder, file)
        if (directory / "CMakeLists.txt").exists():
            yield from link_faults(folder, directory / "CMakeLists.txt")


def undefined_symbols(nm, archive):
    listing = subprocess.run([nm, "-u", archive], check=True, capture_output=True, text=True).stdout
    member = ""
    for line in listing.splitlines():
        words = line.split()
        if line.endswith(":"):
            member = line[:-1]
        elif len(words) == 2 and words[0] in "Uw":
            yield member, words[1].split("@")[0]


def archive_faults(nm, archive):
    for member, symbol in undefined_symbols(nm, archive):
        if IMPURE.fullmatch(symbol):
            yield f"{archive}({member}): calls {symbol}"


def pure_faults(src, built, nm):
    checked = 0
    for folder in PURE:
        if not (src / folder / "CMakeLists.txt").exists():
            continue
        archive = built / folder / f"lib{folder}.a"
        if not archive.exists():
            yield f"{archive}: not built"
            continue
        checked += 1
        yield from archive_faults(nm, archive)
    if checked < 3:
        yield f"only {checked} pure archives found in {built}"


def sample(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def expect(found, wanted):
    """Each finding, in order, must contain the wanted words, or this test could not fail."""
    found = list(found)
    if len(found) != len(wanted) or not all(w in f for w, f in zip(wanted, found)):
        sys.exit(f"the check does not see the faults of its sample: {found}, not {wanted}")


def includes_can_fail():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        sample(
            root,
            {
                "base/good.h": '#include "base/status.h"\n#include <stdint.h>\n',
                "conf/CMakeLists.txt": "parley_library(conf SOURCES a.c\n  USES base os PACKAGES net)\n",
                "conf/bad.c": '#include "base/list.h"\n#include "net/loop.h"\n',
                "engine/bad.h": '# include "conf/conference.h"\n#include <sofia-sip/nta.h>\n',
                "extras/new.c": "",
                "rtp/bare.c": '#include "rtp_packet.h"\n',
                "store/bad.c": "#include <sndfile.h>\n#include <speex/speex_resampler.h>\n",
            },
        )
        expect(
            include_faults(root),
            ["bad.c:2: conf/ may not include net/", "conf may not use os", "bad.h:1: engine/ may not include conf/",
             "bad.h:2: <sofia-sip/...> belongs to sip/", "extras: not in the table", "bare.c:1",
             "bad.c:1: <sndfile.h...> belongs to record/", "bad.c:2: <speex/...> belongs to media/ and record/"],
        )


def pure_can_fail(nm, ar, cc):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        sample(
            root,
            {
                "bad.c": "#include <pthread.h>\n#include <time.h>\n"
                "long bad(pthread_mutex_t *m);\n"
                "long bad(pthread_mutex_t *m) { pthread_mutex_lock(m); return (long)time(0); }\n",
                "good.c": "#include <string.h>\nint time_of(const char *s);\nint resend(int n);\n"
                "int time_of(const char *s) { return resend((int)strlen(s)); }\n",
            },
        )
        for file in ("bad", "good"):
            subprocess.run([cc, "-c", root / f"{file}.c", "-o", root / f"{file}.o"], check=True)
            subprocess.run([ar, "rc", root / f"lib{file}.a", root / f"{file}.o"], check=True)
        expect(sorted(archive_faults(nm, root / "libbad.a")), ["calls pthread_mutex_lock", "calls time"])
        expect(archive_faults(nm, root / "libgood.a"), [])
        expect(pure_faults(root, root, nm), ["only 0 pure archives"])


def main(arguments):
    if arguments[0] == "includes":
        includes_can_fail()
        faults = list(include_faults(Path(arguments[1])))
    else:
        src, built, nm, ar, cc = arguments[1:]
        pure_can_fail(nm, ar, cc)
        faults = list(pure_faults(Path(src), Path(built), nm))
    print("\n".join(faults) or "nothing found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

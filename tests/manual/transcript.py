#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The transcripts in manual pages and in the README are true: each command is typed on the machine that its prompt names,
and what it prints is compared with the lines below it.

    transcript.py BUILD PAGE            says what differs, and exits with 1
    transcript.py --record BUILD PAGE   puts what is printed in its place

A transcript is a line 'vendor$ COMMAND', 'admin$ COMMAND' or 'plc1$ COMMAND', in a display of mdoc or in a block of
Markdown. Ids, times, and what follows from them may differ: those of the page stand for those of the run. A line '...'
stands for any lines. Vendor and administrator share a folder, as if by mail; plc1 is a machine of a test build.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

PROMPT = re.compile(r"(vendor|admin|plc1)\$ (.*)")
ID = re.compile(r"\b(?:[0-9a-f]{64}|(?:[0-9a-f]{4} ){15}[0-9a-f]{4})\b")
SAME = [
    (ID, "ID"),
    (re.compile(r"-[0-9a-f]{8}\.(carnet|key)\b"), "-8HEX"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\bkey [0-9a-f]{16}\b"), "key ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b\d+ days\b"), "DAYS"),
]
# What a page whose story begins in the middle takes for granted.
BEFORE = [
    ("vendor", "carnet-admin --quiet init --role vendor --name 'Example Vendor' --contact licenses@vendor.example --no-passphrase"),
    ("vendor", "carnet-admin --quiet key export root -o /media/install/root.pem"),
    ("admin", "carnet-admin --quiet init --role admin --name 'City Hospital, IT' --no-passphrase"),
    ("admin", "carnet-admin --quiet key export issuer -o issuer.pem"),
    ("admin", "carnet-admin --quiet trust add /media/install/root.pem --id " + 64 * "0"),
    ("vendor", "carnet-admin --quiet entitle --license CAD-2026 --product cad --licensee 'City Hospital' --seats 2 --offline allowed"
     " --lease-days 365 --issuer issuer.pem -o cad-2026.carnet"),
    ("admin", "carnet-admin --quiet import cad-2026.carnet && carnet-admin --quiet convert CAD-2026 offline -y"),
]
MACHINE = {
    "etc/machine-id": "a0123456789abcdef0123456789abcde\n",
    "etc/os-release": "ID=debian\n",
    "etc/passwd": "anna:x:%d:%d::/home/anna:/bin/sh\n" % (os.getuid(), os.getgid()),
    "proc/sys/kernel/hostname": "hall3-plc1\n",
    "proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 92\nmodel name\t: Intel Atom x5-E3940\nstepping\t: 9\n",
    "sys/class/dmi/id/board_serial": "T7C0412345\n",
    "sys/class/dmi/id/product_uuid": "4c4c4544-0037-5a10-8052-b7c04f4d3732\n",
}


def to_text(line):
    """A line of an mdoc display as a reader sees it."""
    return line.replace("\\&", "").replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\")


def to_mdoc(line):
    line = line.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + line if line[:1] in (".", "\\(") else line


def same(line):
    for pattern, word in SAME:
        line = pattern.sub(word, line)
    return line.rstrip()


def ids(text):
    """What a run makes anew, in the order in which it stands there."""
    return re.findall(r"\b[0-9a-f]{64}\b|(?:[0-9a-f]{4} ){15}[0-9a-f]{4}\b|(?<=-)[0-9a-f]{8}(?=\.carnet\b)|(?<=key )[0-9a-f]{16}\b", text)


def alike(shown, printed):
    """Whether the page's lines are those of the run; '...' in the page is any lines."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(alike(shown[1:], printed[n:]) for n in range(len(printed) + 1))
    return bool(printed) and same(shown[0]) == same(printed[0]) and alike(shown[1:], printed[1:])


class Stage:
    def __init__(self, build, folder):
        self.folder = folder
        self.known = {}  # an id of this run: the page's for the same thing
        path = ":".join(os.path.join(build, "tools", p) for p in ("user", "admin", "inspect"))
        plain = {"PATH": path + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": folder, "TZ": "UTC"}
        root = os.path.join(folder, "plc1-root")
        for name, content in MACHINE.items():
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(content)
        for name in ("office", "plc1", "stick", "install"):
            os.mkdir(os.path.join(folder, name))
        self.machines = {
            "vendor": ("office", dict(plain, CARNET_HOME=os.path.join(folder, "vendor-home"))),
            "admin": ("office", dict(plain, CARNET_HOME=os.path.join(folder, "admin-home"))),
            "plc1": ("plc1", dict(plain, CARNET_STATE=os.path.join(folder, "state"), CARNET_SYSROOT=root)),
        }

    def newest(self, match):
        found = glob.glob(os.path.join(self.folder, "*", "**", match[1] + "-????????.carnet"), recursive=True)
        return os.path.basename(max(found, key=os.path.getmtime)) if found else match[0]

    def root_id(self):
        out = subprocess.run(["sh", "-c", "openssl pkey -pubin -in install/root.pem -outform DER | sha256sum"], cwd=self.folder,
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        return out.split()[0]

    def keep(self, page, run):
        """Learns which id of the page is which of the run, and gives the run's text with those of the page."""
        if len(ids(page)) == len(ids(run)):
            for old, new in zip(ids(page), ids(run)):
                self.known.setdefault(new, old)
        for new, old in self.known.items():
            run = run.replace(new, old)
        return run

    def type(self, machine, command):
        page = command
        if ID.search(command):
            command = ID.sub(self.root_id(), command)
        command = re.sub(r"\b([a-z]+-[a-z0-9-]+)-[0-9a-f]{8}\.carnet", self.newest, command)
        command = re.sub(r"/media/(stick|install)\b", self.folder + r"/\1", command)
        self.keep(page, command)
        place, environment = self.machines[machine]
        done = subprocess.run(["bash", "-c", command], cwd=os.path.join(self.folder, place), env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        printed = re.sub(re.escape(self.folder) + r"/(stick|install)\b", r"/media/\1", done.stdout)
        printed = printed.replace(os.path.join(self.folder, "state"), "/var/lib/carnet")
        printed = re.sub(re.escape(self.folder) + r"/(vendor|admin)-home", "~/.local/share/carnet-admin", printed)
        return printed.splitlines()


def blocks(lines, markdown):
    """(first line of output, line behind it, machine, command) of each command; continued lines are joined."""
    number = 0
    while number < len(lines):
        line = lines[number]
        found = PROMPT.match(line[4:] if markdown and line.startswith("    ") else "" if markdown else to_text(line))
        number += 1
        if not found:
            continue
        command = found[2]
        while command.endswith("\\"):
            command = command[:-1] + (lines[number][4:] if markdown else to_text(lines[number])).strip()
            number += 1
        first = number
        while number < len(lines):
            line = lines[number]
            text = line[4:] if markdown else to_text(line)
            if PROMPT.match(text) or (markdown and not line.startswith("    ")) or (not markdown and line.startswith(".")):
                break
            number += 1
        yield first, number, found[1], command


def main():
    record = sys.argv[1:2] == ["--record"]
    words = sys.argv[2:] if record else sys.argv[1:]
    if len(words) != 2:
        sys.exit(__doc__)
    build, page = os.path.abspath(words[0]), words[1]
    markdown = page.endswith(".md")
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    out, done, bad, typed = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(build, folder)
        found = list(blocks(lines, markdown))
        if not any(" init " in command for _, _, _, command in found):
            for machine, command in BEFORE:
                for line in stage.type(machine, command):
                    print("before the story: %s" % line)
        for first, behind, machine, command in found:
            typed += 1
            shown = [line[4:] if markdown else to_text(line) for line in lines[first:behind]]
            printed = stage.type(machine, command)
            out += lines[done:first]
            if alike(shown, printed):
                stage.keep("\n".join(shown), "\n".join(printed))
                out += lines[first:behind]
            else:
                bad += 1
                kept = stage.keep("\n".join(shown), "\n".join(printed)).splitlines()
                out += [("    " + line) if markdown else to_mdoc(line) for line in kept]
                if not record:
                    print("%s:%d: %s$ %s\n  shown:\n    %s\n  printed:\n    %s" % (
                        page, first, machine, command, "\n    ".join(shown), "\n    ".join(printed)))
            done = behind
    if typed == 0:
        sys.exit("%s holds no transcript" % page)
    if record:
        with open(page, "w", encoding="utf-8") as file:
            file.write("\n".join(out + lines[done:]) + "\n")
        return 0
    print("%s: %d commands, %d differ" % (os.path.basename(page), typed, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

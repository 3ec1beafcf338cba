# SPDX-License-Identifier: MIT
"""The lab that every fault test shares: worlds to run a command in, its system calls, and a fault at one of them.

A world is a folder: `home` (the administrator's), `state` (the user's), `stick`, `in` (files that a command reads), and
`machine` (the facts that the user's machine shows). A command runs in a fresh copy of a world, with `in` as its folder.
"""
import collections
import json
import os
import re
import shutil
import subprocess
import tempfile

PROGRAMS = ("carnet-admin", "carnet-user", "carnet-inspect", "make-machine")

# What can change a file, or who else may: the calls of which the state after a kill can depend. Before a call that only
# reads, the state is the one after the change before it.
CHANGING = frozenset(
    "write writev pwrite64 pwritev fsync fdatasync sync_file_range ftruncate fallocate unlink unlinkat rename renameat"
    " renameat2 link linkat symlinkat mkdir mkdirat rmdir chmod fchmod fchmodat chown fchown fchownat"
    " openat open creat copy_file_range sendfile utimensat".split())

# How a call may fail on a full, broken or read-only device, or for want of something.
ERRORS = {
    "write": ("ENOSPC", "EIO"), "writev": ("ENOSPC", "EIO"), "pwrite64": ("ENOSPC", "EIO", "EROFS"),
    "fsync": ("EIO", "ENOSPC"), "fdatasync": ("EIO",), "ftruncate": ("EIO", "ENOSPC"), "fallocate": ("ENOSPC",),
    "openat": ("EACCES", "ENOSPC", "EMFILE", "EROFS"), "unlink": ("EIO", "EROFS"), "unlinkat": ("EIO", "EROFS"),
    "rename": ("EIO", "ENOSPC"), "renameat": ("EIO", "ENOSPC"), "renameat2": ("EIO", "ENOSPC"), "linkat": ("EIO", "ENOSPC"),
    "mkdir": ("ENOSPC", "EROFS"), "mkdirat": ("ENOSPC", "EROFS"), "fchmod": ("EIO", "EROFS"), "fchmodat": ("EIO",),
    "fcntl": ("EAGAIN", "EIO"), "flock": ("EIO",), "read": ("EIO",), "pread64": ("EIO",), "getdents64": ("EIO",),
    "newfstatat": ("EIO", "EACCES"), "fstat": ("EIO",), "mmap": ("ENOMEM",), "brk": ("ENOMEM",), "mlock": ("ENOMEM",),
    "getrandom": ("EIO",),
}

# With an absolute path the current folder that strace shows beside AT_FDCWD says nothing.
UNUSED_FOLDER = re.compile(r'AT_FDCWD<[^>]*>, "/')
LINE = re.compile(r"^(?:\d+\s+)?([a-z_0-9]+)\((.*)$")


class Lab:
    """The programs, and a folder for worlds that goes away."""

    def __init__(self, programs, source):
        self.source = source
        self.path = os.pathsep.join(list(programs) + [os.environ["PATH"]])
        for name in PROGRAMS + ("strace",):
            if not shutil.which(name, path=self.path):
                raise SystemExit(f"faults: {name} is not in PATH nor in what --programs names")
        self.folder = tempfile.mkdtemp(prefix="carnet-faults-")
        self.made = 0
        self.starts = {}

    def start(self, make):
        """A copy of the world that `make` makes; it is made once."""
        if make not in self.starts:
            self.starts[make] = make(self)
        return self.starts[make].copy()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def new(self):
        self.made += 1
        return World(self, os.path.join(self.folder, f"w{self.made}"))


class Result:
    """What a run came to."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def document(self):
        """The last line of the JSON that was printed; None when there is none that is whole."""
        lines = self.out.splitlines()
        try:
            return json.loads(lines[-1]) if lines else None
        except ValueError:
            return None


class World:
    def __init__(self, lab, folder):
        self.lab, self.folder = lab, folder

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def make(self):
        for name in ("in", "stick", "user-home"):
            os.makedirs(self.at(name))
        return self

    def copy(self):
        other = self.lab.new()
        shutil.copytree(self.folder, other.folder, symlinks=True)
        return other

    def remove(self):
        shutil.rmtree(self.folder)

    def environment(self, extra=None):
        env = {"PATH": self.lab.path, "HOME": self.at("user-home"), "CARNET_HOME": self.at("home"),
               "CARNET_STATE": self.at("state"), "CARNET_SYSROOT": self.at("machine"), "CARNET_TRUST": self.at("in"),
               "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(extra or {})
        return env

    def spawn(self, words, extra=None):
        return subprocess.Popen(words, cwd=self.at("in"), env=self.environment(extra), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")

    def run(self, words, extra=None):
        process = self.spawn(words, extra)
        out, err = process.communicate(timeout=120)
        return Result(process.returncode, out, err)

    def must(self, *words, code=0):
        result = self.run(list(words))
        if result.code != code:
            raise SystemExit(f"faults: {' '.join(words)}: exit {result.code}, not {code}\n{result.out}{result.err}")
        return result

    def files(self, *names):
        """Path from the folder → bytes, of every file below."""
        found, top = {}, self.at(*names)
        for folder, _, here in os.walk(top):
            for name in here:
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    found[os.path.relpath(path, top)] = f.read()
        return found

    def shape(self):
        """Names and sizes of what the command may have changed: tells killed states apart."""
        parts = []
        for part in ("home", "state", "stick", "in"):
            for folder, folders, here in os.walk(self.at(part)):
                parts += [os.path.join(folder, n) for n in folders]
                parts += [(os.path.join(folder, n), os.lstat(os.path.join(folder, n)).st_size) for n in here]
        return tuple(sorted(str(p).replace(self.folder, "") for p in parts))


class Call(collections.namedtuple("Call", "name k touches line shared")):
    """The k-th call of its name; `touches`: it concerns a file of the world, or standard output."""


def trace(world, words, extra=None):
    """Every system call of the command, in order; the command runs undisturbed in that world. Those of a process that it starts
    (to read facts with another user's rights) are left out: strace counts for each process by itself."""
    log = world.at("trace")
    result = world.run(["strace", "-f", "-qq", "-y", "-s", "32", "-e", "signal=none", "-o", log] + list(words), extra)
    main, counts, others, calls = None, collections.Counter(), collections.Counter(), []
    parts = [world.at(p) for p in ("home", "state", "stick", "in")]
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match, process = LINE.match(line), line.split(maxsplit=1)[0]
            main = main or process
            if not match or match.group(1) in ("exit_group", "execve"):
                continue
            if process != main:
                others[process, match.group(1)] += 1
                continue
            name, rest = match.group(1), UNUSED_FOLDER.sub('"/', match.group(2))
            counts[name] += 1
            touches = (any(p in rest for p in parts) and "ledger.db-shm" not in rest) or (name in ("write", "writev") and rest.startswith("1<"))
            calls.append(Call(name, counts[name], touches, line.rstrip(), False))
    os.unlink(log)
    return [c._replace(shared=any(n == c.name and c.k <= most for (_, n), most in others.items())) for c in calls], result


def inject(world, words, name, what, k, extra=None):
    """Runs the command with `what` (as strace's -e inject has it) at the k-th call of that name; the result, and whether
    the command got as far as that call."""
    log = world.at("injected")
    result = world.run(["strace", "-f", "-qq", "-e", f"trace={name}", "-o", log, "-e", f"inject={name}:{what}:when={k}"] +
                       list(words), extra)
    with open(log, encoding="utf-8", errors="replace") as f:
        text = f.read()
    os.unlink(log)
    return result, "(INJECTED)" in text or "killed by SIGKILL" in text


def kill(world, words, name, k, extra=None):
    """True when the command died there; False when it was over before."""
    result, hit = inject(world, words, name, "signal=KILL", k, extra)
    return hit and result.code in (-9, 137)


def strided(points, most):
    """At most `most` of them, evenly; and the stride."""
    stride = max(1, -(-len(points) // most)) if most else 1
    return points[::stride], stride

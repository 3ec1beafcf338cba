# SPDX-License-Identifier: MIT
"""Power cuts: what a command wrote is recorded call by call, and every state is made that a cut may leave behind.

The model: written data, sizes and names are on the disk for sure only after an fsync or fdatasync of that file or folder.
What was not synced may be there or not, each piece by itself; of the names of one folder, a later one only with those
before it, as journaling file systems have it. Home and stick are two disks: each may have kept what the other lost.
"""
import collections
import os
import random
import re
import shutil

CALLS = ("openat", "open", "creat", "write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync", "rename", "renameat",
         "renameat2", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "lseek", "read", "close", "writev", "pwritev",
         "copy_file_range", "sendfile", "symlinkat")
UNKNOWN = ("writev", "pwritev", "copy_file_range", "sendfile", "symlinkat", "fallocate", "open", "creat", "rmdir")

PARTS = ("home", "state", "stick", "in")  # of a world; the others are not written to

Op = collections.namedtuple("Op", "kind path data at to folder")
CALL = re.compile(r"^(?:\d+\s+)?([a-z_0-9]+)\((.*)\)\s+= (-?\d+)(?:<(.*?)>)?(?: .*)?$")
PATHS = re.compile(r'(?:(AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
FILE = re.compile(r"^(\d+)<([^>]*)>")


def unescape(text):
    return bytes.fromhex(text.replace("\\x", ""))


def bytes_of(text):
    match = re.search(r'"((?:\\x[0-9a-f]{2})*)"', text)
    return unescape(match.group(1))


class Recorder:
    """Turns strace's log into operations on the paths of one world."""

    def __init__(self, world, cwd):
        self.world, self.cwd = world.folder, cwd
        self.ops, self.offsets, self.sizes = [], {}, {}

    def path(self, folder, name):
        name = unescape(name).decode() if name.startswith("\\x") or not name else name
        return os.path.normpath(os.path.join(folder or self.cwd, name))

    def mine(self, path):
        return path == self.world or path.startswith(self.world + os.sep)

    def paths(self, args):
        return [self.path(m.group(2) if m.group(1) else None, m.group(3)) for m in PATHS.finditer(args)]

    def add(self, kind, path, data=b"", at=0, to=None):
        """Paths are kept as they are below the world. SQLite's -shm is made anew after every cut."""
        if self.mine(path) and not path.endswith("-shm"):
            path = path[len(self.world):] or "/"
            self.ops.append(Op(kind, path, data, at, to and to[len(self.world):], os.path.dirname(path)))

    def take(self, line):
        match = CALL.match(line.rstrip())
        if not match or int(match.group(3)) < 0:
            return
        name, args, result = match.group(1), match.group(2), int(match.group(3))
        file = FILE.match(args)
        if name == "openat":
            path, words = self.paths(args)[0], args.rsplit('"', 1)[1]
            self.offsets[result] = 0
            if "O_CREAT" in words:
                self.add("create", path)
            if "O_TRUNC" in words:
                self.add("truncate", path, at=0)
        elif name == "write" and file.group(1) == "1":
            # That a file of a stick is left alone says of nothing that it was done.
            if not re.search(rb'"fate":"(other-side|ignored)"', bytes_of(args)):
                self.ops.append(Op("told", "", bytes_of(args), 0, None, ""))
        elif name in ("write", "read") and file:
            fd = int(file.group(1))
            if name == "write":
                self.add("data", file.group(2), bytes_of(args), self.offsets.get(fd, 0))
            self.offsets[fd] = self.offsets.get(fd, 0) + result
        elif name == "lseek":
            self.offsets[int(file.group(1))] = result
        elif name == "pwrite64":
            self.add("data", file.group(2), bytes_of(args), int(args.rsplit(", ", 1)[1]))
        elif name == "ftruncate":
            self.add("truncate", file.group(2), at=int(args.rsplit(", ", 1)[1]))
        elif name in ("fsync", "fdatasync"):
            self.add("sync", file.group(2))
        elif name in ("rename", "renameat", "renameat2", "linkat"):
            old, new = self.paths(args)
            self.add("link" if name == "linkat" else "rename", new, to=old)
        elif name in ("unlink", "unlinkat"):
            self.add("rmdir" if "AT_REMOVEDIR" in args else "unlink", self.paths(args)[0])
        elif name in ("mkdir", "mkdirat"):
            self.add("mkdir", self.paths(args)[0])
        elif name in UNKNOWN and any(self.mine(p) for p in self.paths(args) + ([file.group(2)] if file else [])):
            raise SystemExit(f"faults: the power-cut model does not know {name}: {line[:200]}")


def record(world, words, extra=None):
    log = world.at("power")
    result = world.run(["strace", "-f", "-qq", "-y", "-xx", "-s", "1048576", "-e", "signal=none", "-e",
                        "trace=" + ",".join(CALLS), "-o", log] + list(words), extra)
    recorder = Recorder(world, world.at("in"))
    with open(log, encoding="ascii", errors="replace") as lines:
        for line in lines:
            recorder.take(hex_paths(line))
    os.unlink(log)
    return recorder.ops, result


def hex_paths(line):
    """strace -xx writes paths in hex too, those of descriptors included."""
    return re.sub(r"<((?:\\x[0-9a-f]{2})+)>", lambda m: "<" + unescape(m.group(1)).decode() + ">", line)


class Disk:
    """Files by number and names by path, as they were before the command; then operations are applied to it."""

    def __init__(self, world):
        self.names, self.content = {}, {}
        for part in PARTS:
            if os.path.exists(world.at(part)):
                self.names["/" + part] = None
            for folder, folders, files in os.walk(world.at(part)):
                below = folder[len(world.folder):]
                for name in folders:
                    self.names[f"{below}/{name}"] = None
                for name in files:
                    with open(os.path.join(folder, name), "rb") as f:
                        self.names[f"{below}/{name}"] = self.new(f.read())

    def new(self, content):
        number = len(self.content) + 1
        self.content[number] = bytearray(content)
        return number


def number_files(disk, ops):
    """Which file each operation is about: names move, files stay. Gives (op, number) and where each is synced."""
    names, made, out = dict(disk.names), len(disk.content), []
    for op in ops:
        number = names.get(op.path)
        if op.kind == "create":
            if op.path in names:
                continue  # it was there
            made += 1
            names[op.path] = number = made
        elif op.kind in ("rename", "link"):
            number = names[op.to]
            names[op.path] = number
            if op.kind == "rename":
                for path in [p for p in names if p.startswith(op.to + os.sep)]:
                    names[op.path + path[len(op.to):]] = names.pop(path)
                del names[op.to]
        elif op.kind in ("unlink", "rmdir"):
            names.pop(op.path, None)
        elif op.kind == "mkdir":
            names[op.path] = None
        out.append((op, number))
    return out


DATA, NAMES = ("data", "truncate"), ("create", "rename", "link", "unlink", "rmdir", "mkdir")


def synced(numbered, cut):
    """For each operation before the cut: was it synced before the cut?"""
    safe = [False] * cut
    for at in range(cut):
        op, number = numbered[at]
        if op.kind != "sync":
            continue
        for before in range(at):
            other, whose = numbered[before]
            if other.kind in DATA and number is not None and whose == number:
                safe[before] = True
            elif other.kind in NAMES and number is None and other.folder == op.path:
                safe[before] = True
    return safe


def in_order(numbered, cut, kept):
    """Of the names of one folder, nothing is kept that comes after one that is lost."""
    lost = set()
    for at in range(cut):
        op, _ = numbered[at]
        if op.kind in NAMES:
            if not kept[at]:
                lost.add(op.folder)
            elif op.folder in lost:
                kept[at] = False
    return kept


def choices(numbered, cut, stick, lot, most):
    """What a cut may keep: all, only what was synced, that on one of the disks, and draws by lot."""
    safe = synced(numbered, cut)
    loose = [at for at in range(cut) if not safe[at] and numbered[at][0].kind in DATA + NAMES]
    on_stick = [numbered[at][0].path.startswith(stick) for at in range(cut)]
    yield [True] * cut
    if not loose:
        return
    yield in_order(numbered, cut, list(safe))
    yield in_order(numbered, cut, [safe[at] or on_stick[at] for at in range(cut)])
    yield in_order(numbered, cut, [safe[at] or not on_stick[at] for at in range(cut)])
    for _ in range(most):
        kept = list(safe)
        for at in loose:
            kept[at] = lot.random() < 0.5
        yield in_order(numbered, cut, kept)


def replay(disk, numbered, cut, kept):
    """Path → bytes (None: a folder) after the cut."""
    names = dict(disk.names)
    content = {n: bytearray(b) for n, b in disk.content.items()}
    for at in range(cut):
        op, number = numbered[at]
        if not kept[at]:
            continue
        if op.kind == "data":
            file = content.setdefault(number, bytearray())
            if len(file) < op.at:
                file.extend(bytes(op.at - len(file)))
            file[op.at:op.at + len(op.data)] = op.data
        elif op.kind == "truncate":
            file = content.setdefault(number, bytearray())
            del file[op.at:]
            file.extend(bytes(op.at - len(file)))
        elif op.kind == "create":
            names[op.path] = number
        elif op.kind == "rename":
            for path in [p for p in names if p.startswith(op.to + os.sep)]:
                names[op.path + path[len(op.to):]] = names.pop(path)
            names[op.path] = number
            names.pop(op.to, None)
        elif op.kind == "link":
            names[op.path] = number
        elif op.kind in ("unlink", "rmdir"):
            names.pop(op.path, None)
        elif op.kind == "mkdir":
            names[op.path] = None
    # A name counts only where all folders above it are there.
    return {path: None if number is None else bytes(content.get(number, b"")) for path, number in names.items()
            if all(above in names for above in folders_above(path))}


def folders_above(path):
    path = os.path.dirname(path)
    while path != "/":
        yield path
        path = os.path.dirname(path)


def states(world, ops, most, seed):
    """(cut, files) of every state, each once; `cut` counts the operations before it."""
    disk, lot, seen = Disk(world), random.Random(seed), set()
    numbered = number_files(disk, ops)
    for cut in range(len(numbered) + 1):
        told = any(op.kind == "told" for op, _ in numbered[:cut])
        for kept in choices(numbered, cut, "/stick/", lot, most):
            files = replay(disk, numbered, cut, kept)
            key = (told, hash(frozenset(files.items())))
            if key not in seen:
                seen.add(key)
                yield cut, told, files


def materialise(base, files, modes):
    """A new world with these files, and all else as in `base`."""
    world = base.lab.new()
    shutil.copytree(base.folder, world.folder, symlinks=True, ignore=lambda folder, names:
                    [n for n in names if folder == base.folder and n in PARTS])
    for path in sorted(files):
        there = world.folder + path
        if files[path] is None:
            os.makedirs(there, exist_ok=True)
        else:
            with open(there, "wb") as f:
                f.write(files[path])
        os.chmod(there, modes.get(path, 0o700 if files[path] is None else 0o600))
    return world


def modes_of(world):
    found = {}
    for folder, folders, names in os.walk(world.folder):
        for name in folders + names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                found[path[len(world.folder):]] = os.stat(path).st_mode & 0o7777
    return found

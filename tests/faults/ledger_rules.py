# SPDX-License-Identifier: MIT
"""What must hold of an administrator's home at any moment, asked with SQL on a copy, without the programs."""
import contextlib
import glob
import hashlib
import os
import shutil
import sqlite3
import stat
import tempfile


class Broken(Exception):
    """A rule does not hold."""


def hold(condition, words):
    if not condition:
        raise Broken(words)


class Ledger:
    """A copy of the ledger as it lies on the disk, its write-ahead log included; opening it is the recovery."""

    def __init__(self, home):
        self.folder = tempfile.mkdtemp(prefix="carnet-ledger-")
        for path in glob.glob(os.path.join(glob.escape(home), "ledger.db*")):
            if not path.endswith("-shm"):
                shutil.copy(path, self.folder)
        self.db = sqlite3.connect(os.path.join(self.folder, "ledger.db"))
        self.db.execute("PRAGMA foreign_keys = ON")

    def close(self):
        self.db.close()
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def all(self, sql, *values):
        try:
            return self.db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise Broken(f"the ledger can't be read: {error}") from error

    def one(self, sql, *values):
        return self.all(sql, *values)[0][0]


def whole(home):
    return os.path.exists(os.path.join(home, "ledger.db"))


def check_pages(l):
    words = l.all("PRAGMA integrity_check")
    hold(words == [("ok",)], f"the ledger's pages: {words}")
    hold(l.all("PRAGMA foreign_key_check") == [], "a row refers to one that is not there")


def check_copy(path):
    """A copy of a ledger is whole where it has its name."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as copy:
        hold(copy.execute("PRAGMA integrity_check").fetchone() == ("ok",), f"{path} is not whole")
        hold(copy.execute("SELECT count(*) FROM recovery").fetchone() == (1,), f"{path} is no copy")


def check_seats(l, fits):
    """No seat doubled, none lost: each seat ever given is out, held or free, and exactly one of these. `fits`: no revision
    took seats away from under their grants."""
    for number, name, seats, in_use, held, users, high in l.all(
            "SELECT number, id, seats, in_use, held, users, high_water FROM license"):
        out = [r[0] for r in l.all("SELECT seat FROM seat_grant WHERE license = ? AND ended IS NULL", number)]
        holds = [r[0] for r in l.all("SELECT seat FROM hold WHERE license = ?", number)]
        free = [r[0] for r in l.all("SELECT seat FROM free_seat WHERE license = ?", number)]
        every = sorted(out + holds + free)
        hold(len(set(every)) == len(every), f"{name}: a seat is doubled: out {out}, held {holds}, free {free}")
        hold(every == list(range(1, high + 1)), f"{name}: a seat is lost: {every} of 1 to {high}")
        hold(in_use == len(out) and held == len(holds), f"{name}: the counters say {in_use} + {held}")
        hold(users == l.one("SELECT count(*) FROM online_user WHERE license = ?", number), f"{name}: users are miscounted")
        hold(not fits or len(out) + len(holds) <= seats, f"{name}: more grants than seats")


def check_bundles(l):
    """Every grant has the license that was signed for it, and every ended one its receipt."""
    for grant, serial, ended in l.all("SELECT number, serial, ended FROM seat_grant"):
        licenses = [r[0] for r in l.all("SELECT serial FROM bundle WHERE seat_grant = ? AND kind = 'license'"
                                        " ORDER BY serial", grant)]
        receipts = l.one("SELECT count(*) FROM bundle WHERE seat_grant = ? AND kind = 'receipt'", grant)
        hold(licenses and licenses[-1] == serial, f"grant {grant} has serial {serial} and the licenses {licenses}")
        hold(len(set(licenses)) == len(licenses), f"grant {grant} has two licenses of one serial")
        hold(receipts == (1 if ended else 0), f"grant {grant} has {receipts} receipts")


def check_journal(l):
    """Each chain link by link (spec/ledger.md, L-2 and L-3), and an event for each bundle."""
    for chain, vendor, signer, position, digest in l.all("SELECT number, vendor, signer, position, digest FROM chain"):
        last = hashlib.sha256(b"carnet:1:journal:" + vendor + signer).digest()
        expected = 1
        for at, link, line in l.all("SELECT position, digest, line FROM event WHERE chain = ? ORDER BY position", chain):
            last = hashlib.sha256(last + line.encode()).digest()
            hold(at == expected and link == last, f"the journal breaks at {at}")
            hold(line.startswith(f"{at} "), f"event {at} says another position")
            expected += 1
        hold(position == expected - 1 and digest == last, "the journal's end is not where the chain says")
    lines = [r[0] for r in l.all("SELECT line FROM event")]
    issued = sorted(word[7:] for line in lines for word in line.split() if word.startswith("bundle="))
    for (bundle,) in l.all("SELECT hex(id) FROM bundle"):
        hold(issued.count(bundle.lower()) == 1, f"the journal does not say once that {bundle} was issued")
    assigned = sum(line.split()[3] == "assign" for line in lines)
    hold(assigned == l.one("SELECT count(*) FROM seat_grant WHERE NOT EXISTS (SELECT 1 FROM event WHERE line LIKE"
                           " '% relearned %' AND line LIKE '%grant=' || lower(hex(fingerprint)) || '%')"),
         "grants and 'assign' events differ in number")


def check_modes(home):
    hold(stat.S_IMODE(os.lstat(home).st_mode) == 0o700, "others may look into the home")
    for folder, _, names in os.walk(home):
        for name in names:
            mode = stat.S_IMODE(os.lstat(os.path.join(folder, name)).st_mode)
            hold(mode & 0o077 == 0, f"{name} has mode {mode:o}")


def check(home, fits=True):
    """All of it. A home that is not whole yet has no ledger to ask."""
    if not os.path.exists(home):
        return
    check_modes(home)
    if not whole(home):
        return
    with Ledger(home) as l:
        check_pages(l)
        check_seats(l, fits)
        check_bundles(l)
        check_journal(l)


# What a home says, without times and without what is random or dated: the same for two runs of one command.
PROJECTION = (
    "SELECT 'ledger', roles, name, contact, epoch, state, '' FROM ledger",
    "SELECT 'key', role, own, state, count(*), '', '' FROM key GROUP BY role, own, state",
    "SELECT 'trust', count(*), '', '', '', '', '' FROM trust",
    "SELECT 'anchor', count(*), '', '', '', '', '' FROM anchor",
    "SELECT 'made', license, revision, '', '', '', '' FROM made",
    "SELECT 'taken', license, revision, '', '', '', '' FROM taken",
    "SELECT 'license', id, revision, mode, seats, in_use || '+' || held || '+' || users, high_water FROM license",
    "SELECT 'user', license, name, '', '', '', '' FROM online_user",
    "SELECT 'grant', license, hex(fingerprint), seat, epoch || '.' || serial, coalesce(how, 'lives'), label FROM seat_grant",
    "SELECT 'free', license, seat, '', '', '', '' FROM free_seat",
    "SELECT 'held', license, seat, '', '', '', '' FROM hold",
    "SELECT 'loss', license, seat_grant, '', '', '', '' FROM loss",
    "SELECT 'transfer', license, seat_grant, '', '', '', '' FROM transfer",
    "SELECT 'bundle', kind, license, seat_grant, serial, '', '' FROM bundle",
    "SELECT 'received', kind, sequence, '', '', '', '' FROM received",
)


def project(home):
    """The rows that matter, sorted; None for a home that is not whole."""
    if not whole(home):
        return None
    with Ledger(home) as l:
        rows = [tuple(map(str, row)) for sql in PROJECTION for row in l.all(sql)]
        for (line,) in l.all("SELECT line FROM event"):
            words = line.split()
            kept = [w for w in words[4:] if w.split("=")[0] in ("license", "revision", "seat", "serial", "note")]
            rows.append(("event", words[0], words[3]) + tuple(kept))
        return sorted(rows)


def outbox(home):
    """Every bundle that the ledger could give again."""
    if not whole(home):
        return set()
    with Ledger(home) as l:
        return {r[0] for r in l.all("SELECT bytes FROM bundle UNION SELECT bytes FROM made UNION SELECT bytes FROM trust")}

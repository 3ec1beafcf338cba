# SPDX-License-Identifier: MIT
"""The commands that change something, each with the world it starts in. A new command is one more row."""
import json
import os
import shutil

from lab import kill, trace

PINNED = "--no-passphrase"


def vendor_of(world, *home):
    out = world.run(["carnet-admin", *home, "--json", "trust", "list"]).out
    return json.loads(out)["anchors"][0]["vendor"]


def fingerprint(world, number, out):
    world.must("make-machine", "fingerprint", "--vendor", vendor_of(world), "--machine", str(number), "--product", "cad",
               "--label", f"machine-{number}", "-o", out)


def empty(lab):
    return lab.new().make()


def admin(lab):
    """A home of both roles: CAD with three seats, the first of them out and activated by a file, and an online license."""
    w = empty(lab)
    w.must("carnet-admin", "init", "--role", "both", "--name", "Example Vendor", "--contact", "sales@vendor.example", PINNED)
    w.must("carnet-admin", "--home", w.at("other"), "init", "--role", "vendor", "--name", "Other", PINNED)
    w.must("carnet-admin", "--home", w.at("other"), "key", "export", "root", "-o", "other.pem")
    w.must("carnet-admin", "key", "export", "root", "-o", "root.pem")
    common = ["--licensee", "Hall 3", "--offline", "allowed", "--lease-days", "300"]
    w.must("carnet-admin", "entitle", "--license", "CAD", "--product", "cad", "--seats", "4", *common, "-o", "cad-1.carnet")
    w.must("carnet-admin", "entitle", "--license", "ONLINE", "--product", "lab", "--seats", "3", *common, "-o", "lab-1.carnet")
    w.must("carnet-admin", "import", "cad-1.carnet", "lab-1.carnet")
    w.must("carnet-admin", "user", "add", "ONLINE", "Ada")
    w.must("carnet-admin", "convert", "CAD", "offline", "-y")
    for number in range(1, 6):
        fingerprint(w, number, f"machine-{number}.carnet")
    w.must("carnet-admin", "assign", "machine-1.carnet", "-o", "license-1.carnet")
    w.must("carnet-admin", "assign", "machine-2.carnet", "-o", "license-2.carnet")
    for number in (1, 2):
        w.must("make-machine", "release", f"license-{number}.carnet", "--machine", str(number), "-o", f"release-{number}.carnet")
    w.must("carnet-admin", "free", "release-2.carnet", "-o", "receipt-2.carnet")
    w.must("carnet-admin", "entitle", "--license", "CAD", "--seats", "9", "-o", "cad-2.carnet")
    os.mkdir(w.at("in", "batch"))
    for number in (3, 4):
        os.rename(w.at("in", f"machine-{number}.carnet"), w.at("in", "batch", f"machine-{number}.carnet"))
    return w


def without_users(lab):
    w = lab.start(admin)
    w.must("carnet-admin", "user", "remove", "ONLINE", "--all")
    return w


def revised(lab):
    """The next revision is imported, so that a renewal signs a license."""
    w = lab.start(admin)
    w.must("carnet-admin", "import", "cad-2.carnet")
    return w


def brought(lab):
    """A stick has come: the next revision, a release and a new fingerprint of the same machine, and another machine's."""
    w = lab.start(admin)
    to_admin = w.at("stick", "carnet", "to-admin")
    os.makedirs(to_admin)
    fingerprint(w, 3, os.path.join(to_admin, "a.carnet"))
    w.must("make-machine", "fingerprint", "--vendor", vendor_of(w), "--machine", "1", "--nonce", "2", "--sequence", "3",
           "--product", "cad", "--label", "machine-1", "-o", os.path.join(to_admin, "b.carnet"))
    for name in ("release-1.carnet", "cad-2.carnet"):
        shutil.copy(w.at("in", name), to_admin)
    return w


def copied(lab):
    """A copy of the home, and the home is lost."""
    w = lab.start(admin)
    w.must("carnet-admin", "backup", "copy")
    shutil.rmtree(w.at("home"))
    return w


def restored(lab):
    w = lab.start(copied)
    w.must("carnet-admin", "restore", "copy", "-y")
    return w


def behind(lab):
    """Put back from a copy, and recovering: a seat was given and another came back since."""
    w = lab.start(admin)
    w.must("carnet-admin", "backup", "copy")
    w.must("carnet-admin", "assign", "machine-5.carnet", "-o", "license-5.carnet")
    w.must("carnet-admin", "free", "release-1.carnet", "-o", "receipt-1.carnet")
    shutil.rmtree(w.at("home"))
    w.must("carnet-admin", "restore", "copy", "-y")
    w.must("carnet-admin", "recover", "-y")
    return w


def offline_again(lab):
    w = lab.start(without_users)
    w.must("carnet-admin", "convert", "ONLINE", "offline", "-y")
    return w


def torn_log(lab):
    """As `admin`, and the last command died with its change in the write-ahead log: opening the ledger is a recovery."""
    w, words = lab.start(admin), ["carnet-admin", "user", "add", "ONLINE", "Grace"]
    aside = w.copy()
    calls, _ = trace(aside, words)
    aside.remove()
    into_file = [c for c in calls if c.name == "pwrite64" and "/ledger.db>" in c.line]
    if not kill(w, words, "pwrite64", into_file[0].k) or not os.path.getsize(w.at("home", "ledger.db-wal")):
        raise SystemExit("faults: the write-ahead log was not left behind")
    return w


def rotated(lab):
    """Another issuer key follows, and so does another root; the other home has the trust file at hand."""
    w = lab.start(admin)
    w.must("carnet-admin", "key", "rotate", "issuer", "-y", "-o", "request.carnet")
    w.must("carnet-admin", "key", "rotate", "root", "-y", "-o", "trust-2.carnet")
    w.must("carnet-admin", "--home", w.at("other"), "trust", "add", "root.pem", "-y")
    w.must("carnet-admin", "--home", w.at("other"), "trust", "publish", "-o", "other-trust.carnet")
    w.must("carnet-admin", "trust", "add", "other.pem", "-y")
    return w


def user(lab):
    """A machine of made-up hardware, the vendor's root at hand and not pinned yet."""
    w = lab.start(admin)
    w.must("sh", os.path.join(lab.source, "tests/machines/make.sh"), "server", w.at("machine"))
    return w


def pinned(lab):
    w = lab.start(user)
    w.must("carnet-user", "trust", "add", "root.pem", "--id", vendor_of(w))
    return w


def licensed_file(lab):
    """The license file is at hand and not activated."""
    w = lab.start(pinned)
    w.must("carnet-user", "fingerprint", "--product", "cad", "-o", "mine.carnet")
    w.must("carnet-admin", "assign", "mine.carnet", "-o", "license.carnet")
    return w


def activated(lab):
    w = lab.start(licensed_file)
    w.must("carnet-user", "activate", "license.carnet")
    return w


def unchecked(lab):
    """Activated, and the floors not written yet."""
    w = lab.start(activated)
    for folder, _, names in os.walk(w.at("state")):
        for name in names:
            if name == "floors":
                os.unlink(os.path.join(folder, name))
    return w


def received(lab):
    """Released and freed: the receipt is at hand."""
    w = lab.start(activated)
    w.must("carnet-user", "release", "cad", "-y", "-o", "release.carnet")
    w.must("carnet-admin", "free", "release.carnet", "-o", "receipt.carnet")
    return w


def set_back(lab):
    """The clock was 40 days ahead in a check, and is right again: the local floor stops the license."""
    w = lab.start(activated)
    w.must("faketime", "-f", "+40d", "carnet-user", "check", "cad")
    return w


def asked(lab):
    """The request of such a machine is at hand."""
    w = lab.start(set_back)
    w.must("carnet-user", "doctor", "--clock", "-o", "request.carnet")
    return w


def answered(lab):
    """And the administrator's answer."""
    w = lab.start(asked)
    w.must("carnet-admin", "clock", "request.carnet", "-o", "clock.carnet")
    return w


def asking(lab):
    """A product is installed whose manifest asks for a license; the stick is empty."""
    w = lab.start(pinned)
    os.makedirs(w.at("machine", "etc/carnet/products.d"), exist_ok=True)
    with open(w.at("machine", "etc/carnet/products.d/cad.conf"), "w", encoding="ascii") as f:
        f.write(f"product = cad\nvendor = {vendor_of(w)}\n")
    return w


def on_stick(w, way):
    """The one file that waits there."""
    folder = w.at("stick", "carnet", way)
    (name,) = os.listdir(folder)
    return os.path.join(folder, name)


def came(lab):
    """The fingerprint went by stick, and the license has come by it."""
    w = lab.start(asking)
    w.must("carnet-user", "sync", "../stick", "-y")
    w.must("carnet-admin", "assign", on_stick(w, "to-admin"), "--to", "../stick")
    os.unlink(on_stick(w, "to-admin"))
    return w


def gave_back(lab):
    """Released, and the release not carried yet; a receipt of another machine's is on the stick."""
    w = lab.start(came)
    w.must("carnet-user", "sync", "../stick", "-y")
    w.must("carnet-user", "release", "cad", "-y", "-o", "release.carnet")
    w.must("carnet-admin", "free", "release-1.carnet", "--to", "../stick")
    return w


def ended(lab):
    """Carried, and the receipt has come."""
    w = lab.start(gave_back)
    w.must("carnet-admin", "free", "release.carnet", "--to", "../stick")
    return w


class Scenario:
    """`makes`: a file beside the records that the command is not done without, and that it never writes over."""

    def __init__(self, name, start, words, side, makes=None):
        self.name, self.start, self.words, self.side, self.makes = name, start, words, side, makes


def row(name, start, side, *words, makes=None):
    program = "carnet-admin" if side == "admin" else "carnet-user"
    return Scenario(name, start, [program, "--json", "--no-input", *words], side, makes)


SCENARIOS = [
    row("init", empty, "admin", "init", "--role", "both", "--name", "Example Vendor", PINNED),
    row("pin", admin, "admin", "-y", "trust", "add", "other.pem"),
    row("entitle", admin, "admin", "entitle", "--license", "CAD", "--seats", "7", "--to", "../stick"),
    row("import", admin, "admin", "import", "cad-2.carnet"),
    row("user-add", admin, "admin", "user", "add", "ONLINE", "Grace"),
    row("user-remove", admin, "admin", "user", "remove", "ONLINE", "--all"),
    row("convert", without_users, "admin", "convert", "ONLINE", "offline", "-y"),
    row("convert-online", offline_again, "admin", "convert", "ONLINE", "online", "-y"),
    row("assign", admin, "admin", "assign", "machine-5.carnet", "--to", "../stick"),
    row("assign-folder", admin, "admin", "assign", "batch", "--to", "../stick"),
    row("assign-recovering", torn_log, "admin", "assign", "machine-5.carnet", "--to", "../stick"),
    row("replace", admin, "admin", "assign", "machine-5.carnet", "--license", "CAD", "--replace", "1", "--to", "../stick"),
    row("free", admin, "admin", "free", "release-1.carnet", "--to", "../stick"),
    row("renew", revised, "admin", "renew", "CAD", "--to", "../stick"),
    row("revoke", admin, "admin", "revoke", "CAD", "1", "--reason", "stolen", "-y", "--to", "../stick"),
    row("restore", copied, "admin", "restore", "copy", "-y"),
    row("recover", restored, "admin", "recover", "-y"),
    row("recover-license", behind, "admin", "recover", "license-5.carnet"),
    row("recover-receipt", behind, "admin", "recover", "receipt-1.carnet"),
    row("recover-done", behind, "admin", "recover", "--done", "-y"),
    row("backup", admin, "admin", "backup", "copy", makes="copy"),
    row("retire", admin, "admin", "retire", "away", "-y", makes="away"),
    row("answer", asked, "admin", "clock", "request.carnet", "--to", "../stick"),
    row("announce", admin, "admin", "key", "rotate", "root", "--announce", "-y", "--to", "../stick"),
    row("revoke-issuer", rotated, "admin", "key", "revoke", "issuer", "-y", "--to", "../stick"),
    row("revoke-root", rotated, "admin", "key", "revoke", "root", "-y", "--to", "../stick"),
    row("take-trust", rotated, "admin", "import", "other-trust.carnet"),
    row("sync", brought, "admin", "sync", "../stick", "-y"),
    row("trust", user, "user", "-y", "trust", "add", "root.pem"),
    row("fingerprint", pinned, "user", "fingerprint", "--product", "cad", "--to", "../stick"),
    row("activate", licensed_file, "user", "activate", "license.carnet"),
    row("decline", licensed_file, "user", "release", "./license.carnet", "-y", "--to", "../stick"),
    row("check", unchecked, "user", "check", "cad"),
    row("release", activated, "user", "release", "cad", "-y", "--to", "../stick"),
    row("receipt", received, "user", "activate", "receipt.carnet"),
    row("doctor", set_back, "user", "doctor", "--clock", "--to", "../stick"),
    row("sync-fingerprint", asking, "user", "sync", "../stick", "-y"),
    row("sync-license", came, "user", "sync", "../stick", "-y"),
    row("sync-release", gave_back, "user", "sync", "../stick", "-y"),
    row("sync-receipt", ended, "user", "sync", "../stick", "-y"),
    row("clock", answered, "user", "activate", "clock.carnet"),
]

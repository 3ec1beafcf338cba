# SPDX-License-Identifier: MIT
"""What must hold of a user's state (spec/state.md) at any moment: never a license lost without its release file, never a
release file with the license still working."""
import datetime
import os
import re
import shutil
import tempfile

from ledger_rules import hold

SENT = re.compile(r"^(\d{8})-([a-z]+)(?:-(.*))?\.carnet$")
LEFT = re.compile(r"^\.carnet-.*\.tmp$")


def sent(state):
    """(number, kind, grant, bytes) of every bundle that the machine signed."""
    found = []
    for folder, _, names in os.walk(state):
        if os.path.basename(folder) != "sent":
            continue
        for name in names:
            match = SENT.match(name)
            if match:
                with open(os.path.join(folder, name), "rb") as f:
                    found.append((int(match.group(1)), match.group(2), match.group(3), f.read()))
    return sorted(found)


def floors(state):
    """(is the clock behind the local floor, number of the clock request that was answered last) of the one vendor."""
    for folder, _, names in os.walk(state):
        if "floors" in names:
            with open(os.path.join(folder, "floors"), encoding="ascii") as f:
                lines = dict(line.rstrip("\n").split(" = ") for line in f)
            local = datetime.datetime.fromisoformat(lines.get("local", "1970-01-01T00:00:00Z").replace("Z", "+00:00"))
            ahead = local - datetime.datetime.now(datetime.timezone.utc)
            return ahead > datetime.timedelta(hours=24), int(lines.get("answered", 0))
    return False, 0


def leftovers(state):
    return [n for _, _, names in os.walk(state) for n in names if LEFT.match(n)]


def project(state):
    """The files that the rules are about, without ids and without bytes that differ from run to run."""
    rows = []
    for folder, _, names in os.walk(state):
        for name in names:
            # That something was handed out is a note: no command fails where it can't be kept.
            if LEFT.match(name) or name in ("lock", "floors") or name.endswith(".handed"):
                continue
            match = SENT.match(name)
            if match:
                grant = (match.group(3) or "").split(".")[0]
                rows.append(f"sent {match.group(1)} {match.group(2)} {grant}")
            elif os.path.basename(folder) == "grants":
                rows.append(f"grant {name.split('.')[0]} {name.rsplit('.', 1)[1]}")
            else:
                rows.append(name)
    return sorted(rows) + [f"floors {floors(state)}"]


def asked(world, words):
    """The exit code of a question, asked of a copy of the state: asking must not mend what is to be looked at."""
    folder = tempfile.mkdtemp(prefix="carnet-state-")
    try:
        copy = os.path.join(folder, "state")
        if os.path.exists(world.at("state")):
            shutil.copytree(world.at("state"), copy)
        return world.run(words, {"CARNET_STATE": copy}).code
    finally:
        shutil.rmtree(folder)


def check(world, before):
    """`before`: the files of the state in the world that the command began with."""
    state = world.at("state")
    numbers = [n for n, _, _, _ in sent(state)]
    hold(len(set(numbers)) == len(numbers), f"two bundles have one number: {numbers}")
    now = world.files("state") if os.path.exists(state) else {}
    for path, content in before.items():
        name = os.path.basename(path)
        if name in ("machine.key", "machine.kek", "facts.secret", "root.pem") or SENT.match(name):
            hold(now.get(path) == content, f"{path} was there and is gone or changed")
    grants = {os.path.basename(p).rsplit(".", 1)[0] for p in now if p.endswith(".license") and "/grants/" in p}
    for path in before:
        if path.endswith(".license") and "/grants/" in path:
            hold(path in now, f"{path} was there and is gone")
    ended = {os.path.basename(p).rsplit(".", 1)[0] for p in now if p.endswith(".receipt") and "/grants/" in p}
    released = {grant for _, kind, grant, _ in sent(state) if kind == "release"}
    behind, answer = floors(state)
    requests = [n for n, kind, _, _ in sent(state) if kind == "clockrequest"]
    hold(answer == 0 or answer in requests, f"the clock request {answer} was answered, but never made")
    works = bool(grants - ended - released) and not behind
    code = asked(world, ["carnet-user", "--json", "check", "cad"])
    if grants:
        hold((code == 0) == works, f"check says {code}, with grants {sorted(grants)}, ended {sorted(ended)},"
             f" released {sorted(released)}")
    else:
        hold(code != 0, "check says yes without a license")

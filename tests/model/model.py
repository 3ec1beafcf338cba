# SPDX-License-Identifier: MIT
"""A small model of an administrator's licenses: the rules of seats, written down once more and as plainly as can be.

Nothing here looks at a file or a clock. A license's seats: each is out (a grant lives on it), held (its machine is lost),
or free. Every command is a method that returns the exit code that the program must have, and changes the model."""

OK, NO_SEAT, ALREADY, NOT_ALLOWED, USERS, SEATS, MODE, NOT_FOUND, CAP, HELD, SPENT = 0, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49


class Grant:
    def __init__(self, machine, fingerprint, seat, revision):
        self.machine, self.fingerprint, self.seat = machine, fingerprint, seat
        self.serial, self.revision, self.ended = 1, revision, None
        self.licenses = []  # the files given, oldest first


class License:
    def __init__(self, name, seats, offline, held_after_loss, losses):
        self.name, self.seats, self.allowed = name, seats, offline
        self.held_after_loss, self.losses_most, self.losses = held_after_loss, losses, 0
        self.revision, self.offline = 1, False
        self.users, self.out, self.held, self.given, self.grants = set(), {}, {}, 0, {}

    # ---- what the vendor says ----

    def revise(self, revision, seats, allowed):
        """An older revision that comes late changes nothing, and is no mistake."""
        if revision > self.revision:
            self.revision, self.seats, self.allowed = revision, seats, allowed
        return OK

    # ---- online ----

    def user_add(self, name):
        if self.offline:
            return MODE
        if name in self.users:
            return OK
        if len(self.users) >= self.seats:
            return NO_SEAT
        self.users.add(name)
        return OK

    def user_remove(self, name):
        if self.offline:
            return MODE
        if name not in self.users:
            return NOT_FOUND
        self.users.remove(name)
        return OK

    # ---- the mode ----

    def convert(self, offline):
        if offline == self.offline:
            return OK
        if offline and not self.allowed:
            return NOT_ALLOWED
        if offline and self.users:
            return USERS
        if not offline and (self.out or self.held):
            return SEATS
        self.offline = offline
        return OK

    # ---- offline ----

    def lowest(self):
        """The lowest seat that came back, else the next that was never given; of those that the license has now."""
        if len(self.out) + len(self.held) >= self.seats:
            return None
        taken = set(self.out) | set(self.held)
        return next((s for s in range(1, self.seats + 1) if s not in taken), None)

    def assign(self, machine, fingerprint):
        known = self.grants.get(fingerprint)
        if known:
            return SPENT if known.ended else OK
        if not self.offline:
            return MODE
        if not self.allowed:
            return NOT_ALLOWED
        if any(g.machine == machine for g in self.out.values()):
            return ALREADY
        seat = self.lowest()
        if seat is None:
            return NO_SEAT
        self.begin(machine, fingerprint, seat)
        return OK

    def begin(self, machine, fingerprint, seat):
        grant = Grant(machine, fingerprint, seat, self.revision)
        self.grants[fingerprint] = self.out[seat] = grant

    def replace(self, seat, machine, fingerprint):
        """For the same machine no loss is counted; for another one it is."""
        known = self.grants.get(fingerprint)
        if known:
            return SPENT if known.ended else OK
        if not self.offline:
            return MODE
        if not self.allowed:
            return NOT_ALLOWED
        if seat not in self.out:
            return NOT_FOUND
        if any(g.machine == machine and s != seat for s, g in self.out.items()):
            return ALREADY
        loss = self.out[seat].machine != machine
        if loss and self.losses >= self.losses_most:
            return CAP
        if seat > self.seats or len(self.out) + len(self.held) > self.seats:
            return NO_SEAT
        self.losses += loss
        self.out.pop(seat).ended = "replaced"
        self.begin(machine, fingerprint, seat)
        return OK

    def free(self, fingerprint):
        """Again, or after another end: the receipt that there is."""
        grant = self.grants[fingerprint]
        if not grant.ended:
            grant.ended = "freed"
            del self.out[grant.seat]
        return OK

    def renew(self, seat):
        if seat in self.held:
            return HELD
        if seat not in self.out:
            return NOT_FOUND
        grant = self.out[seat]
        if not self.allowed:
            return NOT_ALLOWED
        if seat > self.seats:
            return NO_SEAT
        if grant.revision < self.revision:
            grant.revision, grant.serial = self.revision, grant.serial + 1
        return OK

    def revoke(self, seat):
        if seat not in self.out:
            last = [g for g in self.grants.values() if g.seat == seat]
            return OK if last and last[-1].ended == "revoked" else NOT_FOUND
        if self.losses >= self.losses_most:
            return CAP
        self.losses += 1
        grant = self.out.pop(seat)
        grant.ended = "revoked"
        if self.held_after_loss:
            self.held[seat] = grant
        return OK

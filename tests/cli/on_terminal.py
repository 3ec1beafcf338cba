#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""on_terminal.py INPUT COMMAND...: runs the command on a terminal of its own and types each line of INPUT when a prompt
(which ends in a space) is waiting for it. Prints what is seen, and exits as the command does."""

import os
import pty
import select
import sys
import time

SECONDS = 60


def main() -> int:
    lines = sys.argv[1].encode().decode("unicode_escape").encode("latin-1").splitlines(keepends=True)
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    seen, answered = b"", 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                more = os.read(terminal, 4096)
            except OSError:  # the other side is closed
                break
            if not more:
                break
            seen += more
        if lines and len(seen) > answered and seen.endswith(b" "):
            answered = len(seen)
            os.write(terminal, lines.pop(0))
    else:
        os.kill(child, 9)
        sys.stderr.write("the command did not end\n")
    sys.stdout.buffer.write(seen.replace(b"\r", b""))
    status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


sys.exit(main())

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The report in headless Chromium (tools/packages.sh long): clicked, sorted, filtered, tabbed through.

load ../cli/helper
load ../cli/report_helper

@test "report: in a browser" {
    story
    sed 's/ward-1/ward-X/' s/l1.carnet >s/altered.carnet
    cp s/e.carnet 's/<img src=x onerror=owned=1>.carnet'
    python3 -B "$CARNET_SOURCE/tests/cli/hostile.py" "$CARNET_SOURCE" s
    rm -f s/sparse* s/bomb*
    mkdir s/vouched
    python3 -B "$CARNET_SOURCE/tests/cli/hostile.py" "$CARNET_SOURCE" s/vouched vouched
    carnet-inspect report --trust acme.pem --trust "$root" --journal j.carnet -o r.html s >/dev/null 2>&1 || true
    python3 -B "$CARNET_SOURCE/tests/browser/report.py" r.html
}

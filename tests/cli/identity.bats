#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a machine tells of itself: shown first, explained afterwards, held to the site's policy; renewed before it is too
# late; and copies of a machine, which are machines of their own.

load user_helper

setup() {
    memory=
    fresh
}

teardown() {
    [ -z "$memory" ] || rm -rf "$memory"
}

# facts FILE: the names of the facts in a fingerprint, with commas.
facts() {
    tar -xOf "$1" fingerprint.xml | grep -o 'fact name="[a-z-]*"' | cut -d'"' -f2 | sort -u | paste -sd ,
}

# as_nobody COMMAND...: as an ordinary user who can reach the made-up machine, with a state of his own.
as_nobody() {
    open_to_others
    [ -e "$BATS_TEST_TMPDIR/carnet-user" ] || install -m 755 "$(command -v carnet-user)" "$BATS_TEST_TMPDIR/carnet-user"
    mkdir -p -m 777 "$BATS_TEST_TMPDIR/nobody"
    CARNET_STATE=$BATS_TEST_TMPDIR/nobody/state setpriv --reuid 65534 --clear-groups "$BATS_TEST_TMPDIR/carnet-user" "$@"
}

# policy LINE...: the site's policy of the machine at hand.
policy() {
    mkdir -p "$CARNET_SYSROOT/etc/carnet"
    printf '%s\n' "$@" >"$CARNET_SYSROOT/etc/carnet/policy"
}

@test "--explain tells the clear values on the machine that made it, and nowhere else" {
    vendor
    machine one
    trust
    carnet-user fingerprint --product cad -o f.carnet --quiet
    remember "$CARNET_STATE"
    expect ok 0 carnet-user fingerprint --explain f.carnet
    says "a0123456789abcdef0123456789abcde" "SERa77881" "name:$(id -un)" "/etc/machine-id"
    echo other >"$CARNET_SYSROOT/proc/sys/kernel/hostname"
    rm "$CARNET_SYSROOT/etc/os-release"
    expect ok 0 carnet-user --json fingerprint --explain f.carnet
    [ "$(json '[.explained.facts[] | select(.fact == "host" or .fact == "os") | .state, .value] | join(" ")')" = "changed  missing " ]
    expect usage 64 carnet-user fingerprint --explain f.carnet --preview
    expect wrong-kind 33 carnet-user fingerprint --explain e1.carnet
    expect no-input 66 carnet-user fingerprint --explain absent
    unchanged "$CARNET_STATE"
    machine two b
    trust
    expect wrong-machine 13 carnet-user fingerprint --explain f.carnet
    says "M-1" "not made with this machine's key"
    not_says "SERa77881"
    carnet-user fingerprint --product cad -o g.carnet --quiet
    expect wrong-machine 13 carnet-user fingerprint --explain f.carnet
}

@test "--omit says what it does to matching" {
    vendor
    machine one
    trust
    expect ok 0 carnet-user fingerprint --preview --omit system-uuid --omit host
    says "by the usual weights: 65 points; 26 of them may change" "Without system-uuid \(20\), host \(5\): with them it were 90 points, and 36 might change"
    expect ok 0 carnet-user --json fingerprint --preview --omit system-uuid
    [ "$(json '.preview.matching | [.weights, .threshold, .points, ."left-out", .spare] | join(" ")')" = "usual 60 70 20 28" ]
    expect configuration 78 carnet-user fingerprint --omit machine-id --omit system-uuid --omit board-serial --omit adapter --omit cpu --omit host --omit os
    [ ! -e "$CARNET_STATE/vendors/$root_id/machine.key" ]
    licensed three c
    expect ok 0 carnet-user fingerprint --preview
    says "by the weights of the license installed here"
}

@test "the policy: facts that may not leave are left out, and said to be" {
    vendor
    machine one
    trust
    policy '# of this site' 'facts-may-leave = machine-id, adapter , cpu'
    expect ok 0 carnet-user fingerprint --preview --product cad
    says "SERa77881 .*kept here by the site's policy" "name:.*kept here by the site's policy"
    expect ok 0 carnet-user fingerprint --product cad -o f.carnet
    [ "$(facts f.carnet)" = adapter,cpu,machine-id ]
    run ! grep -aq '<user' f.carnet
    policy 'facts-may-leave = machine-id, user'
    expect ok 0 carnet-user fingerprint --product cad -o g.carnet
    [ "$(facts g.carnet)" = machine-id ]
    grep -aq '<user' g.carnet
    remember "$CARNET_STATE"
    policy 'facts-may-leave = none'
    expect policy-forbids 56 carnet-user fingerprint --product cad -o h.carnet
    policy 'facts-may-leave = disk'
    expect policy-forbids 56 carnet-user fingerprint --product cad -o h.carnet
    policy 'facts-may-leave = cpu'
    expect policy-forbids 56 carnet-user fingerprint --product cad --for-user nobody -o h.carnet
    says "user's digest"
    policy 'facts-may-leave = all'
    expect ok 0 carnet-user fingerprint --preview --product cad
    not_says "policy"
    unchanged "$CARNET_STATE"
    [ ! -e h.carnet ]
    # it is held again by a renewal
    licensed two b
    policy 'facts-may-leave = cpu, host, user'
    expect ok 0 carnet-user fingerprint --renew -o r.carnet
    [ "$(facts r.carnet)" = cpu,host ]
}

@test "the policy: who may make fingerprints" {
    [ "$(id -u)" -eq 0 ] || return 0 # an ordinary user can't be two users
    vendor
    machine one
    printf 'users:x:100:nobody\nstaff:x:50:meier\n' >"$CARNET_SYSROOT/etc/group"
    chmod a+r root.pem
    as_nobody trust add root.pem --id "$root_id" >/dev/null
    remember "$BATS_TEST_TMPDIR/nobody"
    for who in root 'meier, @staff' @nosuch; do
        policy "fingerprints-by = $who"
        expect policy-forbids 56 as_nobody fingerprint --product cad --text
        says "only these"
        expect policy-forbids 56 as_nobody fingerprint --product cad --dry-run
        expect ok 0 as_nobody fingerprint --product cad --preview
        expect ok 0 carnet-user trust list
    done
    unchanged "$BATS_TEST_TMPDIR/nobody"
    for who in everyone 'root, nobody' 'meier,@users' @nogroup; do
        policy "fingerprints-by = $who"
        [ "$who" != @nogroup ] || printf 'nogroup:x:65534:\n' >>"$CARNET_SYSROOT/etc/group"
        expect ok 0 as_nobody fingerprint --product cad --text
    done
    policy "fingerprints-by = meier"
    trust
    expect ok 0 carnet-user fingerprint --product cad --text
}

@test "the policy: what can't be understood or read allows nothing, and the line is told" {
    vendor
    machine one
    trust
    remember "$CARNET_STATE"
    while IFS='|' read -r line words; do
        policy '# first' "$line"
        expect configuration 78 carnet-user fingerprint --product cad -o f.carnet
        says "/etc/carnet/policy.*line 2" "$words"
        expect configuration 78 carnet-user fingerprint --product cad --preview
    done <<'LINES'
facts = cpu|not a key of the policy
facts-may-leave = cpu, shoe-size|shoe-size.*name of a fact
facts-may-leave = cpu,,os|name of a fact
facts-may-leave = all, cpu|'all' for
facts-may-leave =|name of a fact
fingerprints-by = a b|login name
fingerprints-by = @|login name
sync-makes-fingerprints = maybe|yes or no
no sign at all|of the form
LINES
    policy '# first' 'facts-may-leave = cpu' 'facts-may-leave = os'
    expect configuration 78 carnet-user fingerprint --product cad -o f.carnet
    says "line 3" "twice"
    printf 'facts-may-leave = \377\n' >"$CARNET_SYSROOT/etc/carnet/policy"
    expect configuration 78 carnet-user fingerprint --product cad -o f.carnet
    head -c 70000 /dev/zero | tr '\0' '#' >"$CARNET_SYSROOT/etc/carnet/policy"
    expect configuration 78 carnet-user fingerprint --product cad -o f.carnet
    says "larger than"
    rm "$CARNET_SYSROOT/etc/carnet/policy"
    mkfifo "$CARNET_SYSROOT/etc/carnet/policy"
    expect configuration 78 carnet-user fingerprint --product cad -o f.carnet
    says "not a file"
    unchanged "$CARNET_STATE"
    [ ! -e f.carnet ]
    if [ "$(id -u)" -eq 0 ]; then
        rm "$CARNET_SYSROOT/etc/carnet/policy"
        policy 'facts-may-leave = all'
        chmod a+r root.pem
        as_nobody trust add root.pem --id "$root_id" >/dev/null
        chmod 600 "$CARNET_SYSROOT/etc/carnet/policy"
        open_to_others() { :; }
        expect permission 77 as_nobody fingerprint --product cad --text
        says "can't be read, so nothing may leave"
    fi
}

@test "as root, the facts are those that the license's user can read, unless --system" {
    [ "$(id -u)" -eq 0 ] || return 0 # an ordinary user reads as nobody else
    vendor
    machine one
    chmod 400 "$CARNET_SYSROOT/sys/class/dmi/id/product_uuid" "$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    printf 'root:x:0:0:::\nmeier:x:1234:1234:::\n' >"$CARNET_SYSROOT/etc/passwd"
    printf 'firmware:x:77:meier\n' >"$CARNET_SYSROOT/etc/group"
    trust
    local all=adapter,board-serial,cpu,host,machine-id,os,system-uuid few=adapter,cpu,host,machine-id,os
    expect ok 0 carnet-user fingerprint --product cad -o root.carnet
    [ "$(facts root.carnet)" = $all ]
    expect ok 0 carnet-user fingerprint --product cad --for-user meier -o meier.carnet
    says "not readable for meier, who will check"
    [ "$(facts meier.carnet)" = $few ]
    expect ok 0 carnet-user fingerprint --product cad --omit user -o any.carnet
    says "not readable for any user"
    [ "$(facts any.carnet)" = $few ]
    expect ok 0 carnet-user fingerprint --product cad --for-user meier --system -o system.carnet
    [ "$(facts system.carnet)" = $all ]
    # what his groups may read, he may read
    chgrp 77 "$CARNET_SYSROOT/sys/class/dmi/id/product_uuid"
    chmod 440 "$CARNET_SYSROOT/sys/class/dmi/id/product_uuid"
    expect ok 0 carnet-user fingerprint --product cad --for-user meier -o group.carnet
    [ "$(facts group.carnet)" = adapter,cpu,host,machine-id,os,system-uuid ]
    expect ok 0 env SUDO_USER=meier carnet-user fingerprint --product cad --preview
    says "fixed to root"
}

@test "--renew names the grants that are here, with the facts of today and the same key" {
    vendor
    machine one
    trust
    expect no-license 10 carnet-user fingerprint --renew
    says "to be renewed"
    [ ! -e "$CARNET_STATE/vendors/$root_id/machine.key" ]
    licensed one a
    grant=$(tar -xOf one.license license.xml | grep -o 'fingerprint="[0-9a-f]*"' | cut -d'"' -f2)
    echo renamed >"$CARNET_SYSROOT/proc/sys/kernel/hostname"
    expect ok 0 carnet-user fingerprint --renew --preview
    says "renews +CAD-1 $grant" "purpose +renew"
    expect ok 0 carnet-user fingerprint --renew -o r.carnet
    tar -xOf r.carnet fingerprint.xml | tr -d '\n' | grep -q "purpose=\"renew\".*<grant license=\"CAD-1\" fingerprint=\"$grant\""
    cmp <(tar -xOf r.carnet signer.pem) <(tar -xOf one.fingerprint signer.pem)
    expect ok 0 carnet-user fingerprint --renew -o again.carnet
    cmp r.carnet again.carnet
    carnet-user release cad -y -o release.carnet --quiet
    expect no-license 10 carnet-user fingerprint --renew
}

# clone NAME FROM DIGIT: a copy of a machine's disk in a new virtual machine.
clone() {
    cp -a "$BATS_TEST_TMPDIR/machines/$2" "$BATS_TEST_TMPDIR/machines/$1"
    export CARNET_SYSROOT=$BATS_TEST_TMPDIR/machines/$1 CARNET_STATE=$BATS_TEST_TMPDIR/states/$1
    printf '4c4c4544-0042-3510-8051-%012x\n' "$3" >"$CARNET_SYSROOT/sys/class/dmi/id/product_uuid"
    printf '52:54:00:%02x:%02x:01\n' $(($3 / 256)) $(($3 % 256)) >"$CARNET_SYSROOT/sys/devices/pci0000:00/0000:00:1f.6/net/eth0/address"
    rm -f "$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
}

@test "a copied disk with its state is another machine: the license stays behind, and the key is made anew" {
    vendor
    licensed one a
    rm "$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    carnet-user fingerprint --product cad --new -o template.fingerprint --quiet
    clone two one 7
    cp -a "$BATS_TEST_TMPDIR/states/one" "$CARNET_STATE"
    expect wrong-machine 13 carnet-user check cad
    says "changed: system-uuid"
    # the preview changes nothing
    remember "$CARNET_STATE"
    expect ok 0 carnet-user fingerprint --product cad --preview
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user fingerprint --product cad -o two.fingerprint
    says "set aside"
    run ! cmp -s <(tar -xOf two.fingerprint signer.pem) <(tar -xOf one.fingerprint signer.pem)
    [ "$(ls "$CARNET_STATE/vendors/$root_id" | grep -c '^former-')" -eq 1 ]
    [ -e "$(echo "$CARNET_STATE/vendors/$root_id"/former-*/machine.key)" ]
    expect ok 0 carnet-user fingerprint --product cad -o again.fingerprint
    not_says "set aside"
    cmp two.fingerprint again.fingerprint
    expect no-license 10 carnet-user check cad
    expect ok 0 carnet-admin assign two.fingerprint -o two.license
    expect ok 0 carnet-user activate two.license
    expect ok 0 carnet-user check cad
    expect wrong-machine 13 carnet-user activate one.license
    # the first machine is as it was
    export CARNET_SYSROOT=$BATS_TEST_TMPDIR/machines/one CARNET_STATE=$BATS_TEST_TMPDIR/states/one
    expect ok 0 carnet-user check cad
    expect wrong-machine 13 carnet-user activate two.license
    expect ok 0 carnet-user fingerprint --product cad --new -o more.fingerprint
    not_says "set aside"
    cmp <(tar -xOf more.fingerprint signer.pem) <(tar -xOf one.fingerprint signer.pem)
}

@test "setting aside is completed by the next fingerprint, wherever it was cut off" {
    vendor
    licensed one a
    clone two one 7
    for cut in 0 1 2 3 4 5 6; do
        rm -rf "$CARNET_STATE"
        cp -a "$BATS_TEST_TMPDIR/states/one" "$CARNET_STATE"
        folder=$CARNET_STATE/vendors/$root_id
        former=$folder/former-$(sha256sum <"$folder/born" | cut -c1-8)
        mkdir "$former"
        for file in machine.key machine.kek sent grants machine.pem facts.secret; do
            [ "$cut" -gt 0 ] || break
            mv "$folder/$file" "$former/"
            cut=$((cut - 1))
        done
        expect ok 0 carnet-user fingerprint --product cad -o "two-$RANDOM$RANDOM.fingerprint"
        [ "$(ls "$former" | paste -sd ' ')" = "born facts.secret grants machine.kek machine.key machine.pem sent" ]
        [ "$(ls "$folder" | grep -c '^former-')" -eq 1 ]
        run ! cmp -s "$folder/born" "$former/born"
    done
    echo 'shoe-size = 44' >"$CARNET_STATE/vendors/$root_id/born"
    expect state-damaged 93 carnet-user fingerprint --product cad -o last.fingerprint
    says "born does not hold facts"
}

@test "drift is told, with what is left, before the license fails" {
    vendor
    licensed one a
    expect ok 0 carnet-user status
    not_says "drifts"
    echo renamed >"$CARNET_SYSROOT/proc/sys/kernel/hostname"
    expect ok 0 carnet-user status
    says "host +changed +5 points" "31 may still change" "fingerprint --renew"
    expect ok 0 carnet-user --json check cad
    [ "$(json '.match | [.drifts, .matched, .needed, .spare] | join(" ")')" = "true 85 54 31" ]
}

@test "clones of one image: a seat each, none taken for another (30, or CARNET_CLONES)" {
    # What is made durable so often needs no disk here.
    memory=$(mktemp -d -p /dev/shm)
    mkdir "$memory/machines" "$memory/states"
    ln -s "$memory/machines" "$memory/states" "$BATS_TEST_TMPDIR/"
    local clones=${CARNET_CLONES:-30}
    vendor "$clones" --virtual accepted
    machine image
    rm "$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    # A third imaged before carnet had a key there, and given a machine-id of their own; a third with the same machine-id;
    # a third imaged with key, secret and all.
    trust
    cp -a "$CARNET_STATE" fresh
    carnet-user fingerprint --product cad -o image.fingerprint --quiet
    cp -a "$CARNET_STATE" used
    mkdir fingerprints licenses
    for ((i = 0; i < clones; i++)); do
        clone "c$i" image "$((i + 1))"
        [ "$i" -ge $((clones / 3)) ] || printf '%032x\n' $((i + 4096)) >"$CARNET_SYSROOT/etc/machine-id"
        if [ "$i" -lt $((clones * 2 / 3)) ]; then cp -a fresh "$CARNET_STATE"; else cp -a used "$CARNET_STATE"; fi
        carnet-user fingerprint --product cad --label "c$i" -o "fingerprints/$i.carnet" --quiet >/dev/null 2>&1
    done
    carnet-admin --quiet assign fingerprints/*.carnet --to licenses >/dev/null
    [ "$(ls licenses/carnet/to-user | wc -l)" -eq "$clones" ]
    # every machine has a key and a seat of its own
    for file in licenses/carnet/to-user/*; do
        tar -xOf "$file" license.xml | tr '\n' ' ' | grep -oE 'seat="[0-9]+"|machine key="[0-9a-f]+"|label="c[0-9]+"' | paste -sd ' '
    done >all
    [ "$(wc -l <all)" -eq "$clones" ]
    [ "$(grep -o 'seat="[0-9]*"' all | sort -u | wc -l)" -eq "$clones" ]
    [ "$(grep -o 'key="[0-9a-f]*"' all | sort -u | wc -l)" -eq "$clones" ]
    for ((i = 0; i < clones; i++)); do
        mv "$(grep -al "label=\"c$i\"" licenses/carnet/to-user/*)" "licenses/$i"
    done
    wrong=0
    for ((i = 0; i < clones; i++)); do
        export CARNET_SYSROOT=$BATS_TEST_TMPDIR/machines/c$i CARNET_STATE=$BATS_TEST_TMPDIR/states/c$i
        code=13
        # a neighbour of its own kind and of another, by turns
        [ $((i % 5)) -ne 0 ] || { code=0 && carnet-user activate "licenses/$(((i + 1 + i % 2 * clones / 3) % clones))" --quiet >/dev/null 2>&1 || code=$?; }
        [ "$code" -eq 13 ] || { echo "clone $i took another's license: $code" >&2; wrong=$((wrong + 1)); }
        carnet-user activate "licenses/$i" --quiet >/dev/null || wrong=$((wrong + 1))
    done
    [ "$wrong" -eq 0 ]
}

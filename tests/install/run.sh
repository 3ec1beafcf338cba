#!/bin/bash
# SPDX-License-Identifier: MIT
# The install stick: made, used where nothing on it may be run, by hand wrong and right, and taken away again. In the long form
# also on a real FAT file system, mounted with showexec and with noexec, in User-Mode Linux.
#
#   run.sh CARNET-USER-STATIC SOURCE
set -euo pipefail
# A mount that forbids running anything, as sites make them.
if [ -z "${CARNET_INSIDE:-}" ]; then
    rights=()
    [ "$(id -u)" -eq 0 ] || rights=(--user --map-root-user)
    exec env CARNET_INSIDE=1 unshare "${rights[@]}" --mount --propagation private "$0" "$@"
fi
user=$1 source=$2
work=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
clean_up() {
    ! mountpoint -q "$work/stick" || umount "$work/stick"
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
failed=0
fail() {
    printf 'install: %s\n' "$*"
    failed=1
}
# expect CODE WORDS COMMAND...: the exit code, and words in what is printed.
expect() {
    local code=$1 words=$2 got=0 said
    shift 2
    said=$("$@" 2>&1 </dev/null) || got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$words" <<<"$said"; then
        fail "$(printf '%s: exit %s (not %s), or without "%s":\n%s' "$*" "$got" "$code" "$words" "$said")"
    fi
}
nothing() { # WHERE
    [ -z "$(find "$@" 2>/dev/null)" ] || fail "something was written: $(find "$@")"
}
make=("$source/tools/make-install-stick" --root "$source/samples/keys/root.pem" --program "$user" --product cad=12.3 --name 'Example CAD')
id=$(openssl pkey -pubin -in "$source/samples/keys/root.pem" -outform DER | sha256sum | cut -d' ' -f1)
export CARNET_STATE=$work/state CARNET_INSTALL_PRODUCTS=$work/machine/etc/carnet/products.d CARNET_SYSROOT=$work/machine
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p "$work/stick" "$work/machine/etc"
echo a0123456789abcdef0123456789abcde >"$work/machine/etc/machine-id"
mount -t tmpfs -o noexec,mode=755 tmpfs "$work/stick"

# ---- made ----
mkdir "$work/stick/carnet"
expect 73 'licenses travel' "${make[@]}" "$work/stick"
rmdir "$work/stick/carnet"
expect 64 'to vouch for' "${make[@]}" --page "$work/stick/page.txt" "$work/stick"
expect 66 'not a folder' "${make[@]}" "$work/absent"
expect 30 'not a vendor' "${make[@]}" --root "$source/README.md" "$work/stick"
expect 33 'needs libraries' "${make[@]}" --program /bin/sh "$work/stick"
nothing "$work/stick" -mindepth 1
nothing "$work/stick-page.txt"
expect 0 'stick-page.txt' "${make[@]}" "$work/stick"
expect 73 'is there already' "${make[@]}" --page "$work/other.txt" "$work/stick"
grep -q "$(sha256sum <"$work/stick/SHA256SUMS" | cut -d' ' -f1)" "$work/stick-page.txt" || fail "the page does not vouch for the checksums"
[ "$(tr -d ' \n' <"$work/stick-page.txt" | grep -c "$id")" = 1 ] || fail "the page does not tell the root key's id"
! "$work/stick/carnet-user" --version 2>/dev/null || fail "the control: a program ran on a stick that forbids it"

# ---- used wrongly: nothing is installed ----
try=(sh "$work/stick/install.sh" --prefix "$work/local")
expect 55 'needed' "${try[@]}"
expect 32 'not the one given' "${try[@]}" --id "${id/[0-9]/f}0"
cp -r "$work/stick" "$work/altered"
sed -i 's/Example/Examples/' "$work/altered/cad.conf"
expect 31 'not what it was made as' sh "$work/altered/install.sh" --prefix "$work/local" --id "$id"
echo "$(printf 'x' | sha256sum | cut -d' ' -f1)  ../passwd" >>"$work/altered/SHA256SUMS"
expect 30 'not a list' sh "$work/altered/install.sh" --prefix "$work/local" --id "$id"
nothing "$work/local" "$work/state" "$CARNET_INSTALL_PRODUCTS"

# ---- used rightly ----
expect 0 'Trusted: the vendor' "${try[@]}" --id "$(fold -w 4 <<<"$id" | paste -sd ' ')"
cmp -s "$work/local/bin/carnet-user" "$work/stick/carnet-user" || fail "another program was installed"
expect 0 'Vendor' "$work/local/bin/carnet-user" status
expect 10 'no-license' "$work/local/bin/carnet-user" check cad
expect 0 'as keyed digests' "$work/local/bin/carnet-user" fingerprint --product cad -o "$work/f.carnet"
expect 0 'Trusted: the vendor' "${try[@]}" --id "$id" # again: the same
expect 0 'Removed' sh "$work/local/share/doc/carnet-user/install.sh" --remove --prefix "$work/local"
nothing "$work/local" -type f
nothing "$CARNET_INSTALL_PRODUCTS" -type f
[ -d "$work/state/vendors" ] || fail "removing took the state"
expect 66 'Nothing' sh "$work/stick/install.sh" --remove --prefix "$work/local"
# Without root's rights for manifests: said, and left out.
CARNET_INSTALL_PRODUCTS=/proc/none expect 0 "needs root's rights" "${try[@]}" --id "$id"

# ---- a real FAT file system ----
fat() {
    local image=$work/fat.img log=$work/uml.log
    truncate -s 16M "$image"
    mkfs.vfat "$image" >/dev/null
    mcopy -i "$image" "$work"/stick/* ::
    cat >"$work/init" <<INIT
#!/bin/sh
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
mount -t tmpfs tmpfs /tmp
for module in fs/fat/fat fs/fat/vfat fs/nls/nls_cp437 fs/nls/nls_iso8859-1 fs/nls/nls_utf8; do
    busybox insmod /usr/lib/uml/modules/\$(uname -r)/kernel/\$module.ko 2>/dev/null
done
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run CARNET_STATE=/run/state CARNET_INSTALL_PRODUCTS=/run/products
for options in showexec noexec; do
    mkdir /mnt/\$options
    mount -t vfat -o ro,\$options /dev/ubda /mnt/\$options || echo "FAT \$options: not mounted"
    /mnt/\$options/carnet-user --version >/dev/null 2>&1 && echo "FAT \$options: a program ran on it"
    sh /mnt/\$options/install.sh --prefix /run/\$options --id $id >/run/said 2>&1
    echo "FAT \$options: exit \$?"
    sed 's/^/FAT said: /' /run/said
    /run/\$options/bin/carnet-user --version | sed "s/^/FAT \$options: /"
done
echo o >/proc/sysrq-trigger
sleep 9
INIT
    chmod +x "$work/init"
    # The program is left in a place that the guest sees: its own /tmp is empty.
    cp "$work/init" /var/tmp/carnet-init.$$
    timeout 120 linux.uml mem=256M rootfstype=hostfs rootflags=/ ro init=/var/tmp/carnet-init.$$ ubd0="$image" con=null con0=null,fd:1 </dev/null >"$log" 2>&1 || :
    rm -f /var/tmp/carnet-init.$$
    for options in showexec noexec; do
        grep -q "FAT $options: exit 0" "$log" || fail "FAT, $options: install.sh did not do it: $(grep -a FAT "$log")"
        grep -q "FAT $options: carnet-user" "$log" || fail "FAT, $options: what was installed does not run"
        ! grep -q "FAT $options: a program ran" "$log" || fail "FAT, $options: the control ran a program"
    done
}
[ -z "${CARNET_LONG:-}" ] || fat

[ $failed -eq 0 ] && echo "install: made, refused, installed and removed${CARNET_LONG:+; on FAT with showexec and noexec, too}"
exit $failed

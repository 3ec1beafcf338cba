# SPDX-License-Identifier: MIT
# What the report's scenarios, and those in a browser, have in common.

setup() {
    fresh
    samples=$CARNET_SOURCE/samples
    root=$samples/keys/root.pem
}

# A vendor's story: seats assigned, one given back and freed, one given back, and a copied machine state.
story() {
    carnet-admin init --role both --name "Acme" --no-passphrase
    carnet-admin key export root -o acme.pem
    mkdir -p s
    carnet-admin entitle --license CAD-1 --product cad --licensee "City Hospital" --seats 5 --offline allowed -o s/e.carnet
    carnet-admin import s/e.carnet
    carnet-admin convert CAD-1 offline -y
    for i in 1 2 3; do
        mkdir -p "m$i/etc"
        printf '%032x\n' "$i$i" >"m$i/etc/machine-id"
        export CARNET_SYSROOT=$PWD/m$i CARNET_STATE=$PWD/m$i/state
        carnet-user trust add -y acme.pem
        carnet-user fingerprint --product cad --label "ward-$i" -o "s/f$i.carnet"
        carnet-admin assign "s/f$i.carnet" -o "s/l$i.carnet"
        cp -r "m$i/state" "m$i/copy"
        carnet-user activate "s/l$i.carnet" -o "s/a$i.carnet"
    done
    carnet-user release cad -y -o s/r3.carnet
    CARNET_SYSROOT=$PWD/m2 CARNET_STATE=$PWD/m2/state carnet-user release cad -y -o s/r2.carnet
    carnet-admin free s/r2.carnet -o s/t2.carnet
    carnet-admin journal export -o j.carnet
} >/dev/null 2>&1

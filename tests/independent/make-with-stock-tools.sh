#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes an entitlement and a fingerprint with tar, sha256sum and openssl alone, by spec/format.md.
#   make-with-stock-tools.sh FOLDER
# leaves entitlement.carnet and fingerprint.carnet in the new FOLDER, and beside them root.pem, issuer.pem, machine.pem
# with their private halves (*.key), so that the round can go on.
set -eu
umask 077
LC_ALL=C
export LC_ALL
[ $# -eq 1 ] || { echo "usage: make-with-stock-tools.sh FOLDER" >&2; exit 64; }
mkdir "$1"
cd "$1"

# make_key NAME: NAME.key and NAME.pem
make_key() {
    openssl genpkey -algorithm ed25519 -out "$1.key"
    openssl pkey -in "$1.key" -pubout -out "$1.pem"
}

# key_id PEM
key_id() {
    openssl pkey -pubin -in "$1" -outform DER | sha256sum | cut -c1-64
}

# make_bundle KIND KEY < document: KIND.carnet, signed by KEY.key
make_bundle() {
    mkdir work
    printf 'application/vnd.carnet.%s;version=1' "$1" >work/mimetype
    cp "$2.pem" work/signer.pem
    cat >"work/$1.xml"
    (
        cd work
        sha256sum mimetype signer.pem "$1.xml" >SHA256SUMS
        openssl pkeyutl -sign -inkey "../$2.key" -rawin -in SHA256SUMS -out SHA256SUMS.sig
        tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 \
            -cf "../$1.carnet" mimetype SHA256SUMS SHA256SUMS.sig signer.pem "$1.xml"
    )
    rm -r work
}

# fact NAME VALUE: a fact keyed by the vendor id
fact() {
    digest=$(printf 'carnet:1:fact:%s\000%s' "$1" "$2" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$vendor" -r | cut -c1-64)
    printf '    <fact name="%s" digest="%s"/>\n' "$1" "$digest"
}

for name in root issuer machine; do
    make_key "$name"
done
vendor=$(key_id root.pem)
issuer=$(key_id issuer.pem)
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
nonce=$(openssl rand -hex 16)
machine_id=$(openssl rand -hex 16)

make_bundle entitlement root <<END
<?xml version="1.0" encoding="UTF-8"?>
<entitlement xmlns="urn:carnet:1" minor="0">
  <vendor id="$vendor" name="Stock Tools Ltd" contact="orders@stock-tools.example"/>
  <license id="STOCK-1" revision="1" issued="$now"/>
  <product id="widget" newest-version="any"/>
  <licensee name="Example Works"/>
  <seats count="2" offline="allowed"/>
  <features>
    <feature name="export" value="csv"/>
  </features>
  <validity not-after="never" lease-days="none" activate-within-days="90"/>
  <caps transfers-per-year="none" losses-per-year="none" held-after-loss="no"/>
  <matching threshold="60">
    <weight fact="machine-id" points="40"/>
  </matching>
  <clock tolerance-hours="24"/>
  <environment virtual="accepted" container="accepted"/>
  <issuer key="$issuer"/>
</entitlement>
END

make_bundle fingerprint machine <<END
<?xml version="1.0" encoding="UTF-8"?>
<fingerprint xmlns="urn:carnet:1" minor="0">
  <vendor id="$vendor"/>
  <request purpose="new" made="$now" sequence="1" nonce="$nonce" label="stock machine"/>
  <environment virtual="none" container="none"/>
  <products>
    <product id="widget" version="1.0"/>
  </products>
  <facts>
$(fact machine-id "$machine_id")
  </facts>
</fingerprint>
END

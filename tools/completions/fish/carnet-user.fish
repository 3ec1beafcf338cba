# SPDX-License-Identifier: MIT
# Completion for carnet-user in fish. Written by write.py from the program's tables.

function __carnet_user_facts
    printf '%s\n' machine-id system-uuid tpm board-serial disk adapter cpu host os
end

function __carnet_user_licenses
    carnet-user status --json --no-input 2>/dev/null | sed 's/"license":"/\n&/g' | sed -n 's/^"license":"\([^"]*\)".*/\1/p' | LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u
end

function __carnet_user_outcomes
    carnet-user explain --json --no-input 2>/dev/null | sed 's/"outcome":"/\n&/g' | sed -n 's/^"outcome":"\([^"]*\)".*/\1/p' | LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u
end

function __carnet_user_products
    sed -n 's/^ *product *= *"\{0,1\}\([^"]*\)"\{0,1\} *$/\1/p' /etc/carnet/products.d/*.conf 2>/dev/null | LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u
end

complete -c carnet-user -f
complete -c carnet-user -n '__fish_use_subcommand' -a trust -d 'trust ...'
complete -c carnet-user -n '__fish_use_subcommand' -a fingerprint -d 'make the file that asks the administrator for a seat'
complete -c carnet-user -n '__fish_use_subcommand' -a activate -d 'install a license (or a receipt, or a clock) that came back'
complete -c carnet-user -n '__fish_use_subcommand' -a release -d 'stop a license and write the proof for the administrator'
complete -c carnet-user -n '__fish_use_subcommand' -a sync -d 'exchange all that there is with a stick'
complete -c carnet-user -n '__fish_use_subcommand' -a check -d 'is the product licensed here?'
complete -c carnet-user -n '__fish_use_subcommand' -a status -d 'show all licenses of this machine'
complete -c carnet-user -n '__fish_use_subcommand' -a doctor -d 'say what is wrong here, what changed, and what to do next'
complete -c carnet-user -n '__fish_use_subcommand' -a explain -d 'say what an outcome means and what to do'
complete -c carnet-user -n '__fish_seen_subcommand_from trust; and not __fish_seen_subcommand_from add list' -a add -d 'trust a vendor by the root key, or take his trust information'
complete -c carnet-user -n '__fish_seen_subcommand_from trust; and __fish_seen_subcommand_from add' -F
complete -c carnet-user -n '__fish_seen_subcommand_from trust; and __fish_seen_subcommand_from add' -l id -x -d 'the key\'s id as the vendor told it to you: no question is asked'
complete -c carnet-user -n '__fish_seen_subcommand_from trust; and __fish_seen_subcommand_from add' -l root -x -d 'of trust information: the id of the present root, while --id gives the vendor id'
complete -c carnet-user -n '__fish_seen_subcommand_from trust; and not __fish_seen_subcommand_from add list' -a list -d 'list the vendors that are trusted'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l preview -d 'show what would leave this machine; write nothing'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l explain -r -F -d 'show the values behind the digests of a fingerprint made here'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l renew -d 'ask to renew the licenses that are here, with the facts of today'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l vendor -x -d 'the vendor it is for'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l product -x -d 'a product to ask a seat for'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l omit -x -a '(__carnet_user_facts)' -d 'leave a fact (or \'user\') out'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l label -x -d 'a name for this machine, in the clear'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l for-user -x -d 'fix the license to another user of this machine'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l system -d 'as root: take facts too that the license\'s user can\'t read'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l new -d 'make a new one even if nothing changed'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l again -d 'write again the one that waits for its license'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l text -d 'print as text to paste, on standard output'
complete -c carnet-user -n '__fish_seen_subcommand_from fingerprint' -l force -d 'replace FILE when it is there'
complete -c carnet-user -n '__fish_seen_subcommand_from activate' -F
complete -c carnet-user -n '__fish_seen_subcommand_from activate' -l vendor -x -d 'with LICENSE: only licenses of this vendor'
complete -c carnet-user -n '__fish_seen_subcommand_from activate' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-user -n '__fish_seen_subcommand_from activate' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-user -n '__fish_seen_subcommand_from activate' -l text -d 'print as text to paste, on standard output'
complete -c carnet-user -n '__fish_seen_subcommand_from activate' -l force -d 'replace FILE when it is there'
complete -c carnet-user -n '__fish_seen_subcommand_from release' -a '(__carnet_user_licenses)'
complete -c carnet-user -n '__fish_seen_subcommand_from release' -l vendor -x -d 'only licenses of this vendor'
complete -c carnet-user -n '__fish_seen_subcommand_from release' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-user -n '__fish_seen_subcommand_from release' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-user -n '__fish_seen_subcommand_from release' -l text -d 'print as text to paste, on standard output'
complete -c carnet-user -n '__fish_seen_subcommand_from release' -l force -d 'replace FILE when it is there'
complete -c carnet-user -n '__fish_seen_subcommand_from sync' -a '(__fish_complete_directories)'
complete -c carnet-user -n '__fish_seen_subcommand_from sync' -l label -x -d 'a name for this machine in a fingerprint that is made'
complete -c carnet-user -n '__fish_seen_subcommand_from sync' -l for-user -x -d 'the user that a fingerprint asks a license for (root: every user)'
complete -c carnet-user -n '__fish_seen_subcommand_from sync' -l again -d 'write also what was carried before: a stick was lost'
complete -c carnet-user -n '__fish_seen_subcommand_from sync' -l eject -d 'unmount the stick at the end'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -a '(__carnet_user_products)'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l vendor -x -d 'the product\'s vendor'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l feature -x -d 'ask for a feature too'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l edition -x -d 'ask for an edition too'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l product-version -x -d 'ask whether this version is covered'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l explain -d 'say fact by fact how the machine stands'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l warn -x -d 'warn when the license ends within so many days (30)'
complete -c carnet-user -n '__fish_seen_subcommand_from check' -l monitoring -d 'one status line with figures; exit with 0 to 3'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l vendor -x -d 'whose clock floor is meant, where several stand in the way'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l clock -d 'the clock was wrongly ahead and is right now: write the request to your administrator'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l bundle -r -F -d 'write an archive for support, without secrets'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l text -d 'print as text to paste, on standard output'
complete -c carnet-user -n '__fish_seen_subcommand_from doctor' -l force -d 'replace FILE when it is there'
complete -c carnet-user -n '__fish_seen_subcommand_from explain' -a '(__carnet_user_outcomes)'
complete -c carnet-user -l state -x -a '(__fish_complete_directories)' -d 'where this machine\'s licenses are kept (else $CARNET_STATE)'
complete -c carnet-user -l json -d 'print one JSON document'
complete -c carnet-user -l quiet -s q -d 'print refusals only'
complete -c carnet-user -l no-input -d 'never ask'
complete -c carnet-user -l yes -s y -d 'answer yes to the question that would be asked'
complete -c carnet-user -l dry-run -s n -d 'change nothing, say what would be done'
complete -c carnet-user -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c carnet-user -l help -s h -d 'print this help'
complete -c carnet-user -l version -d 'print the version'

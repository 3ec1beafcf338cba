# SPDX-License-Identifier: MIT
# Completion for carnet-admin in fish. Written by write.py from the program's tables.

function __carnet_admin_facts
    printf '%s\n' machine-id system-uuid tpm board-serial disk adapter cpu host os
end

function __carnet_admin_licenses
    carnet-admin license list --json --no-input 2>/dev/null | sed 's/"license":"/\n&/g' | sed -n 's/^"license":"\([^"]*\)".*/\1/p' | LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u
end

function __carnet_admin_outcomes
    carnet-admin explain --json --no-input 2>/dev/null | sed 's/"outcome":"/\n&/g' | sed -n 's/^"outcome":"\([^"]*\)".*/\1/p' | LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u
end

complete -c carnet-admin -f
complete -c carnet-admin -n '__fish_use_subcommand' -a init -d 'make a home with its keys and its ledger'
complete -c carnet-admin -n '__fish_use_subcommand' -a trust -d 'trust ...'
complete -c carnet-admin -n '__fish_use_subcommand' -a key -d 'key ...'
complete -c carnet-admin -n '__fish_use_subcommand' -a entitle -d 'say what was bought; a known license gets its next revision'
complete -c carnet-admin -n '__fish_use_subcommand' -a import -d 'take what the vendor entitled'
complete -c carnet-admin -n '__fish_use_subcommand' -a license -d 'license ...'
complete -c carnet-admin -n '__fish_use_subcommand' -a user -d 'user ...'
complete -c carnet-admin -n '__fish_use_subcommand' -a convert -d 'make a license offline, or online again'
complete -c carnet-admin -n '__fish_use_subcommand' -a assign -d 'give a machine a seat: fingerprint in, license file out'
complete -c carnet-admin -n '__fish_use_subcommand' -a free -d 'free a seat: release in, receipt out'
complete -c carnet-admin -n '__fish_use_subcommand' -a explain -d 'say what an outcome means and what to do next'
complete -c carnet-admin -n '__fish_seen_subcommand_from init' -l role -x -a 'vendor admin both' -d 'vendor (holds the root key), admin (holds an issuer key) or both'
complete -c carnet-admin -n '__fish_seen_subcommand_from init' -l name -x -d 'your name or that of your company, as it stands in entitlements'
complete -c carnet-admin -n '__fish_seen_subcommand_from init' -l contact -x -d 'whom to ask, as it stands in entitlements'
complete -c carnet-admin -n '__fish_seen_subcommand_from init' -l no-passphrase -d 'protect the keys by the rights of their files alone'
complete -c carnet-admin -n '__fish_seen_subcommand_from init' -l passphrase-file -r -F -d 'the passphrase is FILE\'s first line'
complete -c carnet-admin -n '__fish_seen_subcommand_from init' -l passphrase-fd -x -d 'the same, from descriptor N'
complete -c carnet-admin -n '__fish_seen_subcommand_from trust; and not __fish_seen_subcommand_from add list' -a add -d 'pin a vendor\'s root key (a PEM file)'
complete -c carnet-admin -n '__fish_seen_subcommand_from trust; and __fish_seen_subcommand_from add' -F
complete -c carnet-admin -n '__fish_seen_subcommand_from trust; and __fish_seen_subcommand_from add' -l id -x -d 'the key\'s id as the vendor told it to you: no question is asked'
complete -c carnet-admin -n '__fish_seen_subcommand_from trust; and not __fish_seen_subcommand_from add list' -a list -d 'list the pinned roots'
complete -c carnet-admin -n '__fish_seen_subcommand_from key; and not __fish_seen_subcommand_from list export' -a list -d 'list the home\'s own keys'
complete -c carnet-admin -n '__fish_seen_subcommand_from key; and not __fish_seen_subcommand_from list export' -a export -d 'print a public key as PEM'
complete -c carnet-admin -n '__fish_seen_subcommand_from key; and __fish_seen_subcommand_from export' -a 'root issuer'
complete -c carnet-admin -n '__fish_seen_subcommand_from key; and __fish_seen_subcommand_from export' -l output -s o -r -F -d 'write to FILE, which must not be there'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l license -x -d 'the license; a known one gets its next revision and keeps what is not given'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l product -x -d 'the product'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l licensee -x -d 'who bought it'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l seats -x -d 'how many seats'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l offline -x -d 'allowed or denied (the default): may it be converted to offline'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l edition -x -d 'the edition; \'\' for none'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l newest-version -x -d 'the newest product version covered, or any (the default)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l feature -x -d 'adds or changes a feature'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l drop-feature -x -d 'takes a feature away'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l not-after -x -d 'the last day, or never (the default)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l lease-days -x -d 'how long a license file runs before it must be renewed, or none (the default)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l activate-within -x -d 'how long a license file may wait for its activation (90)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l transfer-cap -x -d 'transfers to changed machines in a year, or none (no cap, the default)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l loss-cap -x -d 'lost machines in a year, or none (no cap, the default)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l hold-after-loss -x -d 'lease (the default): a lost seat waits for its lease to run out; or no'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l threshold -x -d 'how much of a machine must still match (60)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l weight -x -a '(__carnet_admin_facts)' -d 'what a fact counts'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l clock-tolerance -x -d 'how far a clock may be behind (24)'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l virtual -x -d 'accepted (the default) or refused: virtual machines'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l container -x -d 'accepted (the default), refused or pinned: containers'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l contact -x -d 'whom to ask; \'\' for none'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l issuer -r -F -d 'PEM of the administrator\'s issuer key; your own with role both'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l text -d 'print as text to paste, on standard output'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l force -d 'replace FILE when it is there'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l passphrase-file -r -F -d 'the passphrase is FILE\'s first line'
complete -c carnet-admin -n '__fish_seen_subcommand_from entitle' -l passphrase-fd -x -d 'the same, from descriptor N'
complete -c carnet-admin -n '__fish_seen_subcommand_from import' -F
complete -c carnet-admin -n '__fish_seen_subcommand_from license; and not __fish_seen_subcommand_from list show' -a list -d 'list the licenses'
complete -c carnet-admin -n '__fish_seen_subcommand_from license; and __fish_seen_subcommand_from list' -l vendor -x -d 'whose license: the vendor\'s id, or what it alone begins with'
complete -c carnet-admin -n '__fish_seen_subcommand_from license; and not __fish_seen_subcommand_from list show' -a show -d 'show a license and its seats'
complete -c carnet-admin -n '__fish_seen_subcommand_from license; and __fish_seen_subcommand_from show' -a '(__carnet_admin_licenses)'
complete -c carnet-admin -n '__fish_seen_subcommand_from license; and __fish_seen_subcommand_from show' -l vendor -x -d 'whose license: the vendor\'s id, or what it alone begins with'
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and not __fish_seen_subcommand_from add remove' -a add -d 'assign a user to an online license'
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and __fish_seen_subcommand_from add' -f
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and __fish_seen_subcommand_from add' -l vendor -x -d 'whose license: the vendor\'s id, or what it alone begins with'
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and not __fish_seen_subcommand_from add remove' -a remove -d 'take a user off an online license'
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and __fish_seen_subcommand_from remove' -f
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and __fish_seen_subcommand_from remove' -l all -d 'all users of the license'
complete -c carnet-admin -n '__fish_seen_subcommand_from user; and __fish_seen_subcommand_from remove' -l vendor -x -d 'whose license: the vendor\'s id, or what it alone begins with'
complete -c carnet-admin -n '__fish_seen_subcommand_from convert' -a 'offline online'
complete -c carnet-admin -n '__fish_seen_subcommand_from convert' -l vendor -x -d 'whose license: the vendor\'s id, or what it alone begins with'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -F
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l license -x -a '(__carnet_admin_licenses)' -d 'the license to take the seat from, where the product does not say it'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l vendor -x -d 'whose license: the vendor\'s id, or what it alone begins with'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l replace -x -d 'end the grant on that seat and give the seat to this fingerprint'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l expect -x -d 'refuse a fingerprint of another machine key'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l label -x -d 'the machine\'s name, in place of the fingerprint\'s label'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l text -d 'print as text to paste, on standard output'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l force -d 'replace FILE when it is there'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l passphrase-file -r -F -d 'the passphrase is FILE\'s first line'
complete -c carnet-admin -n '__fish_seen_subcommand_from assign' -l passphrase-fd -x -d 'the same, from descriptor N'
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -F
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -l output -s o -r -F -d 'write to FILE'
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -l to -x -a '(__fish_complete_directories)' -d 'write to the stick or folder DIR, under carnet/'
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -l text -d 'print as text to paste, on standard output'
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -l force -d 'replace FILE when it is there'
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -l passphrase-file -r -F -d 'the passphrase is FILE\'s first line'
complete -c carnet-admin -n '__fish_seen_subcommand_from free' -l passphrase-fd -x -d 'the same, from descriptor N'
complete -c carnet-admin -n '__fish_seen_subcommand_from explain' -a '(__carnet_admin_outcomes)'
complete -c carnet-admin -l home -x -a '(__fish_complete_directories)' -d 'the home; else $CARNET_HOME, else $XDG_DATA_HOME/carnet-admin'
complete -c carnet-admin -l json -d 'print one JSON document'
complete -c carnet-admin -l quiet -s q -d 'print refusals only'
complete -c carnet-admin -l no-input -d 'never ask'
complete -c carnet-admin -l yes -s y -d 'answer yes to the question that would be asked'
complete -c carnet-admin -l dry-run -s n -d 'change nothing, say what would be done'
complete -c carnet-admin -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c carnet-admin -l help -s h -d 'print this help'
complete -c carnet-admin -l version -d 'print the version'

# SPDX-License-Identifier: MIT
# Completion for carnet-inspect in fish. Written by write.py from the program's tables.

function __carnet_inspect_outcomes
    carnet-inspect explain --json --no-input 2>/dev/null | sed 's/"outcome":"/\n&/g' | sed -n 's/^"outcome":"\([^"]*\)".*/\1/p' | LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u
end

complete -c carnet-inspect -f
complete -c carnet-inspect -n '__fish_use_subcommand' -a show -d 'show all that a file says, verified or not'
complete -c carnet-inspect -n '__fish_use_subcommand' -a diff -d 'say what differs between two files, or two folders'
complete -c carnet-inspect -n '__fish_use_subcommand' -a verify -d 'verify files, and folders with all that is in them'
complete -c carnet-inspect -n '__fish_use_subcommand' -a report -d 'say what many files say together: who has which seat, and what is odd'
complete -c carnet-inspect -n '__fish_use_subcommand' -a explain -d 'say what an outcome means and what to do'
complete -c carnet-inspect -n '__fish_use_subcommand' -a schema -d 'print the schemas of documents and of JSON outputs'
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -F
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -l trust -r -F -d 'a vendor\'s root key (PEM) or trust file, or a folder of them'
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -l at -x -d 'judge times as of TIME (YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)'
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -l explain -d 'say what each field means, in the words of the schema'
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -l entry -x -d 'print one entry of the bundle and nothing else (\'license.xml\')'
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -l bytes -d 'show the headers of the archive, too'
complete -c carnet-inspect -n '__fish_seen_subcommand_from show' -l no-cage -d 'read the file outside a cage, where the kernel offers none'
complete -c carnet-inspect -n '__fish_seen_subcommand_from diff' -f
complete -c carnet-inspect -n '__fish_seen_subcommand_from diff' -l trust -r -F -d 'a vendor\'s root key (PEM) or trust file, or a folder of them'
complete -c carnet-inspect -n '__fish_seen_subcommand_from diff' -l no-cage -d 'read the files outside a cage, where the kernel offers none'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -F
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l trust -r -F -d 'a vendor\'s root key (PEM) or trust file, or a folder of them'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l at -x -d 'judge times as of TIME (YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l journal -r -F -d 'a segment of the administrator\'s journal: licenses and receipts have to be in it'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l require-kind -x -d 'take this kind alone (\'license\'); may be given more than once'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l machine -d 'is each license for this machine, and for this user of it?'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l anomalies -d 'hold the files against each other, too: seats given twice, forks, copied states'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l files0-from -r -F -d 'read names from FILE too, each ended by NUL; \'-\' is standard input'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l jobs -s j -x -d 'work with N processes (as a rule, as many as there are processors)'
complete -c carnet-inspect -n '__fish_seen_subcommand_from verify' -l no-cage -d 'read files outside a cage, where the kernel offers none'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -F
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l output -s o -r -F -d 'write the report to FILE, as one HTML page'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l force -d 'replace FILE when it is there'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l csv -d 'print a table of the files as CSV'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l trust -r -F -d 'a vendor\'s root key (PEM) or trust file, or a folder of them'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l at -x -d 'judge times as of TIME (YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l journal -r -F -d 'a segment of the administrator\'s journal, examined with the others'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l files0-from -r -F -d 'read names from FILE too, each ended by NUL; \'-\' is standard input'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l jobs -s j -x -d 'work with N processes (as a rule, as many as there are processors)'
complete -c carnet-inspect -n '__fish_seen_subcommand_from report' -l no-cage -d 'read files outside a cage, where the kernel offers none'
complete -c carnet-inspect -n '__fish_seen_subcommand_from explain' -a '(__carnet_inspect_outcomes)'
complete -c carnet-inspect -n '__fish_seen_subcommand_from schema' -f
complete -c carnet-inspect -l json -d 'print one JSON document'
complete -c carnet-inspect -l quiet -s q -d 'print refusals only'
complete -c carnet-inspect -l no-input -d 'never ask'
complete -c carnet-inspect -l yes -s y -d 'answer yes to the question that would be asked'
complete -c carnet-inspect -l dry-run -s n -d 'change nothing, say what would be done'
complete -c carnet-inspect -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c carnet-inspect -l help -s h -d 'print this help'
complete -c carnet-inspect -l version -d 'print the version'

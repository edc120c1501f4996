# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rkv_global_optspecs
    string join \n q/quiet v/verbose json color= progress= threads= h/help V/version
end

function __fish_rkv_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rkv_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rkv_using_subcommand
    set -l cmd (__fish_rkv_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rkv -n "__fish_rkv_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_needs_command" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_needs_command" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_needs_command" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_needs_command" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_needs_command" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "rdb" -d 'RDB files: snapshots of a data set'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "aof" -d 'Append-only files: the log of writes'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "slots" -d 'Tell the cluster slots of keys, or how a file\'s keys spread over nodes'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "simulate" -d 'What would happen, found out with the code that would do it'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "serve" -d 'Serve data to clients, as redis-server does'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "replicate" -d 'Follow a primary as a replica and keep what it sends'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "restore" -d 'Give the data of a capture as they were at an earlier moment'
complete -c rkv -n "__fish_rkv_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "dump" -d 'Print keys and values as JSON, commands or text'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "verify" -d 'Check structure, checksum and every value'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "convert" -d 'Write RDB files of any version from RDB files, JSON or commands'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "get" -d 'Print single keys'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "index" -d 'Write an index beside the file, through which get and filtered dumps find keys at once'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "info" -d 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "stats" -d 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and not __fish_seen_subcommand_from dump verify convert get index info stats help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l format -d 'What to write' -r -f -a "json\t'One array of objects'
jsonl\t'An object per line'
resp\t'Commands in the wire format, for redis-cli --pipe'
commands\t'Commands as text'
csv\t'A row per key'
keys\t'Key names'
keyvals\t'A line per element, tab-separated'
table\t'Columns for people'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l encoding -d 'How to write bytes that are no text' -r -f -a "auto\t'Text as it is, other bytes as {"base64":"…"}'
utf8\t'Text; other bytes become U+FFFD'
escape\t'Every byte visible, as \\xNN'
base64\t'All as base64'
hex\t'All as hexadecimal digits'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l ttl-policy -d 'What becomes of expiries: keep, strip, rebase (count from now what was left) or shift:DURATION' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l type -d 'Types' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-type -d 'Inverse of --type' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l key -d 'Key names, as KEYS takes them' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l key-regex -d 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l keys-from -d 'Key names, one per line of a file (\\xNN for bytes that are no text)' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-keys-from -d 'Inverse of --keys-from' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l slot -d 'Cluster slots, as N or A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-slot -d 'Inverse of --slot' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l ttl -d 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-ttl -d 'Inverse of --ttl' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l size -d 'Size of the value in the file, such as 1KB~10MB' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-size -d 'Inverse of --size' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l elements -d 'Number of elements, such as 1000~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-elements -d 'Inverse of --elements' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l idle -d 'Time since the last access, such as 1d~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-idle -d 'Inverse of --idle' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l freq -d 'Access frequency (LFU), such as 0~10' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l not-freq -d 'Inverse of --freq' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l restore -d 'Write one RESTORE per key (with resp and commands)'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l no-index -d 'Read the whole file even if an index is beside it'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from dump" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l max-findings -d 'Findings to show per file; those beyond are counted' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l format -d 'What to write' -r -f -a "table\t'A line per finding, and a summary'
json\t'One object per file, in an array'
sarif\t'SARIF 2.1.0'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l quick -d 'Structure and checksum only; no value is decoded'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l strict -d 'Notes count as findings'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l rules -d 'List the rules and leave'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -s o -l output -d 'The output; with --split-by, {} stands for the name of each part' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l to -d 'The release that shall read the output [default: as the first input]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l from -d 'What the inputs are' -r -f -a "auto\t'By the first byte'
rdb\t'RDB'
jsonl\t'JSON of keys, as rdb dump writes it'
resp\t'Commands, as rdb dump --format resp writes them'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l on-loss -d 'What to do about what the target cannot hold' -r -f -a "fail\t'Stop with status 1'
drop\t'Leave the key out'
rewrite\t'Write what can be written'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l on-duplicate -d 'Which of several keys of one name to keep' -r -f -a "fail\t'Stop with status 1'
first\t'Keep the first'
last\t'Keep the last'
newest-expiry\t'Keep the one that expires last'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l split-by -d 'Write several outputs: db, size:BYTES, slot-ranges:A-B,C-D…, or nodes.conf:PATH' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l db-map -d 'Keys of one database go to another' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l rename -d 'Keys change their names: s/RE/REPLACEMENT/' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l ttl-policy -d 'What becomes of expiries: keep, strip, rebase or shift:DURATION' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l type -d 'Types' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-type -d 'Inverse of --type' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l key -d 'Key names, as KEYS takes them' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l key-regex -d 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l keys-from -d 'Key names, one per line of a file (\\xNN for bytes that are no text)' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-keys-from -d 'Inverse of --keys-from' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l slot -d 'Cluster slots, as N or A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-slot -d 'Inverse of --slot' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l ttl -d 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-ttl -d 'Inverse of --ttl' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l size -d 'Size of the value in the file, such as 1KB~10MB' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-size -d 'Inverse of --size' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l elements -d 'Number of elements, such as 1000~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-elements -d 'Inverse of --elements' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l idle -d 'Time since the last access, such as 1d~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-idle -d 'Inverse of --idle' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l freq -d 'Access frequency (LFU), such as 0~10' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l not-freq -d 'Inverse of --freq' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l force -d 'Replace existing outputs'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l no-compression -d 'Do not compress what is encoded anew'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l dry-run -d 'Write nothing; say what would be lost'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from convert" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l db -d 'Databases to look in, as N or a range A-B [default: all]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l format -d 'What to write' -r -f -a "json\t'One array of objects'
jsonl\t'An object per line'
resp\t'Commands in the wire format, for redis-cli --pipe'
commands\t'Commands as text'
csv\t'A row per key'
keys\t'Key names'
keyvals\t'A line per element, tab-separated'
table\t'Columns for people'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l encoding -d 'How to write bytes that are no text' -r -f -a "auto\t'Text as it is, other bytes as {"base64":"…"}'
utf8\t'Text; other bytes become U+FFFD'
escape\t'Every byte visible, as \\xNN'
base64\t'All as base64'
hex\t'All as hexadecimal digits'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l escaped -d 'Keys are written with \\xNN for any byte and \\\\ for a backslash'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l first -d 'Print each key once only, and stop reading when all are found'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l restore -d 'Write one RESTORE per key (with resp and commands)'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l raw -d 'Write the bytes of string values exactly, and nothing else'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l no-index -d 'Read the whole file even if an index is beside it'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from get" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -s o -l output -d 'Where the index goes; only FILE.rkvx is found by other commands [default: FILE.rkvx]' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -l force -d 'Replace an existing index'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -l check -d 'Compare an existing index with the file instead of writing one'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from index" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from info" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'A row per key with its estimated memory'
html\t'One self-contained page'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l top -d 'How many of the biggest keys to list (at most 10000, shared among the threads)' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l server -d 'Whose memory to estimate' -r -f -a "redis-7\t'Redis 7.0; close to 6.2 and 7.2'
redis-8\t'Redis 8.6'
valkey-9\t'Valkey 9.1; close to 8.1 and 9.0'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l separator -d 'What separates the parts of keys; \'\' for prefixes that end at any byte' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l depth -d 'Levels of the prefix tree' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l by -d 'What to rank keys and weigh prefixes by' -r -f -a "memory\t'Estimated memory'
size\t'Bytes in the file'
elements\t'Number of elements'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l columns -d 'More columns of csv: slot, stored_bytes, idle_s, freq, ttl_ms, avg_element_len' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l now -d 'What times to live count from: a date or time, or `written` for when the file was [default: now]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l type -d 'Types' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-type -d 'Inverse of --type' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l key -d 'Key names, as KEYS takes them' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l key-regex -d 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l keys-from -d 'Key names, one per line of a file (\\xNN for bytes that are no text)' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-keys-from -d 'Inverse of --keys-from' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l slot -d 'Cluster slots, as N or A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-slot -d 'Inverse of --slot' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l ttl -d 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-ttl -d 'Inverse of --ttl' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l size -d 'Size of the value in the file, such as 1KB~10MB' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-size -d 'Inverse of --size' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l elements -d 'Number of elements, such as 1000~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-elements -d 'Inverse of --elements' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l idle -d 'Time since the last access, such as 1d~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-idle -d 'Inverse of --idle' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l freq -d 'Access frequency (LFU), such as 0~10' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l not-freq -d 'Inverse of --freq' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from stats" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "dump" -d 'Print keys and values as JSON, commands or text'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check structure, checksum and every value'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "convert" -d 'Write RDB files of any version from RDB files, JSON or commands'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "get" -d 'Print single keys'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "index" -d 'Write an index beside the file, through which get and filtered dumps find keys at once'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "info" -d 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "stats" -d 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots'
complete -c rkv -n "__fish_rkv_using_subcommand rdb; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "info" -d 'Tell what a set is and holds: files, commands by name, times, the state of its tail'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "dump" -d 'Print the commands, all or some of them'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "verify" -d 'Check the manifest against the files, and every command'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "repair" -d 'Keep what is sound of a damaged set'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "rewrite" -d 'Replay a set and write the least that gives the same data'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "truncate" -d 'Cut a set at a time, a place or a command'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "blame" -d 'Tell every write that touched a key'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "stats" -d 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and not __fish_seen_subcommand_from info dump verify repair rewrite truncate blame stats help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from info" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l format -d 'What to write' -r -f -a "commands\t'Text, as typed into redis-cli'
resp\t'The wire format, for redis-cli --pipe'
jsonl\t'A JSON object per command, with file, offset, position in the chain, database and time'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l encoding -d 'How JSON tells bytes that are no text' -r -f -a "auto\t'Text as it is, other bytes as {"base64":"…"}'
utf8\t'Text; other bytes become U+FFFD'
escape\t'Every byte visible, as \\xNN'
base64\t'All as base64'
hex\t'All as hexadecimal digits'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l key -d 'Keys, as KEYS takes them; any key of a command counts' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l key-regex -d 'Keys, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l command -d 'Names of commands, as globs in any case' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l not-command -d 'Inverse of --command' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l time -d 'Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l not-time -d 'Inverse of --time' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l offset -d 'Where commands start, in bytes over all files in the order of loading, such as 1000~2000' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l not-offset -d 'Inverse of --offset' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l no-base -d 'Leave out the keys of the RDB part'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from dump" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l max-findings -d 'Findings to show per input; those beyond are counted' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l format -d 'What to write' -r -f -a "table\t'A line per finding, and a summary'
json\t'One object per input, in an array'
sarif\t'SARIF 2.1.0'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l quick -d 'Of the RDB part, structure and checksum only'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l strict -d 'Notes count as findings'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l rules -d 'List the rules and leave'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -s o -l output -d 'The new folder, or the new file for a single file' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l skip-damage -d 'Go on behind damage instead of leaving out all that follows it'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l in-place -d 'Replace the input; what was there before is kept with .bak behind its name'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l force -d 'Replace an existing file (never a folder)'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from repair" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l to -d 'The release whose servers shall load it [default: the one that wrote the base]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l format -d 'The form of the data' -r -f -a "rdb\t'An RDB base'
resp\t'Commands'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l shape -d 'What is written [default: what was read]' -r -f -a "folder\t'A folder with a manifest'
file\t'A single file'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l at-time -d 'The data as of this time: a date, RFC 3339, unix seconds, or -1h' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l on-loss -d 'What becomes of what the release has no form for' -r -f -a "fail\t'Nothing is written'
drop\t'It is left out'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -s o -l output -d 'The new folder or file [default: INPUT.rewritten]' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l load-truncated -d 'Leave a torn tail of the last file out, as servers do with aof-load-truncated yes'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l in-place -d 'Replace the input; what was there before is kept with .bak behind its name'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l force -d 'Replace an existing file (never a folder)'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from rewrite" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l to-time -d 'Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l to-offset -d 'Keep what ends at this offset or in front of it, counted over all files, or in one as FILE:N' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l before-command -d 'Keep what stands in front of the first command that matches: NAME, or NAME and arguments joined by blanks, as globs' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -s o -l output -d 'The new folder, or the new file for a single file' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l force -d 'Replace an existing file (never a folder)'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from truncate" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l db -d 'Only in this database' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from blame" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l top -d 'How many keys and prefixes to list (at most 1000)' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l separator -d 'What separates the parts of keys' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l key -d 'Keys, as KEYS takes them; any key of a command counts' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l key-regex -d 'Keys, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l command -d 'Names of commands, as globs in any case' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l not-command -d 'Inverse of --command' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l time -d 'Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l not-time -d 'Inverse of --time' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l offset -d 'Where commands start, in bytes over all files in the order of loading, such as 1000~2000' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l not-offset -d 'Inverse of --offset' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l rewrite -d 'Replay the set in memory, too: write amplification, and what a rewrite would save'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from stats" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "info" -d 'Tell what a set is and holds: files, commands by name, times, the state of its tail'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "dump" -d 'Print the commands, all or some of them'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check the manifest against the files, and every command'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "repair" -d 'Keep what is sound of a damaged set'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "rewrite" -d 'Replay a set and write the least that gives the same data'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "truncate" -d 'Cut a set at a time, a place or a command'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "blame" -d 'Tell every write that touched a key'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "stats" -d 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys'
complete -c rkv -n "__fish_rkv_using_subcommand aof; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -a "map" -d 'Tell how a file\'s keys spread over slots and nodes'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and not __fish_seen_subcommand_from map help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l rdb -d 'The file, or - for standard input; gzip, zstd and LZ4 are recognised' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l nodes -d 'Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries that share them equally' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l top -d 'Length of the lists of the biggest' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l type -d 'Types' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-type -d 'Inverse of --type' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l key -d 'Key names, as KEYS takes them' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l key-regex -d 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l keys-from -d 'Key names, one per line of a file (\\xNN for bytes that are no text)' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-keys-from -d 'Inverse of --keys-from' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l slot -d 'Cluster slots, as N or A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-slot -d 'Inverse of --slot' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l ttl -d 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-ttl -d 'Inverse of --ttl' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l size -d 'Size of the value in the file, such as 1KB~10MB' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-size -d 'Inverse of --size' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l elements -d 'Number of elements, such as 1000~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-elements -d 'Inverse of --elements' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l idle -d 'Time since the last access, such as 1d~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-idle -d 'Inverse of --idle' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l freq -d 'Access frequency (LFU), such as 0~10' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l not-freq -d 'Inverse of --freq' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from map" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from help" -f -a "map" -d 'Tell how a file\'s keys spread over slots and nodes'
complete -c rkv -n "__fish_rkv_using_subcommand slots; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -f -a "resync" -d 'Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -f -a "slots" -d 'Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and not __fish_seen_subcommand_from resync slots help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l write-rate -d 'Writes per second; with --trace, in place of the recorded times [default: 1000]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l value-size -d 'Bytes of each value' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l trace -d 'Take the writes of a capture or append-only file, at the times they were written' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l duration -d 'Length of the run [default: 1h, or that of the trace]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l replicas -d 'Replicas of the primary' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l chain -d 'Servers in the chain that begins with each of them' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l backlog -d 'Size of the backlog: repl-backlog-size' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l disk-log -d 'What is kept of the stream on disk behind it, as `rkv serve` does: repl-log-max-size' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l disk-log-age -d 'How long it is kept there, 0 for as long as there is room: repl-log-max-age' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l backlog-ttl -d 'Time after which a primary without replicas frees it, 0 for never: repl-backlog-ttl' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l timeout -d 'Silence after which the other side is taken for dead: repl-timeout' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l output-limit -d 'Hard limit, soft limit and its seconds: client-output-buffer-limit replica' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l sync-delay -d 'Time for which others may join a snapshot: repl-diskless-sync-delay' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l dataset -d 'Size of a snapshot [default: 1GB, or the base of the trace]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l rdb -d 'A snapshot, for its size' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l load-rate -d 'Bytes of a snapshot that a replica loads per second [default: as fast as they come]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l bandwidth -d 'What a link carries per second, such as 1Gbit or 50MB, or unlimited' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l latency -d 'Time from one end of a link to the other' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l outage -d 'A time in which links are down: LENGTH@TIME, or LENGTH@TIME:REPLICA; may be repeated' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l random-outages -d 'More outages, at random times on random links' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l random-length -d 'The shortest and the longest of them' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l outage-kind -d 'How outages show themselves' -r -f -a "cut\t'Connections break'
silent\t'Nothing passes, and nobody is told'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l seed -d 'What everything that is random follows from' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l memory -d 'Most memory for backlogs, and for what is kept on disk, which the simulation keeps in memory' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from resync" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l rdb -d 'Keys: those of an RDB file, or - for standard input' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l keys -d 'Keys: one per line of a file, or - for standard input (\\xNN for bytes that are no text)' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l generate -d 'Keys: made by a pattern' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l count -d 'How many keys the pattern makes' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l value-size -d 'Bytes of the value of each key of --keys and --generate' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l seed -d 'What random parts of keys follow from' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l aof -d 'Commands: those of an append-only file or a capture' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l nodes -d 'Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries that share them equally' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l weights -d 'Weights of the nodes, in their order or as ID=WEIGHT [default: 1 each]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l balance -d 'What is balanced [default: bytes, or commands if there are no keys]' -r -f -a "slots\t'The number of slots'
keys\t'The number of keys'
bytes\t'The bytes of keys'
commands\t'The commands of --aof'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l tolerance -d 'Per cent of its share by which a node may carry too much' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l top -d 'Length of the lists of the biggest (at most 1000)' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l format -d 'What to write' -r -f -a "table\t'Text for people'
json\t'One JSON object'
csv\t'Comma-separated values'
html\t'One self-contained HTML page'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l db -d 'Databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-db -d 'Inverse of --db' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l type -d 'Types' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-type -d 'Inverse of --type' -r -f -a "string\t''
list\t''
set\t''
zset\t''
hash\t''
stream\t''
module\t''
array\t''
function\t''"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l key -d 'Key names, as KEYS takes them' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-key -d 'Inverse of --key' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l key-regex -d 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\\xNN)' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-key-regex -d 'Inverse of --key-regex' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l keys-from -d 'Key names, one per line of a file (\\xNN for bytes that are no text)' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-keys-from -d 'Inverse of --keys-from' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l slot -d 'Cluster slots, as N or A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-slot -d 'Inverse of --slot' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l ttl -d 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-ttl -d 'Inverse of --ttl' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l size -d 'Size of the value in the file, such as 1KB~10MB' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-size -d 'Inverse of --size' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l elements -d 'Number of elements, such as 1000~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-elements -d 'Inverse of --elements' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l idle -d 'Time since the last access, such as 1d~inf' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-idle -d 'Inverse of --idle' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l freq -d 'Access frequency (LFU), such as 0~10' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l not-freq -d 'Inverse of --freq' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l force -d 'Replace an existing output'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from slots" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from help" -f -a "resync" -d 'Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from help" -f -a "slots" -d 'Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move'
complete -c rkv -n "__fish_rkv_using_subcommand simulate; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand serve" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand serve" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand serve" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand serve" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand serve" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand serve" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand serve" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l from -d 'The primary: HOST:PORT or redis://[USER@]HOST[:PORT]' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l sentinel -d 'A Sentinel that knows the primary, and the name it has for it' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l user -d 'The user, if it is not the default one' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -s o -l output -d 'Keep a capture in this folder [default: ./HOST-PORT.capture]' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l stdout -d 'Write the snapshot and the stream to standard output' -r -f -a "resp\t'Commands on the wire'
jsonl\t'A line of JSON per key, then one per command'"
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l rdb-only -d 'Write a snapshot to this file, and nothing else' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l to -d 'Apply everything to the server at this address, and keep the place there' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l db-map -d 'Give a database another number there' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l key -d 'Apply only these keys, as KEYS takes them; any key of a command counts' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l not-key -d 'Leave these keys out' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l db -d 'Apply only these databases, as N or a range A-B' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l segment-size -d 'Begin a new segment at this size' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l segment-age -d 'Begin a new segment after this time' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l until -d 'Stop at a time, behind offset:N, or when nothing came for idle:DURATION' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l duration -d 'Stop after this time' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l timeout -d 'Take a primary that is silent for so long for dead' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l flush -d 'Drop the data of that server when all must be sent'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l force -d 'Replace an existing file'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l no-full-resync -d 'Fail when the primary cannot continue, rather than begin a new generation'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l count -d 'Acknowledge all that is on disk, so that WAIT and WAITAOF count it'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand replicate" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l to-time -d 'Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h' -r
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l to-offset -d 'Keep what stands in front of this offset of the stream' -r
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l before-command -d 'Keep what stands in front of the first command that matches: NAME, or NAME and arguments joined by blanks, as globs' -r
complete -c rkv -n "__fish_rkv_using_subcommand restore" -s o -l output -d 'Write to this path' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l format -d 'What to write' -r -f -a "rdb\t'An RDB file'
aof\t'A folder that servers load'"
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l serve -d 'Write an appendonlydir to this folder, and serve it with `rkv serve`' -r -F
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l port -d 'The port to serve at' -r
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l progress -d 'When to show progress' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'
json\t'As lines of JSON'"
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l threads -d 'Threads that decode [default: one per core]' -r
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l force -d 'Replace an existing file (never a folder)'
complete -c rkv -n "__fish_rkv_using_subcommand restore" -s q -l quiet -d 'Say nothing but errors'
complete -c rkv -n "__fish_rkv_using_subcommand restore" -s v -l verbose -d 'Say more; twice for even more'
complete -c rkv -n "__fish_rkv_using_subcommand restore" -l json -d 'Write reports and errors as JSON'
complete -c rkv -n "__fish_rkv_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rkv -n "__fish_rkv_using_subcommand restore" -s V -l version -d 'Print version'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "rdb" -d 'RDB files: snapshots of a data set'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "aof" -d 'Append-only files: the log of writes'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "slots" -d 'Tell the cluster slots of keys, or how a file\'s keys spread over nodes'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "simulate" -d 'What would happen, found out with the code that would do it'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "serve" -d 'Serve data to clients, as redis-server does'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "replicate" -d 'Follow a primary as a replica and keep what it sends'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "restore" -d 'Give the data of a capture as they were at an earlier moment'
complete -c rkv -n "__fish_rkv_using_subcommand help; and not __fish_seen_subcommand_from rdb aof slots simulate serve replicate restore help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "dump" -d 'Print keys and values as JSON, commands or text'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "verify" -d 'Check structure, checksum and every value'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "convert" -d 'Write RDB files of any version from RDB files, JSON or commands'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "get" -d 'Print single keys'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "index" -d 'Write an index beside the file, through which get and filtered dumps find keys at once'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "info" -d 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from rdb" -f -a "stats" -d 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "info" -d 'Tell what a set is and holds: files, commands by name, times, the state of its tail'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "dump" -d 'Print the commands, all or some of them'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "verify" -d 'Check the manifest against the files, and every command'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "repair" -d 'Keep what is sound of a damaged set'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "rewrite" -d 'Replay a set and write the least that gives the same data'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "truncate" -d 'Cut a set at a time, a place or a command'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "blame" -d 'Tell every write that touched a key'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from aof" -f -a "stats" -d 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from slots" -f -a "map" -d 'Tell how a file\'s keys spread over slots and nodes'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from simulate" -f -a "resync" -d 'Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them'
complete -c rkv -n "__fish_rkv_using_subcommand help; and __fish_seen_subcommand_from simulate" -f -a "slots" -d 'Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move'

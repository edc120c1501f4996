
use builtin;
use str;

set edit:completion:arg-completer[rkv] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'rkv'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'rkv'= {
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand rdb 'RDB files: snapshots of a data set'
            cand aof 'Append-only files: the log of writes'
            cand slots 'Tell the cluster slots of keys, or how a file''s keys spread over nodes'
            cand serve 'Serve data to clients, as redis-server does'
            cand replicate 'Follow a primary as a replica and keep what it sends'
            cand restore 'Give the data of a capture as they were at an earlier moment'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;rdb'= {
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand dump 'Print keys and values as JSON, commands or text'
            cand verify 'Check structure, checksum and every value'
            cand convert 'Write RDB files of any version from RDB files, JSON or commands'
            cand get 'Print single keys'
            cand index 'Write an index beside the file, through which get and filtered dumps find keys at once'
            cand info 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum'
            cand stats 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;rdb;dump'= {
            cand --format 'What to write'
            cand --encoding 'How to write bytes that are no text'
            cand --ttl-policy 'What becomes of expiries: keep, strip, rebase (count from now what was left) or shift:DURATION'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --db 'Databases, as N or a range A-B'
            cand --not-db 'Inverse of --db'
            cand --type 'Types'
            cand --not-type 'Inverse of --type'
            cand --key 'Key names, as KEYS takes them'
            cand --not-key 'Inverse of --key'
            cand --key-regex 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)'
            cand --not-key-regex 'Inverse of --key-regex'
            cand --keys-from 'Key names, one per line of a file (\xNN for bytes that are no text)'
            cand --not-keys-from 'Inverse of --keys-from'
            cand --slot 'Cluster slots, as N or A-B'
            cand --not-slot 'Inverse of --slot'
            cand --ttl 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired'
            cand --not-ttl 'Inverse of --ttl'
            cand --size 'Size of the value in the file, such as 1KB~10MB'
            cand --not-size 'Inverse of --size'
            cand --elements 'Number of elements, such as 1000~inf'
            cand --not-elements 'Inverse of --elements'
            cand --idle 'Time since the last access, such as 1d~inf'
            cand --not-idle 'Inverse of --idle'
            cand --freq 'Access frequency (LFU), such as 0~10'
            cand --not-freq 'Inverse of --freq'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --restore 'Write one RESTORE per key (with resp and commands)'
            cand --no-index 'Read the whole file even if an index is beside it'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;verify'= {
            cand --max-findings 'Findings to show per file; those beyond are counted'
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --quick 'Structure and checksum only; no value is decoded'
            cand --strict 'Notes count as findings'
            cand --force 'Replace an existing output'
            cand --rules 'List the rules and leave'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;convert'= {
            cand -o 'The output; with --split-by, {} stands for the name of each part'
            cand --output 'The output; with --split-by, {} stands for the name of each part'
            cand --to 'The release that shall read the output [default: as the first input]'
            cand --from 'What the inputs are'
            cand --on-loss 'What to do about what the target cannot hold'
            cand --on-duplicate 'Which of several keys of one name to keep'
            cand --split-by 'Write several outputs: db, size:BYTES, slot-ranges:A-B,C-D…, or nodes.conf:PATH'
            cand --db-map 'Keys of one database go to another'
            cand --rename 'Keys change their names: s/RE/REPLACEMENT/'
            cand --ttl-policy 'What becomes of expiries: keep, strip, rebase or shift:DURATION'
            cand --db 'Databases, as N or a range A-B'
            cand --not-db 'Inverse of --db'
            cand --type 'Types'
            cand --not-type 'Inverse of --type'
            cand --key 'Key names, as KEYS takes them'
            cand --not-key 'Inverse of --key'
            cand --key-regex 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)'
            cand --not-key-regex 'Inverse of --key-regex'
            cand --keys-from 'Key names, one per line of a file (\xNN for bytes that are no text)'
            cand --not-keys-from 'Inverse of --keys-from'
            cand --slot 'Cluster slots, as N or A-B'
            cand --not-slot 'Inverse of --slot'
            cand --ttl 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired'
            cand --not-ttl 'Inverse of --ttl'
            cand --size 'Size of the value in the file, such as 1KB~10MB'
            cand --not-size 'Inverse of --size'
            cand --elements 'Number of elements, such as 1000~inf'
            cand --not-elements 'Inverse of --elements'
            cand --idle 'Time since the last access, such as 1d~inf'
            cand --not-idle 'Inverse of --idle'
            cand --freq 'Access frequency (LFU), such as 0~10'
            cand --not-freq 'Inverse of --freq'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace existing outputs'
            cand --no-compression 'Do not compress what is encoded anew'
            cand --dry-run 'Write nothing; say what would be lost'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;get'= {
            cand --db 'Databases to look in, as N or a range A-B [default: all]'
            cand --format 'What to write'
            cand --encoding 'How to write bytes that are no text'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --escaped 'Keys are written with \xNN for any byte and \\ for a backslash'
            cand --first 'Print each key once only, and stop reading when all are found'
            cand --restore 'Write one RESTORE per key (with resp and commands)'
            cand --raw 'Write the bytes of string values exactly, and nothing else'
            cand --no-index 'Read the whole file even if an index is beside it'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;index'= {
            cand -o 'Where the index goes; only FILE.rkvx is found by other commands [default: FILE.rkvx]'
            cand --output 'Where the index goes; only FILE.rkvx is found by other commands [default: FILE.rkvx]'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing index'
            cand --check 'Compare an existing index with the file instead of writing one'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;info'= {
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;stats'= {
            cand --format 'What to write'
            cand --top 'How many of the biggest keys to list (at most 10000, shared among the threads)'
            cand --server 'Whose memory to estimate'
            cand --separator 'What separates the parts of keys; '''' for prefixes that end at any byte'
            cand --depth 'Levels of the prefix tree'
            cand --by 'What to rank keys and weigh prefixes by'
            cand --columns 'More columns of csv: slot, stored_bytes, idle_s, freq, ttl_ms, avg_element_len'
            cand --now 'What times to live count from: a date or time, or `written` for when the file was [default: now]'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --db 'Databases, as N or a range A-B'
            cand --not-db 'Inverse of --db'
            cand --type 'Types'
            cand --not-type 'Inverse of --type'
            cand --key 'Key names, as KEYS takes them'
            cand --not-key 'Inverse of --key'
            cand --key-regex 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)'
            cand --not-key-regex 'Inverse of --key-regex'
            cand --keys-from 'Key names, one per line of a file (\xNN for bytes that are no text)'
            cand --not-keys-from 'Inverse of --keys-from'
            cand --slot 'Cluster slots, as N or A-B'
            cand --not-slot 'Inverse of --slot'
            cand --ttl 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired'
            cand --not-ttl 'Inverse of --ttl'
            cand --size 'Size of the value in the file, such as 1KB~10MB'
            cand --not-size 'Inverse of --size'
            cand --elements 'Number of elements, such as 1000~inf'
            cand --not-elements 'Inverse of --elements'
            cand --idle 'Time since the last access, such as 1d~inf'
            cand --not-idle 'Inverse of --idle'
            cand --freq 'Access frequency (LFU), such as 0~10'
            cand --not-freq 'Inverse of --freq'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;rdb;help'= {
            cand dump 'Print keys and values as JSON, commands or text'
            cand verify 'Check structure, checksum and every value'
            cand convert 'Write RDB files of any version from RDB files, JSON or commands'
            cand get 'Print single keys'
            cand index 'Write an index beside the file, through which get and filtered dumps find keys at once'
            cand info 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum'
            cand stats 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;rdb;help;dump'= {
        }
        &'rkv;rdb;help;verify'= {
        }
        &'rkv;rdb;help;convert'= {
        }
        &'rkv;rdb;help;get'= {
        }
        &'rkv;rdb;help;index'= {
        }
        &'rkv;rdb;help;info'= {
        }
        &'rkv;rdb;help;stats'= {
        }
        &'rkv;rdb;help;help'= {
        }
        &'rkv;aof'= {
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand info 'Tell what a set is and holds: files, commands by name, times, the state of its tail'
            cand dump 'Print the commands, all or some of them'
            cand verify 'Check the manifest against the files, and every command'
            cand repair 'Keep what is sound of a damaged set'
            cand rewrite 'Replay a set and write the least that gives the same data'
            cand truncate 'Cut a set at a time, a place or a command'
            cand blame 'Tell every write that touched a key'
            cand stats 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;aof;info'= {
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;dump'= {
            cand --format 'What to write'
            cand --encoding 'How JSON tells bytes that are no text'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --key 'Keys, as KEYS takes them; any key of a command counts'
            cand --not-key 'Inverse of --key'
            cand --key-regex 'Keys, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)'
            cand --not-key-regex 'Inverse of --key-regex'
            cand --command 'Names of commands, as globs in any case'
            cand --not-command 'Inverse of --command'
            cand --db 'Databases, as N or a range A-B'
            cand --not-db 'Inverse of --db'
            cand --time 'Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files'
            cand --not-time 'Inverse of --time'
            cand --offset 'Where commands start, in bytes over all files in the order of loading, such as 1000~2000'
            cand --not-offset 'Inverse of --offset'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --no-base 'Leave out the keys of the RDB part'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;verify'= {
            cand --max-findings 'Findings to show per input; those beyond are counted'
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --quick 'Of the RDB part, structure and checksum only'
            cand --strict 'Notes count as findings'
            cand --force 'Replace an existing output'
            cand --rules 'List the rules and leave'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;repair'= {
            cand -o 'The new folder, or the new file for a single file'
            cand --output 'The new folder, or the new file for a single file'
            cand --format 'What to write'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --skip-damage 'Go on behind damage instead of leaving out all that follows it'
            cand --in-place 'Replace the input; what was there before is kept with .bak behind its name'
            cand --force 'Replace an existing file (never a folder)'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;rewrite'= {
            cand --to 'The release whose servers shall load it [default: the one that wrote the base]'
            cand --format 'The form of the data'
            cand --shape 'What is written [default: what was read]'
            cand --at-time 'The data as of this time: a date, RFC 3339, unix seconds, or -1h'
            cand --on-loss 'What becomes of what the release has no form for'
            cand -o 'The new folder or file [default: INPUT.rewritten]'
            cand --output 'The new folder or file [default: INPUT.rewritten]'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --load-truncated 'Leave a torn tail of the last file out, as servers do with aof-load-truncated yes'
            cand --in-place 'Replace the input; what was there before is kept with .bak behind its name'
            cand --force 'Replace an existing file (never a folder)'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;truncate'= {
            cand --to-time 'Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h'
            cand --to-offset 'Keep what ends at this offset or in front of it, counted over all files, or in one as FILE:N'
            cand --before-command 'Keep what stands in front of the first command that matches: NAME, or NAME and arguments joined by blanks, as globs'
            cand -o 'The new folder, or the new file for a single file'
            cand --output 'The new folder, or the new file for a single file'
            cand --format 'What to write'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing file (never a folder)'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;blame'= {
            cand --db 'Only in this database'
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;stats'= {
            cand --top 'How many keys and prefixes to list (at most 1000)'
            cand --separator 'What separates the parts of keys'
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --key 'Keys, as KEYS takes them; any key of a command counts'
            cand --not-key 'Inverse of --key'
            cand --key-regex 'Keys, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)'
            cand --not-key-regex 'Inverse of --key-regex'
            cand --command 'Names of commands, as globs in any case'
            cand --not-command 'Inverse of --command'
            cand --db 'Databases, as N or a range A-B'
            cand --not-db 'Inverse of --db'
            cand --time 'Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files'
            cand --not-time 'Inverse of --time'
            cand --offset 'Where commands start, in bytes over all files in the order of loading, such as 1000~2000'
            cand --not-offset 'Inverse of --offset'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --rewrite 'Replay the set in memory, too: write amplification, and what a rewrite would save'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;aof;help'= {
            cand info 'Tell what a set is and holds: files, commands by name, times, the state of its tail'
            cand dump 'Print the commands, all or some of them'
            cand verify 'Check the manifest against the files, and every command'
            cand repair 'Keep what is sound of a damaged set'
            cand rewrite 'Replay a set and write the least that gives the same data'
            cand truncate 'Cut a set at a time, a place or a command'
            cand blame 'Tell every write that touched a key'
            cand stats 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;aof;help;info'= {
        }
        &'rkv;aof;help;dump'= {
        }
        &'rkv;aof;help;verify'= {
        }
        &'rkv;aof;help;repair'= {
        }
        &'rkv;aof;help;rewrite'= {
        }
        &'rkv;aof;help;truncate'= {
        }
        &'rkv;aof;help;blame'= {
        }
        &'rkv;aof;help;stats'= {
        }
        &'rkv;aof;help;help'= {
        }
        &'rkv;slots'= {
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand map 'Tell how a file''s keys spread over slots and nodes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;slots;map'= {
            cand --rdb 'The file, or - for standard input; gzip, zstd and LZ4 are recognised'
            cand --nodes 'Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries that share them equally'
            cand --top 'Length of the lists of the biggest'
            cand --format 'What to write'
            cand -o 'Write to this file instead of standard output'
            cand --output 'Write to this file instead of standard output'
            cand --db 'Databases, as N or a range A-B'
            cand --not-db 'Inverse of --db'
            cand --type 'Types'
            cand --not-type 'Inverse of --type'
            cand --key 'Key names, as KEYS takes them'
            cand --not-key 'Inverse of --key'
            cand --key-regex 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)'
            cand --not-key-regex 'Inverse of --key-regex'
            cand --keys-from 'Key names, one per line of a file (\xNN for bytes that are no text)'
            cand --not-keys-from 'Inverse of --keys-from'
            cand --slot 'Cluster slots, as N or A-B'
            cand --not-slot 'Inverse of --slot'
            cand --ttl 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired'
            cand --not-ttl 'Inverse of --ttl'
            cand --size 'Size of the value in the file, such as 1KB~10MB'
            cand --not-size 'Inverse of --size'
            cand --elements 'Number of elements, such as 1000~inf'
            cand --not-elements 'Inverse of --elements'
            cand --idle 'Time since the last access, such as 1d~inf'
            cand --not-idle 'Inverse of --idle'
            cand --freq 'Access frequency (LFU), such as 0~10'
            cand --not-freq 'Inverse of --freq'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing output'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;slots;help'= {
            cand map 'Tell how a file''s keys spread over slots and nodes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;slots;help;map'= {
        }
        &'rkv;slots;help;help'= {
        }
        &'rkv;serve'= {
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;replicate'= {
            cand --from 'The primary: HOST:PORT or redis://[USER@]HOST[:PORT]'
            cand --sentinel 'A Sentinel that knows the primary, and the name it has for it'
            cand --user 'The user, if it is not the default one'
            cand -o 'Keep a capture in this folder [default: ./HOST-PORT.capture]'
            cand --output 'Keep a capture in this folder [default: ./HOST-PORT.capture]'
            cand --stdout 'Write the snapshot and the stream to standard output'
            cand --rdb-only 'Write a snapshot to this file, and nothing else'
            cand --to 'Apply everything to the server at this address, and keep the place there'
            cand --db-map 'Give a database another number there'
            cand --key 'Apply only these keys, as KEYS takes them; any key of a command counts'
            cand --not-key 'Leave these keys out'
            cand --db 'Apply only these databases, as N or a range A-B'
            cand --segment-size 'Begin a new segment at this size'
            cand --segment-age 'Begin a new segment after this time'
            cand --until 'Stop at a time, behind offset:N, or when nothing came for idle:DURATION'
            cand --duration 'Stop after this time'
            cand --timeout 'Take a primary that is silent for so long for dead'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --flush 'Drop the data of that server when all must be sent'
            cand --force 'Replace an existing file'
            cand --no-full-resync 'Fail when the primary cannot continue, rather than begin a new generation'
            cand --count 'Acknowledge all that is on disk, so that WAIT and WAITAOF count it'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;restore'= {
            cand --to-time 'Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h'
            cand --to-offset 'Keep what stands in front of this offset of the stream'
            cand --before-command 'Keep what stands in front of the first command that matches: NAME, or NAME and arguments joined by blanks, as globs'
            cand -o 'Write to this path'
            cand --output 'Write to this path'
            cand --format 'What to write'
            cand --serve 'Write an appendonlydir to this folder, and serve it with `rkv serve`'
            cand --port 'The port to serve at'
            cand --color 'When to use colour'
            cand --progress 'When to show progress'
            cand --threads 'Threads that decode [default: one per core]'
            cand --force 'Replace an existing file (never a folder)'
            cand -q 'Say nothing but errors'
            cand --quiet 'Say nothing but errors'
            cand -v 'Say more; twice for even more'
            cand --verbose 'Say more; twice for even more'
            cand --json 'Write reports and errors as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rkv;help'= {
            cand rdb 'RDB files: snapshots of a data set'
            cand aof 'Append-only files: the log of writes'
            cand slots 'Tell the cluster slots of keys, or how a file''s keys spread over nodes'
            cand serve 'Serve data to clients, as redis-server does'
            cand replicate 'Follow a primary as a replica and keep what it sends'
            cand restore 'Give the data of a capture as they were at an earlier moment'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'rkv;help;rdb'= {
            cand dump 'Print keys and values as JSON, commands or text'
            cand verify 'Check structure, checksum and every value'
            cand convert 'Write RDB files of any version from RDB files, JSON or commands'
            cand get 'Print single keys'
            cand index 'Write an index beside the file, through which get and filtered dumps find keys at once'
            cand info 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum'
            cand stats 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots'
        }
        &'rkv;help;rdb;dump'= {
        }
        &'rkv;help;rdb;verify'= {
        }
        &'rkv;help;rdb;convert'= {
        }
        &'rkv;help;rdb;get'= {
        }
        &'rkv;help;rdb;index'= {
        }
        &'rkv;help;rdb;info'= {
        }
        &'rkv;help;rdb;stats'= {
        }
        &'rkv;help;aof'= {
            cand info 'Tell what a set is and holds: files, commands by name, times, the state of its tail'
            cand dump 'Print the commands, all or some of them'
            cand verify 'Check the manifest against the files, and every command'
            cand repair 'Keep what is sound of a damaged set'
            cand rewrite 'Replay a set and write the least that gives the same data'
            cand truncate 'Cut a set at a time, a place or a command'
            cand blame 'Tell every write that touched a key'
            cand stats 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys'
        }
        &'rkv;help;aof;info'= {
        }
        &'rkv;help;aof;dump'= {
        }
        &'rkv;help;aof;verify'= {
        }
        &'rkv;help;aof;repair'= {
        }
        &'rkv;help;aof;rewrite'= {
        }
        &'rkv;help;aof;truncate'= {
        }
        &'rkv;help;aof;blame'= {
        }
        &'rkv;help;aof;stats'= {
        }
        &'rkv;help;slots'= {
            cand map 'Tell how a file''s keys spread over slots and nodes'
        }
        &'rkv;help;slots;map'= {
        }
        &'rkv;help;serve'= {
        }
        &'rkv;help;replicate'= {
        }
        &'rkv;help;restore'= {
        }
        &'rkv;help;help'= {
        }
    ]
    $completions[$command]
}


using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'rkv' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'rkv'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'rkv' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('rdb', 'rdb', [CompletionResultType]::ParameterValue, 'RDB files: snapshots of a data set')
            [CompletionResult]::new('aof', 'aof', [CompletionResultType]::ParameterValue, 'Append-only files: the log of writes')
            [CompletionResult]::new('slots', 'slots', [CompletionResultType]::ParameterValue, 'Tell the cluster slots of keys, or how a file''s keys spread over nodes')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'What would happen, found out with the code that would do it')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve data to clients, as redis-server does')
            [CompletionResult]::new('replicate', 'replicate', [CompletionResultType]::ParameterValue, 'Follow a primary as a replica and keep what it sends')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give the data of a capture as they were at an earlier moment')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;rdb' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print keys and values as JSON, commands or text')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check structure, checksum and every value')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write RDB files of any version from RDB files, JSON or commands')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print single keys')
            [CompletionResult]::new('index', 'index', [CompletionResultType]::ParameterValue, 'Write an index beside the file, through which get and filtered dumps find keys at once')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;rdb;dump' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--encoding', '--encoding', [CompletionResultType]::ParameterName, 'How to write bytes that are no text')
            [CompletionResult]::new('--ttl-policy', '--ttl-policy', [CompletionResultType]::ParameterName, 'What becomes of expiries: keep, strip, rebase (count from now what was left) or shift:DURATION')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Types')
            [CompletionResult]::new('--not-type', '--not-type', [CompletionResultType]::ParameterName, 'Inverse of --type')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key names, as KEYS takes them')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--keys-from', '--keys-from', [CompletionResultType]::ParameterName, 'Key names, one per line of a file (\xNN for bytes that are no text)')
            [CompletionResult]::new('--not-keys-from', '--not-keys-from', [CompletionResultType]::ParameterName, 'Inverse of --keys-from')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Cluster slots, as N or A-B')
            [CompletionResult]::new('--not-slot', '--not-slot', [CompletionResultType]::ParameterName, 'Inverse of --slot')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired')
            [CompletionResult]::new('--not-ttl', '--not-ttl', [CompletionResultType]::ParameterName, 'Inverse of --ttl')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Size of the value in the file, such as 1KB~10MB')
            [CompletionResult]::new('--not-size', '--not-size', [CompletionResultType]::ParameterName, 'Inverse of --size')
            [CompletionResult]::new('--elements', '--elements', [CompletionResultType]::ParameterName, 'Number of elements, such as 1000~inf')
            [CompletionResult]::new('--not-elements', '--not-elements', [CompletionResultType]::ParameterName, 'Inverse of --elements')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Time since the last access, such as 1d~inf')
            [CompletionResult]::new('--not-idle', '--not-idle', [CompletionResultType]::ParameterName, 'Inverse of --idle')
            [CompletionResult]::new('--freq', '--freq', [CompletionResultType]::ParameterName, 'Access frequency (LFU), such as 0~10')
            [CompletionResult]::new('--not-freq', '--not-freq', [CompletionResultType]::ParameterName, 'Inverse of --freq')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--restore', '--restore', [CompletionResultType]::ParameterName, 'Write one RESTORE per key (with resp and commands)')
            [CompletionResult]::new('--no-index', '--no-index', [CompletionResultType]::ParameterName, 'Read the whole file even if an index is beside it')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;verify' {
            [CompletionResult]::new('--max-findings', '--max-findings', [CompletionResultType]::ParameterName, 'Findings to show per file; those beyond are counted')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Structure and checksum only; no value is decoded')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Notes count as findings')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'List the rules and leave')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;convert' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output; with --split-by, {} stands for the name of each part')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output; with --split-by, {} stands for the name of each part')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'The release that shall read the output [default: as the first input]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'What the inputs are')
            [CompletionResult]::new('--on-loss', '--on-loss', [CompletionResultType]::ParameterName, 'What to do about what the target cannot hold')
            [CompletionResult]::new('--on-duplicate', '--on-duplicate', [CompletionResultType]::ParameterName, 'Which of several keys of one name to keep')
            [CompletionResult]::new('--split-by', '--split-by', [CompletionResultType]::ParameterName, 'Write several outputs: db, size:BYTES, slot-ranges:A-B,C-D…, or nodes.conf:PATH')
            [CompletionResult]::new('--db-map', '--db-map', [CompletionResultType]::ParameterName, 'Keys of one database go to another')
            [CompletionResult]::new('--rename', '--rename', [CompletionResultType]::ParameterName, 'Keys change their names: s/RE/REPLACEMENT/')
            [CompletionResult]::new('--ttl-policy', '--ttl-policy', [CompletionResultType]::ParameterName, 'What becomes of expiries: keep, strip, rebase or shift:DURATION')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Types')
            [CompletionResult]::new('--not-type', '--not-type', [CompletionResultType]::ParameterName, 'Inverse of --type')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key names, as KEYS takes them')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--keys-from', '--keys-from', [CompletionResultType]::ParameterName, 'Key names, one per line of a file (\xNN for bytes that are no text)')
            [CompletionResult]::new('--not-keys-from', '--not-keys-from', [CompletionResultType]::ParameterName, 'Inverse of --keys-from')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Cluster slots, as N or A-B')
            [CompletionResult]::new('--not-slot', '--not-slot', [CompletionResultType]::ParameterName, 'Inverse of --slot')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired')
            [CompletionResult]::new('--not-ttl', '--not-ttl', [CompletionResultType]::ParameterName, 'Inverse of --ttl')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Size of the value in the file, such as 1KB~10MB')
            [CompletionResult]::new('--not-size', '--not-size', [CompletionResultType]::ParameterName, 'Inverse of --size')
            [CompletionResult]::new('--elements', '--elements', [CompletionResultType]::ParameterName, 'Number of elements, such as 1000~inf')
            [CompletionResult]::new('--not-elements', '--not-elements', [CompletionResultType]::ParameterName, 'Inverse of --elements')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Time since the last access, such as 1d~inf')
            [CompletionResult]::new('--not-idle', '--not-idle', [CompletionResultType]::ParameterName, 'Inverse of --idle')
            [CompletionResult]::new('--freq', '--freq', [CompletionResultType]::ParameterName, 'Access frequency (LFU), such as 0~10')
            [CompletionResult]::new('--not-freq', '--not-freq', [CompletionResultType]::ParameterName, 'Inverse of --freq')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace existing outputs')
            [CompletionResult]::new('--no-compression', '--no-compression', [CompletionResultType]::ParameterName, 'Do not compress what is encoded anew')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write nothing; say what would be lost')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;get' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases to look in, as N or a range A-B [default: all]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--encoding', '--encoding', [CompletionResultType]::ParameterName, 'How to write bytes that are no text')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--escaped', '--escaped', [CompletionResultType]::ParameterName, 'Keys are written with \xNN for any byte and \\ for a backslash')
            [CompletionResult]::new('--first', '--first', [CompletionResultType]::ParameterName, 'Print each key once only, and stop reading when all are found')
            [CompletionResult]::new('--restore', '--restore', [CompletionResultType]::ParameterName, 'Write one RESTORE per key (with resp and commands)')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Write the bytes of string values exactly, and nothing else')
            [CompletionResult]::new('--no-index', '--no-index', [CompletionResultType]::ParameterName, 'Read the whole file even if an index is beside it')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;index' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Where the index goes; only FILE.rkvx is found by other commands [default: FILE.rkvx]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Where the index goes; only FILE.rkvx is found by other commands [default: FILE.rkvx]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing index')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Compare an existing index with the file instead of writing one')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;info' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;stats' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'How many of the biggest keys to list (at most 10000, shared among the threads)')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Whose memory to estimate')
            [CompletionResult]::new('--separator', '--separator', [CompletionResultType]::ParameterName, 'What separates the parts of keys; '''' for prefixes that end at any byte')
            [CompletionResult]::new('--depth', '--depth', [CompletionResultType]::ParameterName, 'Levels of the prefix tree')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What to rank keys and weigh prefixes by')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'More columns of csv: slot, stored_bytes, idle_s, freq, ttl_ms, avg_element_len')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'What times to live count from: a date or time, or `written` for when the file was [default: now]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Types')
            [CompletionResult]::new('--not-type', '--not-type', [CompletionResultType]::ParameterName, 'Inverse of --type')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key names, as KEYS takes them')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--keys-from', '--keys-from', [CompletionResultType]::ParameterName, 'Key names, one per line of a file (\xNN for bytes that are no text)')
            [CompletionResult]::new('--not-keys-from', '--not-keys-from', [CompletionResultType]::ParameterName, 'Inverse of --keys-from')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Cluster slots, as N or A-B')
            [CompletionResult]::new('--not-slot', '--not-slot', [CompletionResultType]::ParameterName, 'Inverse of --slot')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired')
            [CompletionResult]::new('--not-ttl', '--not-ttl', [CompletionResultType]::ParameterName, 'Inverse of --ttl')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Size of the value in the file, such as 1KB~10MB')
            [CompletionResult]::new('--not-size', '--not-size', [CompletionResultType]::ParameterName, 'Inverse of --size')
            [CompletionResult]::new('--elements', '--elements', [CompletionResultType]::ParameterName, 'Number of elements, such as 1000~inf')
            [CompletionResult]::new('--not-elements', '--not-elements', [CompletionResultType]::ParameterName, 'Inverse of --elements')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Time since the last access, such as 1d~inf')
            [CompletionResult]::new('--not-idle', '--not-idle', [CompletionResultType]::ParameterName, 'Inverse of --idle')
            [CompletionResult]::new('--freq', '--freq', [CompletionResultType]::ParameterName, 'Access frequency (LFU), such as 0~10')
            [CompletionResult]::new('--not-freq', '--not-freq', [CompletionResultType]::ParameterName, 'Inverse of --freq')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;rdb;help' {
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print keys and values as JSON, commands or text')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check structure, checksum and every value')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write RDB files of any version from RDB files, JSON or commands')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print single keys')
            [CompletionResult]::new('index', 'index', [CompletionResultType]::ParameterValue, 'Write an index beside the file, through which get and filtered dumps find keys at once')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;rdb;help;dump' {
            break
        }
        'rkv;rdb;help;verify' {
            break
        }
        'rkv;rdb;help;convert' {
            break
        }
        'rkv;rdb;help;get' {
            break
        }
        'rkv;rdb;help;index' {
            break
        }
        'rkv;rdb;help;info' {
            break
        }
        'rkv;rdb;help;stats' {
            break
        }
        'rkv;rdb;help;help' {
            break
        }
        'rkv;aof' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell what a set is and holds: files, commands by name, times, the state of its tail')
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print the commands, all or some of them')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check the manifest against the files, and every command')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Keep what is sound of a damaged set')
            [CompletionResult]::new('rewrite', 'rewrite', [CompletionResultType]::ParameterValue, 'Replay a set and write the least that gives the same data')
            [CompletionResult]::new('truncate', 'truncate', [CompletionResultType]::ParameterValue, 'Cut a set at a time, a place or a command')
            [CompletionResult]::new('blame', 'blame', [CompletionResultType]::ParameterValue, 'Tell every write that touched a key')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;aof;info' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;dump' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--encoding', '--encoding', [CompletionResultType]::ParameterName, 'How JSON tells bytes that are no text')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Keys, as KEYS takes them; any key of a command counts')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Keys, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'Names of commands, as globs in any case')
            [CompletionResult]::new('--not-command', '--not-command', [CompletionResultType]::ParameterName, 'Inverse of --command')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--time', '--time', [CompletionResultType]::ParameterName, 'Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files')
            [CompletionResult]::new('--not-time', '--not-time', [CompletionResultType]::ParameterName, 'Inverse of --time')
            [CompletionResult]::new('--offset', '--offset', [CompletionResultType]::ParameterName, 'Where commands start, in bytes over all files in the order of loading, such as 1000~2000')
            [CompletionResult]::new('--not-offset', '--not-offset', [CompletionResultType]::ParameterName, 'Inverse of --offset')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--no-base', '--no-base', [CompletionResultType]::ParameterName, 'Leave out the keys of the RDB part')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;verify' {
            [CompletionResult]::new('--max-findings', '--max-findings', [CompletionResultType]::ParameterName, 'Findings to show per input; those beyond are counted')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Of the RDB part, structure and checksum only')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Notes count as findings')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'List the rules and leave')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;repair' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The new folder, or the new file for a single file')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The new folder, or the new file for a single file')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--skip-damage', '--skip-damage', [CompletionResultType]::ParameterName, 'Go on behind damage instead of leaving out all that follows it')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Replace the input; what was there before is kept with .bak behind its name')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file (never a folder)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;rewrite' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'The release whose servers shall load it [default: the one that wrote the base]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the data')
            [CompletionResult]::new('--shape', '--shape', [CompletionResultType]::ParameterName, 'What is written [default: what was read]')
            [CompletionResult]::new('--at-time', '--at-time', [CompletionResultType]::ParameterName, 'The data as of this time: a date, RFC 3339, unix seconds, or -1h')
            [CompletionResult]::new('--on-loss', '--on-loss', [CompletionResultType]::ParameterName, 'What becomes of what the release has no form for')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The new folder or file [default: INPUT.rewritten]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The new folder or file [default: INPUT.rewritten]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--load-truncated', '--load-truncated', [CompletionResultType]::ParameterName, 'Leave a torn tail of the last file out, as servers do with aof-load-truncated yes')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'Replace the input; what was there before is kept with .bak behind its name')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file (never a folder)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;truncate' {
            [CompletionResult]::new('--to-time', '--to-time', [CompletionResultType]::ParameterName, 'Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h')
            [CompletionResult]::new('--to-offset', '--to-offset', [CompletionResultType]::ParameterName, 'Keep what ends at this offset or in front of it, counted over all files, or in one as FILE:N')
            [CompletionResult]::new('--before-command', '--before-command', [CompletionResultType]::ParameterName, 'Keep what stands in front of the first command that matches: NAME, or NAME and arguments joined by blanks, as globs')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The new folder, or the new file for a single file')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The new folder, or the new file for a single file')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file (never a folder)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;blame' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Only in this database')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;stats' {
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'How many keys and prefixes to list (at most 1000)')
            [CompletionResult]::new('--separator', '--separator', [CompletionResultType]::ParameterName, 'What separates the parts of keys')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Keys, as KEYS takes them; any key of a command counts')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Keys, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'Names of commands, as globs in any case')
            [CompletionResult]::new('--not-command', '--not-command', [CompletionResultType]::ParameterName, 'Inverse of --command')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--time', '--time', [CompletionResultType]::ParameterName, 'Times, such as 2026-01-01~2026-01-02T12:00 or -1h~now; takes timestamps in the files')
            [CompletionResult]::new('--not-time', '--not-time', [CompletionResultType]::ParameterName, 'Inverse of --time')
            [CompletionResult]::new('--offset', '--offset', [CompletionResultType]::ParameterName, 'Where commands start, in bytes over all files in the order of loading, such as 1000~2000')
            [CompletionResult]::new('--not-offset', '--not-offset', [CompletionResultType]::ParameterName, 'Inverse of --offset')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--rewrite', '--rewrite', [CompletionResultType]::ParameterName, 'Replay the set in memory, too: write amplification, and what a rewrite would save')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;aof;help' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell what a set is and holds: files, commands by name, times, the state of its tail')
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print the commands, all or some of them')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check the manifest against the files, and every command')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Keep what is sound of a damaged set')
            [CompletionResult]::new('rewrite', 'rewrite', [CompletionResultType]::ParameterValue, 'Replay a set and write the least that gives the same data')
            [CompletionResult]::new('truncate', 'truncate', [CompletionResultType]::ParameterValue, 'Cut a set at a time, a place or a command')
            [CompletionResult]::new('blame', 'blame', [CompletionResultType]::ParameterValue, 'Tell every write that touched a key')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;aof;help;info' {
            break
        }
        'rkv;aof;help;dump' {
            break
        }
        'rkv;aof;help;verify' {
            break
        }
        'rkv;aof;help;repair' {
            break
        }
        'rkv;aof;help;rewrite' {
            break
        }
        'rkv;aof;help;truncate' {
            break
        }
        'rkv;aof;help;blame' {
            break
        }
        'rkv;aof;help;stats' {
            break
        }
        'rkv;aof;help;help' {
            break
        }
        'rkv;slots' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('map', 'map', [CompletionResultType]::ParameterValue, 'Tell how a file''s keys spread over slots and nodes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;slots;map' {
            [CompletionResult]::new('--rdb', '--rdb', [CompletionResultType]::ParameterName, 'The file, or - for standard input; gzip, zstd and LZ4 are recognised')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries that share them equally')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Length of the lists of the biggest')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Types')
            [CompletionResult]::new('--not-type', '--not-type', [CompletionResultType]::ParameterName, 'Inverse of --type')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key names, as KEYS takes them')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--keys-from', '--keys-from', [CompletionResultType]::ParameterName, 'Key names, one per line of a file (\xNN for bytes that are no text)')
            [CompletionResult]::new('--not-keys-from', '--not-keys-from', [CompletionResultType]::ParameterName, 'Inverse of --keys-from')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Cluster slots, as N or A-B')
            [CompletionResult]::new('--not-slot', '--not-slot', [CompletionResultType]::ParameterName, 'Inverse of --slot')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired')
            [CompletionResult]::new('--not-ttl', '--not-ttl', [CompletionResultType]::ParameterName, 'Inverse of --ttl')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Size of the value in the file, such as 1KB~10MB')
            [CompletionResult]::new('--not-size', '--not-size', [CompletionResultType]::ParameterName, 'Inverse of --size')
            [CompletionResult]::new('--elements', '--elements', [CompletionResultType]::ParameterName, 'Number of elements, such as 1000~inf')
            [CompletionResult]::new('--not-elements', '--not-elements', [CompletionResultType]::ParameterName, 'Inverse of --elements')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Time since the last access, such as 1d~inf')
            [CompletionResult]::new('--not-idle', '--not-idle', [CompletionResultType]::ParameterName, 'Inverse of --idle')
            [CompletionResult]::new('--freq', '--freq', [CompletionResultType]::ParameterName, 'Access frequency (LFU), such as 0~10')
            [CompletionResult]::new('--not-freq', '--not-freq', [CompletionResultType]::ParameterName, 'Inverse of --freq')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;slots;help' {
            [CompletionResult]::new('map', 'map', [CompletionResultType]::ParameterValue, 'Tell how a file''s keys spread over slots and nodes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;slots;help;map' {
            break
        }
        'rkv;slots;help;help' {
            break
        }
        'rkv;simulate' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('resync', 'resync', [CompletionResultType]::ParameterValue, 'Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them')
            [CompletionResult]::new('slots', 'slots', [CompletionResultType]::ParameterValue, 'Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;simulate;resync' {
            [CompletionResult]::new('--write-rate', '--write-rate', [CompletionResultType]::ParameterName, 'Writes per second; with --trace, in place of the recorded times [default: 1000]')
            [CompletionResult]::new('--value-size', '--value-size', [CompletionResultType]::ParameterName, 'Bytes of each value')
            [CompletionResult]::new('--trace', '--trace', [CompletionResultType]::ParameterName, 'Take the writes of a capture or append-only file, at the times they were written')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Length of the run [default: 1h, or that of the trace]')
            [CompletionResult]::new('--replicas', '--replicas', [CompletionResultType]::ParameterName, 'Replicas of the primary')
            [CompletionResult]::new('--chain', '--chain', [CompletionResultType]::ParameterName, 'Servers in the chain that begins with each of them')
            [CompletionResult]::new('--backlog', '--backlog', [CompletionResultType]::ParameterName, 'Size of the backlog: repl-backlog-size')
            [CompletionResult]::new('--disk-log', '--disk-log', [CompletionResultType]::ParameterName, 'What is kept of the stream on disk behind it, as `rkv serve` does: repl-log-max-size')
            [CompletionResult]::new('--disk-log-age', '--disk-log-age', [CompletionResultType]::ParameterName, 'How long it is kept there, 0 for as long as there is room: repl-log-max-age')
            [CompletionResult]::new('--backlog-ttl', '--backlog-ttl', [CompletionResultType]::ParameterName, 'Time after which a primary without replicas frees it, 0 for never: repl-backlog-ttl')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Silence after which the other side is taken for dead: repl-timeout')
            [CompletionResult]::new('--output-limit', '--output-limit', [CompletionResultType]::ParameterName, 'Hard limit, soft limit and its seconds: client-output-buffer-limit replica')
            [CompletionResult]::new('--sync-delay', '--sync-delay', [CompletionResultType]::ParameterName, 'Time for which others may join a snapshot: repl-diskless-sync-delay')
            [CompletionResult]::new('--dataset', '--dataset', [CompletionResultType]::ParameterName, 'Size of a snapshot [default: 1GB, or the base of the trace]')
            [CompletionResult]::new('--rdb', '--rdb', [CompletionResultType]::ParameterName, 'A snapshot, for its size')
            [CompletionResult]::new('--load-rate', '--load-rate', [CompletionResultType]::ParameterName, 'Bytes of a snapshot that a replica loads per second [default: as fast as they come]')
            [CompletionResult]::new('--bandwidth', '--bandwidth', [CompletionResultType]::ParameterName, 'What a link carries per second, such as 1Gbit or 50MB, or unlimited')
            [CompletionResult]::new('--latency', '--latency', [CompletionResultType]::ParameterName, 'Time from one end of a link to the other')
            [CompletionResult]::new('--outage', '--outage', [CompletionResultType]::ParameterName, 'A time in which links are down: LENGTH@TIME, or LENGTH@TIME:REPLICA; may be repeated')
            [CompletionResult]::new('--random-outages', '--random-outages', [CompletionResultType]::ParameterName, 'More outages, at random times on random links')
            [CompletionResult]::new('--random-length', '--random-length', [CompletionResultType]::ParameterName, 'The shortest and the longest of them')
            [CompletionResult]::new('--outage-kind', '--outage-kind', [CompletionResultType]::ParameterName, 'How outages show themselves')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'What everything that is random follows from')
            [CompletionResult]::new('--memory', '--memory', [CompletionResultType]::ParameterName, 'Most memory for backlogs, and for what is kept on disk, which the simulation keeps in memory')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;simulate;slots' {
            [CompletionResult]::new('--rdb', '--rdb', [CompletionResultType]::ParameterName, 'Keys: those of an RDB file, or - for standard input')
            [CompletionResult]::new('--keys', '--keys', [CompletionResultType]::ParameterName, 'Keys: one per line of a file, or - for standard input (\xNN for bytes that are no text)')
            [CompletionResult]::new('--generate', '--generate', [CompletionResultType]::ParameterName, 'Keys: made by a pattern')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'How many keys the pattern makes')
            [CompletionResult]::new('--value-size', '--value-size', [CompletionResultType]::ParameterName, 'Bytes of the value of each key of --keys and --generate')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'What random parts of keys follow from')
            [CompletionResult]::new('--aof', '--aof', [CompletionResultType]::ParameterName, 'Commands: those of an append-only file or a capture')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Who owns the slots: a nodes.conf (or what CLUSTER NODES prints), or a number of primaries that share them equally')
            [CompletionResult]::new('--weights', '--weights', [CompletionResultType]::ParameterName, 'Weights of the nodes, in their order or as ID=WEIGHT [default: 1 each]')
            [CompletionResult]::new('--balance', '--balance', [CompletionResultType]::ParameterName, 'What is balanced [default: bytes, or commands if there are no keys]')
            [CompletionResult]::new('--tolerance', '--tolerance', [CompletionResultType]::ParameterName, 'Per cent of its share by which a node may carry too much')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Length of the lists of the biggest (at most 1000)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this file instead of standard output')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Databases, as N or a range A-B')
            [CompletionResult]::new('--not-db', '--not-db', [CompletionResultType]::ParameterName, 'Inverse of --db')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Types')
            [CompletionResult]::new('--not-type', '--not-type', [CompletionResultType]::ParameterName, 'Inverse of --type')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key names, as KEYS takes them')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Inverse of --key')
            [CompletionResult]::new('--key-regex', '--key-regex', [CompletionResultType]::ParameterName, 'Key names, by regular expression (bytes that are no UTF-8 as (?-u)\xNN)')
            [CompletionResult]::new('--not-key-regex', '--not-key-regex', [CompletionResultType]::ParameterName, 'Inverse of --key-regex')
            [CompletionResult]::new('--keys-from', '--keys-from', [CompletionResultType]::ParameterName, 'Key names, one per line of a file (\xNN for bytes that are no text)')
            [CompletionResult]::new('--not-keys-from', '--not-keys-from', [CompletionResultType]::ParameterName, 'Inverse of --keys-from')
            [CompletionResult]::new('--slot', '--slot', [CompletionResultType]::ParameterName, 'Cluster slots, as N or A-B')
            [CompletionResult]::new('--not-slot', '--not-slot', [CompletionResultType]::ParameterName, 'Inverse of --slot')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'Time to live: a range such as 5m~inf or now~+1d, or none, any, expired')
            [CompletionResult]::new('--not-ttl', '--not-ttl', [CompletionResultType]::ParameterName, 'Inverse of --ttl')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Size of the value in the file, such as 1KB~10MB')
            [CompletionResult]::new('--not-size', '--not-size', [CompletionResultType]::ParameterName, 'Inverse of --size')
            [CompletionResult]::new('--elements', '--elements', [CompletionResultType]::ParameterName, 'Number of elements, such as 1000~inf')
            [CompletionResult]::new('--not-elements', '--not-elements', [CompletionResultType]::ParameterName, 'Inverse of --elements')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Time since the last access, such as 1d~inf')
            [CompletionResult]::new('--not-idle', '--not-idle', [CompletionResultType]::ParameterName, 'Inverse of --idle')
            [CompletionResult]::new('--freq', '--freq', [CompletionResultType]::ParameterName, 'Access frequency (LFU), such as 0~10')
            [CompletionResult]::new('--not-freq', '--not-freq', [CompletionResultType]::ParameterName, 'Inverse of --freq')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing output')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;simulate;help' {
            [CompletionResult]::new('resync', 'resync', [CompletionResultType]::ParameterValue, 'Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them')
            [CompletionResult]::new('slots', 'slots', [CompletionResultType]::ParameterValue, 'Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;simulate;help;resync' {
            break
        }
        'rkv;simulate;help;slots' {
            break
        }
        'rkv;simulate;help;help' {
            break
        }
        'rkv;serve' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;replicate' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The primary: HOST:PORT or redis://[USER@]HOST[:PORT]')
            [CompletionResult]::new('--sentinel', '--sentinel', [CompletionResultType]::ParameterName, 'A Sentinel that knows the primary, and the name it has for it')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The user, if it is not the default one')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Keep a capture in this folder [default: ./HOST-PORT.capture]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Keep a capture in this folder [default: ./HOST-PORT.capture]')
            [CompletionResult]::new('--stdout', '--stdout', [CompletionResultType]::ParameterName, 'Write the snapshot and the stream to standard output')
            [CompletionResult]::new('--rdb-only', '--rdb-only', [CompletionResultType]::ParameterName, 'Write a snapshot to this file, and nothing else')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Apply everything to the server at this address, and keep the place there')
            [CompletionResult]::new('--db-map', '--db-map', [CompletionResultType]::ParameterName, 'Give a database another number there')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Apply only these keys, as KEYS takes them; any key of a command counts')
            [CompletionResult]::new('--not-key', '--not-key', [CompletionResultType]::ParameterName, 'Leave these keys out')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Apply only these databases, as N or a range A-B')
            [CompletionResult]::new('--segment-size', '--segment-size', [CompletionResultType]::ParameterName, 'Begin a new segment at this size')
            [CompletionResult]::new('--segment-age', '--segment-age', [CompletionResultType]::ParameterName, 'Begin a new segment after this time')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Stop at a time, behind offset:N, or when nothing came for idle:DURATION')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Stop after this time')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Take a primary that is silent for so long for dead')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--flush', '--flush', [CompletionResultType]::ParameterName, 'Drop the data of that server when all must be sent')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file')
            [CompletionResult]::new('--no-full-resync', '--no-full-resync', [CompletionResultType]::ParameterName, 'Fail when the primary cannot continue, rather than begin a new generation')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Acknowledge all that is on disk, so that WAIT and WAITAOF count it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;restore' {
            [CompletionResult]::new('--to-time', '--to-time', [CompletionResultType]::ParameterName, 'Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h')
            [CompletionResult]::new('--to-offset', '--to-offset', [CompletionResultType]::ParameterName, 'Keep what stands in front of this offset of the stream')
            [CompletionResult]::new('--before-command', '--before-command', [CompletionResultType]::ParameterName, 'Keep what stands in front of the first command that matches: NAME, or NAME and arguments joined by blanks, as globs')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to this path')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to this path')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Write an appendonlydir to this folder, and serve it with `rkv serve`')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to serve at')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show progress')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Threads that decode [default: one per core]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace an existing file (never a folder)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for even more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write reports and errors as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rkv;help' {
            [CompletionResult]::new('rdb', 'rdb', [CompletionResultType]::ParameterValue, 'RDB files: snapshots of a data set')
            [CompletionResult]::new('aof', 'aof', [CompletionResultType]::ParameterValue, 'Append-only files: the log of writes')
            [CompletionResult]::new('slots', 'slots', [CompletionResultType]::ParameterValue, 'Tell the cluster slots of keys, or how a file''s keys spread over nodes')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'What would happen, found out with the code that would do it')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve data to clients, as redis-server does')
            [CompletionResult]::new('replicate', 'replicate', [CompletionResultType]::ParameterValue, 'Follow a primary as a replica and keep what it sends')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Give the data of a capture as they were at an earlier moment')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'rkv;help;rdb' {
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print keys and values as JSON, commands or text')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check structure, checksum and every value')
            [CompletionResult]::new('convert', 'convert', [CompletionResultType]::ParameterValue, 'Write RDB files of any version from RDB files, JSON or commands')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print single keys')
            [CompletionResult]::new('index', 'index', [CompletionResultType]::ParameterValue, 'Write an index beside the file, through which get and filtered dumps find keys at once')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell what a file is and holds: version, origin, databases, types, sizes, checksum')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots')
            break
        }
        'rkv;help;rdb;dump' {
            break
        }
        'rkv;help;rdb;verify' {
            break
        }
        'rkv;help;rdb;convert' {
            break
        }
        'rkv;help;rdb;get' {
            break
        }
        'rkv;help;rdb;index' {
            break
        }
        'rkv;help;rdb;info' {
            break
        }
        'rkv;help;rdb;stats' {
            break
        }
        'rkv;help;aof' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Tell what a set is and holds: files, commands by name, times, the state of its tail')
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print the commands, all or some of them')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check the manifest against the files, and every command')
            [CompletionResult]::new('repair', 'repair', [CompletionResultType]::ParameterValue, 'Keep what is sound of a damaged set')
            [CompletionResult]::new('rewrite', 'rewrite', [CompletionResultType]::ParameterValue, 'Replay a set and write the least that gives the same data')
            [CompletionResult]::new('truncate', 'truncate', [CompletionResultType]::ParameterValue, 'Cut a set at a time, a place or a command')
            [CompletionResult]::new('blame', 'blame', [CompletionResultType]::ParameterValue, 'Tell every write that touched a key')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Count commands and bytes by name, by key prefix and over time, and find the hottest keys')
            break
        }
        'rkv;help;aof;info' {
            break
        }
        'rkv;help;aof;dump' {
            break
        }
        'rkv;help;aof;verify' {
            break
        }
        'rkv;help;aof;repair' {
            break
        }
        'rkv;help;aof;rewrite' {
            break
        }
        'rkv;help;aof;truncate' {
            break
        }
        'rkv;help;aof;blame' {
            break
        }
        'rkv;help;aof;stats' {
            break
        }
        'rkv;help;slots' {
            [CompletionResult]::new('map', 'map', [CompletionResultType]::ParameterValue, 'Tell how a file''s keys spread over slots and nodes')
            break
        }
        'rkv;help;slots;map' {
            break
        }
        'rkv;help;simulate' {
            [CompletionResult]::new('resync', 'resync', [CompletionResultType]::ParameterValue, 'Tell which outages would lead to full resyncs, what they cost, and the backlog that spares them')
            [CompletionResult]::new('slots', 'slots', [CompletionResultType]::ParameterValue, 'Tell what a cluster would carry on each node, which commands it would refuse, and which slots to move')
            break
        }
        'rkv;help;simulate;resync' {
            break
        }
        'rkv;help;simulate;slots' {
            break
        }
        'rkv;help;serve' {
            break
        }
        'rkv;help;replicate' {
            break
        }
        'rkv;help;restore' {
            break
        }
        'rkv;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}

/**
 * Completion scripts for bash, zsh and fish, made from the flag rows (scripts/make-docs.mjs). The scripts are static;
 * only names in the directory are asked for, with `tkafka completion names KIND`, which reads the metadata and nothing else.
 */
import type { HelpFlag, HelpTool } from './help-json.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

/** What a flag's value may be: fixed words, names that `completion names` lists, files, or anything. */
export type Values =
  | { readonly type: 'words'; readonly words: readonly string[] }
  | { readonly type: 'names'; readonly kind: string }
  | { readonly type: 'file' }
  | { readonly type: 'any' }

export type ValuesOf = (tool: string, flag: HelpFlag) => Values

export function completionScript(shell: Shell, tools: readonly HelpTool[], valuesOf: ValuesOf): string {
  if (shell === 'bash') return bash(tools, valuesOf)
  return shell === 'zsh' ? zsh(tools, valuesOf) : fish(tools, valuesOf)
}

const MADE = (shell: Shell, how: string) =>
  `# tkafka completion for ${shell}: ${how}\n# Made by npm run docs:commands from the flag rows in src/commands. Do not edit.\n`

function allFlags(tool: HelpTool): HelpFlag[] {
  const byName = new Map<string, HelpFlag>()
  for (const flag of [...tool.flags, ...tool.subcommands.flatMap(({ flags }) => flags)]) {
    if (!flag.deprecated) byName.set(flag.name, flag)
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Flags that stand before a tool. */
const GLOBAL = [
  ['--data-dir', 'The Kafka log directory to work on'],
  ['--profile', 'Settings of a cluster or a directory by name'],
  ['--help', 'The suite at a glance'],
  ['--help-json', 'Every tool and flag as JSON'],
  ['--version', 'Versions of tkafka and of Kafka'],
] as const

/** The tools under the names of Kafka's bin folder; our own are not there. */
function scripts(tools: readonly HelpTool[]): string[] {
  return tools.filter(({ tool }) => !OURS.includes(tool)).map(({ tool }) => `kafka-${tool}.sh`)
}

const OURS = ['check', 'completion', 'explain', 'log-cleaner', 'repair', 'status']

/** Words that go in the tool's first place. */
function firstWords(tool: HelpTool): string[] {
  if (tool.tool === 'completion') return ['bash', 'zsh', 'fish']
  return tool.subcommands.map(({ name }) => name)
}

/** `tool` and `tool flag` as shell patterns, with what is offered there. */
function values(tools: readonly HelpTool[], valuesOf: ValuesOf): Map<string, string[]> {
  const patterns = new Map<string, string[]>()
  for (const tool of tools) {
    for (const flag of allFlags(tool)) {
      if (flag.argument === 'none') continue
      const offered = valuesOf(tool.tool, flag)
      const action = bashAction(offered)
      patterns.set(action, [...(patterns.get(action) ?? []), `${tool.tool}:--${flag.name}`])
    }
  }
  return patterns
}

function bashAction(offered: Values): string {
  if (offered.type === 'words') return `words ${offered.words.join(' ')}`
  return offered.type === 'names' ? `names ${offered.kind}` : offered.type
}

function bash(tools: readonly HelpTool[], valuesOf: ValuesOf): string {
  const flags = tools.map(
    (tool) =>
      `    ${tool.tool}) words="${[...firstWords(tool), ...allFlags(tool).map(({ name }) => `--${name}`)].join(' ')}" ;;`,
  )
  return `${MADE('bash', 'source <(tkafka completion bash)')}
# Names may hold spaces: one a line, and each quoted as the shell wants it.
_tkafka_names() {
  local name typed=\${cur//\\\\/}
  # The name that is being typed is none yet.
  [ "$1" = profiles ] && server=()
  while IFS= read -r name; do
    if [[ $name == "$typed"* ]]; then printf -v name %q "$name"; COMPREPLY+=("$name"); fi
  done < <(command tkafka "\${data[@]}" completion names "$1" "\${server[@]}" 2>/dev/null)
}

_tkafka() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev='' tool='' words='' i
  local -a data=() server=()
  COMPREPLY=()
  # From the whole line: bash cuts words at colons.
  for i in --bootstrap-server --command-config --profile; do
    if [[ $COMP_LINE =~ $i[=\\ ]+([^\\ ]+) ]]; then server+=("$i" "\${BASH_REMATCH[1]}"); fi
  done
  case \${COMP_WORDS[0]##*/} in
    kafka-*.sh) tool=\${COMP_WORDS[0]##*/kafka-}; tool=\${tool#kafka-}; tool=\${tool%.sh} ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --data-dir) data=(--data-dir "\${COMP_WORDS[i + 1]/#\\~/$HOME}"); ((i++)) ;;
      --profile) ((i++)) ;;
      -*) ;;
      *) [ -z "$tool" ] && tool=\${COMP_WORDS[i]} ;;
    esac
  done
  ((COMP_CWORD > 0)) && prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # --flag=value comes as three words
  if [ "$cur" = = ]; then cur=''; elif [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [ "$prev" = --data-dir ]; then
    COMPREPLY=($(compgen -d -- "$cur"))
    return
  fi
  if [ "$prev" = --profile ]; then _tkafka_names profiles; return; fi
  if [ -z "$tool" ]; then
    COMPREPLY=($(compgen -W "${tools.map(({ tool }) => tool).join(' ')} ${GLOBAL.map(([flag]) => flag).join(' ')}" -- "$cur"))
    return
  fi
  case $tool:$prev in
${bashValues(values(tools, valuesOf))}
  esac
  case $tool in
${flags.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _tkafka tkafka ${scripts(tools).join(' ')}
`
}

function bashValues(patterns: Map<string, string[]>): string {
  return shellCases(patterns, (action, rest) => {
    if (action === 'words') return `COMPREPLY=($(compgen -W "${rest}" -- "$cur")); return`
    if (action === 'names') return `_tkafka_names ${rest}; return`
    return action === 'file' ? 'COMPREPLY=($(compgen -f -- "$cur")); return' : 'return'
  })
}

/** Sorted, so that the file changes only when the flags do. */
function shellCases(patterns: Map<string, string[]>, code: (action: string, rest: string) => string): string {
  return [...patterns]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, flags]) => {
      const space = key.indexOf(' ')
      const [action, rest] = space < 0 ? [key, ''] : [key.slice(0, space), key.slice(space + 1)]
      return `    ${flags.join('|')}) ${code(action, rest)} ;;`
    })
    .join('\n')
}

function zsh(tools: readonly HelpTool[], valuesOf: ValuesOf): string {
  const item = (name: string, description: string) =>
    `'${name.replaceAll(':', '\\:')}:${quoted(short(description))}'`
  const flags = tools.map((tool) => {
    const first = firstWords(tool).map((word) => item(word, ''))
    const rows = allFlags(tool).map(({ name, description }) => item(`--${name}`, description))
    return `    ${tool.tool}) flags=(\n      ${[...first, ...rows].join('\n      ')}\n    ) ;;`
  })
  const cases = shellCases(values(tools, valuesOf), (action, rest) => {
    if (action === 'words') return `compadd -- ${rest}; return`
    if (action === 'names') return `compadd -- \${(f)"$(_tkafka_names ${rest})"}; return`
    return action === 'file' ? '_files; return' : 'return'
  })
  return `#compdef tkafka ${scripts(tools).join(' ')}
${MADE('zsh', 'tkafka completion zsh > a folder in $fpath, as _tkafka; or: source <(tkafka completion zsh)')}
_tkafka_names() {
  [[ $1 == profiles ]] && server=()
  command tkafka $data completion names $1 $server 2>/dev/null
}

_tkafka() {
  local tool='' prev=\${words[CURRENT-1]} i
  local -a data server flags
  case \${words[1]:t} in
    kafka-*.sh) tool=\${\${words[1]:t}#kafka-}; tool=\${tool%.sh} ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      --data-dir) data=(--data-dir \${~words[i+1]}); ((i++)) ;;
      --bootstrap-server|--command-config|--profile) server+=(\${words[i]} \${~words[i+1]}); ((i++)) ;;
      -*) ;;
      *) [[ -z $tool ]] && tool=\${words[i]} ;;
    esac
  done
  if [[ $PREFIX == --*=* ]]; then prev=\${PREFIX%%=*}; compset -P 1 '*='; fi
  if [[ $prev == --data-dir ]]; then _files -/; return; fi
  if [[ $prev == --profile ]]; then compadd -- \${(f)"$(_tkafka_names profiles)"}; return; fi
  if [[ -z $tool ]]; then
    if [[ $PREFIX == -* ]]; then
      flags=(
        ${GLOBAL.map(([flag, description]) => item(flag, description)).join('\n        ')}
      )
      _describe -t flags flag flags
      return
    fi
    flags=(
      ${tools.map(({ tool, summary }) => item(tool, summary)).join('\n      ')}
    )
    _describe -t tools tool flags
    return
  fi
  case $tool:$prev in
${cases}
  esac
  case $tool in
${flags.join('\n')}
  esac
  _describe -t flags flag flags
}

if [[ $funcstack[1] == _tkafka ]]; then _tkafka "$@"; else compdef _tkafka tkafka ${scripts(tools).join(' ')}; fi
`
}

function fish(tools: readonly HelpTool[], valuesOf: ValuesOf): string {
  const lines = tools.map(
    ({ tool, summary }) =>
      `complete -c tkafka -n __tkafka_needs_tool -f -a ${tool} -d '${quotedFish(short(summary))}'`,
  )
  for (const tool of tools) {
    const here = `-n '__tkafka_tool ${tool.tool}'`
    for (const word of firstWords(tool)) lines.push(`complete -c tkafka ${here} -f -a ${word}`)
    for (const flag of allFlags(tool)) {
      const offered = valuesOf(tool.tool, flag)
      const value = flag.argument === 'none' ? '-f' : fishValue(offered)
      const shortName = flag.short === undefined ? '' : ` -s ${flag.short}`
      lines.push(
        `complete -c tkafka ${here}${shortName} -l ${flag.name} ${value} -d '${quotedFish(short(flag.description))}'`,
      )
    }
  }
  return `${MADE('fish', 'tkafka completion fish > ~/.config/fish/completions/tkafka.fish\n# For kafka-topics.sh and the others, too, in config.fish: tkafka completion fish | source')}
function __tkafka_words
  set -l words (commandline -opc)
  set -e words[1]
  set -l skip 0
  for word in $words
    if test $skip = 1
      set skip 0
    else if contains -- "$word" --data-dir --profile
      set skip 1
    else
      echo -- $word
    end
  end
end

function __tkafka_needs_tool
  test (count (__tkafka_words | string match -v -- '-*')) = 0
end

function __tkafka_tool
  set -l words (__tkafka_words | string match -v -- '-*')
  test (count $words) -gt 0; and test "$words[1]" = $argv[1]
end

function __tkafka_names
  set -l words (commandline -opc)
  set -l data
  if set -l at (contains -i -- --data-dir $words)
    set data --data-dir (string replace -r '^~' ~ -- $words[(math $at + 1)])
  end
  set -l server
  for flag in --bootstrap-server --command-config --profile
    if set -l at (contains -i -- $flag $words)
      set -a server $flag $words[(math $at + 1)]
    end
  end
  # The name that is being typed is none yet.
  test $argv[1] = profiles; and set -e server
  # A tab, and so no description: the flag's own would stand behind every name.
  command tkafka $data completion names $argv[1] $server 2>/dev/null | string replace -r '$' '\\t'
end

${GLOBAL.slice(2)
  .map(
    ([flag, description]) =>
      `complete -c tkafka -n __tkafka_needs_tool -f -l ${flag.slice(2)} -d '${quotedFish(description)}'`,
  )
  .join('\n')}
complete -c tkafka -l profile -x -a '(__tkafka_names profiles)' -d 'Settings of a cluster or a directory by name'
complete -c tkafka -l data-dir -x -a '(__fish_complete_directories)' -d 'The Kafka log directory to work on'
${lines.join('\n')}
${tools
  .filter(({ tool }) => !OURS.includes(tool))
  .map(({ tool }) => `complete -c kafka-${tool}.sh -w 'tkafka ${tool}'`)
  .join('\n')}
`
}

/** One sentence, without its full stop. */
function short(description: string): string {
  const line = description.split('\n')[0].trim()
  const sentence = /^.*?[^.]\.(?= |$)/.exec(line)?.[0] ?? line
  const text = sentence.replace(/\.$/, '')
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "'\\''")
}

function quotedFish(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}

/** How fish is told of a flag's value: -r a value is needed, -F files, -x a value and no files. */
function fishValue(offered: Values): string {
  if (offered.type === 'file') return '-r -F'
  if (offered.type === 'words') return `-x -a '${offered.words.map((word) => `${word}\\t`).join(' ')}'`
  return offered.type === 'names' ? `-x -a '(__tkafka_names ${offered.kind})'` : '-x'
}

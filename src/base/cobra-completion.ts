// Completion for shells: `PROGRAM completion SHELL` prints a script, which asks `PROGRAM __complete WORDS…`. The answers
// have the form of cobra's ("word<TAB>description" and ":directive"), so that scripts made by the original work too.
import {
  type CobraCommand,
  type CobraStreams,
  commandName,
  commandsOf,
  findCommand,
  inheritedFlags,
  lastOf,
  localFlags,
  pathText,
} from './cobra.ts'
import { type PFlag, type PFlags, unquoteUsage } from './pflag.ts'

const FILES = 0
const NO_FILES = 4

const NAMES: Readonly<Record<number, string>> = {
  [FILES]: 'ShellCompDirectiveDefault',
  [NO_FILES]: 'ShellCompDirectiveNoFileComp',
}

interface Candidates {
  readonly words: readonly string[]
  readonly directive: number
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!

function flagNames(flags: PFlags, given: readonly string[]): string[] {
  const out: string[] = []
  for (const name of Object.keys(flags).sort()) {
    const flag = flags[name] as PFlag<unknown>
    if (flag.isHidden || flag.deprecated !== '') continue
    const isRepeated = ['stringSlice', 'stringArray', 'count'].includes(flag.type)
    const isGiven = given.some((one) => one === `--${name}` || one.startsWith(`--${name}=`))
    if (isGiven && !isRepeated) continue
    const usage = firstLine(unquoteUsage(flag)[1])
    out.push(`--${name}\t${usage}`)
    if (flag.shorthand !== '') out.push(`-${flag.shorthand}\t${usage}`)
  }
  return out
}

function flagNamed(flags: PFlags, word: string): PFlag<unknown> | undefined {
  const name = word.startsWith('--') ? word.slice(2) : ''
  if (Object.hasOwn(flags, name)) return flags[name] as PFlag<unknown>
  return Object.values(flags).find((one) => one.shorthand !== '' && word === `-${one.shorthand}`) as
    | PFlag<unknown>
    | undefined
}

function choicesOf(flag: PFlag<unknown>): Candidates {
  if (!flag.choices) return { words: [], directive: FILES }
  return { words: flag.choices, directive: NO_FILES }
}

function candidates(root: CobraCommand, words: readonly string[], partial: string): Candidates {
  const { path, argv } = findCommand(root, words)
  const flags: PFlags = { ...inheritedFlags(path), ...localFlags(path) }
  const previous = argv.at(-1) ?? ''
  const isFree = !argv.includes('--')
  if (isFree) {
    const waiting = previous.includes('=') ? undefined : flagNamed(flags, previous)
    if (waiting && waiting.noOptionValue === '') return choicesOf(waiting)
    const assigned = /^(--[^=]+)=/.exec(partial)
    if (assigned) {
      const flag = flagNamed(flags, assigned[1]!)
      return flag ? choicesOf(flag) : { words: [], directive: NO_FILES }
    }
    if (partial.startsWith('-')) return { words: flagNames(flags, argv), directive: NO_FILES }
  }
  const command = lastOf(path)
  const below = commandsOf(path).filter((one) => !one.isHidden)
  if (below.length > 0) {
    return {
      words: below.map((one) => `${commandName(one)}\t${one.short}`),
      directive: NO_FILES,
    }
  }
  if (!command.completes) return { words: [], directive: FILES }
  return { words: command.completes(argv), directive: NO_FILES }
}

/** Answers a completion script: the last of `words` is the one being typed. */
export function completeWords(
  root: CobraCommand,
  words: readonly string[],
  isDescribed: boolean,
  streams: CobraStreams,
): void {
  const partial = words.at(-1) ?? ''
  const found = candidates(root, words.slice(0, -1), partial)
  // Of --flag=value only the value is answered.
  const typed = /^--[^=]+=/.test(partial) ? partial.slice(partial.indexOf('=') + 1) : partial
  for (const word of found.words) {
    if (!word.startsWith(typed)) continue
    streams.stdout.write(`${isDescribed ? word : word.split('\t', 1)[0]}\n`)
  }
  streams.stdout.write(`:${found.directive}\n`)
  streams.stderr.write(`Completion ended with directive: ${NAMES[found.directive]}\n`)
}

const SCRIPTS: Readonly<Record<string, (program: string, id: string) => string>> = {
  // Bash takes "=" for a word of its own; the original's answers hold what follows it.
  bash: (program, id) => `# bash completion for ${program}
_${id}_complete() {
  local word line current directive=0 last=-1 words=() candidates=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if (( last >= 0 )) && [[ "$word" == "=" || "\${words[last]}" == --*= ]]; then
      words[last]="\${words[last]}$word"
    else
      last=$(( last + 1 ))
      words[last]="$word"
    fi
  done
  while IFS= read -r line; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) candidates+=("\${line%%$'\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
  current="\${words[last]}"
  [[ "$current" == --*=* ]] && current="\${current#*=}"
  COMPREPLY=()
  for line in "\${candidates[@]}"; do
    [[ "$line" == "$current"* ]] && COMPREPLY+=("$line")
  done
  if [[ \${#COMPREPLY[@]} -eq 0 && "$directive" == 0 ]]; then
    compopt -o default 2>/dev/null
  fi
}
complete -F _${id}_complete ${program}
`,
  zsh: (program, id) => `#compdef ${program}
_${id}() {
  local line directive=0 tab=$'\t' colon=':'
  local -a candidates
  for line in "\${(@f)$(\${words[1]} __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      '') ;;
      *) line="\${line//:/\\:}"; candidates+=("\${line/$tab/$colon}") ;;
    esac
  done
  [[ "\${words[CURRENT]}" == --*=* ]] && compset -P '*='
  if (( \${#candidates} )); then
    _describe '${program}' candidates
  elif [[ "$directive" == 0 ]]; then
    _files
  fi
}
if [ "$funcstack[1]" = "_${id}" ]; then _${id}; else compdef _${id} ${program}; fi
`,
  fish: (program, id) => `# fish completion for ${program}
function __${id}_complete
  set -l current (commandline -ct)
  set -l words (commandline -opc) "$current"
  set -l prefix (string match -r -- '^--[^=]+=' "$current")
  for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path "$current"
      case ':*'
      case '*'
        echo -- "$prefix$line"
    end
  end
end
complete -c ${program} -f -a '(__${id}_complete)'
`,
  powershell: (program) => `# powershell completion for ${program}
Register-ArgumentCompleter -Native -CommandName '${program}' -ScriptBlock {
  param($word, $ast, $cursor)
  $words = @($ast.CommandElements | ForEach-Object { $_.Extent.Text })
  $rest = @($words | Select-Object -Skip 1)
  if ($word -eq '') { $rest += '""' }
  $prefix = if ($word -match '^--[^=]+=') { $Matches[0] } else { '' }
  & $words[0] __complete @rest 2>$null | Where-Object { $_ -notmatch '^:' } | ForEach-Object {
    $name, $about = $_ -split "\`t", 2
    if (-not $about) { $about = $name }
    $full = $prefix + $name
    [System.Management.Automation.CompletionResult]::new($full, $name, 'ParameterValue', $about)
  }
}
`,
}

const LOADS: Readonly<Record<string, (program: string) => string>> = {
  bash: (program) => `source <(${program} completion bash)`,
  zsh: (program) => `source <(${program} completion zsh)`,
  fish: (program) => `${program} completion fish | source`,
  powershell: (program) => `${program} completion powershell | Out-String | Invoke-Expression`,
}

/** The `completion` command of a program. */
export function completionCommand(root: CobraCommand): CobraCommand {
  const program = commandName(root)
  const id = program.replaceAll(/\W/g, '_')
  const shells = Object.keys(SCRIPTS).sort()
  return {
    use: 'completion',
    short: 'Generate the autocompletion script for the specified shell',
    long: `Prints a script that completes the commands and flags of ${program} in a shell.`,
    commands: shells.map((shell) => ({
      use: shell,
      short: `Generate the autocompletion script for ${shell}`,
      long: `Prints the script for ${shell}. To load it:\n\n\t${LOADS[shell]!(program)}`,
      accepts: (args) =>
        args.length === 0
          ? null
          : `unknown command ${JSON.stringify(args[0])} for "${pathText([root])} completion ${shell}"`,
      completes: () => [],
      run: async ({ streams }) => {
        streams.stdout.write(SCRIPTS[shell]!(program, id))
        return 0
      },
    })),
  }
}

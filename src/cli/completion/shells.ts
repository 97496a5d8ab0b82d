// The lines that make a shell ask this command for completions, and where each shell reads them.
// bash and zsh run the command with COMP_LINE set; fish does so through a function.
import { homedir } from 'node:os'
import { join } from 'node:path'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The script for a shell. `name` is the command that is completed, `program` what answers. */
export function completionScript(shell: Shell, name: string, program: string): string {
  if (shell === 'bash') return `complete -o nospace -C ${program} ${name}\n`
  if (shell === 'zsh') {
    const setUp = 'autoload -U +X bashcompinit && bashcompinit'
    return `${setUp}\ncomplete -o nospace -C ${program} ${name}\n`
  }
  return [
    `function __complete_${name}`,
    '    set -lx COMP_LINE (commandline -cp)',
    `    ${program}`,
    'end',
    `complete -f -c ${name} -a "(__complete_${name})"`,
    '',
  ].join('\n')
}

export interface ShellFile {
  readonly shell: Shell
  readonly path: string
  /** The file holds nothing but our script, so that it is written and removed as a whole. */
  readonly isOwn: boolean
}

/** The files that the shells of this user read, whether they exist or not. */
export function shellFiles(name: string, configHome: string | undefined): readonly ShellFile[] {
  const home = homedir()
  const config = configHome ?? join(home, '.config')
  return [
    { shell: 'bash', path: join(home, '.bashrc'), isOwn: false },
    { shell: 'bash', path: join(home, '.bash_profile'), isOwn: false },
    { shell: 'zsh', path: join(home, '.zshrc'), isOwn: false },
    { shell: 'fish', path: join(config, 'fish/completions', `${name}.fish`), isOwn: true },
  ]
}

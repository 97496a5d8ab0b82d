// Settings from the environment under the prefixes STRONGROOM_, BAO_ and VAULT_. The prefix of the name
// the command was called by comes first, so that an alias behaves as the command it stands in for.

export type CalledAs = 'strongroom' | 'vault' | 'bao'

export interface Environment {
  readonly calledAs: CalledAs
  /** The value of PREFIX_NAME; undefined where no prefix has it set and not empty. */
  read(name: string): string | undefined
  /** A variable by its whole name, such as HOME. */
  plain(name: string): string | undefined
  /** The name to show in help and advice, such as STRONGROOM_ADDR. */
  shown(name: string): string
}

const PREFIXES: Readonly<Record<CalledAs, readonly string[]>> = {
  strongroom: ['STRONGROOM_', 'VAULT_', 'BAO_'],
  vault: ['VAULT_', 'STRONGROOM_', 'BAO_'],
  bao: ['BAO_', 'VAULT_', 'STRONGROOM_'],
}

/** The command set that belongs to the name in argv. */
export function calledAs(program: string): CalledAs {
  return program === 'vault' || program === 'bao' ? program : 'strongroom'
}

export function environment(
  called: CalledAs,
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const prefixes = PREFIXES[called]
  return {
    calledAs: called,
    read(name) {
      for (const prefix of prefixes) {
        const value = variables[prefix + name]
        if (value !== undefined && value !== '') return value
      }
      return undefined
    },
    plain: (name) => variables[name],
    shown: (name) => prefixes[0] + name,
  }
}

/** Go's strconv.ParseBool; null where the text is no boolean. */
export function parseBoolean(text: string): boolean | null {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false
  return null
}

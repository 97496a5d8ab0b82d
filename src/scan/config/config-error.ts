// What is wrong with a scanner's configuration, in the words of gitleaks where it has words for it.

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** 'read': the text is no TOML, or can't be had. 'load': it is, but doesn't say what it should. */
  readonly stage: 'read' | 'load'

  constructor(stage: 'read' | 'load', message: string) {
    super(message)
    this.stage = stage
  }
}

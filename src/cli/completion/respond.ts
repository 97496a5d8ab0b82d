// Answers a shell that runs the command with COMP_LINE set, as "complete -C" does: one candidate a line.
// Nothing else may be printed: the shell would take it for a candidate.
import { entriesFor } from '../command-table.ts'
import type { Environment } from '../environment.ts'
import { candidates, splitLine } from './candidates.ts'
import { completionSources } from './sources.ts'

/**
 * The candidates for a line with the cursor at `point`. `shellWord` is the word as the shell splits it: bash
 * also breaks at "=" and ":", and then wants only what follows.
 */
export async function respond(
  line: string,
  point: number,
  shellWord: string | undefined,
  env: Environment,
): Promise<string[]> {
  const words = splitLine(line.slice(0, point)).slice(1)
  const found = await candidates(words, entriesFor(env.calledAs), completionSources(env))
  const partial = words.at(-1) ?? ''
  if (shellWord === undefined || shellWord === partial) return found
  const cut = partial.endsWith(shellWord) ? partial.length - shellWord.length : 0
  return found.map((one) => one.slice(cut))
}

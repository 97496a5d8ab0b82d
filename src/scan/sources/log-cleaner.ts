// Takes out of a log what terminals and CI systems put into its lines, so that rules see the program's own words:
// colours and other escape sequences (ECMA-48), GitLab's section markers and time stamps, GitHub's time stamps and
// "##[group]". Bytes are never moved out of their line and the text's length stays: what is taken out becomes spaces;
// within a word (a coloured match in a token) the word is joined and the spaces follow it.

const ESC = 27
const MOST_LINE = 64 * 1024
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)|[ -/]*[0-~])/
/** With ESC sequences taken out already. GitLab: `2024-05-01T12:00:00.000000Z 00O `; GitHub: `2024-…Z ##[group]`. */
const PREFIX =
  /^(?:\uFEFF|\xef\xbb\xbf)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z(?: \d\d[OE][ +]?)? ?(?:##\[\w+\])?/
const SECTION = /section_(?:start|end):\d+:[\w.-]+(?:\[[^\]\r\n]*\])?\r?/g
const COMMAND = /^ *##\[\w+\]/
const WORD = /[\w+/=.~-]/

export class LogCleaner {
  #carry: Buffer = Buffer.alloc(0)

  /** As many bytes in all as came in, those of an unfinished line later. */
  push(piece: Uint8Array): Buffer {
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, piece]) : Buffer.from(piece)
    let last = bytes.lastIndexOf(10) + 1
    if (bytes.length - last > MOST_LINE) last = bytes.length
    this.#carry = Buffer.from(bytes.subarray(last))
    return cleaned(bytes.subarray(0, last))
  }

  end(): Buffer {
    const rest = this.#carry
    this.#carry = Buffer.alloc(0)
    return cleaned(rest)
  }
}

function cleaned(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes
  const text = bytes.toString('latin1')
  const hasMarks = bytes.indexOf(ESC) >= 0 || text.includes('section_') || text.includes('##[')
  if (!hasMarks && !/^\d{4}-\d\d-\d\dT/m.test(text)) return bytes
  return Buffer.from(text.split('\n').map(cleanLine).join('\n'), 'latin1')
}

const spaces = (count: number): string => ' '.repeat(count)

/** One line (bytes as latin1), of the same length. */
export function cleanLine(line: string): string {
  let text = line.includes('\x1b') ? withoutSequences(line) : line
  if (text.includes('section_')) text = text.replace(SECTION, (found) => spaces(found.length))
  text = text.replace(PREFIX, (found) => spaces(found.length))
  return text.includes('##[') ? text.replace(COMMAND, (found) => spaces(found.length)) : text
}

function withoutSequences(line: string): string {
  let out = ''
  /** Spaces owed to a word whose inside held sequences. */
  let owed = 0
  let at = 0
  while (at < line.length) {
    const code = line[at]!
    const found = code === '\x1b' ? SEQUENCE.exec(line.slice(at, at + 4200)) : null
    if (found?.index === 0) {
      const { length } = found[0]
      at += length
      const isInWord = WORD.test(out.at(-1) ?? '') && WORD.test(line[at] ?? '')
      if (isInWord) owed += length
      else {
        out += spaces(owed + length)
        owed = 0
      }
      continue
    }
    if (owed > 0 && !WORD.test(code)) {
      out += spaces(owed)
      owed = 0
    }
    out += code
    at++
  }
  return out + spaces(owed)
}

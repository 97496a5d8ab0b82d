// The detector: one fragment through all rules, in as many decoding passes as it takes. Under `compat` its findings are
// gitleaks' one for one.

import { toByteString } from '../../template/byte-strings.ts'
import type { CreateDetector, Detector, DetectorOptions } from '../detector.ts'
import type { Finding } from '../finding.ts'
import type { Fragment } from '../fragment.ts'
import { isReadByPath, readFragment } from '../readers/read-fragment.ts'
import { PLACED_WORDS, type PlacedWords } from '../readers/reader.ts'
import { READER_RULES } from '../readers/reader-rules.ts'
import type { ScanConfig } from '../rule.ts'
import { passesCheck } from '../rules/token-checks.ts'
import type { Skipped } from '../source.ts'
import { CompiledAllowlist } from './compiled-allowlist.ts'
import { decodePass, type Segment } from './decode-pass.ts'
import { detectRule, type RuleContext } from './detect-rule.ts'
import { findEncodings } from './find-encodings.ts'
import { TooCostly } from './memo-matcher.ts'
import { PathMemo } from './path-memo.ts'
import { preferEntries, preferSpecific } from './prefer-specific.ts'
import { withComponents } from './required-findings.ts'
import { RuleIndex } from './rule-index.ts'
import { FragmentText, isAsciiBytes, type ScannedPass, scannedPass } from './scanned-text.ts'

const NONE: ReadonlySet<string> = new Set()

type Places = Readonly<Record<PlacedWords, Uint32Array>>

export const createDetector: CreateDetector = (config, options) => new RuleDetector(config, options)

class RuleDetector implements Detector {
  private readonly index: RuleIndex
  private readonly options: DetectorOptions
  private readonly ownPaths: ReadonlySet<string>
  private readonly context: RuleContext
  /** The rules of readers, by id and by number; none under `compat`. */
  private readonly readers: ReadonlySet<string>
  private readonly readerNumbers: ReadonlyMap<string, number>
  private readonly readByPath = new PathMemo(isReadByPath)
  private skipped: Skipped[] = []

  constructor(config: ScanConfig, options: DetectorOptions) {
    this.options = options
    this.readers = new Set(
      options.compat ? [] : [...READER_RULES.keys()].filter((id) => isReader(config, id)),
    )
    const placed = this.readers.size > 0 ? Object.values(PLACED_WORDS).flat() : []
    this.index = new RuleIndex(config, placed)
    this.readerNumbers = new Map([...this.readers].map((id) => [id, this.index.numbers.get(id)!]))
    this.ownPaths = new Set(
      [config.path, options.baselinePath].filter((path) => path !== '').map(toByteString),
    )
    this.context = {
      globalAllowlists: config.allowlists.map((list) => new CompiledAllowlist(list)),
      ignoreAllowComments: options.ignoreAllowComments,
    }
  }

  detect(fragment: Fragment): Finding[] {
    if (this.ownPaths.has(fragment.path)) return []
    if (this.context.globalAllowlists.some((list) => list.allowsFragment(fragment))) return []
    const findings: Finding[] = []
    let bytes = fragment.bytes
    let of: FragmentText | null = null
    let segments: readonly Segment[] = []
    let text: string | null = null
    let active: ReadonlySet<string> = NONE
    let places: Places | null = null
    for (let depth = 0; ; depth++) {
      const isAny = this.index.look(bytes)
      // A keyword may be written with letters that only Unicode's lower case makes those of ASCII.
      if (isAny || !isAsciiBytes(bytes)) {
        if (depth === 0) {
          active = this.activeReaders()
          // What is looked at next is decoded text.
          if (active.size > 0) places = this.places()
        }
        text ??= latin1(bytes)
        of ??= new FragmentText(fragment, text)
        this.runRules(scannedPass(of, text, bytes, segments), findings)
      }
      if (depth >= this.options.maxDecodeDepth) break
      const runs = findEncodings(bytes)
      if (runs.length === 0) break
      text ??= latin1(bytes)
      of ??= new FragmentText(fragment, text)
      const next = decodePass(text, bytes, runs, segments)
      if (next.segments.length === 0) break
      text = next.text
      segments = next.segments
      bytes = Buffer.from(text, 'latin1')
    }
    if (active.size > 0 || (this.readers.size > 0 && this.readByPath.says(fragment.path))) {
      this.addRead(fragment, of?.raw ?? latin1(fragment.bytes), active, places, findings)
    }
    return preferSpecific(this.options.compat ? findings : preferEntries(findings))
  }

  private activeReaders(): ReadonlySet<string> {
    let active: Set<string> | null = null
    for (const [id, number] of this.readerNumbers) {
      if (this.index.isActive(number)) (active ??= new Set()).add(id)
    }
    return active ?? NONE
  }

  private places(): Places {
    return {
      names: this.index.placesOf(PLACED_WORDS.names),
      commands: this.index.placesOf(PLACED_WORDS.commands),
    }
  }

  /** What readers find and no rule did, with the lines left out that say so. */
  private addRead(
    fragment: Fragment,
    text: string,
    active: ReadonlySet<string>,
    places: Places | null,
    findings: Finding[],
  ): void {
    const known = new Map<number, string[]>()
    for (const { startLine, secret, ruleId } of findings) {
      if (ruleId.toLowerCase().includes('generic')) continue
      const secrets = known.get(startLine)
      if (secrets) secrets.push(secret)
      else known.set(startLine, [secret])
    }
    const placesOf = places ? (words: PlacedWords) => places[words] : undefined
    for (const one of readFragment(fragment, text, this.readers, active, placesOf)) {
      if (!this.options.ignoreAllowComments && one.line.includes('gitleaks:allow')) continue
      const others = known.get(one.startLine)
      if (others?.some((other) => other.includes(one.secret) || one.secret.includes(other)))
        continue
      if (this.allowsRead(one, fragment)) continue
      findings.push(one)
    }
  }

  /** Allowlists hold for readers as for rules. */
  private allowsRead(one: Finding, fragment: Fragment): boolean {
    const { allowlists } = this.index.rules[this.readerNumbers.get(one.ruleId)!]!
    return (
      this.context.globalAllowlists.some((list) => list.allows(one, fragment)) ||
      allowlists.some((list) => list.allowsFragment(fragment) || list.allows(one, fragment))
    )
  }

  takeSkipped(): Skipped[] {
    const taken = this.skipped
    this.skipped = []
    return taken
  }

  private runRules(pass: ScannedPass, findings: Finding[]): void {
    if (pass.alphabet !== 'ascii') this.index.lookFolded(pass.text)
    for (let number = 0; number < this.index.rules.length; number++) {
      if (!this.index.isActive(number)) continue
      const compiled = this.index.rules[number]!
      if (compiled.rule.skipReport) continue
      const found = this.detectOne(number, pass)
      if (found.length === 0) continue
      // A rule about paths alone asks for no components.
      const isWhole = compiled.rule.required.length === 0 || compiled.rule.regex === null
      if (isWhole) findings.push(...found)
      else findings.push(...this.composite(number, pass, found))
    }
  }

  private detectOne(number: number, pass: ScannedPass): Finding[] {
    const compiled = this.index.rules[number]!
    try {
      const hits = this.index.hitsOf(number, pass.text)
      const found = detectRule(compiled, pass, hits, this.context)
      const { check } = compiled.rule
      if (check === undefined || this.options.compat) return found
      return found.map((one) => (passesCheck(check, one.secret) ? one : { ...one, tier: 'low' }))
    } catch (error) {
      if (!(error instanceof TooCostly)) throw error
      const what = `${pass.of.fragment.path} (rule ${compiled.id})`
      this.skipped.push({ what, why: error.message, makesPartial: true })
      return []
    }
  }

  private composite(number: number, pass: ScannedPass, found: readonly Finding[]): Finding[] {
    const { required } = this.index.rules[number]!.rule
    const components = new Map<string, readonly Finding[]>()
    for (const { ruleId } of required) {
      const other = this.index.numbers.get(ruleId)
      if (other !== undefined) components.set(ruleId, this.detectOne(other, pass))
    }
    return withComponents(found, required, components)
  }
}

/** A rule of the same name that a user wrote has an expression or a path of its own. */
const isReader = (config: ScanConfig, id: string): boolean => {
  const rule = config.rules.get(id)
  return rule !== undefined && rule.regex === null && rule.path === null
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

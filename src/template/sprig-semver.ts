// sprig's semver and semverCompare.
import { type GoType, UINT64 } from './go-types.ts'
import {
  type FunctionTable,
  GoInt,
  GoStruct,
  type GoValue,
  type TemplateFunction,
} from './go-values.ts'
import { compareVersions, parseVersion, type Version, versionText } from './semver.ts'
import { satisfies } from './semver-constraint.ts'
import { functionTable, goFunction } from './template-functions.ts'

const VERSION: GoType = { name: '*semver.Version', kind: 'ptr' }
const NO_FIELDS: ReadonlyMap<string, GoValue> = new Map()

class GoVersion extends GoStruct {
  readonly of: Version
  constructor(of: Version) {
    super(VERSION, NO_FIELDS)
    this.of = of
  }
  override text(): string {
    return versionText(this.of)
  }
  override json(): GoValue {
    return versionText(this.of)
  }
  override equals(other: GoStruct): boolean {
    return other instanceof GoVersion && other.of.original === this.of.original
  }
  override method(name: string): TemplateFunction | undefined {
    const make = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
    return make?.(this.of)
  }
}

const number = (read: (of: Version) => bigint) => (of: Version) =>
  goFunction('', () => new GoInt(UINT64, read(of)))
const text = (read: (of: Version) => string) => (of: Version) => goFunction('', () => read(of))
const other =
  (read: (order: number) => GoValue) =>
  (of: Version): TemplateFunction => ({
    params: [VERSION],
    isVariadic: false,
    call: ([version]) => read(compareVersions(of, (version as GoVersion).of)),
  })
const next = (change: (of: Version) => Partial<Version>) => (of: Version) =>
  goFunction('', () => {
    const made = { ...of, pre: '', metadata: '', ...change(of) }
    const prefix = of.original.startsWith('v') ? 'v' : ''
    return new GoVersion({ ...made, original: prefix + versionText(made) })
  })

const METHODS: Readonly<Record<string, (of: Version) => TemplateFunction>> = {
  Major: number((of) => of.major),
  Minor: number((of) => of.minor),
  Patch: number((of) => of.patch),
  Prerelease: text((of) => of.pre),
  Metadata: text((of) => of.metadata),
  Original: text((of) => of.original),
  String: text(versionText),
  Compare: other((order) => BigInt(order)),
  Equal: other((order) => order === 0),
  LessThan: other((order) => order < 0),
  LessThanEqual: other((order) => order <= 0),
  GreaterThan: other((order) => order > 0),
  GreaterThanEqual: other((order) => order >= 0),
  IncPatch: next((of) => (of.pre === '' ? { patch: of.patch + 1n } : {})),
  IncMinor: next((of) => ({ minor: of.minor + 1n, patch: 0n })),
  IncMajor: next((of) => ({ major: of.major + 1n, minor: 0n, patch: 0n })),
}

export const SEMVER_FUNCTIONS: FunctionTable = functionTable({
  semver: goFunction('string', ([version]) => new GoVersion(parseVersion(version as string))),
  semverCompare: goFunction('string, string', ([constraint, version]) =>
    satisfies(constraint as string, version as string),
  ),
})

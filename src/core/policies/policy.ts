// What a policy is once it is parsed: named rules, each a path with what may be done there. Paths are
// relative to the policy's namespace, without a leading slash; they may hold identity templates.
import type { Json } from '../../base/json.ts'
import type { Template } from './identity-template.ts'

/** One bit each, so that rules of several policies merge by `|`. */
export const CAPABILITY_BITS = {
  deny: 1,
  create: 2,
  read: 4,
  update: 8,
  delete: 16,
  list: 32,
  sudo: 64,
  patch: 128,
  scan: 256,
  subscribe: 512,
} as const
export type Capability = keyof typeof CAPABILITY_BITS

/** Parameter name in lower case to the values it may (or must not) have; an empty list is any value. */
export type ParameterRules = ReadonlyMap<string, readonly Json[]>

/** Who has to approve a request before it is carried out. */
export interface ControlGroup {
  readonly ttlSeconds: number
  readonly factors: readonly {
    readonly name: string
    readonly groupIds: readonly string[]
    readonly groupNames: readonly string[]
    /** At least 1. */
    readonly approvals: number
    /** Empty: for all capabilities. */
    readonly controlledCapabilities: readonly string[]
  }[]
}

export interface PolicyRule {
  readonly path: string
  /** The path's parts where it holds templates, else null. */
  readonly template: Template | null
  /** Where the rule stands in the policy's text. */
  readonly line: number
  /** Bits; with deny there is no other, and nothing below matters. */
  readonly capabilities: number
  readonly allowedParameters: ParameterRules | null
  readonly deniedParameters: ParameterRules | null
  /** As written. */
  readonly requiredParameters: readonly string[]
  /** 0 where there is no bound. */
  readonly minWrappingTtlSeconds: number
  readonly maxWrappingTtlSeconds: number
  /** 0 where there is no limit. */
  readonly paginationLimit: number
  /** A Go template that makes of a listed key the path that the caller must be able to read; '' if none. */
  readonly listFilter: string
  readonly mfaMethods: readonly string[]
  readonly controlGroup: ControlGroup | null
  readonly subscribeEventTypes: readonly string[]
  /** From then on the rule counts no more, whether it allows or denies. */
  readonly expiresAtMs: number | null
}

export interface Policy {
  readonly name: string
  readonly rules: readonly PolicyRule[]
  /** Some path holds a template, so that an ACL with it depends on the caller's identity. */
  readonly templated: boolean
}

/** The names of the bits, sorted. */
export function capabilityNames(bits: number): Capability[] {
  const names = Object.keys(CAPABILITY_BITS) as Capability[]
  return names.filter((name) => (bits & CAPABILITY_BITS[name]) !== 0).sort()
}

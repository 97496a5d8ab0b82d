// Work that must happen later, whoever is alive then: a kind is a value with a typed item; scheduling is
// part of the commit that makes the work necessary. Runs at least once.
import type { MountContext } from './context.ts'

export interface JobRun {
  readonly id: string
  /** 1 for the first try. */
  readonly attempt: number
  readonly signal: AbortSignal
}

/** 'done' removes the job; otherwise it runs again at that time with the given item. */
export type JobResult<I> = 'done' | { readonly againAtMs: number; readonly item?: I }

export interface JobKind<I> {
  readonly name: string
  /** A throw is a failed try: it is repeated with backoff and shown. */
  run(mount: MountContext, item: I, of: JobRun): Promise<JobResult<I>>
}

/** A kind whose item core does not look into. */
export interface AnyJobKind {
  readonly name: string
  run(mount: MountContext, item: never, of: JobRun): Promise<JobResult<unknown>>
}

export function jobKind<I>(name: string, of: Omit<JobKind<I>, 'name'>): JobKind<I> {
  return { name, ...of }
}

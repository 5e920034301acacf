/** What answers a request: whole, or in pieces that are made while the one before is taken; and what says no. */
import type { ApiFault } from '../api.ts'
import { Counters } from '../memory/counters.ts'

/** An answer. */
export interface Reply {
  /** 200 if nothing else is said. */
  readonly status?: number
  /** Content-Type. */
  readonly type: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text or bytes at once; or pieces, each asked for when the one before has been taken: so that memory holds one. */
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
  /** Of what makes a tag of the answer, if one is worth it: two that say the same have the same. */
  readonly tagged?: string
}

export const json = 'application/json'

/** Answers a value in JSON. The marker lets `wattslug doctor` know whom it talks to. */
export function jsonReply(value: unknown, more: Partial<Reply> = {}): Reply {
  const headers = { 'X-Wattslug': '1', 'Cache-Control': 'no-cache', ...more.headers }
  return { type: json, ...more, headers, body: JSON.stringify(value) }
}

/** A request that is refused, with what its sender is told. */
export class Refusal extends Error {
  readonly status: number
  readonly field: string | undefined
  readonly headers: Readonly<Record<string, string>>

  /** @param field the parameter or field that is wrong */
  constructor(status: number, message: string, field?: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.field = field
    this.headers = headers
  }

  reply(): Reply {
    const fault: ApiFault = { error: this.message, ...(this.field === undefined ? {} : { field: this.field }) }
    return jsonReply(fault, { status: this.status, headers: { ...this.headers, 'Cache-Control': 'no-store' } })
  }
}

/** What requests are refused for, beside what the guard counts itself. */
const refusals = ['requests-malformed', 'requests-too-large', 'requests-late', 'requests-astray', 'requests-crowded'] as const

const refusalsByStatus: Readonly<Partial<Record<number, (typeof refusals)[number]>>> = {
  ...{ 400: 'requests-malformed', 411: 'requests-malformed', 415: 'requests-malformed', 417: 'requests-malformed' },
  ...{ 413: 'requests-too-large', 431: 'requests-too-large' },
  ...{ 404: 'requests-astray', 405: 'requests-astray', 426: 'requests-astray' },
  ...{ 408: 'requests-late', 503: 'requests-crowded' }
}

/** Counts refusals by what they mean. */
export class Refusals {
  readonly counters = new Counters(refusals)

  count(status: number): void {
    const refusal = refusalsByStatus[status]
    if (refusal) this.counters.count(refusal)
  }
}

/** What answers a method that means nothing for a path. */
export function wrongMethod(method: string, methods: readonly string[]): Reply {
  const allowed = methods.join(', ')
  return new Refusal(405, `${method} means nothing here; allowed: ${allowed}`, undefined, { Allow: allowed }).reply()
}

/** What the daemon's answers say of a login, and what has to be asked for. Pure. */

import type { AccessAnswer, ApiFault } from '../../api.ts'

/** What somebody may have to log in for. */
export type Need = keyof AccessAnswer['may']

/** What a form asks for: the first password, the owner's, a name with its password, or another password in place of the one that is set. */
export type Asked = 'first' | 'owner' | 'name' | 'change'

/** What came of a login or of a new password; `why` is empty when nothing answered. */
export type Said =
  | { readonly kind: 'good'; readonly body: unknown }
  /** Or, of the first password: there is one already. */
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly why: string }

/** So many seconds are waited when the daemon names none. */
const waitSeconds = 5
const passwordCharactersMin = 8

/** @param retryAfter the header of that name */
export function readSaid(status: number, retryAfter: string | null, body: unknown): Said {
  if (status >= 200 && status < 300) return { kind: 'good', body }
  if (status === 401 || status === 409) return { kind: 'wrong' }
  if (status === 429) return { kind: 'wait', seconds: Number.parseInt(retryAfter ?? '', 10) || waitSeconds }
  return { kind: 'failed', why: status === 0 ? '' : ((body as ApiFault | undefined)?.error ?? `HTTP ${status}`) }
}

/** What has to be asked for so that somebody may do something; undefined if nothing has to be, `unusable` if nothing would help. */
export function askedFor({ may, password }: AccessAnswer, need: Need): Asked | 'unusable' | undefined {
  if (may[need]) return undefined
  if (password === 'none') return 'first'
  if (need !== 'change') return 'name'
  return password === 'set' ? 'owner' : 'unusable'
}

/** Counted as a person does. */
export function isLongEnough(password: string): boolean {
  return [...password].length >= passwordCharactersMin
}

/** Asks the daemon who one is by a login, and sets the password. */

import type { PasswordPut } from '../../api.ts'
import { authorizationOf, type Login } from '../login.ts'
import { readSaid, type Said } from './said.ts'

const answerMs = 10_000

/** What somebody may do who logs in so. */
export function askAccess(login: Login | undefined): Promise<Said> {
  return ask('api/access', login, {})
}

/** @param login the owner's, unless it is the first password */
export function setPassword(password: string, login: Login | undefined): Promise<Said> {
  return ask('api/password', login, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ password } satisfies PasswordPut)
  })
}

async function ask(path: string, login: Login | undefined, options: RequestInit): Promise<Said> {
  const headers = { ...options.headers, ...authorizationOf(login) } as HeadersInit
  try {
    const response = await fetch(path, { ...options, headers, cache: 'no-store', signal: AbortSignal.timeout(answerMs) })
    const body: unknown = await response.json().catch(() => undefined)
    return readSaid(response.status, response.headers.get('Retry-After'), body)
  } catch {
    return readSaid(0, null, undefined)
  }
}

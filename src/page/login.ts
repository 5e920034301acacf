/** As whom the page asks: what was typed holds until the page is closed, or on this device for who wanted that. */

import { type Kept, keep, onKept, recall } from './storage.ts'

export interface Login {
  readonly user: string
  readonly password: string
  /** Whether readings are shown to it that are not shown to anyone. */
  readonly isToSee: boolean
}

/** The owner may go by any name that is no user's. */
export const owner = 'owner'
/** MQTT's reason codes for who has to log in. To try on would be to try wrong passwords. */
export const refusals: ReadonlySet<number | undefined> = new Set([0x86, 0x87])
const stored = 'login'
/** Under this the other tabs are told. */
const left = 'left'
/** What was shown, by the names under which it is kept. */
const shown = ['last', 'now'] as const

let login = readStored('sessionStorage') ?? readStored('localStorage')
/** What was shown to a login that was forgotten is not kept after all, as the page goes. */
let isForgotten = false

/** Undefined for who is anyone. */
export function loginNow(): Login | undefined {
  return login
}

/** Until the page is closed it takes the place of one that is kept on this device. */
export function keepLogin(wanted: Login, where: Kept): void {
  login = wanted
  isForgotten = false
  keep(stored, JSON.stringify(wanted), where)
  if (where === 'localStorage') keep(stored, undefined, 'sessionStorage')
}

/** Forgets it everywhere, and what was shown to it. */
export function forgetLogin(): void {
  isForgotten = login?.isToSee === true
  if (isForgotten) for (const name of shown) keep(name, undefined)
  login = undefined
  for (const where of ['sessionStorage', 'localStorage'] as const) keep(stored, undefined, where)
}

/** Logs out, here and in the browser's other tabs. */
export function logOut(): void {
  forgetLogin()
  for (const text of ['', undefined]) keep(left, text)
  location.reload()
}

/** Goes when another tab logs out. */
export function followLogOut(): void {
  onKept(left, () => {
    if (login) logOut()
  })
}

/** Takes over what another tab keeps on this device from now on, and calls. Answers how to stop. */
export function followLogin(taken: () => void): () => void {
  return onKept(stored, () => {
    const found = readStored('localStorage')
    if (found) login = found
    if (found) taken()
  })
}

/** Whether one is kept on this device. */
export function isLasting(): boolean {
  return recall(stored) !== undefined
}

/** Keeps what is shown for a time without the daemon, unless it is for a login's eyes that is to be forgotten. */
export function keepShown(name: (typeof shown)[number], text: string): void {
  if (!isForgotten && (!login?.isToSee || isLasting())) keep(name, text)
}

/** The header that tells it; none for who is anyone. */
export function authorizationOf(asWhom: Login | undefined): Readonly<Record<string, string>> {
  if (!asWhom) return {}
  return { Authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${asWhom.user}:${asWhom.password}`)))}` }
}

function readStored(where: Kept): Login | undefined {
  try {
    const found = JSON.parse(recall(stored, where) ?? '') as Login
    return typeof found.user === 'string' && typeof found.password === 'string' ? found : undefined
  } catch {
    return undefined
  }
}

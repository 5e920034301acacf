/** Who may change something: whoever comes from our own page or from no page at all, with the password when there is one. */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { limits } from '../limits.ts'
import type { Clock } from './clock.ts'
import { checkPassword, type PasswordHash, type PasswordState } from './password.ts'
import { clientAddress, isTrustedPeer, makeProxies, type Proxies } from './proxies.ts'
import { Refusal } from './reply.ts'
import type { Request } from './request.ts'

/** What the guard has to know. */
export interface GuardOptions {
  /** What the password file holds at this instant. */
  readonly password: () => PasswordState
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly proxies: readonly string[]
  readonly clock: Clock
}

/** Tries that failed, of one address. */
interface Failed {
  readonly count: number
  readonly untilMs: number
}

/** Not `Basic`: for that browsers would ask by a window of their own, and our page asks itself. */
const challenge = { 'WWW-Authenticate': 'X-Basic realm="wattslug", charset="UTF-8"' }

/** Lets changes pass, or throws why not. */
export class Guard {
  readonly #options: GuardOptions
  readonly #proxies: Proxies
  /** The one that failed longest ago stands first. */
  readonly #failed = new Map<string, Failed>()
  #hashing = 0

  constructor(options: GuardOptions) {
    this.#options = options
    this.#proxies = makeProxies(options.proxies)
  }

  /** @param peer the address at the other end of the socket @throws Refusal */
  async admit(request: Request, peer: string): Promise<void> {
    refuseOtherPages(request)
    const password = this.#options.password()
    if (password.kind === 'none') {
      // A proxy of ours asks for our name, whatever that is; and where there is a password, a name cannot get around it.
      if (!isTrustedPeer(peer, this.#proxies)) refuseOtherNames(request)
      return
    }
    if (password.kind === 'unusable') throw new Refusal(500, `${password.message}; until that is mended nothing can be changed`)
    const address = networkOf(clientAddress(peer, request.headers.get('x-forwarded-for'), this.#proxies))
    this.#refuseHasty(address)
    const said = passwordIn(request.headers.get('authorization'))
    if (said === undefined)
      throw new Refusal(401, 'this needs the password, by Authorization: Basic with any user name', undefined, challenge)
    if (this.#hashing >= limits.passwordsMax)
      throw new Refusal(503, 'too many passwords are being checked', undefined, { 'Retry-After': '1' })
    if (await this.#isRight(said, password.hash)) {
      this.#failed.delete(address)
      return
    }
    this.#remember(address)
    throw new Refusal(401, 'that is not the password', undefined, challenge)
  }

  async #isRight(said: string, hash: PasswordHash): Promise<boolean> {
    this.#hashing++
    try {
      return await checkPassword(said, hash)
    } finally {
      this.#hashing--
    }
  }

  #refuseHasty(address: string): void {
    const leftMs = (this.#failed.get(address)?.untilMs ?? 0) - this.#options.clock.monotonicMs()
    if (leftMs <= 0) return
    const seconds = String(Math.ceil(leftMs / 1_000))
    throw new Refusal(429, `too many wrong passwords; wait ${seconds} s`, undefined, { 'Retry-After': seconds })
  }

  #remember(address: string): void {
    const count = (this.#failed.get(address)?.count ?? 0) + 1
    const doublings = count - limits.passwordTriesMax
    const waitMs = doublings < 0 ? 0 : Math.min(limits.passwordWaitMs * 2 ** doublings, limits.passwordWaitMsMax)
    this.#failed.delete(address)
    const [oldest] = this.#failed.keys()
    if (this.#failed.size >= limits.strangersToldMax && oldest !== undefined) this.#failed.delete(oldest)
    this.#failed.set(address, { count, untilMs: this.#options.clock.monotonicMs() + waitMs })
  }
}

/** A page that is not ours may make a browser send requests, but not hide where they come from. @throws Refusal */
function refuseOtherPages({ headers }: Request): void {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  const isOurs = site === undefined || site === 'same-origin' || site === 'none'
  if (isOurs && (origin === undefined || origin.replace(/^https?:\/\//i, '').toLowerCase() === headers.get('host')?.toLowerCase())) return
  throw new Refusal(
    403,
    "changes come from wattslug's own page, or from no page at all",
    origin === undefined ? 'Sec-Fetch-Site' : 'Origin'
  )
}

/** Names that no stranger can own, so that no page of a stranger can have them lead here. */
const ownName = /^(?:[^.]+|.+\.(?:local|lan|home|home\.arpa|internal|fritz\.box))$/

/** Whoever owns a name can let it lead to a page of theirs first, and to us then: to a browser both are one page. @throws Refusal */
function refuseOtherNames({ headers }: Request): void {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]+)\]|([^:]*?))\.?(?::\d+)?$/.exec(headers.get('host')?.toLowerCase() ?? '') ?? []
  const host = bracketed ?? plain
  if (isIP(host) !== 0 || ownName.test(host) || host === hostname().toLowerCase()) return
  throw new Refusal(403, "without a password, changes need wattslug's address, or a name within the house such as meter.local", 'Host')
}

/** The password of `Basic` credentials; there may be any user name (RFC 7617). */
function passwordIn(header: string | undefined): string | undefined {
  const [, credentials] = /^basic ([a-z0-9+/]+=*)$/i.exec(header ?? '') ?? []
  const text = Buffer.from(credentials ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : text.slice(colon + 1)
}

/** A home has a whole network of IPv6 addresses: its first half tells it. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [left = [], right = []] = address.split('::').map(half => half.split(':').filter(group => group !== ''))
  return [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right].slice(0, 4).join(':')
}

/** Who may ask what by HTTP: readings are for whom the access says, changes are for the owner, and neither is for pages of strangers. */
import { Counters } from '../memory/counters.ts'
import type { Who } from '../mqtt/access.ts'
import { anyone, owner } from '../mqtt/rights.ts'
import type { Doorkeeper, NotFound } from './doorkeeper.ts'
import type { Need } from './endpoint.ts'
import type { Pages } from './origins.ts'
import type { PasswordState } from './password.ts'
import { clientAddress, type Proxies } from './proxies.ts'
import { Refusal } from './reply.ts'
import type { Request } from './request.ts'

/** What the guard has to know. */
export interface GuardOptions {
  readonly doorkeeper: Doorkeeper
  readonly pages: Pages
  /** What the owner's password file holds at this instant. */
  readonly password: () => PasswordState
  /** Those whose X-Forwarded-For is believed. */
  readonly proxies: Proxies
}

/** Not `Basic`: for that browsers would ask by a window of their own, and our page asks itself. */
const challenge = { 'WWW-Authenticate': 'X-Basic realm="wattslug", charset="UTF-8"' }

/** Lets requests pass, or throws why not. */
export class Guard {
  readonly counters = new Counters(['requests-unauthorized', 'requests-forbidden', 'requests-hasty'])
  readonly #options: GuardOptions

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /** Finds out who asks, and whether that one may. @param peer the address at the other end of the socket @throws Refusal */
  async admit(request: Request, peer: string, need: Need): Promise<Who> {
    const { pages, proxies } = this.#options
    if (need !== 'always') pages.refuseOthers(request, need === 'see' ? 'read' : 'change')
    const who = await this.#identify(request, clientAddress(peer, request.headers.get('x-forwarded-for'), proxies))
    if (need === 'always' || who.user === owner) return who
    if (need === 'see') this.#letSee(who, request, peer)
    else this.#letChange(who, request, peer, need)
    return who
  }

  #letSee({ user }: Who, request: Request, peer: string): void {
    const { doorkeeper, pages } = this.#options
    if (user !== anyone) return
    if (doorkeeper.mode === 'login') throw this.#unauthorized('this needs a user name and a password, by Authorization: Basic')
    pages.refuseStrangeNames(request, peer, 'read')
  }

  #letChange({ user }: Who, request: Request, peer: string, need: 'own' | 'claim'): void {
    const { doorkeeper, pages, password } = this.#options
    const { kind, message } = { message: '', ...password() }
    if (kind === 'unusable') throw new Refusal(500, `${message}; until that is mended nothing can be changed`)
    if (kind === 'set' && user !== anyone) throw this.#forbidden("this is the owner's")
    if (kind === 'set')
      throw this.#unauthorized("this needs the owner's password, by Authorization: Basic with a user name that is no other user's")
    pages.refuseStrangeNames(request, peer, 'change')
    if (need === 'own' && doorkeeper.mode !== 'open')
      throw this.#forbidden('this needs a password, and there is none yet: set it on the page, by PUT /api/password, or by wattslug passwd')
  }

  /** Whoever says a name is held to it, wherever; where nobody has one, it does not matter. @throws Refusal */
  async #identify({ headers }: Request, address: string): Promise<Who> {
    const { doorkeeper } = this.#options
    const said = headers.get('authorization')
    if (said === undefined || (doorkeeper.mode === 'open' && !doorkeeper.hasAccounts)) return { user: anyone, proof: '' }
    const credentials = readBasic(said)
    if (!credentials) throw this.#unauthorized('Authorization: Basic is wanted, with a user name and a password')
    const found = await doorkeeper.find(credentials.name, credentials.password, address)
    if (typeof found !== 'string') return found
    throw this.#notFound(found, doorkeeper.waitMs(credentials.name, address))
  }

  #notFound(why: NotFound, waitMs: number): Refusal {
    const seconds = String(Math.max(1, Math.ceil(waitMs / 1_000)))
    switch (why) {
      case 'wrong':
        return this.#unauthorized('that is not the password')
      case 'hasty':
        this.counters.count('requests-hasty')
        return new Refusal(429, `too many wrong passwords; wait ${seconds} s`, undefined, { 'Retry-After': seconds })
      case 'busy':
        return new Refusal(503, 'too many passwords are being checked', undefined, { 'Retry-After': '1' })
      case 'unusable':
        return new Refusal(500, "the owner's password file cannot be used; wattslug doctor tells more")
    }
  }

  #unauthorized(text: string): Refusal {
    this.counters.count('requests-unauthorized')
    return new Refusal(401, text, undefined, challenge)
  }

  #forbidden(text: string): Refusal {
    this.counters.count('requests-forbidden')
    return new Refusal(403, text)
  }
}

/** The name and password of `Basic` credentials (RFC 7617). */
function readBasic(header: string): { readonly name: string; readonly password: Uint8Array } | undefined {
  const [, credentials] = /^basic ([a-z0-9+/]+=*)$/i.exec(header) ?? []
  const bytes = Buffer.from(credentials ?? '', 'base64')
  const colon = bytes.indexOf(':')
  return colon < 0 ? undefined : { name: bytes.toString('utf8', 0, colon), password: bytes.subarray(colon + 1) }
}

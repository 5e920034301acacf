/** Which web pages may talk to us: our own, and those that the settings name; by a name that no stranger can own. */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { Counters } from '../memory/counters.ts'
import { isTrustedPeer, type Proxies } from './proxies.ts'
import { Refusal } from './reply.ts'
import type { Request } from './request.ts'

/** Pages elsewhere that may connect. */
export type Origins = 'any' | readonly string[]

type Asking = Pick<Request, 'headers'>

/** Names that no stranger can own, so that no page of a stranger can have them lead here. */
const ownName = /^(?:[^.]+|.+\.(?:local|lan|home|home\.arpa|internal|fritz\.box))$/

/** Looks at what browsers say of the page that asks: a page may make a browser send requests, but not hide where they come from. */
export class Pages {
  readonly counters = new Counters(['foreign-pages', 'foreign-names'])
  readonly #origins: () => Origins
  readonly #proxies: Proxies

  /** @param proxies a proxy of ours asks for our name, whatever that is */
  constructor(origins: () => Origins, proxies: Proxies) {
    this.#origins = origins
    this.#proxies = proxies
  }

  /** Lets our own page pass, and what is no page; to read, those that the settings name too. @throws Refusal */
  refuseOthers({ headers }: Asking, does: 'read' | 'change'): void {
    const site = headers.get('sec-fetch-site')
    const origin = headers.get('origin')
    const isOurs = site === undefined || site === 'same-origin' || site === 'none'
    if (isOurs && (origin === undefined || hostOf(origin) === headers.get('host')?.toLowerCase())) return
    if (does === 'read' && this.#isListed(origin)) return
    this.counters.count('foreign-pages')
    const asked = does === 'change' ? 'changes come' : 'this is for those that come'
    const text = `${asked} from wattslug's own page, or from no page at all`
    throw new Refusal(403, text, origin === undefined ? 'Sec-Fetch-Site' : 'Origin')
  }

  /**
   * Whoever owns a name can let it lead to a page of theirs first, and to us then: to a browser both are one page. So without a password
   * we are asked by an address or by a name within the house. `any` page may read, and change nothing. @throws Refusal
   */
  refuseStrangeNames({ headers }: Asking, peer: string, does: 'read' | 'change'): void {
    const said = headers.get('host')?.toLowerCase() ?? ''
    const [, bracketed, plain = ''] = /^(?:\[([^\]]+)\]|([^:]*?))\.?(?::\d+)?$/.exec(said) ?? []
    const host = bracketed ?? plain
    if (isIP(host) !== 0 || ownName.test(host) || host === hostname().toLowerCase() || isTrustedPeer(peer, this.#proxies)) return
    const origins = this.#origins()
    if (origins === 'any' ? does === 'read' : origins.some(origin => hostOf(origin) === said)) return
    this.counters.count('foreign-names')
    const text =
      "without a password this needs wattslug's address, a name within the house such as meter.local, or one that the setting origins has"
    throw new Refusal(403, text, 'Host')
  }

  /** Why a WebSocket is refused; `undefined` when it is not. Who says no Origin is no browser, and whatever leads it here, it is no page. */
  refusalOfUpgrade(request: Asking, peer: string): Refusal | undefined {
    const origin = request.headers.get('origin')
    if (origin === undefined || this.#isListed(origin)) return undefined
    try {
      this.refuseOthers(request, 'read')
      this.refuseStrangeNames(request, peer, 'read')
      return undefined
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
  }

  #isListed(origin: string | undefined): boolean {
    const origins = this.#origins()
    return origins === 'any' || (origin !== undefined && origins.includes(origin.toLowerCase()))
  }
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//i, '').toLowerCase()
}

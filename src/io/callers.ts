/** Who connects, and how often: an address that opens connections faster than a home does, or opens many and says nothing, is cut off at the door. */
import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { clientAddress, isTrustedPeer, makeProxies, networkOf, type Proxies } from './proxies.ts'

/** What takes a connection. */
type Enter = (socket: Socket) => void

/** What stands between a connection that was accepted and who takes it. */
export type Passage = (enter: Enter) => Enter

/** Lets everyone pass. */
export const freely: Passage = enter => enter

/** Connections of an address that still count at a time; they are forgotten one by one. */
interface Caller {
  readonly connects: number
  readonly atMs: number
}

/** The table of addresses. Whoever is on this machine, or is a trusted proxy, may do as they like: behind them are others. */
export class Callers {
  readonly counters = new Counters(['connects-too-often', 'connects-too-silent'])
  readonly #free: Proxies
  readonly #clock: Clock
  readonly #log: Log
  /** The one that was heard longest ago stands first. */
  readonly #callers = new Map<string, Caller>()

  constructor(proxies: Proxies, clock: Clock, log: Log) {
    const own = makeProxies(['127.0.0.0/8', '::1'])
    this.#free = { check: (address, family) => own.check(address, family) || proxies.check(address, family) }
    this.#clock = clock
    this.#log = log
  }

  /** Cuts those off that come too often. */
  readonly passage: Passage = enter => socket => {
    if (this.mayConnect(socket.remoteAddress ?? 'nowhere')) enter(socket)
    else socket.destroy()
  }

  /** Notes a connection of an address; false when there were too many of late. */
  mayConnect(peer: string): boolean {
    if (isTrustedPeer(peer, this.#free)) return true
    const address = this.#nameOf(peer)
    const nowMs = this.#clock.monotonicMs()
    const { connects, atMs } = this.#callers.get(address) ?? { connects: 0, atMs: nowMs }
    const left = Math.max(0, connects - (nowMs - atMs) / limits.connectsOfOneMs)
    const isAllowed = left + 1 <= limits.connectsOfOneMax
    this.#callers.delete(address)
    const [oldest] = this.#callers.keys()
    if (this.#callers.size >= limits.callersMax && oldest !== undefined) this.#callers.delete(oldest)
    this.#callers.set(address, { connects: isAllowed ? left + 1 : left, atMs: nowMs })
    if (!isAllowed) this.#blame('connects-too-often', `${peer} opens connections too often; those past the bound are cut off`)
    return isAllowed
  }

  /** Whether an address may have one more connection that says nothing, beside those that do. */
  mayBeSilent(peer: string, silent: Iterable<{ readonly peer: string }>, silentMax: number): boolean {
    if (isTrustedPeer(peer, this.#free)) return true
    const address = this.#nameOf(peer)
    let count = 0
    for (const other of silent) if (this.#nameOf(other.peer) === address && ++count >= silentMax) break
    if (count < silentMax) return true
    this.#blame('connects-too-silent', `${peer} opens many connections and says nothing; those past the bound are cut off`)
    return false
  }

  #nameOf(peer: string): string {
    return networkOf(clientAddress(peer, undefined, this.#free))
  }

  #blame(counter: 'connects-too-often' | 'connects-too-silent', text: string): void {
    this.counters.count(counter)
    this.#log.warnSeldom(text, counter)
  }
}

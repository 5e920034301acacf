/** TLS before what MQTT and the page do over TCP: handshakes, how many there may be, and the certificate of them all. */
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createServer, type SecureContextOptions, type Server } from 'node:tls'
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { Callers, Passage } from './callers.ts'
import { type Certificate, readCertificate } from './certificate.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { networkOf } from './proxies.ts'
import { type CertificateTold, Renewal } from './renewal.ts'
import { ownCertificate } from './self-signed.ts'

/** Where the certificate comes from. */
export type TlsSetting =
  | { readonly kind: 'none' }
  | { readonly kind: 'self-signed' }
  | { readonly kind: 'files'; readonly cert: string; readonly key: string }

/** `ca` is empty for we ask no client for a certificate: without it Node would read all authorities of the world into memory. */
const options: SecureContextOptions = { ca: [], minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION }

/** The same, when there is to be TLS. */
export type TlsSource = Exclude<TlsSetting, { kind: 'none' }>

/** What TLS has to know. */
export interface TlsOptions {
  readonly setting: TlsSource
  /** Folder of what must outlive a restart. */
  readonly state: string
  readonly callers: Callers
  readonly clock: Clock
  readonly log: Log
}

/** A connection whose handshake is not over. */
interface Shaking {
  readonly peer: string
  readonly raw: Socket
  /** After the handshake: who hangs up during that is not waited for. */
  readonly mayBeHalfOpen: boolean
}

/** All connections over TLS. */
export class Tls {
  readonly counters = new Counters(['tls-failed', 'tls-too-many'])
  readonly #callers: Callers
  #setting: TlsSource
  readonly #renewal: Renewal
  readonly #servers: Server[] = []
  /** By the address and port at the other end, by which what a handshake makes of a connection is known again. */
  readonly #shaking = new Map<string, Shaking>()
  #connections = 0

  constructor({ setting, state, callers, clock, log }: TlsOptions) {
    this.#callers = callers
    this.#setting = setting
    const find = (nowMs: number): Promise<Certificate> =>
      this.#setting.kind === 'files' ? readCertificate(this.#setting.cert, this.#setting.key) : ownCertificate(join(state, 'tls'), nowMs)
    const use = ({ cert, key }: Certificate): void => {
      for (const server of this.#servers) server.setSecureContext({ ...options, cert, key })
    }
    this.#renewal = new Renewal(find, use, clock, log)
  }

  /** How the certificate is. */
  get told(): CertificateTold {
    return this.#renewal.told
  }

  /** Looks for a newer certificate; whoever is connected stays so. To be called first when all passages are made. @param setting where it is now */
  renew(setting: TlsSource = this.#setting): Promise<void> {
    this.#setting = setting
    return this.#renewal.look()
  }

  /** Makes a passage through TLS. Until there is a certificate, nobody comes through. @param protocol what is spoken behind it */
  passage(protocol: 'http/1.1' | undefined): Passage {
    const server = createServer({
      ...options,
      handshakeTimeout: limits.connectMs,
      ...(protocol === undefined ? {} : { ALPNProtocols: [protocol] })
    })
    this.#servers.push(server)
    server.on('tlsClientError', (_, socket) => {
      this.counters.count('tls-failed')
      socket.destroy()
    })
    return enter => {
      server.on('secureConnection', socket => {
        const shaking = this.#shaking.get(farEndOf(socket))
        this.#shaking.delete(farEndOf(socket))
        if (shaking) socket.allowHalfOpen = shaking.mayBeHalfOpen
        enter(socket)
      })
      return raw => {
        if (this.#takes(raw)) server.emit('connection', raw)
        else raw.destroy()
      }
    }
  }

  /** Ends the handshakes that are under way. */
  close(): void {
    for (const { raw } of this.#shaking.values()) raw.destroy()
  }

  #takes(raw: Socket): boolean {
    const peer = raw.remoteAddress ?? 'nowhere'
    if (!this.#callers.mayBeSilent(peer, this.#shaking.values(), limits.requestsOfOneMax)) return false
    if (this.#connections >= limits.tlsConnectionsMax) {
      this.counters.count('tls-too-many')
      if (!this.#makeRoom(networkOf(peer))) return false
    }
    const farEnd = farEndOf(raw)
    this.#connections++
    this.#shaking.set(farEnd, { peer, raw, mayBeHalfOpen: raw.allowHalfOpen })
    raw.allowHalfOpen = false
    raw.once('close', () => {
      this.#connections--
      this.#shaking.delete(farEnd)
    })
    return true
  }

  /** The address with most handshakes under way gives its oldest up to one that would have fewer still: two must not keep all others out. */
  #makeRoom(address: string): boolean {
    const byAddress = new Map<string, [farEnd: string, shaking: Shaking][]>()
    for (const entry of this.#shaking) {
      const name = networkOf(entry[1].peer)
      byAddress.set(name, [...(byAddress.get(name) ?? []), entry])
    }
    const most = [...byAddress.values()].reduce((one, other) => (other.length > one.length ? other : one), [])
    const [oldest] = most
    if (!oldest || most.length <= (byAddress.get(address)?.length ?? 0) + 1) return false
    this.#shaking.delete(oldest[0])
    oldest[1].raw.destroy()
    return true
  }
}

function farEndOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

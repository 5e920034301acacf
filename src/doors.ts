/** Who is served: the doors by which clients and requests come in, who may pass them, and the ports where they are. */
import type { Server } from 'node:net'
import { files } from 'wattslug:page'
import { schemas } from 'wattslug:schemas'
import type { Config } from './config.ts'
import { type Changes, makeEndpoints } from './io/api.ts'
import { Callers, type Passage } from './io/callers.ts'
import type { Need } from './io/endpoint.ts'
import { Guard } from './io/guard.ts'
import { type HttpServer, makeHttpServer } from './io/http.ts'
import { type Key, removeKey, writeKey } from './io/key.ts'
import type { Link } from './io/link.ts'
import { listen, listenOn } from './io/listen.ts'
import type { Log } from './io/log.ts'
import { Pages } from './io/origins.ts'
import type { Parts } from './io/parts.ts'
import { makeProxies, type Proxies } from './io/proxies.ts'
import type { CertificateTold } from './io/renewal.ts'
import { Refusals } from './io/reply.ts'
import type { Request } from './io/request.ts'
import { makeTcpServer } from './io/tcp.ts'
import type { Tls, TlsSetting, TlsSource } from './io/tls.ts'
import { makeWebSocketDoor } from './io/websocket.ts'
import type { Part } from './reload.ts'

/** Ports that were had. */
export interface Ports {
  readonly mqtt: number
  readonly http: number
  /** The same over TLS, if that is wanted. */
  readonly secure: { readonly mqtt: number; readonly http: number } | undefined
}

/** All doors together. */
export interface Doors {
  /** Opens them, or closes them again. @throws ListenError when a port cannot be had */
  open(): Promise<Ports>
  /** Asks the clients behind WebSockets whether they are there; to be called each `webSocketPingMs`. */
  ping(): void
  /** Looks for a newer certificate, if there is TLS; to be called each `certificateLookMs`, and when the settings may say another place. */
  renew(setting?: TlsSetting): Promise<void>
  /** Who may pass, as other settings have it. */
  readonly reload: Part
  /** How the certificate is, if there is TLS. */
  certificate(): CertificateTold | undefined
  /** Who was cut off at the doors, by what for. */
  refusals(): Readonly<Record<string, number>>
  close(): void
}

/**
 * Makes the doors.
 * @param pageDescriptors sockets for the page that systemd opened, in the place of the http-port
 */
export function makeDoors(config: Config, parts: Parts, changes: Changes, log: Log, pageDescriptors: readonly number[]): Doors {
  const { clients, clock, doorkeeper, password } = parts
  let trusted = makeProxies(config.proxies)
  const proxies: Proxies = { check: (address, family) => trusted.check(address, family) }
  let { origins } = config
  const pages = new Pages(() => origins, proxies)
  const guard = new Guard({ doorkeeper, pages, password, proxies })
  const refused = new Refusals()
  const api = {
    endpoints: makeEndpoints(parts, changes, schemas),
    admit: (request: Request, peer: string, need: Need) => guard.admit(request, peer, need),
    failed: (error: Error) => log.warnSeldom(`a request failed: ${error.message}`, error.message),
    refused: (status: number) => refused.count(status)
  }
  const callers = new Callers(proxies, clock, log)
  const accept = (link: Link): void => clients.accept(link, callers)
  const webSocket = makeWebSocketDoor(accept, proxies, pages)
  const makeMqtt = (passage: Passage): Server => makeTcpServer(accept, passage)
  const makePage = (passage: Passage): HttpServer => makeHttpServer(files, api, webSocket, callers, passage)
  const [mqtt, page] = [makeMqtt(callers.passage), makePage(callers.passage)]
  const others = pageDescriptors.slice(1).map(() => page.another())
  const servers: Server[] = [mqtt, page, ...others]
  const pageServers = [page]
  let tls: Tls | undefined
  let key: Key | undefined
  const { host, mqttPort, httpPort, mqttsPort, httpsPort } = config

  async function openSecure(setting: TlsSource): Promise<Ports['secure']> {
    const { Tls } = await import('./io/tls.ts') // half a megabyte, which nobody else is to pay
    const made = new Tls({ setting, state: config.state, callers, clock, log })
    tls = made
    const through =
      (protocol?: 'http/1.1'): Passage =>
      enter =>
        callers.passage(made.passage(protocol)(enter))
    const [mqtts, https] = [makeMqtt(through()), makePage(through('http/1.1'))]
    servers.push(mqtts, https)
    pageServers.push(https)
    await made.renew()
    return { mqtt: await listen(mqtts, host, mqttsPort, 'mqtts-port'), http: await listen(https, host, httpsPort, 'https-port') }
  }

  const close = (): void => {
    for (const server of servers) server.close()
    for (const each of pageServers) each.closeAllConnections()
    tls?.close()
    if (key) removeKey(config.state, key)
  }
  return {
    ping: () => webSocket.ping(),
    renew: async setting => (setting?.kind === 'none' ? undefined : await tls?.renew(setting)),
    reload(next) {
      const apply = doorkeeper.prepare({ ...next, root: config.root })
      return () => {
        apply()
        origins = next.origins
        trusted = makeProxies(next.proxies)
        clients.broker.review()
      }
    },
    certificate: () => tls?.told,
    refusals: () => ({
      ...{ ...guard.counters.all(), ...refused.counters.all(), ...pages.counters.all() },
      ...{ ...callers.counters.all(), ...tls?.counters.all() }
    }),
    close,
    async open() {
      try {
        const ports = {
          mqtt: await listen(mqtt, host, mqttPort, 'mqtt-port'),
          http: await (pageDescriptors.length === 0
            ? listen(page, host, httpPort, 'http-port')
            : listenOnAll([page, ...others], pageDescriptors)),
          secure: config.tls.kind === 'none' ? undefined : await openSecure(config.tls)
        }
        key = { pid: process.pid, httpPort: ports.http, mqttPort: ports.mqtt, secret: doorkeeper.secret }
        leaveKey(config.state, key, log)
        return ports
      } catch (error) {
        close()
        throw error
      }
    }
  }
}

/** Listens on each socket, with the bound on connections shared out among them; answers the port of the first. */
async function listenOnAll(listeners: readonly Server[], descriptors: readonly number[]): Promise<number> {
  const ports = listeners.map((each, index) => {
    each.maxConnections = Math.floor(each.maxConnections / listeners.length)
    return listenOn(each, descriptors[index] as number)
  })
  const [first] = await Promise.all(ports)
  return first as number
}

/** A disk that cannot be written is told by the store, and stops nothing. */
function leaveKey(state: string, key: Key, log: Log): void {
  try {
    writeKey(state, key)
  } catch (error) {
    log.warning(`backup, restore and status will ask for the password: ${(error as Error).message}`)
  }
}

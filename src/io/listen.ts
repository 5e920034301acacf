/** Takes ports: listens, and says in words why a port cannot be had. */
import { type AddressInfo, isIPv6, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'

/** A port that cannot be had; the message names it and what to do. */
export class ListenError extends Error {}

/**
 * Listens on an address and port.
 * @param setting the setting that names the port, for the message
 * @returns the port, which is new when 0 was asked for @throws ListenError
 */
export function listen(server: Server, host: string, port: number, setting: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new ListenError(explain(error, host, port, setting))))
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      server.on('error', () => undefined) // an accept that fails, for want of descriptors, is tried again
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Listens on a socket that systemd opened, and answers its port. */
export function listenOn(server: Server, descriptor: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd: descriptor }, () => {
      server.removeAllListeners('error')
      server.on('error', () => undefined)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** The addresses under which a listener can be reached from outside, or from this machine when it is bound to it alone. */
export function reachableHosts(host: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [isIPv6(host) ? `[${host}]` : host]
  const outside = Object.values(networkInterfaces()).flatMap(list =>
    (list ?? []).filter(({ internal, family }) => !internal && family === 'IPv4')
  )
  return ['localhost', ...outside.map(({ address }) => address)]
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, setting: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is taken by another program: stop that, or choose another with --${setting} (0 takes a free one)`
    case 'EACCES':
      return `port ${port} may not be used by this user: choose one above 1023 with --${setting}`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return `${host} is no address of this machine: choose another with --host (0.0.0.0 is every one)`
    default:
      return `port ${port} on ${host} cannot be had (${error.message})`
  }
}

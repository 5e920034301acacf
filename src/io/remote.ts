/** A remote serial head as a source: raw bytes from `tcp://host:port`, such as ser2net or socat on an old board gives them. */
import { connect } from 'node:net'
import { limits } from '../limits.ts'
import type { Closed } from '../meters/watch.ts'
import type { Source } from './source.ts'

/** A source at an address. */
export function makeRemoteSource(host: string, port: number): Source {
  const name = `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    name,
    simulated: false,
    baud: undefined,
    open(events) {
      const socket = connect({ host, port, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs })
      let why: Closed = { kind: 'lost', message: `${name} closed the connection; it is connected to again.` }
      let isOpen = false
      socket.setTimeout(limits.connectMs)
      socket.on('connect', () => {
        isOpen = true
        socket.setTimeout(limits.remoteSilenceMs)
        events.opened()
      })
      socket.on('data', chunk => events.received(chunk as Buffer))
      socket.on('timeout', () => socket.destroy(new Error(isOpen ? 'nothing was heard' : 'no answer')))
      socket.on('error', error => {
        why = isOpen
          ? { kind: 'lost', message: `${name} was lost (${reasonOf(error)}); it is connected to again.` }
          : {
              kind: 'absent',
              message: `No connection to ${name} (${reasonOf(error)}). Start ser2net or socat there, and check the address.`
            }
      })
      socket.on('end', () => socket.destroy())
      socket.on('close', () => events.closed(why))
      return () => {
        socket.removeAllListeners('close')
        socket.destroy()
      }
    }
  }
}

/** What went wrong, also at a name with several addresses, whose error has no text of its own. */
function reasonOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(each => (each as Error).message).join(', ') : error.message
}

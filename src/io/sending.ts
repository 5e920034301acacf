/** Answers on their way: heads, tags, and bodies in pieces of which the next is made when the system has taken the last. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { limits } from '../limits.ts'
import { cutOff } from './tcp.ts'

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage'
}

/** Said with every answer. */
const always = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  Connection: 'close'
}

/** The head of an answer. */
export function headOf(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...always, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${lines.join('')}\r\n`
}

/** A weak tag: what it is made of says the same, though not in the same bytes. */
export function tagOf(text: string): string {
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`
}

/** A socket that takes all at once ends no turn of the event loop: so long everybody else may wait for one. */
const turnMs = 5

/** Sends all pieces, one after the other; false when the connection or what makes them broke off. */
export async function sendPieces(socket: Socket, pieces: AsyncIterable<string | Uint8Array>, isChunked: boolean): Promise<boolean> {
  const untilTimer = setTimeout(cutOff, limits.transferMs, socket)
  let turnedMs = performance.now()
  try {
    for await (const piece of pieces) {
      if (socket.destroyed) return false
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      if (bytes.length > 0 && !(await write(socket, isChunked ? chunkOf(bytes) : [bytes]))) return false
      if (performance.now() - turnedMs < turnMs) continue
      await turn()
      turnedMs = performance.now()
    }
    return !isChunked || (await write(socket, [Buffer.from('0\r\n\r\n')]))
  } catch {
    return false // the store failed or was closed while it was read; it says so itself
  } finally {
    clearTimeout(untilTimer)
  }
}

function chunkOf(bytes: Uint8Array): readonly Uint8Array[] {
  return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]
}

/** Resolves when the system has taken it; who takes nothing for long is cut off. */
function write(socket: Socket, pieces: readonly Uint8Array[]): Promise<boolean> {
  const timer = setTimeout(cutOff, limits.drainMs, socket)
  return new Promise(resolve => {
    socket.cork()
    for (const [index, piece] of pieces.entries()) {
      if (index < pieces.length - 1) socket.write(piece)
      else
        socket.write(piece, error => {
          clearTimeout(timer)
          resolve(!error)
        })
    }
    socket.uncork()
  })
}

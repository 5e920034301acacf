/** Who listens at a TCP port of this machine, and whether it speaks as it should. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { limits } from '../limits.ts'
import { nameOf } from './holders.ts'
import { attempt } from './ports.ts'

/** CONNECT of MQTT 3.1.1 without a client id, to which each server answers with a CONNACK, be it a refusal; and DISCONNECT. */
const connectPacket = Uint8Array.of(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0)
const disconnectPacket = Uint8Array.of(0xe0, 0)
const connack = 0x20

/** Asks whether MQTT is spoken at a port; `free` when nobody listens there. */
export function askMqtt(host: string, port: number): Promise<'answers' | 'mute' | 'free'> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const end = (found: 'answers' | 'mute' | 'free'): void => {
      socket.destroy()
      resolve(found)
    }
    socket.setTimeout(limits.doctorAskMs, () => end('mute'))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED' ? 'free' : 'mute'))
    socket.on('close', () => end('mute'))
    socket.on('connect', () => socket.write(connectPacket))
    socket.once('data', (bytes: Buffer) => {
      const isAnswer = bytes[0] === connack
      if (isAnswer) socket.write(disconnectPacket, () => end('answers'))
      else end('mute')
    })
  })
}

/** What a port over TLS says of itself. */
type Shown =
  | { readonly kind: 'mute' | 'free' }
  | { readonly kind: 'answers'; readonly certificate: { readonly names: string; readonly untilMs: number } }

/** Shakes hands over TLS, whoever signed the certificate, and answers whom it is for and how long. */
export async function askTls(host: string, port: number): Promise<Shown> {
  const { connect: connectTls } = await import('node:tls') // which a daemon without TLS has no use for
  return await new Promise(resolve => {
    const socket = connectTls({ host, port, rejectUnauthorized: false })
    const end = (shown: Shown): void => {
      socket.destroy()
      resolve(shown)
    }
    socket.setTimeout(limits.doctorAskMs, () => end({ kind: 'mute' }))
    socket.on('error', (error: NodeJS.ErrnoException) => end({ kind: error.code === 'ECONNREFUSED' ? 'free' : 'mute' }))
    socket.on('close', () => end({ kind: 'mute' }))
    socket.on('secureConnect', () => {
      const { subjectaltname, subject, valid_to } = socket.getPeerCertificate()
      end({ kind: 'answers', certificate: { names: subjectaltname ?? String(subject.CN), untilMs: Date.parse(valid_to) } })
    })
  })
}

/**
 * Names who listens at a port, as far as this user may know it.
 * @param root stands before `/proc`
 */
export function listenerAt(port: number, root = ''): string | undefined {
  const socket = socketAt(port, root)
  if (socket === undefined) return undefined
  const pids = (attempt(() => readdirSync(`${root}/proc`)) ?? []).map(Number).filter(pid => pid > 0)
  const holder = pids.find(pid => hasSocket(pid, socket, root))
  return holder === undefined ? undefined : nameOf(holder, root)
}

/** The number of a socket that listens: `sl local_address rem_address st … inode`, with addresses in hexadecimal. */
function socketAt(port: number, root: string): string | undefined {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = ['tcp', 'tcp6']
    .flatMap(table => (attempt(() => readFileSync(`${root}/proc/net/${table}`, 'utf8')) ?? '').split('\n'))
    .map(line => line.trim().split(/\s+/))
  return rows.find(([, local, , state]) => local?.endsWith(wanted) && state === '0A')?.[9]
}

function hasSocket(pid: number, socket: string, root: string): boolean {
  const files = attempt(() => readdirSync(`${root}/proc/${pid}/fd`)) ?? []
  return files.some(file => attempt(() => readlinkSync(`${root}/proc/${pid}/fd/${file}`)) === `socket:[${socket}]`)
}

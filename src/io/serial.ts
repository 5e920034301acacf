/** A serial port as a source: serialport's stream on its Linux binding, whose read tells a hang-up instead of asking for ever. */
import { accessSync, constants, read } from 'node:fs'
import type { LinuxBindingInterface, LinuxPortBinding } from '@serialport/bindings-cpp'
import { SerialPortStream } from '@serialport/stream'
import { limits } from '../limits.ts'
import type { Closed } from '../meters/watch.ts'
import { listPorts } from './ports.ts'
import type { Source } from './source.ts'

type Port = SerialPortStream<LinuxBindingInterface>

/** Ports that are being closed, by their paths: they stay locked until that is done. */
const leaving = new Map<string, Promise<void>>()

/** A source on a device such as `/dev/ttyUSB0`, 8N1 without handshake. */
export function makeSerialSource(path: string, baud: number): Source {
  return {
    name: path,
    simulated: false,
    baud,
    open(events) {
      let ended = false
      const opening = (leaving.get(path) ?? Promise.resolve()).then(() => openPort(path, baud))
      const leave = (): void => {
        ended = true
        const left = opening
          .then(closePort, () => undefined)
          .finally(() => {
            if (leaving.get(path) === left) leaving.delete(path)
          })
        leaving.set(path, left)
      }
      const end = (why: Closed): void => {
        if (ended) return
        leave()
        events.closed(why)
      }
      opening.then(
        port => {
          if (ended) return
          port.on('data', (chunk: Buffer) => {
            if (!ended) events.received(chunk) // it may still read while it is being closed
          })
          port.on('error', (error: Error) => end(lost(path, error)))
          port.on('close', (error?: Error | null) => end(lost(path, error)))
          events.opened()
        },
        (error: unknown) => end(whyNot(path, error))
      )
      return leave
    }
  }
}

/** Why the addon for serial ports cannot be loaded on this machine, if it cannot. */
export async function serialFault(): Promise<string | undefined> {
  return import('@serialport/bindings-cpp').then(() => undefined, String)
}

async function openPort(path: string, baudRate: number): Promise<Port> {
  // Loaded when it is needed: on a board without a prebuilt addon the other sources still work.
  const { LinuxBinding } = await import('@serialport/bindings-cpp')
  const binding: LinuxBindingInterface = {
    list: () => LinuxBinding.list(),
    async open(options) {
      const port = await LinuxBinding.open(options)
      const close = port.close.bind(port)
      let reading: Promise<unknown> = Promise.resolve()
      port.read = (buffer, offset, length) => {
        const outcome = readOrHangUp(port, buffer, offset, length)
        reading = outcome.catch(() => undefined)
        return outcome
      }
      port.close = async () => {
        await close()
        await reading // while it goes on in the kernel, the port stays locked
      }
      return port
    }
  }
  const port = new SerialPortStream({ binding, path, baudRate, highWaterMark: limits.serialReadBytes, autoOpen: false })
  return new Promise((resolve, reject) => {
    port.open(error => (error ? reject(error) : resolve(port)))
  })
}

function closePort(port: Port): Promise<void> {
  return new Promise(resolve => {
    if (port.isOpen) port.close(() => resolve())
    else if (port.closing) port.once('close', () => resolve())
    else resolve()
  })
}

/**
 * Reads as the binding does, but for 0 bytes: that is how a terminal tells that its other side has hung up, and the
 * binding's own read asks again and again then, at full speed and for ever.
 */
async function readOrHangUp(
  port: LinuxPortBinding,
  buffer: Buffer,
  offset: number,
  length: number
): Promise<{ buffer: Buffer; bytesRead: number }> {
  for (;;) {
    const outcome = port.fd === null ? 0 : await readOnce(port.fd, buffer, offset, length)
    // Also when it was closed in the meantime: to ask a poller that is gone would crash the process.
    if (port.fd === null) throw Object.assign(new Error('the port was closed'), { canceled: true })
    if (outcome === 0) throw new Error('it hung up')
    if (typeof outcome === 'number') return { buffer, bytesRead: outcome }
    if (outcome.code !== 'EAGAIN' && outcome.code !== 'EINTR') throw outcome
    await new Promise<void>((resolve, reject) => {
      port.poller.once('readable', (error: Error | null) => (error ? reject(error) : resolve()))
    })
  }
}

function readOnce(fd: number, buffer: Buffer, offset: number, length: number): Promise<number | NodeJS.ErrnoException> {
  return new Promise(resolve => {
    read(fd, buffer, offset, length, null, (error, bytesRead) => resolve(error ?? bytesRead))
  })
}

function lost(path: string, error: Error | null | undefined): Closed {
  return { kind: 'lost', message: `${path} was closed (${error?.message ?? 'no reason told'}); it is opened again as soon as it is there.` }
}

function whyNot(path: string, error: unknown): Closed {
  const said = error instanceof Error ? error.message : String(error)
  const code = accessError(path)
  if (code === 'ENOENT') {
    const others = listPorts().filter(port => port !== path)
    const seen = others.length > 0 ? ` Seen here: ${others.slice(0, limits.portsToldMax).join(', ')}.` : ''
    return { kind: 'absent', message: `No such device: ${path}. Plug in the meter's cable, or name its port with --source.${seen}` }
  }
  if (code === 'EACCES' || /permission denied/i.test(said)) {
    const how = 'Add the user that runs wattslug to the group dialout (sudo usermod -aG dialout USER) and log in again.'
    return { kind: 'denied', message: `Permission denied: ${path}. ${how}` }
  }
  if (/lock|busy/i.test(said)) {
    return { kind: 'busy', message: `${path} is held by another program, and only one can read it. Find it with: fuser ${path}` }
  }
  return { kind: 'failed', message: `${path} cannot be opened: ${said}. Is it a serial port?` }
}

function accessError(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

/** Talks with systemd: takes the sockets that it opened, and tells it how the daemon does. Without systemd it does nothing. */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'

type Environment = Readonly<Record<string, string | undefined>>

const firstDescriptor = 3

/** The descriptors of a name that systemd gave to this process (sd_listen_fds_with_names(3)); those of another process are none of ours. */
function givenDescriptors(environment: Environment, pid: number, name: string): readonly number[] {
  const count = environment['LISTEN_PID'] === String(pid) ? Number(environment['LISTEN_FDS'] ?? 0) : 0
  const names = environment['LISTEN_FDNAMES']?.split(':') ?? []
  return Array.from({ length: count }, (_, index) => firstDescriptor + index).filter((_, index) => names[index] === name)
}

/** What systemd gives and is told. */
export interface System {
  readonly supervisor: Supervisor
  /** Sockets for the page that it opened, in the place of the http-port: one for each `ListenStream=` of the unit. */
  readonly pageDescriptors: readonly number[]
}

/** Looks what systemd gave to this process. */
export function findSystem(environment: Environment, pid: number): System {
  return { supervisor: makeSupervisor(environment, pid), pageDescriptors: givenDescriptors(environment, pid, 'http') }
}

/** What systemd is told (sd_notify(3)). */
export interface Supervisor {
  /** How often it wants to be told that the daemon is alive; 0 is never. */
  readonly aliveMs: number
  /** The daemon serves, or has read its settings again. */
  ready(): void
  /** It reads its settings again. */
  reloading(): void
  /** What `systemctl status` shows, in one line; what it shows already is not told again. */
  status(text: string): void
  /** The event loop still turns. */
  alive(): void
  stopping(): void
}

/**
 * Makes what tells systemd: over the descriptor `notify`, which systemd 253 and newer opens for the unit, and otherwise by the
 * program systemd-notify, one at a time.
 */
function makeSupervisor(environment: Environment, pid: number): Supervisor {
  const send = senderOf(environment, pid)
  const isWatched = environment['WATCHDOG_PID'] === undefined || environment['WATCHDOG_PID'] === String(pid)
  const watchdogMs = isWatched ? Number(environment['WATCHDOG_USEC'] ?? 0) / 1_000 : 0
  let shown = ''
  return {
    aliveMs: Math.floor(watchdogMs / 3),
    ready: () => send('READY=1'),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`),
    status(text) {
      const line = text.replaceAll(/[\n\r]+/g, ' ')
      if (line === shown) return
      shown = line
      send(`STATUS=${line}`)
    },
    alive: () => send('WATCHDOG=1'),
    stopping: () => send('STOPPING=1')
  }
}

function senderOf(environment: Environment, pid: number): (state: string) => void {
  const [descriptor] = givenDescriptors(environment, pid, 'notify')
  if (descriptor !== undefined) return state => tryWrite(descriptor, state)
  if (environment['NOTIFY_SOCKET'] === undefined) return () => undefined
  // States that come while one is told are told with the next: the last of each kind.
  const waiting = new Map<string, string>()
  let isTelling = false
  const tell = (): void => {
    if (isTelling || waiting.size === 0) return
    isTelling = true
    const states = [...waiting.values()]
    waiting.clear()
    const child = spawn('systemd-notify', [`--pid=${pid}`, ...states.flatMap(state => state.split('\n'))], { stdio: 'ignore' })
    const done = (): void => {
      isTelling = false
      tell()
    }
    child.once('error', done).once('exit', done)
  }
  return state => {
    waiting.set(state.split('=', 1)[0] as string, state)
    tell()
  }
}

/** A datagram that systemd cannot take now is lost: the next tells more than it. */
function tryWrite(descriptor: number, state: string): void {
  try {
    writeSync(descriptor, state)
  } catch {
    // There is nobody to tell.
  }
}

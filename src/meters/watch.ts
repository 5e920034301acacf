/** Watches how a meter is doing and says it in plain words: what is wrong, and what to do next. */
import { limits } from '../limits.ts'
import type { MeterFault } from './fault.ts'
import { meters } from './meter.ts'

/** How a meter is: each state is told once, in the log and on the page. */
export type MeterState =
  | 'connecting' // the port is being opened, or is open and nothing was heard yet
  | 'live' // readings arrive
  | 'silent' // the port is open, but nothing comes
  | 'unreadable' // bytes come, but no message that can be read
  | 'absent' // there is no such port, or nobody answers there
  | 'denied' // the port may not be opened by this user
  | 'busy' // another process holds the port
  | 'failed' // anything else; the message tells

export interface MeterStatus {
  readonly state: MeterState
  /** A whole sentence for a human, with what to do next unless all is well. */
  readonly message: string
}

/** A port, for humans, and its line speed; a remote or simulated port has none. */
export interface Port {
  readonly name: string
  readonly baud: number | undefined
}

/** Why a port is not open: it could not be opened, or was `lost` later. */
export interface Closed {
  readonly kind: 'absent' | 'denied' | 'busy' | 'lost' | 'failed'
  /** What the system or the remote end said, with what to do. */
  readonly message: string
  /** It is over: opening it again would only say the same again. */
  readonly final?: boolean
}

/** The state of one meter; times are monotonic, in ms. */
export class Watch {
  #port: Port
  #status: MeterStatus
  #heardMs: number
  #bytes = 0
  #firstByteMs = 0
  #lastByteMs = 0
  #frames = 0
  #fault: MeterFault | undefined
  #open = false

  /** @param source the port's name, for humans @param baud its line speed; a remote or simulated port has none */
  constructor(source: string, baud: number | undefined, nowMs: number) {
    this.#port = { name: source, baud }
    this.#heardMs = nowMs
    this.#status = { state: 'connecting', message: `Opening ${source}.` }
  }

  get status(): MeterStatus {
    return this.#status
  }

  /** Where the meter is, as far as that is known. */
  get port(): Port {
    return this.#port
  }

  /** The port is open; a source that had to search tells which one it is. */
  opened(nowMs: number, port = this.#port): void {
    this.#open = true
    this.#port = port
    this.#heard(nowMs)
    this.#status = { state: 'connecting', message: 'The port is open; waiting for the first message of the meter.' }
  }

  /** Bytes came, whatever they are. */
  received(bytes: number, nowMs: number): void {
    if (this.#bytes === 0) this.#firstByteMs = nowMs
    this.#lastByteMs = nowMs
    this.#bytes += bytes
  }

  /** A message came that could not be read. */
  misread(fault: MeterFault): void {
    this.#frames++
    this.#fault = fault
  }

  /** A message came that could be read. */
  understood(nowMs: number): void {
    this.#heard(nowMs)
    this.#status = { state: 'live', message: 'Readings arrive.' }
  }

  /** The port is not open. */
  closed(why: Closed): void {
    this.#open = false
    this.#status = { state: why.kind === 'lost' ? 'connecting' : why.kind, message: why.message }
  }

  /** Time passes: to be called each second or so. */
  tick(nowMs: number): void {
    if (!this.#open) return
    const stopped = nowMs - this.#lastByteMs >= limits.staleMs
    const babble = this.#bytes >= limits.babbleBytesMin && nowMs - this.#firstByteMs >= limits.babbleMs
    if (babble && !stopped) {
      this.#status = { state: 'unreadable', message: this.#unreadable() }
    } else if (nowMs - this.#heardMs >= limits.staleMs) {
      this.#status = { state: 'silent', message: silent }
      if (stopped) this.#bytes = this.#frames = 0 // what comes later is judged anew
    }
  }

  #heard(nowMs: number): void {
    this.#heardMs = nowMs
    this.#bytes = this.#frames = 0
  }

  #unreadable(): string {
    if (this.#frames > 0 && this.#fault) return `Messages come, but none can be read: ${describe(this.#fault)}.`
    if (this.#port.baud === undefined)
      return `Bytes come, but no message: is it a CurrentCost meter, and is the line speed right at the other end? ${speeds}`
    const others = likelyBauds().filter(baud => baud !== this.#port.baud)
    return `Bytes come, but no message: the line speed is most likely not ${this.#port.baud}. Try --baud ${others.join(', then --baud ')}. ${speeds}`
  }
}

/** A fault in words, with its place. */
export function describe(fault: MeterFault): string {
  if ('field' in fault) return `${fault.kind} in ${fault.field}`
  if ('offset' in fault) return `${fault.kind} at byte ${fault.offset}`
  return 'bytes' in fault ? `${fault.kind} (${fault.bytes} bytes)` : fault.kind
}

/** The line speeds at which meters have been met, the likeliest first. */
export function likelyBauds(): readonly number[] {
  return [...new Set(meters.flatMap(meter => meter.bauds))].sort((a, b) => b - a)
}

const silent = `The port is open, but nothing has come for ${limits.staleMs / 1000} s. Check the cable at the meter's side, and that its display is on.`
const speeds = 'A CC128, Envi or EnviR speaks at 57600, a Classic at 9600 or 2400.'

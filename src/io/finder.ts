/** Finds meters: looks at the ports that there are, tries those that nobody holds, and knows each meter again wherever it turns up. */
import { limits } from '../limits.ts'
import type { Registry } from '../meters/registry.ts'
import { type Closed, likelyBauds } from '../meters/watch.ts'
import type { Reading } from '../reading.ts'
import type { Candidate } from './ports.ts'
import { Probe } from './probe.ts'
import type { Source, SourceEvents } from './source.ts'

/** The world as the finder sees it. */
export interface FinderWorld {
  list(): readonly Candidate[]
  open(path: string, baud: number): Source
  /** Who holds a port, if another process does. */
  holderOf(path: string): string | undefined
  /** A monotonic time. */
  nowMs(): number
  /** A meter was met for which nobody waits: somebody is to open `source(id)`. */
  newMeter(id: string): void
  /** What is remembered has changed. */
  remember(registry: Registry): void
}

type PortState =
  | { readonly name: 'probing'; readonly probe: Probe }
  | { readonly name: 'meter'; readonly probe: Probe; readonly id: string }
  | { readonly name: 'refused'; readonly untilMs: number; readonly kind: Closed['kind']; readonly why: string }

interface Port {
  readonly candidate: Candidate
  state: PortState
}

/** One finder serves all meters of the house. */
export class Finder {
  readonly #registry: Registry
  readonly #world: FinderWorld
  /** By the candidate's key, for a device may go by several names, and get another one while it is looked at. */
  readonly #ports = new Map<string, Port>()
  /** Who waits for a meter, by its id. */
  readonly #waiting = new Map<string, SourceEvents>()
  /** Meters that have a source, whether it is open or will be opened again. */
  readonly #served = new Set<string>()

  constructor(world: FinderWorld, registry: Registry) {
    this.#world = world
    this.#registry = registry
  }

  /** A source that is one meter, wherever that is. */
  source(id: string): Source {
    this.#served.add(id)
    return {
      name: 'auto',
      simulated: false,
      baud: undefined,
      open: events => {
        this.#waiting.set(id, events)
        const port = this.#portOf(id)
        if (port?.state.name === 'meter') this.#hand(id, port.state.probe)
        else this.scan()
        return () => {
          this.#waiting.delete(id)
          const taken = this.#portOf(id)
          if (taken) this.#drop(taken)
        }
      }
    }
  }

  /** Looks at the ports, and tells what the last look has found; to be called each `scanMs`. */
  scan(): void {
    const candidates = this.#world.list().slice(0, limits.portsMax)
    const keys = new Set(candidates.map(({ key }) => key))
    for (const port of [...this.#ports.values()]) if (port.state.name !== 'meter' && !keys.has(port.candidate.key)) this.#drop(port)
    if (this.#ports.size > 0 || candidates.length === 0) this.#tell()
    for (const { candidate, state } of [...this.#ports.values()]) {
      if (state.name === 'probing') state.probe.tick()
      if (state.name === 'refused' && this.#world.nowMs() >= state.untilMs) this.#ports.delete(candidate.key)
    }
    for (const candidate of candidates) if (!this.#ports.has(candidate.key)) this.#look(candidate)
  }

  /** Remembers what the meter of this id said of itself; to be told of each reading. */
  learn(id: string, reading: Reading): void {
    const port = this.#portOf(id)
    if (port?.state.name !== 'meter') return
    const { path, baud } = port.state.probe
    if (this.#registry.learn(id, path, baud, radioOf(reading))) this.#world.remember(this.#registry)
  }

  /** Closes every port. */
  stop(): void {
    this.#waiting.clear()
    for (const port of [...this.#ports.values()]) this.#drop(port)
  }

  #portOf(id: string): Port | undefined {
    return [...this.#ports.values()].find(({ state }) => state.name === 'meter' && state.id === id)
  }

  #drop({ candidate, state }: Port): void {
    this.#ports.delete(candidate.key)
    if (state.name !== 'refused') state.probe.close()
  }

  #look(candidate: Candidate): void {
    const { path } = candidate
    const holder = this.#world.holderOf(path)
    if (holder === undefined) this.#probe(candidate)
    else this.#refuse(candidate, 'busy', limits.heldMs, `${path} is held by ${holder}.`)
  }

  #probe(candidate: Candidate): void {
    const { path, key } = candidate
    const bauds = [this.#registry.baudAt(path), ...likelyBauds()].filter(baud => baud !== undefined)
    const [first = 57_600, ...others] = new Set(bauds)
    const owner = {
      confirmed: (reading: Reading) => this.#confirmed(candidate, probe, reading),
      stranger: () => this.#refuse(candidate, 'failed', limits.refusedMs, `${path} speaks something else than a CurrentCost meter.`),
      closed: (why: Closed) => this.#closed(candidate, why)
    }
    const probe = new Probe(path, [first, ...others], baud => this.#world.open(path, baud), owner, this.#world.nowMs)
    this.#ports.set(key, { candidate, state: { name: 'probing', probe } })
    probe.start()
  }

  #confirmed(candidate: Candidate, probe: Probe, reading: Reading): void {
    const states = [...this.#ports.values()].map(({ state }) => state)
    const present = new Set(states.flatMap(state => (state.name === 'meter' ? [state.id] : [])))
    const isAlone = states.filter(({ name }) => name === 'probing').length === 1
    const id = this.#registry.identify(candidate.path, radioOf(reading), present, isAlone)
    if (id === undefined) {
      probe.close()
      const why = `${candidate.path} is a meter more than the ${limits.metersMax} that can be read.`
      this.#refuse(candidate, 'failed', limits.refusedMs, why)
      return
    }
    this.#ports.set(candidate.key, { candidate, state: { name: 'meter', probe, id } })
    this.learn(id, reading)
    if (this.#waiting.has(id)) this.#hand(id, probe)
    else if (!this.#served.has(id)) this.#world.newMeter(id)
  }

  #hand(id: string, probe: Probe): void {
    const events = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (events)
      probe.take({
        opened: port => events.opened(port),
        searching: why => events.searching(why),
        received: (chunk, atMs) => events.received(chunk, atMs),
        closed: why => {
          const port = this.#portOf(id)
          if (port) this.#ports.delete(port.candidate.key)
          events.closed(why)
        }
      })
  }

  /** A port that has just been plugged in may not be allowed yet; others get a pause. */
  #closed(candidate: Candidate, { kind, message }: Closed): void {
    if (kind === 'absent' || kind === 'lost') this.#ports.delete(candidate.key)
    else this.#refuse(candidate, kind, kind === 'denied' ? 0 : limits.heldMs, message)
  }

  #refuse(candidate: Candidate, kind: Closed['kind'], forMs: number, why: string): void {
    this.#ports.set(candidate.key, { candidate, state: { name: 'refused', untilMs: this.#world.nowMs() + forMs, kind, why } })
  }

  #tell(): void {
    const report = this.#report()
    for (const events of [...this.#waiting.values()]) events.searching(report)
  }

  /** What was looked at, in words that stay the same while nothing changes. */
  #report(): Closed {
    const states = [...this.#ports.values()].map(({ state }) => state)
    const seen = states.map(state => {
      if (state.name === 'refused') return state.why
      if (state.name === 'meter') return `${state.probe.path} is another meter.`
      return `${state.probe.path} is listened to: ${state.probe.wasHeard ? 'no message yet' : 'nothing heard yet'}.`
    })
    const refusals = states.flatMap(state => (state.name === 'refused' ? [state.kind] : []))
    const isListening = states.some(({ name }) => name === 'probing')
    const obstacle = isListening ? undefined : (['denied', 'busy'] as const).find(kind => refusals.includes(kind))
    const where = seen.length > 0 ? seen.join(' ') : 'There is no serial port.'
    return {
      kind: obstacle ?? 'absent',
      message: `No meter found yet. ${where} Plug in the meter's cable, or name its port with --source.`
    }
  }
}

/** Which transmitter it is. */
function radioOf({ sensor, radioId }: Reading): string {
  return `${sensor}/${radioId}`
}

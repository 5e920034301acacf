/** Ten million bytes that no meter ever sent: framer and models take all of them, neither throw nor grow nor hang, and go on to read what is sound. */
import { readdirSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { describeCycle, HistoryCycles } from '../../src/meters/cycle.ts'
import { type MeterFaultKind, meterFaultKinds } from '../../src/meters/fault.ts'
import { Framer } from '../../src/meters/framer.ts'
import { readFrame } from '../../src/meters/meter.ts'
import { ClockOffset, timeOfDayMs, wrapDay } from '../../src/meters/offset.ts'
import { Random } from '../../src/simulator/random.ts'
import { bytesOf, cc128Message } from '../fixtures/meters/wire.ts'
import { makeBabble } from '../fixtures/proof/babble.ts'

const seed = Number(process.env['WATTSLUG_FUZZ_SEED'] ?? Date.now() % 1_000_000)
const bytesMax = Number(process.env['WATTSLUG_FUZZ_BYTES'] ?? 10_000_000)
const regressions = new URL('../fixtures/proof/regressions/', import.meta.url)
const startMs = Date.UTC(2026, 2, 3)
const megabyte = 2 ** 20
t.setTimeout(600_000)

/** Collects all rubbish, whether Node was started for that or not. */
const collect: () => void = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
})()

/** All that a reader does with bytes, down to where history is placed. */
class Subject {
  readonly #framer = new Framer()
  readonly #clock = new ClockOffset()
  readonly #cycles = new HistoryCycles()
  readonly counts = new Map<'readings' | 'pages' | 'placed' | MeterFaultKind, number>()
  frameBytesMax = 0
  /** The reading that came last. */
  last = ''

  hear(bytes: Uint8Array, atMs: number): void {
    this.#framer.feed(bytes, {
      frame: frame => this.#read(frame, atMs),
      fault: ({ kind }) => this.#count(kind)
    })
  }

  #read(frame: Uint8Array, atMs: number): void {
    this.frameBytesMax = Math.max(this.frameBytesMax, frame.length)
    const outcome = readFrame(frame, atMs)
    if (outcome.kind === 'fault') {
      this.#count(outcome.fault.kind)
      return
    }
    for (const reading of outcome.readings) {
      this.#count('readings')
      this.#clock.learn(reading.meterTime, atMs)
      this.last = JSON.stringify(reading)
    }
    if (outcome.history === undefined) return
    this.#count('pages')
    const learned = this.#clock.offset(atMs)
    // What is heard here never agrees on a clock for long: then the page's own is believed.
    const own = { kind: 'known', meterMinusHostMs: wrapDay(timeOfDayMs(outcome.history.meterTime) - atMs), spreadMs: 0, ageMs: 0 } as const
    const { placed, ended } = this.#cycles.accept(outcome.history, learned.kind === 'known' ? learned : own)
    this.#count('placed', placed.length)
    if (ended) describeCycle(ended)
  }

  #count(what: 'readings' | 'pages' | 'placed' | MeterFaultKind, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by)
  }
}

/** After anything at all, a sound message is read; the one before it may be lost with what was wrong. */
function checkRecovers(subject: Subject, label: string): void {
  const sound = bytesOf(`${cc128Message()}\r\n`)
  subject.hear(sound, startMs)
  subject.last = ''
  subject.hear(sound, startMs)
  if (subject.last === '') throw new Error(`a sound message was not read after ${label}`)
}

t.test('what went wrong once, or looks as if it might', async t => {
  const names = readdirSync(regressions).filter(name => name.endsWith('.bin'))
  for (const name of names) {
    const bytes = readFileSync(new URL(name, regressions))
    for (const pieceBytes of [bytes.length, 1, 7]) {
      const subject = new Subject()
      for (let from = 0; from < bytes.length; from += pieceBytes) subject.hear(bytes.subarray(from, from + pieceBytes), startMs)
      checkRecovers(subject, name)
      if (pieceBytes === 1) t.comment(`${name.padEnd(36)} ${String(bytes.length).padStart(6)} bytes  ${tell(subject)}`)
    }
    t.pass(name)
  }
  t.ok(names.length >= 12)
})

t.test(`${bytesMax} bytes, WATTSLUG_FUZZ_SEED=${seed}`, async t => {
  const random = new Random(seed)
  const babble = makeBabble(random, new URL('../fixtures/meters/', import.meta.url))
  const subject = new Subject()
  let atMs = startMs
  let heard = 0
  let rounds = 0
  let warmBytes = 0
  while (heard < bytesMax) {
    const bytes = babble.next()
    // In one piece, or in the pieces of a port.
    const pieceBytes = random.chance(0.7) ? bytes.length : random.whole(1, 64)
    try {
      for (let from = 0; from < bytes.length; from += pieceBytes) subject.hear(bytes.subarray(from, from + pieceBytes), atMs)
      if (rounds % 64 === 0) checkRecovers(subject, `round ${rounds}`)
    } catch (error) {
      t.comment(`seed ${seed}, round ${rounds}, base64 of the bytes: ${Buffer.from(bytes).toString('base64')}`)
      throw error
    }
    heard += bytes.length
    rounds += 1
    atMs += random.whole(0, 20_000)
    if (warmBytes === 0 && heard > bytesMax / 2) warmBytes = heldBytes()
  }
  const grownBytes = heldBytes() - warmBytes
  t.comment(`${heard} bytes in ${rounds} rounds: ${tell(subject)}`)
  t.comment(`held after the second half: ${(grownBytes / megabyte).toFixed(2)} MiB more than after the first`)
  t.ok(grownBytes < 4 * megabyte, 'nothing grows')
  t.ok(subject.frameBytesMax <= limits.frameBytesMax, `no frame is longer than ${limits.frameBytesMax} bytes`)
  const unmet = meterFaultKinds.filter(kind => !subject.counts.has(kind))
  // In fewer bytes not all of them need come.
  if (bytesMax >= 10_000_000) t.strictSame(unmet, [], 'every kind of fault came')
  t.ok((subject.counts.get('readings') ?? 0) > 0 && (subject.counts.get('placed') ?? 0) > 0, 'and much was read all the same')
})

function tell({ counts }: Subject): string {
  return [...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing'
}

/** Memory that is held, on the heap and beside it, when all rubbish is gone. */
function heldBytes(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

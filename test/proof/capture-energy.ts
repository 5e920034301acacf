/** Thirteen real hours: what is integrated agrees with what the meter itself remembers, and four hours of silence are repaired from that. */
import { existsSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { limits } from '../../src/limits.ts'
import { play } from '../fixtures/meters/capture.ts'
import { Books, type Understood } from '../fixtures/proof/books.ts'

const capture = new URL('../../../shared/currentcost/samples/streams/cc128-v1.16-13h-arunh.out', import.meta.url)
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** No meter's clock is right; the whole days bring the capture into a time at which a board's clock counts as set. */
const meterMinusHostMs = -(3 * hourMs + 17 * minuteMs + 5_000) - 3_652 * dayMs
/** One step of what the meter remembers of two hours. */
const resolutionWh = 1
/** Single precision, minute by minute. */
const roundingWh = 0.01
/** Live messages come until then from which the meter's clock is learned. */
const learnMs = 2 * minuteMs
const holeMs = 4 * hourMs
const holeStepMs = 30 * minuteMs

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Two hours of the meter that its history told of. */
interface Bucket extends Span {
  readonly meterWh: number
  /** When it was told of for the last time. */
  readonly toldMs: number
}

const meterClock = (ms: number): string => new Date(ms + meterMinusHostMs).toISOString().slice(11, 16)
const overlapMs = (one: Span, other: Span): number => Math.max(0, Math.min(one.toMs, other.toMs) - Math.max(one.fromMs, other.fromMs))

function atOf({ readings, history }: Understood): number {
  return history?.atMs ?? readings[0]?.atMs ?? 0
}

function booksOf(messages: readonly Understood[]): Books {
  const books = new Books()
  for (const message of messages) books.hear(message)
  books.close()
  return books
}

/** The buckets that ended since then, oldest first, as the meter tells of them: again and again, and never otherwise. */
function bucketsOf(messages: readonly Understood[], sinceMs: number): readonly Bucket[] {
  const buckets = new Map<number, Bucket>()
  for (const { history } of messages) {
    for (const { scale, index, kwh } of history?.sensors.find(({ sensor }) => sensor === 0)?.values ?? []) {
      if (history === undefined || scale !== 'hours') continue
      const meterMs = history.atMs + meterMinusHostMs
      const oddHourMs = Math.floor((meterMs - hourMs) / (2 * hourMs)) * 2 * hourMs + hourMs
      const toMs = oddHourMs - (index - 4) * hourMs - meterMinusHostMs
      if (toMs > sinceMs) buckets.set(toMs, { fromMs: toMs - 2 * hourMs, toMs, meterWh: Math.round(1000 * kwh), toldMs: history.atMs })
    }
  }
  return [...buckets.values()].sort((a, b) => a.toMs - b.toMs)
}

if (existsSync(capture)) {
  const messages = play(readFileSync(capture), meterMinusHostMs)
  const live = messages.filter(({ readings }) => readings.length > 0)
  const heard: Span = { fromMs: atOf(live[0] as Understood), toMs: atOf(live.at(-1) as Understood) }
  const buckets = bucketsOf(messages, heard.fromMs)
  const complete = buckets.filter(({ fromMs }) => fromMs >= heard.fromMs)
  /** Up to here there is history: the two hours that were not over are told of by nobody. */
  const endMs = buckets.at(-1)?.toMs ?? 0
  const whole = booksOf(messages)

  t.test('energy that was integrated agrees with the two hours of the meter', async t => {
    t.comment(`${live.length} readings from ${meterClock(heard.fromMs)} to ${meterClock(heard.toMs)} of the meter's clock`)
    t.comment('two hours     meter Wh  measured Wh    error  covered  filled Wh')
    for (const { fromMs, toMs, meterWh } of buckets) {
      const { measuredWh, backfilledWh, coveredMs } = whole.query(0, fromMs, toMs)
      const error = (100 * (measuredWh - meterWh)) / meterWh
      const covered = (100 * coveredMs) / (toMs - fromMs)
      const cells = [
        String(meterWh).padStart(9),
        measuredWh.toFixed(1).padStart(12),
        `${error.toFixed(2)} %`.padStart(10),
        `${covered.toFixed(1)} %`.padStart(9),
        backfilledWh.toFixed(1).padStart(10)
      ]
      t.comment(`${meterClock(fromMs)}–${meterClock(toMs)}${cells.join('')}`)
      if (covered > 99) t.ok(Math.abs(error) < 5, `${error.toFixed(2)} % at ${meterClock(fromMs)}`)
    }
    t.equal(complete.length, 5)
    t.equal(buckets.length, 6, 'and one that had begun before the first reading')
    const state = whole.states.get('0')
    t.comment(`published: ${JSON.stringify(state)}`)
    t.strictSame(whole.fallen, [])
  })

  const silent = (hole: Span, message: Understood): boolean => atOf(message) >= hole.fromMs && atOf(message) < hole.toMs
  const ways = {
    'only history is heard in the hole': (hole: Span) =>
      messages.filter(message => message.history !== undefined || !silent(hole, message)),
    'nothing is heard in the hole': (hole: Span) => messages.filter(message => !silent(hole, message))
  }
  for (const [way, without] of Object.entries(ways)) {
    t.test(`four hours of live messages are missing: ${way}`, async t => {
      t.comment('hole of the meter  repaired  worst bucket  backfilled Wh   true Wh  not repaired Wh')
      let holes = 0
      for (let fromMs = heard.fromMs; fromMs + holeMs <= heard.toMs; fromMs += holeStepMs, holes++) {
        const hole = { fromMs, toMs: fromMs + holeMs }
        checkHole(t, hole, booksOf(without(hole)))
      }
      t.equal(holes, 18)
    })
  }

  /**
   * Can be repaired: buckets that began after the first reading that is left, and are told of after the hole, once the meter's clock is
   * known again. They come to what the meter remembers. Can not: what was before the first reading is not ours to tell, so that of the
   * bucket in which that came only a share is filled; buckets that nobody tells of after the hole; two hours that are not over.
   */
  function checkHole(t: Test, hole: Span, books: Books): void {
    const sinceMs = hole.fromMs <= heard.fromMs ? atOf(live.find(message => atOf(message) >= hole.toMs) as Understood) : heard.fromMs
    let [worstWh, repaired] = [0, 0]
    for (const bucket of complete) {
      const { fromMs, toMs, meterWh, toldMs } = bucket
      const { measuredWh, backfilledWh, missingMs } = books.query(0, fromMs, toMs)
      const before = whole.query(0, fromMs, toMs)
      const label = `${meterClock(fromMs)}–${meterClock(toMs)} without ${meterClock(hole.fromMs)}–${meterClock(hole.toMs)}`
      if (fromMs < sinceMs) {
        if (toMs <= sinceMs) t.equal(measuredWh + backfilledWh, 0, `${label}: nothing is told of what was before the first reading`)
        else t.ok(measuredWh + backfilledWh < meterWh && missingMs > 0, `${label}: only a share is filled`)
      } else if (overlapMs(hole, bucket) > limits.energyGapMsMax && toldMs < hole.toMs + learnMs) {
        t.equal(backfilledWh, 0, `${label}: nothing is filled in that no history told of since`)
        t.ok(missingMs > overlapMs(hole, bucket) - minuteMs, `${label}: and it is known to be missing`)
      } else if (overlapMs(hole, bucket) > limits.energyGapMsMax) {
        repaired++
        const errorWh = measuredWh + backfilledWh - meterWh
        if (Math.abs(errorWh) > Math.abs(worstWh)) worstWh = errorWh
        t.ok(Math.abs(errorWh) <= resolutionWh, `${label}: ${errorWh.toFixed(3)} Wh from what the meter remembers`)
        t.ok(missingMs <= limits.fillToleranceMs, `${label}: nothing is missing`)
        t.ok(backfilledWh > 0, `${label}: and it is told as filled in`)
      } else {
        t.ok(Math.abs(measuredWh - before.measuredWh) < roundingWh, `${label}: what was measured stays`)
        t.ok(Math.abs(backfilledWh - before.backfilledWh) < roundingWh, `${label}: and nothing is filled in`)
      }
    }
    const after = { fromMs: Math.max(endMs, hole.fromMs), toMs: hole.toMs }
    if (after.fromMs < after.toMs) {
      const { backfilledWh, missingMs } = books.query(0, after.fromMs, after.toMs)
      t.equal(backfilledWh, 0, 'two hours that are not over are not filled')
      t.ok(missingMs > after.toMs - after.fromMs - 2 * minuteMs, 'and what they lack is known to be missing')
    }
    // Measured and backfilled stay apart: where there was no hole all is measured, and in the hole nothing is.
    const inside = { fromMs: hole.fromMs + minuteMs, toMs: hole.toMs - minuteMs }
    const filled = books.query(0, inside.fromMs, inside.toMs)
    const truth = whole.query(0, inside.fromMs, inside.toMs)
    t.equal(filled.measuredWh, 0, 'nothing of the hole passes for measured')
    const state = books.states.get('0')
    const all = books.query(0, heard.fromMs - 2 * hourMs, heard.toMs + hourMs)
    if (state !== undefined) {
      t.ok(Math.abs(1000 * state.backfilledKWh - all.backfilledWh) <= resolutionWh, 'what is published as backfilled is what was filled in')
      t.ok(Math.abs(1000 * state.measuredKWh - all.measuredWh) <= resolutionWh, 'and as measured what was measured')
      t.ok(Math.abs(state.totalKWh - state.measuredKWh - state.backfilledKWh) <= 0.0021, 'and both are the total')
    }
    t.strictSame(books.fallen, [])
    const unrepaired = truth.measuredWh + truth.backfilledWh - filled.backfilledWh
    const cells = [
      String(repaired).padStart(8),
      `${Math.abs(worstWh).toFixed(3)} Wh`.padStart(14),
      filled.backfilledWh.toFixed(0).padStart(15),
      (truth.measuredWh + truth.backfilledWh).toFixed(0).padStart(10),
      unrepaired.toFixed(0).padStart(17)
    ]
    t.comment(`${meterClock(hole.fromMs)}–${meterClock(hole.toMs)}        ${cells.join('')}`)
  }
} else t.comment(`no capture at ${capture.pathname}: nothing to compare, the simulator's houses stand alone`)

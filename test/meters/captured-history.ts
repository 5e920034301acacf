/** History in real captures, where the folder that holds them exists: what is placed agrees with what was measured meanwhile. */

import { existsSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { limits } from '../../src/limits.ts'
import { type CycleReport, describeCycle, HistoryCycles } from '../../src/meters/cycle.ts'
import { ClockOffset, type Offset } from '../../src/meters/offset.ts'
import type { PlacedValue } from '../../src/meters/placement.ts'
import type { Reading } from '../../src/reading.ts'
import { play, type Understood } from '../fixtures/meters/capture.ts'

const streams = new URL('../../../shared/currentcost/samples/streams/', import.meta.url)
const hourMs = 3_600_000
/** No meter's clock is right. */
const meterMinusHostMs = -(3 * hourMs + 17 * 60_000 + 5_000)

interface Heard {
  readonly readings: readonly Reading[]
  readonly placed: readonly PlacedValue[]
  readonly reports: readonly CycleReport[]
}

/** Learns the clock from live messages and places history with it, or with an offset that was known before. */
function hear(messages: readonly Understood[], before?: Offset): Heard {
  const clock = new ClockOffset()
  const cycles = new HistoryCycles()
  const heard = { readings: [] as Reading[], placed: [] as PlacedValue[], reports: [] as CycleReport[] }
  for (const { readings, history } of messages) {
    for (const { meterTime, atMs } of readings) clock.learn(meterTime, atMs)
    heard.readings.push(...readings)
    if (history === undefined) continue
    const { placed, ended } = cycles.accept(history, before ?? clock.offset(history.atMs))
    heard.placed.push(...placed)
    if (ended) heard.reports.push(ended)
  }
  const last = cycles.close()
  return { ...heard, reports: last ? [...heard.reports, last] : heard.reports }
}

const capture = (name: string) => play(readFileSync(new URL(name, streams)), meterMinusHostMs)
const meterClock = (ms: number) => new Date(ms + meterMinusHostMs).toISOString().slice(11, 19)

interface Measured {
  readonly kwh: number
  /** The part of the span over which watts are known. */
  readonly coverage: number
}

/** Watts of a sensor over a span, by trapezoids; gaps in which it was stale are left out. */
function integrate(readings: readonly Reading[], { sensor, fromMs, toMs }: PlacedValue): Measured {
  const points = readings.filter(reading => reading.kind === 'power' && reading.sensor === sensor)
  let joules = 0
  let coveredMs = 0
  let before: (typeof points)[number] | undefined
  for (const point of points) {
    const [from, to] = [Math.max(before?.atMs ?? toMs, fromMs), Math.min(point.atMs, toMs)]
    if (before?.kind === 'power' && point.kind === 'power' && from < to && point.atMs - before.atMs <= limits.staleMs) {
      const slope = (point.watts - before.watts) / (point.atMs - before.atMs)
      const middleWatts = before.watts + slope * ((from + to) / 2 - before.atMs)
      joules += (middleWatts * (to - from)) / 1000
      coveredMs += to - from
    }
    before = point
  }
  return { kwh: joules / 3_600_000, coverage: coveredMs / (toMs - fromMs) }
}

/** The first block began before the meter surely was at work, and nine sensors that it does not have read as 0. */
const complete = 'two hours: 372 of 372; day from 23:00 to 23:00: 90 of 90; block of 30 days: 30 of 30; 9 not placed: before-birth'

function tell(t: Test, { reports }: Heard): void {
  for (const report of reports) {
    const span = `${meterClock(report.fromMs)} to ${meterClock(report.toMs)}`
    t.comment(`${span}  ${String(report.pages).padStart(3)} pages  ${String(report.placed).padStart(4)} placed  ${describeCycle(report)}`)
  }
}

if (existsSync(streams)) {
  const long = hear(capture('cc128-v1.16-13h-arunh.out'))

  t.test('13 hours, six cycles', async t => {
    tell(t, long)
    t.strictSame(
      long.reports.map(report => [report.pages, report.placed, describeCycle(report)]),
      [126, 126, 125, 126, 126, 126].map(pages => [pages, 4911, complete])
    )
    const ends = long.placed.filter(({ scale }) => scale === 'hours').map(({ toMs }) => meterClock(toMs))
    t.ok(
      ends.every(end => /^(0[13579]|1[13579]|2[13]):00:00$/.test(end)),
      'spans of two hours end at odd hours'
    )
  })

  t.test('13 hours: each two hours agree with the watts that were measured meanwhile', async t => {
    const newest = long.placed.filter(({ sensor, scale }) => sensor === 0 && scale === 'hours')
    const measured = newest.map(span => ({ span, ...integrate(long.readings, span) }))
    const whole = new Map(measured.filter(({ coverage }) => coverage > 0.5).map(each => [Math.round(each.span.fromMs / hourMs), each]))
    t.comment('two hours           meter   measured  error  coverage')
    for (const { span, kwh, coverage } of whole.values()) {
      const error = (100 * (span.kwh - kwh)) / kwh
      const row = [
        span.kwh.toFixed(3),
        kwh.toFixed(3).padStart(10),
        `${error.toFixed(2)} %`.padStart(8),
        `${(100 * coverage).toFixed(1)} %`.padStart(9)
      ]
      t.comment(`${meterClock(span.fromMs)}–${meterClock(span.toMs)}  ${row.join('')}`)
      if (coverage > 0.99) t.ok(Math.abs(error) < 5, `${error.toFixed(2)} % at ${meterClock(span.fromMs)}`)
    }
    t.equal([...whole.values()].filter(({ coverage }) => coverage > 0.99).length, 5)
  })

  t.test('13 hours: a day from 23:00 to 23:00 is the sum of its two hours', async t => {
    const first = long.placed.slice(0, long.reports[0]?.placed).filter(({ sensor }) => sensor === 0)
    const days = first.filter(({ scale }) => scale === 'days').reverse()
    const sums = days.map(day => {
      const parts = first.filter(({ scale, fromMs, toMs }) => scale === 'hours' && fromMs > day.fromMs - hourMs && toMs < day.toMs + hourMs)
      return { day, parts: parts.length, kwh: parts.reduce((sum, { kwh }) => sum + kwh, 0) }
    })
    const whole = sums.filter(({ parts }) => parts === 12)
    t.comment(`sum of two hours less the day, in Wh: ${whole.map(({ day, kwh }) => Math.round(1000 * (kwh - day.kwh))).join(' ')}`)
    t.equal(whole.length, 31)
    // Its clock must have been set on the tenth day before: from there on the stores no longer begin together.
    for (const { day, kwh } of whole.slice(0, 9)) t.ok(Math.abs(kwh - day.kwh) < 0.01, `${kwh} is ${day.kwh}`)
  })

  t.test('13 hours: a block is the sum of its 30 days', async t => {
    const first = long.placed.slice(0, long.reports[0]?.placed).filter(({ sensor }) => sensor === 0)
    const days = first.filter(({ scale }) => scale === 'days')
    const sums = first
      .filter(({ scale }) => scale === 'blocks')
      .reverse()
      .map(block => {
        const parts = days.filter(({ fromMs, toMs }) => fromMs > block.fromMs - hourMs && toMs < block.toMs + hourMs)
        return { block, parts: parts.length, kwh: parts.reduce((sum, { kwh }) => sum + kwh, 0) }
      })
    const whole = sums.filter(({ parts }) => parts === 30)
    for (const { block, kwh } of whole) t.comment(`block of ${block.kwh} kWh: its days are ${kwh.toFixed(3)} kWh`)
    t.equal(whole.length, 2)
    for (const { block, kwh } of whole) t.ok(Math.abs(kwh / block.kwh - 1) < 0.05)
  })

  t.test('a dump on demand', async t => {
    const messages = capture('cc128-v1.29-ondemand-mirrored000.data')
    const unheard = hear(messages)
    tell(t, unheard)
    t.strictSame(
      unheard.reports.map(({ pages, refused }) => ({ pages, refused })),
      [{ pages: 7, refused: { 'clock-unknown': 2880 } }]
    )
    const known = hear(messages, { kind: 'known', meterMinusHostMs, spreadMs: 0, ageMs: 0 })
    tell(t, known)
    t.match(known.reports.map(describeCycle), [/^two hours: 266 of 266; day from 23:00 to 23:00: 22 of 22; \d+ not placed: before-birth$/])
    const clock = new ClockOffset()
    for (const { meterTime, atMs } of known.readings) clock.learn(meterTime, atMs)
    const offset = clock.offset(known.readings.at(-1)?.atMs ?? 0)
    const fellBackMs = offset.kind === 'known' ? meterMinusHostMs - offset.meterMinusHostMs : 0
    t.comment(`the clock was ${fellBackMs / 1000} s behind afterwards`)
    t.ok(fellBackMs > 0 && fellBackMs <= limits.historyLagMs)
  })

  t.test('two minutes in the midst of a cycle, four sensors', async t => {
    const short = hear(capture('cc128-v1.31-2min-bleep1.xml'))
    tell(t, short)
    t.match(short.reports, [{ pages: 13, placed: 12 * 4 * 10, refused: { 'clock-unknown': 40 } }])
  })
} else {
  t.comment(`no captures at ${streams.pathname}: nothing to compare`)
}

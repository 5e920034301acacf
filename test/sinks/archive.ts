/** The archive: every sensor by its place, today, and a usual day. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import type { Report } from '../../src/reading.ts'
import { Accounts } from '../../src/sinks/accounts.ts'
import { Archive } from '../../src/sinks/archive.ts'
import { DerivedHistory } from '../../src/sinks/derived.ts'
import { Energy } from '../../src/sinks/energy.ts'
import { dayMs, hourMs, impulses, minuteMs, power, startMs } from '../fixtures/history/readings.ts'
import { bytesOf } from '../fixtures/mqtt/packets.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const calendar = new Calendar('Europe/Berlin')
/** Midnight in Berlin. */
const midnightMs = startMs - hourMs

function made(): { archive: Archive; accept: (report: Report) => void } {
  const store = new MemoryStore()
  const accounts = new Accounts(
    meter => new Energy({ store, meter, calendar, topicOf: String, factorOf: () => 1, publish: () => undefined, encode: bytesOf })
  )
  const derived = new DerivedHistory(store, calendar)
  for (const meter of ['', 'meter2']) accounts.start(meter)
  const accept = (report: Report): void => {
    accounts.accept(report)
    derived.accept(report)
    store.turn()
  }
  return { archive: new Archive(accounts, derived), accept }
}

t.test('sensors by their places, and what is asked of them', async t => {
  const { archive, accept } = made()
  t.strictSame(archive.sensors(), [])
  t.equal(archive.query({ place: '0', fromMs: startMs, toMs: startMs + 1, step: '1m', calendar, nowMs: startMs }), undefined)
  t.equal(archive.today('0', startMs, calendar), undefined)
  t.equal(archive.usual('0', startMs, calendar), null)
  for (let atMs = startMs; atMs <= startMs + 5 * minuteMs; atMs += 10_000) {
    accept(power(atMs, 600))
    accept(power(atMs, [100, 200.4, 300], 1))
    accept({ ...power(atMs, 60), meter: 'meter2' })
    accept({ kind: 'derived', atMs, sensor: 'net', watts: -60, formula: '0 - 1' })
    accept(impulses(atMs, (atMs - startMs) / 1_000, { sensor: 5, medium: 'gas', impulsesPerUnit: 100 }))
    accept(impulses(atMs, (atMs - startMs) / 1_000, { sensor: 6 }))
  }
  const since = { sinceMs: startMs }
  t.strictSame(archive.sensors(), [
    { place: '0', kind: 'power', medium: undefined, channels: [], ...since },
    { place: '1', kind: 'power', medium: undefined, channels: [1, 2, 3], ...since },
    { place: '5', kind: 'impulses', medium: 'gas', channels: [], ...since },
    { place: '6', kind: 'impulses', medium: 'electricity', channels: [], ...since },
    { place: 'meter2/0', kind: 'power', medium: undefined, channels: [], ...since },
    { place: 'net', kind: 'derived', medium: undefined, channels: [], ...since }
  ])
  const wattHours = (place: string, channel?: 1 | 2 | 3): unknown => {
    const question = {
      place,
      channel,
      fromMs: startMs,
      toMs: startMs + 5 * minuteMs,
      step: '15m',
      calendar,
      nowMs: startMs + 5 * minuteMs
    } as const
    const [row] = archive.query(question)?.rows ?? []
    return row && [row.energyWh, row.meanWatts]
  }
  t.strictSame(
    [wattHours('0'), wattHours('0', 1), wattHours('0', 2), wattHours('1'), wattHours('1', 1), wattHours('1', 2), wattHours('1', 3)],
    [
      [50, 600],
      [50, 600],
      [null, null],
      [50.033, 600.4],
      [8.333, 100],
      [16.7, 200.4],
      [25, 300]
    ]
  )
  t.strictSame(
    [wattHours('meter2/0'), wattHours('net'), wattHours('5'), wattHours('6')],
    [
      [5, 60],
      [-5, -60],
      [3_000, null],
      [300, 3_600]
    ]
  )
  t.strictSame(archive.today('net', startMs + 5 * minuteMs, calendar), { netWh: -5, exportedWh: 5 })
  t.equal(archive.today('net', startMs + 2 * dayMs, calendar), undefined)
  t.ok(archive.diskBytesMax > 9 * 1e6)
})

t.test('a number that is paired anew is what it was heard as last', async t => {
  const { archive, accept } = made()
  const kinds = (): unknown => archive.sensors().map(({ kind, medium, channels }) => [kind, medium, channels])
  for (let atMs = startMs; atMs <= startMs + minuteMs; atMs += 10_000) accept(power(atMs, [100, 200, 0], 3))
  t.strictSame(kinds(), [['power', undefined, [1, 2, 3]]])
  const anewMs = startMs + hourMs
  for (let atMs = anewMs; atMs <= anewMs + minuteMs; atMs += 10_000)
    accept(impulses(atMs, (atMs - anewMs) / 1_000, { sensor: 3, medium: 'gas', impulsesPerUnit: 100 }))
  t.strictSame(kinds(), [['impulses', 'gas', []]])
  const question = { place: '3', fromMs: anewMs, toMs: anewMs + 5 * minuteMs, step: '15m', calendar, nowMs: anewMs + hourMs } as const
  const [row] = archive.query(question)?.rows ?? []
  t.ok((row?.energyWh ?? 0) > 0, 'its history goes on with what it counts')
  for (let atMs = anewMs + hourMs; atMs <= anewMs + hourMs + minuteMs; atMs += 10_000) accept(power(atMs, 60, 3))
  t.strictSame(kinds(), [['power', undefined, [1, 2, 3]]])
})

t.test('a usual day is the mean of those that are known', async t => {
  const { archive, accept } = made()
  const day = (index: number, watts: number, hours = 24): void => {
    const fromMs = midnightMs + index * dayMs
    for (let atMs = fromMs; atMs <= fromMs + hours * hourMs; atMs += minuteMs) accept(power(atMs, watts))
  }
  const nowMs = (days: number): number => midnightMs + days * dayMs + 6 * hourMs
  day(0, 100)
  day(1, 200)
  t.equal(archive.usual('0', nowMs(2), calendar), null, 'two are too few')
  day(2, 300)
  day(3, 9_000, 12)
  t.equal(archive.usual('0', nowMs(4), calendar)?.days, 3, 'half a day is none')
  const usual = archive.usual('0', nowMs(4), calendar)
  t.ok(Math.abs((usual?.dayWh ?? 0) - 4_800) < 20 && Math.abs((usual?.byNowWh ?? 0) - 1_200) < 5, JSON.stringify(usual))
  t.ok(archive.isUsualKnown('0', nowMs(4) + minuteMs, calendar), 'reckoned once a day')
  t.ok(archive.isUsualKnown('9', nowMs(4), calendar), 'there is nothing to reckon of a sensor that was never heard')
  t.notOk(archive.isUsualKnown('0', nowMs(5), calendar))
  const later = archive.usual('0', nowMs(4) + 20 * minuteMs, calendar)
  t.equal(Math.round((later?.byNowWh ?? 0) - (usual?.byNowWh ?? 0)), Math.round(200 / 3))
  t.equal(archive.usual('0', midnightMs + 4 * dayMs, calendar)?.byNowWh, 0)
  const rewrites = archive.rewrites('0')
  t.equal(archive.rewrites('9'), 0)
  accept(power(midnightMs + 3 * dayMs + 12 * hourMs + 2 * minuteMs, 100))
  t.equal(archive.rewrites('0'), rewrites)
  accept(power(midnightMs + hourMs, 100))
  accept(power(midnightMs + hourMs + minuteMs, 100))
  t.equal(archive.rewrites('0'), rewrites + 1, 'the clock was set back')
  t.notOk(archive.isUsualKnown('0', nowMs(4), calendar))
  t.equal(archive.usual('0', nowMs(40), calendar), null, 'four weeks back, and no more')
})

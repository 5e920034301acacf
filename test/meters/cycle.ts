/** Cycles of history: what came, what is missing, and why one ended, however its pages are lost, cut, repeated or mixed up. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type CycleReport, describeCycle, HistoryCycles } from '../../src/meters/cycle.ts'
import { readFrame } from '../../src/meters/meter.ts'
import { ClockOffset, type Offset } from '../../src/meters/offset.ts'
import type { PlacedValue } from '../../src/meters/placement.ts'
import type { HistoryPage } from '../../src/reading.ts'
import { cycleAt, type Page, truthKwh } from '../fixtures/meters/remembering.ts'
import { bytesOf, cc128Message, classicMessage, historyOf, timeOfDay } from '../fixtures/meters/wire.ts'

const secondMs = 1000
const hourMs = 3600 * secondMs
const dayMs = 24 * hourMs
const midnightMs = Date.UTC(2024, 1, 29)
const exact: Offset = { kind: 'known', meterMinusHostMs: 0, spreadMs: 0, ageMs: 0 }

/** A meter of so many days begins a cycle at 09:01:00; the host's clock is right. */
function pagesAfter(days: number): readonly HistoryPage[] {
  const beginMs = days * dayMs + 9 * hourMs + 60 * secondMs
  return cycleAt(beginMs).map(({ sentMs, text }) => historyOf(text, midnightMs - days * dayMs + sentMs))
}

/** Takes the pages, all in one cycle, and ends it. */
function reportOf(pages: readonly HistoryPage[], offset = exact): CycleReport {
  const cycles = new HistoryCycles()
  for (const page of pages) assert.equal(cycles.accept(page, offset).ended, undefined)
  const report = cycles.close()
  assert.ok(report)
  return report
}

t.test('a whole cycle', async t => {
  const pages = pagesAfter(903)
  const { fromMs, toMs, ended, placed, refused, scales, ...rest } = reportOf(pages)
  t.strictSame([fromMs, toMs, ended], [pages[0]?.atMs, pages.at(-1)?.atMs, 'closed'])
  t.strictSame(rest, { pages: 93 + 23 + 8 })
  t.strictSame([placed, refused], [3 * (372 + 90 + 30), {}])
  t.strictSame(scales, [
    { scale: 'hours', came: 372, held: 372, missing: [] },
    { scale: 'days', came: 90, held: 90, missing: [] },
    { scale: 'blocks', came: 30, held: 30, missing: [] }
  ])
})

t.test('what is missing is told by its names on the wire', async t => {
  const pages = pagesAfter(903)
  const withoutPages = (...lost: number[]) => describeCycle(reportOf(pages.filter((_, index) => !lost.includes(index))))
  t.equal(withoutPages(), 'two hours: 372 of 372; day from 23:00 to 23:00: 90 of 90; block of 30 days: 30 of 30')
  t.equal(withoutPages(0), 'two hours: 368 of 372, missing h740…h746; day from 23:00 to 23:00: 90 of 90; block of 30 days: 30 of 30')
  t.equal(
    withoutPages(92, 115, 116, 123),
    'two hours: 368 of 372, missing h004…h010; day from 23:00 to 23:00: 88 of 90, missing d001…d002; block of 30 days: 24 of 30, missing m001…m002 m027…m030'
  )
  t.equal(
    withoutPages(1, 3, 5, 7, 9),
    'two hours: 352 of 372, missing h668…h674 h684…h690 h700…h706 h716…h722 and more; day from 23:00 to 23:00: 90 of 90; block of 30 days: 30 of 30'
  )
  t.equal(
    describeCycle(reportOf(pages.slice(0, 90))),
    'two hours: 360 of 372, missing h004…h026; day from 23:00 to 23:00: 0 of 90, missing d001…d090; block of 30 days: 0 of 30, missing m001…m030'
  )
  const [last] = pagesAfter(903).slice(-1)
  const only = last && describeCycle(reportOf([{ ...last, sensors: [{ sensor: 0, values: [{ scale: 'blocks', index: 2, kwh: 1 }] }] }]))
  t.match(only, /block of 30 days: 1 of 30, missing m001 m003…m030$/)
})

t.test('a young meter holds less', async t => {
  t.equal(describeCycle(reportOf(pagesAfter(3))), 'two hours: 22 of 22; day from 23:00 to 23:00: 2 of 2')
  t.equal(
    describeCycle(reportOf(pagesAfter(3).slice(0, 1))),
    'two hours: 4 of 22, missing h004…h038; day from 23:00 to 23:00: 0 of 2, missing d001…d002'
  )
})

t.test('what was not placed is told with its reason', async t => {
  const pages = pagesAfter(903)
  t.match(
    describeCycle(reportOf(pages, { kind: 'unknown', why: 'few-messages' })),
    /block of 30 days: 30 of 30; 1476 not placed: clock-unknown$/
  )
})

t.test('pages that come twice are harmless', async t => {
  const pages = pagesAfter(903)
  const twice = reportOf(pages.flatMap(page => [page, page]))
  t.strictSame(twice.scales, reportOf(pages).scales)
  t.equal(twice.pages, 2 * pages.length)
})

t.test('a Classic tells all it holds in one message, and its h02 is none of it yet', async t => {
  const hist = '<hrs><h02>000.4</h02><h04>001.1</h04><h06>000.9</h06></hrs><days><d01>0011</d01></days><yrs><y1>0000000</y1></yrs>'
  const page = historyOf(classicMessage({ hist }), midnightMs + 7 * hourMs + 8 * 60_000 + 9 * secondMs)
  t.equal(
    describeCycle(reportOf([page])),
    'two hours: 2 of 2; day from 23:00 to 23:00: 1 of 1; year: 1 of 1; 1 not placed: unfinished; 1 not placed: span-unknown'
  )
})

t.test('a cycle ends in silence, with the next one, or with its meter', async t => {
  const [first, second] = pagesAfter(903)
  assert.ok(first && second)
  const nextTurn = (page: HistoryPage, meterTime: string) => ({ ...page, meterTime, atMs: page.atMs + 10 * secondMs })
  const cycles = new HistoryCycles()
  t.equal(cycles.close(), undefined, 'nothing came yet')
  t.equal(cycles.tick(midnightMs), undefined)
  t.notOk('ended' in cycles.accept(first, exact))
  t.equal(cycles.tick(first.atMs + limits.historySilenceMs), undefined)
  t.match(cycles.tick(first.atMs + limits.historySilenceMs + 1), { ended: 'silence', pages: 1 })
  t.equal(cycles.tick(first.atMs + limits.historySilenceMs + 1), undefined, 'it is told once')
  cycles.accept(first, exact)
  t.match(cycles.accept({ ...second, atMs: first.atMs + 10 * 60_000 }, exact).ended, { ended: 'silence', pages: 1, toMs: first.atMs })
  t.match(cycles.accept(first, exact).ended, { ended: 'silence' }, 'the host has gone back in time')
  t.match(cycles.accept(nextTurn(first, '08:59:59'), exact).ended, { ended: 'next-cycle', pages: 1 })
  t.match(cycles.close(), { ended: 'closed', pages: 1 })
  t.equal(cycles.close(), undefined)
})

t.test('around midnight a cycle stays one', async t => {
  const [page] = pagesAfter(903)
  assert.ok(page)
  const at = (meterTime: string, seconds: number) => ({ ...page, meterTime, atMs: page.atMs + seconds * secondMs })
  const cycles = new HistoryCycles()
  cycles.accept(at('23:59:55', 0), exact)
  t.notOk('ended' in cycles.accept(at('00:00:05', 10), exact))
  t.match(cycles.accept(at('01:00:00', 20), exact), { ended: { ended: 'next-cycle', pages: 2 } })
})

/** What the wire does to a page on its way; a page that is cut does not arrive. */
type Fate = 'whole' | 'lost' | 'cut' | 'twice' | 'swapped'
const fates = fc.array(fc.constantFrom<Fate>('whole', 'whole', 'whole', 'whole', 'lost', 'cut', 'twice', 'swapped'), {
  minLength: 130,
  maxLength: 130
})

function suffer(pages: readonly Page[], fate: readonly Fate[]): readonly Page[] {
  const texts = pages.map(({ text }) => text)
  for (const [index, page] of pages.entries()) {
    if (fate[index] === 'swapped' && index > 0) [texts[index - 1], texts[index]] = [page.text, texts[index - 1] ?? '']
  }
  return pages.flatMap(({ sentMs }, index) => {
    const page = { sentMs, text: texts[index] ?? '' }
    if (fate[index] === 'lost') return []
    if (fate[index] === 'cut') return [{ sentMs, text: `${page.text.slice(0, 60 + index)}</msg>` }]
    return fate[index] === 'twice' ? [page, page] : [page]
  })
}

interface Heard {
  readonly placed: readonly PlacedValue[]
  readonly reports: readonly CycleReport[]
  /** Values of all sensors in pages that arrived. */
  readonly values: number
}

/** The whole way: wire bytes among live messages, a clock that has to be learned first. */
function hear(pages: readonly Page[], liveFromMs: number, hostOf: (meterMs: number) => number): Heard {
  const clock = new ClockOffset()
  const cycles = new HistoryCycles()
  const placed: PlacedValue[] = []
  const reports: CycleReport[] = []
  let values = 0
  let liveMs = liveFromMs
  for (const { sentMs, text } of pages) {
    for (; liveMs <= sentMs; liveMs += 6100) clock.learn(timeOfDay(liveMs), hostOf(liveMs) + 40)
    const atMs = hostOf(sentMs) + 120
    const outcome = readFrame(bytesOf(text), atMs)
    if (outcome.kind === 'fault' || outcome.history === undefined) continue
    values += outcome.history.sensors.reduce((sum, each) => sum + each.values.length, 0)
    const accepted = cycles.accept(outcome.history, clock.offset(atMs))
    placed.push(...accepted.placed)
    if (accepted.ended) reports.push(accepted.ended)
  }
  const last = cycles.close()
  return { placed, reports: last ? [...reports, last] : reports, values }
}

t.test('whatever the wire does to a cycle, what is placed is right, and what is not is told', async () => {
  const birth = fc.integer({ min: 7_300, max: 20_000 }).map(days => days * dayMs)
  const turn = fc.integer({ min: 36, max: 12 * 1000 })
  const anyOffset = fc.integer({ min: -12 * hourMs, max: 12 * hourMs - 1 })
  // Live messages are heard from up to two minutes before the first page, or only in the midst of the cycle.
  const leadMs = fc.integer({ min: -300 * secondMs, max: 120 * secondMs })
  fc.assert(
    fc.property(birth, turn, anyOffset, leadMs, fates, (birthMs, turns, meterMinusHostMs, lead, fate) => {
      const beginMs = turns * 2 * hourMs + hourMs + 60 * secondMs
      const pages = suffer(cycleAt(beginMs), fate)
      const shiftMs = birthMs - meterMinusHostMs
      const { placed, reports, values } = hear(pages, beginMs - lead, meterMs => meterMs + shiftMs)
      for (const { sensor, scale, fromMs, kwh } of placed) {
        const truthFromMs = Math.round((fromMs - shiftMs) / hourMs) * hourMs
        assert.ok(Math.abs(fromMs - shiftMs - truthFromMs) <= 2 * secondMs)
        assert.equal(kwh, Number(truthKwh(sensor, { scale, fromMs: truthFromMs }).toFixed(3)))
      }
      const told = reports.map(report => report.placed + Object.values(report.refused).reduce((sum, count) => sum + count, 0))
      assert.equal(
        told.reduce((sum, count) => sum + count, 0),
        values
      )
      assert.equal(
        reports.reduce((sum, report) => sum + report.placed, 0),
        placed.length
      )
      for (const { scales } of reports) for (const { came, held, missing } of scales) assert.equal(missing.length > 0, came < held)
    }),
    { numRuns: 100 }
  )
})

t.test('a live message is no page', async t => t.throws(() => historyOf(cc128Message(), 0)))

/** How a CC128 recites its history. */
import t from 'tap'
import { MeterClock } from '../../src/simulator/clock.ts'
import { cc128Capacities, HistoryStore } from '../../src/simulator/history.ts'
import { houses } from '../../src/simulator/houses.ts'
import type { HousePlan } from '../../src/simulator/plan.ts'
import { Recital } from '../../src/simulator/recital.ts'
import { startMs } from '../fixtures/simulator/listen.ts'

function recitalOf(plan: HousePlan, spans: number): Recital {
  const store = new HistoryStore(cc128Capacities, plan.sensors.length)
  for (let span = 1; span <= spans; span += 1)
    store.roll(
      (2 * span - 1) % 24,
      plan.sensors.map(() => 3_600_000)
    )
  return new Recital(plan, store)
}

function recite(recital: Recital, kind: 'burst' | 'dump'): string[] {
  const texts: string[] = []
  recital.begin(kind)
  const moment = { clock: new MeterClock(0, 1), atMs: startMs, celsius: 20 }
  for (let page = recital.next(moment); page !== undefined; page = recital.next(moment)) texts.push(page.text)
  return texts
}

t.test('a burst of a full memory lasts some 21 minutes, in pages of ten sensors', async t => {
  const pages = recite(recitalOf(houses.single, 12 * 900), 'burst')
  t.ok(pages.length >= 124 && pages.length <= 128, `${pages.length} pages`)
  t.ok(pages.every(page => page.match(/<data>/g)?.length === 10))
  t.match(pages[0], '<h746>')
  t.match(pages.at(-1), '<m001>')
})

t.test('a dump has the same in few long messages', async t => {
  const pages = recite(recitalOf(houses.single, 12 * 900), 'dump')
  t.ok(pages.length <= 14, `${pages.length} pages`)
  t.equal(Math.max(...pages.map(page => page.length)) + 2, 9444)
})

t.test('who has nothing to tell does not begin', async t => {
  const young = recitalOf(houses.single, 0)
  t.notOk(young.begin('burst'))
  t.equal(young.kind, undefined)
  t.notOk(recitalOf(houses.classic, 100).begin('burst'))
  t.equal(recitalOf(houses.classic, 100).next({ clock: new MeterClock(0, 1), atMs: startMs, celsius: 20 }), undefined)
  t.notOk(recitalOf({ ...houses.single, meter: { ...houses.single.meter, history: 'none' } }, 100).begin('dump'))
  const recital = recitalOf(houses.single, 100)
  t.ok(recital.begin('dump'))
  t.equal(recital.kind, 'dump')
  recital.end()
  t.equal(recital.kind, undefined)
})

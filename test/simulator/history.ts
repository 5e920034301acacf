/** What a meter remembers. */
import t from 'tap'
import { cc128Capacities, energyText, HistoryStore, type Scale, wattMsPerKwh } from '../../src/simulator/history.ts'

/** A store after so many two-hour spans, the first of which ends at 01:00; span n has n kWh. */
function filled(spans: number): HistoryStore {
  const store = new HistoryStore(cc128Capacities, 2)
  for (let span = 1; span <= spans; span += 1) store.roll((2 * span - 1) % 24, [span * wattMsPerKwh, 0])
  return store
}

const shape = (store: HistoryStore, scale: Scale, most: number) =>
  store.pages(scale, most).map(({ firstAge, lastAge }) => [firstAge, lastAge])

t.test('two-hour spans, the youngest with the age 0', async t => {
  const store = filled(5)
  t.equal(store.kept('hours'), 5)
  t.equal(store.kwh('hours', 0, 0), 5)
  t.equal(store.kwh('hours', 0, 4), 1)
  t.equal(store.kwh('hours', 1, 0), 0)
  t.equal(store.kwh('years', 0, 0), 0, 'a CC128 knows no years')
  t.equal(filled(400).kept('hours'), 372)
})

t.test('days end at 23:00, blocks after 30 of them', async t => {
  const store = filled(12 * 61)
  t.equal(store.kept('days'), 61)
  t.equal(store.kwh('days', 0, 60), 78, 'the first day: 1 + 2 + … + 12')
  t.equal(store.kept('blocks'), 2)
  t.equal(store.kwh('blocks', 0, 1), (360 * 361) / 2)
  const old = new HistoryStore({ ...cc128Capacities, years: 4 }, 1)
  for (let span = 1; span <= 12 * 365; span += 1) old.roll((2 * span - 1) % 24, [wattMsPerKwh])
  t.equal(old.kept('years'), 1)
  t.equal(old.kwh('years', 0, 0), 12 * 365)
})

t.test('pages go from the oldest to the youngest, and one is short where the ring begins anew', async t => {
  t.strictSame(shape(filled(0), 'hours', 4), [])
  t.strictSame(shape(filled(6), 'hours', 4), [
    [5, 2],
    [1, 0]
  ])
  const pages = shape(filled(372 + 367), 'hours', 4)
  t.strictSame(pages.slice(0, 3), [
    [371, 368],
    [367, 367],
    [366, 363]
  ])
  t.strictSame(pages.at(-1), [2, 0])
  t.equal(
    pages.reduce((sum, [first = 0, last = 0]) => sum + first - last + 1, 0),
    372
  )
})

t.test('energy as the wire writes it', async t => {
  t.equal(energyText('hours', 1.0929), '1.092')
  t.equal(energyText('hours', 0.001), '0.001')
  t.equal(energyText('hours', -0.0004), '0.000')
  t.equal(energyText('hours', -1.2345), '-1.234')
  t.equal(energyText('days', 8.8859), '8.882', '1/128 kWh, cut off')
  t.equal(energyText('days', 18), '18.000')
  t.equal(energyText('blocks', 227.6), '227.500')
  t.equal(energyText('blocks', 1152.49), '1152.25', 'seven characters')
  t.equal(energyText('blocks', 4096 - 2024.25), '-2024.3', '14 bits')
  t.equal(energyText('blocks', -2.25), '-2.250')
  t.equal(energyText('hours', 12_345_678), '12345678', 'a value beyond all width is told whole')
})

/** Energies cut where prices change. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { Cutter, type EnergySpan, type Piece } from '../../src/cost/pieces.ts'
import { Prices } from '../../src/cost/prices.ts'
import { always, band, changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'

const prices = new Prices(
  tariffOf(changed('2026-01-01', economy7), changed('2026-06-02', [band('A', '1', '10:00', '10:05'), always('B', '2')])),
  new Calendar('Europe/London')
)
const at = (text: string): number => Date.parse(text)

function cut(cutter: Cutter, span: Partial<EnergySpan>): readonly Piece[] {
  const pieces: Piece[] = []
  cutter.cut({ fromMs: 0, toMs: 0, importedWh: 0, exportedWh: 0, knownSeconds: 0, ...span }, piece => pieces.push(piece))
  return pieces
}

const told = ({ atMs, band, importedMilliWh, exportedMilliWh, knownSeconds }: Piece) => [
  ...[new Date(atMs).toISOString().slice(11, 16), band, importedMilliWh, exportedMilliWh, knownSeconds]
]

t.test('by time, to the thousandth, without rest', async t => {
  const span = { fromMs: at('2026-06-02T08:55Z'), toMs: at('2026-06-02T09:10Z'), importedWh: 0.1, exportedWh: 0.2, knownSeconds: 900 }
  t.strictSame(cut(new Cutter(prices), span).map(told), [
    ['08:55', 1, 33, 67, 300],
    ['09:00', 0, 34, 66, 300],
    ['09:05', 1, 33, 67, 300]
  ])
})

t.test('at midnight, where a price change may begin', async t => {
  const span = { fromMs: at('2026-06-01T22:00Z'), toMs: at('2026-06-02T00:00Z'), importedWh: 2, knownSeconds: 3_600 }
  const pieces = cut(new Cutter(prices), span)
  t.strictSame(pieces.map(told), [
    ['22:00', 1, 1_000, 0, 1_800],
    ['23:00', 1, 1_000, 0, 1_800]
  ])
  t.equal(pieces[1]?.rates, prices.ratesAt(at('2026-06-02T12:00Z')))
})

t.test('at other prices than those of the time', async t => {
  const rates = prices.ratesAt(at('2026-06-02T12:00Z'))
  const cutter = new Cutter(prices, rates)
  const span = { fromMs: at('2026-02-01T10:00Z'), toMs: at('2026-02-01T10:15Z'), importedWh: 3 }
  t.strictSame(cut(cutter, span).map(told), [
    ['10:00', 0, 1_000, 0, 0],
    ['10:05', 1, 2_000, 0, 0]
  ])
})

t.test('one price for many spans, and back in time', async t => {
  const cutter = new Cutter(prices)
  const bands = (from: string, to: string) => cut(cutter, { fromMs: at(from), toMs: at(to) }).map(({ band }) => band)
  t.strictSame(bands('2026-06-02T11:00Z', '2026-06-02T11:15Z'), [1])
  t.strictSame(bands('2026-06-02T11:15Z', '2026-06-02T11:30Z'), [1])
  t.strictSame(bands('2026-06-02T09:00Z', '2026-06-02T09:05Z'), [0])
})

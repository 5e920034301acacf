/** What energies cost, span by span. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { millionthsText } from '../../src/cost/money.ts'
import { Prices } from '../../src/cost/prices.ts'
import { Pricing } from '../../src/cost/pricing.ts'
import { type Load, quartersOf } from '../fixtures/cost/energies.ts'
import { changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'

const hourMs = 3_600_000

t.test('spans of six hours, with VAT, without standing charge', async t => {
  const londoners = new Calendar('Europe/London')
  const change = changed('2026-01-01', economy7, { vatPercent: '10', standingPerDay: '9', exportPerKWh: '0.2' })
  const pricing = new Pricing(new Prices(tariffOf(change), londoners))
  const midnightMs = Date.parse('2026-05-31T23:00Z')
  const load: Load = atMs => {
    const { hour } = londoners.wallAt(atMs)
    if (hour >= 18) return null
    return hour < 12 ? 1_000 : -1_000
  }
  const costs = [0, 6, 12, 18].map(hour => {
    for (const energy of quartersOf(load)(midnightMs + hour * hourMs, midnightMs + (hour + 6) * hourMs)) pricing.add(energy)
    return pricing.take()
  })
  // 0:00 to 6:00: (0.5 h × 0.30 + 5.5 h × 0.10) × 1.1 = 0.77; to 12:00: (1.5 h × 0.10 + 4.5 h × 0.30) × 1.1 = 1.65; to 18:00: −6 × 0.20
  t.strictSame(costs, [770_000, 1_650_000, -1_200_000, null])
  t.strictSame(
    costs.slice(0, 3).map(cost => millionthsText(cost as number)),
    ['0.77', '1.65', '-1.2']
  )
  pricing.add({ fromMs: midnightMs, toMs: midnightMs + hourMs, importedWh: 1_000, exportedWh: 0, knownSeconds: 0 })
  t.equal(pricing.take(), null, 'energy of which nothing is known costs nothing that is known')
})

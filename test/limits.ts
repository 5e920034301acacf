/** The bounds: numbers with a unit in their names. */
import t from 'tap'
import { limits, setLimits } from '../src/limits.ts'

t.test('every bound is a positive whole number whose name ends with what it counts or bounds', async t => {
  for (const [name, bound] of Object.entries(limits)) {
    t.ok(Number.isSafeInteger(bound) && bound > 0, name)
    t.match(name, /(Max|Min|Ms|Bytes|Messages|Slabs|Readings|Rounds|Slack)$/, name)
  }
})

t.test('bounds that are changed hold from then on, and the others stay', async t => {
  const before = { ...limits }
  setLimits({ clientsMax: 7, drainMs: 3_000 })
  t.strictSame(limits, { ...before, clientsMax: 7, drainMs: 3_000 })
})

/** The bounds: numbers with a unit in their names. */
import t from 'tap'
import { limits } from '../src/limits.ts'

t.test('every bound is a positive whole number whose name ends with what it counts or bounds', async t => {
  for (const [name, bound] of Object.entries(limits)) {
    t.ok(Number.isSafeInteger(bound) && bound > 0, name)
    t.match(name, /(Max|Min|Ms|Bytes|Slabs|Readings|Rounds|Slack)$/, name)
  }
})

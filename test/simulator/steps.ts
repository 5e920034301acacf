/** Power over time without loss. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Steps } from '../../src/simulator/steps.ts'

t.test('power and energy at any time since the first change', async t => {
  const steps = new Steps()
  steps.push(1000, 50, 0)
  steps.push(3000, -20, 100_000)
  t.equal(steps.wattsAt(1000), 50)
  t.equal(steps.wattsAt(2999), 50)
  t.equal(steps.wattsAt(3000), -20)
  t.equal(steps.energyAt(2000), 50_000)
  t.equal(steps.energyAt(4000), 80_000)
  t.throws(() => steps.energyAt(999), /nothing is remembered of 1970-01-01T00:00:00.999Z/)
})

t.test('it grows up to its bound, and then forgets the older half', async t => {
  const steps = new Steps()
  const count = limits.truthStepsMax + 1
  for (let index = 0; index < count; index += 1) steps.push(index, 1, index)
  t.equal(steps.energyAt(count + 5), count + 5)
  const oldest = limits.truthStepsMax / 2
  t.equal(steps.energyAt(oldest), oldest)
  t.throws(() => steps.energyAt(oldest - 1), /nothing is remembered/)
})

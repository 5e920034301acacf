/** Chance from a seed. */
import t from 'tap'
import { Random } from '../../src/simulator/random.ts'

t.test('the same seed gives the same numbers, another gives others', async t => {
  const run = (seed: number) => {
    const random = new Random(seed)
    return Array.from({ length: 20 }, () => random.next())
  }
  t.strictSame(run(1), run(1))
  t.notSame(run(1), run(2))
  t.ok(run(3).every(value => value >= 0 && value < 1))
})

t.test('each kind of number keeps its bounds and its mean', async t => {
  const random = new Random(7)
  const draw = (next: () => number) => Array.from({ length: 5000 }, next)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  t.ok(Math.abs(mean(draw(() => random.between([2, 4]))) - 3) < 0.05)
  t.strictSame([...new Set(draw(() => random.whole(3, 6)))].sort(), [3, 4, 5, 6])
  t.ok(Math.abs(mean(draw(() => Number(random.chance(0.25)))) - 0.25) < 0.03)
  t.ok(Math.abs(mean(draw(() => random.wait(100))) - 100) < 8)
  const spread = draw(() => random.mostlyShort([10, 1000]))
  t.ok(spread.every(value => value >= 10 && value <= 1000))
  t.ok(Math.abs(spread.filter(value => value < 100).length / 5000 - 0.5) < 0.03, 'half of them below the geometric middle')
})

t.test('a fork goes its own way', async t => {
  const one = new Random(1)
  const other = new Random(1)
  const fork = one.fork()
  other.fork()
  for (let count = 0; count < 100; count += 1) fork.next()
  t.equal(one.next(), other.next(), 'and how far it went does not matter to the one that it comes from')
})

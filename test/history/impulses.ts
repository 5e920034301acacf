/** Pulse counters: wrapped, paired anew, misread, and left alone for long. */
import fc from 'fast-check'
import t from 'tap'
import { countImpulses, type ImpulseState, impulsePointOf } from '../../src/history/impulses.ts'
import type { ImpulseReading } from '../../src/reading.ts'
import { hourMs, impulses, startMs } from '../fixtures/history/readings.ts'

/** Readings 6 s apart, after the first; answers what each told and the units of all. */
function run(...readings: readonly (number | ImpulseReading)[]): { kinds: string[]; units: number } {
  const [first, ...rest] = readings.map((each, index) =>
    impulsePointOf(typeof each === 'number' ? impulses(startMs + index * 6000, each) : each)
  )
  if (first === undefined) throw new Error('no reading')
  let state: ImpulseState = { base: first, doubted: undefined }
  let units = 0
  const kinds = rest.map(next => {
    const step = countImpulses(state, next)
    state = step.state
    units += step.units
    return step.kind
  })
  return { kinds, units }
}

t.test('it counts from the first reading on', async t => {
  t.strictSame(run(1000, 1010, 1010, 1500), { kinds: ['counted', 'counted', 'counted'], units: 0.5 })
})

t.test('it counts over the wrap', async t => {
  t.strictSame(run(2 ** 32 - 10, 5, 25), { kinds: ['counted', 'counted'], units: 0.035 })
  t.strictSame(run(2 ** 32 - 10, 2 ** 32 + 5), { kinds: ['counted'], units: 0.015 }, 'ten digits can tell more than 32 bits')
})

t.test('paired anew, it counts from 0 once the next reading agrees', async t => {
  t.strictSame(run(5_000_000, 3, 5), { kinds: ['doubted', 'restarted'], units: 0.005 })
  t.strictSame(run(5_000_000, 900_000, 900_007), { kinds: ['doubted', 'restarted'], units: 0.007 }, 'what it counted before is not ours')
})

t.test('a misread counter is forgotten, up or down', async t => {
  t.strictSame(run(1000, 8_001_005, 1010), { kinds: ['doubted', 'counted'], units: 0.01 })
  t.strictSame(run(9_001_000, 1005, 9_001_010), { kinds: ['doubted', 'counted'], units: 0.01 })
  t.strictSame(run(1000, 8_001_005, 4_001_005, 1010), { kinds: ['doubted', 'doubted', 'counted'], units: 0.01 })
})

t.test('another transmitter, or another setting, is another counter', async t => {
  const other = (index: number, count: number, changes: Partial<ImpulseReading>) => impulses(startMs + index * 6000, count, changes)
  t.strictSame(run(1000, other(1, 5000, { radioId: 5 }), other(2, 5001, { radioId: 5 })), { kinds: ['doubted', 'restarted'], units: 0.001 })
  t.strictSame(run(1000, other(1, 1001, { impulsesPerUnit: 100 }), other(2, 1002, { impulsesPerUnit: 100 })).kinds, [
    'doubted',
    'restarted'
  ])
})

t.test('it goes on over a time in which nobody listened', async t => {
  t.strictSame(run(1000, impulses(startMs + 100 * hourMs, 901_000)), { kinds: ['counted'], units: 900 })
  const unset = (index: number, count: number) => impulses(index * 6000, count)
  t.strictSame(
    run(1000, unset(1, 901_000), unset(2, 901_010)),
    { kinds: ['doubted', 'restarted'], units: 900.01 },
    'with the clock in 1970'
  )
})

t.test('nonsense counts nothing', async t => {
  const none = (index: number, count: number) => impulses(startMs + index * 6000, count, { impulsesPerUnit: 0 })
  t.equal(run(1000, none(1, 1000), none(2, 2000), none(3, 2000)).units, 0)
})

t.test('whatever it says, units are never negative and never more than a house can use', async t => {
  const count = fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
  fc.assert(
    fc.property(fc.array(count, { minLength: 2 }), counts => {
      const { units } = run(...counts)
      return units >= 0 && units <= 1001.2 * counts.length
    })
  )
  t.pass()
})

/** The last report of each sensor, and whether it is live: by a steady clock. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Latest } from '../../src/sinks/latest.ts'
import { impulses, power } from '../fixtures/mqtt/readings.ts'

t.test('the last of each sensor, by place', async t => {
  const latest = new Latest(() => 0)
  const [first, second, other, gas] = [power({ watts: 1 }), power({ watts: 2 }), power({ meter: 'meter2' }), impulses({ sensor: 4 })]
  for (const report of [other, first, gas, second]) latest.accept(report)
  t.strictSame(latest.sensors(), [
    { sensor: '0', report: second, stale: false },
    { sensor: '4', report: gas, stale: false },
    { sensor: 'meter2/0', report: other, stale: false }
  ])
})

t.test('what is too old is stale, whatever the time of day jumps to', async t => {
  let nowMs = 1_000
  const latest = new Latest(() => nowMs)
  latest.accept(power({ atMs: 0 }))
  nowMs += limits.staleMs
  t.equal(latest.sensors()[0]?.stale, false)
  nowMs += 1
  t.equal(latest.sensors()[0]?.stale, true)
  latest.accept(power({ atMs: -1_000_000 }))
  t.equal(latest.sensors()[0]?.stale, false)
})

t.test('it says in a few words what is live', async t => {
  let nowMs = 0
  const latest = new Latest(() => nowMs)
  t.equal(latest.describe(), 'no readings')
  latest.accept(power({ watts: 7 }))
  nowMs += limits.staleMs + 1
  latest.accept(power({ watts: 88, sensor: 1 }))
  latest.accept(impulses({ sensor: 4 }))
  t.equal(latest.describe(), '1: 88 W')
  latest.accept(power({ watts: 430 }))
  t.equal(latest.describe(), '430 W, 1: 88 W')
})

t.test('a derived sensor that is no more is forgotten', async t => {
  const latest = new Latest(() => 0)
  latest.accept({ kind: 'derived', sensor: 'net', atMs: 9_000, watts: 4, formula: '0 - 2' })
  t.equal(latest.describe(), 'net: 4 W')
  latest.forget('net')
  t.equal(latest.describe(), 'no readings')
})

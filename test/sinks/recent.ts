/** What the page's trace begins with. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Recent } from '../../src/sinks/recent.ts'
import { impulses, power } from '../fixtures/mqtt/readings.ts'

t.test('the last points of each sensor, oldest first, by place', async t => {
  const recent = new Recent()
  recent.accept(power({ sensor: 2, atMs: 1_000, watts: 20 }))
  recent.accept(power({ sensor: 0, atMs: 2_000, watts: -5 }))
  recent.accept(power({ sensor: 2, atMs: 7_000, watts: 21 }))
  recent.accept(power({ meter: 'meter2', sensor: 0, atMs: 8_000, watts: 3 }))
  recent.accept({ kind: 'derived', sensor: 'used', atMs: 9_000, watts: 4, formula: '0 - 2' })
  t.strictSame(recent.sensors(), [
    { sensor: '0', points: [[2_000, -5]] },
    {
      sensor: '2',
      points: [
        [1_000, 20],
        [7_000, 21]
      ]
    },
    { sensor: 'meter2/0', points: [[8_000, 3]] },
    { sensor: 'used', points: [[9_000, 4]] }
  ])
})

t.test('impulses are no power', async t => {
  const recent = new Recent()
  recent.accept(impulses({}))
  t.strictSame(recent.sensors(), [])
})

t.test('so many points and no more', async t => {
  const recent = new Recent()
  for (let index = 0; index <= limits.recentPointsMax; index++) recent.accept(power({ atMs: index, watts: index }))
  const points = recent.sensors()[0]?.points
  t.equal(points?.length, limits.recentPointsMax)
  t.strictSame(points?.[0], [1, 1])
})

t.test('a derived sensor that is no more is forgotten', async t => {
  const recent = new Recent()
  for (const sensor of ['net', 'used']) recent.accept({ kind: 'derived', sensor, atMs: 9_000, watts: 4, formula: '0 - 2' })
  recent.forget('net')
  t.match(recent.sensors(), [{ sensor: 'used' }])
  t.equal(recent.sensors().length, 1)
})

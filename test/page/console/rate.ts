/** Messages a second: against a count of all of them. */

import fc from 'fast-check'
import t from 'tap'
import { Rate } from '../../../src/page/console/rate.ts'
import { holds } from '../../fixtures/io/property.ts'

t.test('by hand', async t => {
  const rate = new Rate()
  t.equal(rate.perSecond(5_000), 0, 'nothing yet')
  rate.count(10_000)
  t.equal(rate.perSecond(10_000), 0.1, 'one in ten seconds')
  rate.count(10_500)
  t.equal(rate.perSecond(20_000), 0.2, 'two in ten seconds')
  t.equal(rate.perSecond(20_999).toFixed(4), '0.1818', 'still within reach')
  t.equal(rate.perSecond(21_000), 0, 'out of reach')
  rate.count(2_000_000)
  t.equal(rate.perSecond(2_000_000), 0.1, 'after a long silence')
})

t.test('it is what a count of all messages says', async t => {
  const gaps = fc.array(fc.oneof(fc.nat(300), fc.nat(30_000)), { minLength: 1, maxLength: 60 })
  holds(
    t,
    300,
    fc.property(fc.nat(1_000_000), gaps, fc.nat(15_000), (startMs, steps, laterMs) => {
      const rate = new Rate()
      const times: number[] = []
      let atMs = startMs
      for (const step of steps) {
        atMs += step
        times.push(atMs)
        rate.count(atMs)
      }
      const nowMs = atMs + laterMs
      const fromSecond = Math.floor(nowMs / 1_000) - 10
      const inReach = times.filter(time => Math.floor(time / 1_000) >= fromSecond).length
      const expected = inReach / (nowMs / 1_000 - fromSecond)
      return Math.abs(rate.perSecond(nowMs) - expected) < 1e-9
    })
  )
})

/** Tiers: keys that stand in the order of time, and a bound for the disk. */
import t from 'tap'
import { blockKey, diskBytesMax, keyOfHour, minutes, quarters, readBlockKey, seconds, yearKey } from '../../src/history/tiers.ts'

t.test('keys are in the order of time, whatever they are of', async t => {
  const keys = [blockKey(seconds, 400_000, '/0/0'), blockKey(quarters, 20_000, 'meter2/9/1'), blockKey(minutes, 480_001, '=/net/d')]
  t.strictSame(keys, ['0/0400000s/0/0', '0/0480000qmeter2/9/1', '0/0480001m=/net/d'])
  t.strictSame([...keys].sort(), keys)
  t.equal(keyOfHour(7), '0/0000007')
  t.equal(yearKey(2026, '/0/0'), 'y//0/0/2026')
})

t.test('a key tells what it is of', async t => {
  t.strictSame(readBlockKey('0/0480000qmeter2/9/1', 'meter2'), { hour: 480_000, tier: quarters, series: 'meter2/9/1' })
  t.equal(readBlockKey('0/0480000qmeter2/9/1', ''), undefined)
  t.equal(readBlockKey('0/0480000q/9/1', 'meter2'), undefined)
  t.equal(readBlockKey('0/0480000z/9/1', '')?.tier, undefined)
})

t.test('the disk is bounded by the number of series', async t => {
  const [none, one, ten] = [diskBytesMax(0), diskBytesMax(1), diskBytesMax(10)]
  t.equal(ten - none, 10 * (one - none))
  t.ok(ten < 160e6, `${(ten / 1e6).toFixed(0)} MB for ten`)
})

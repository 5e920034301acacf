/** Amounts in words. */
import t from 'tap'
import { describeBytes, describeCount, describeMs, describeTime } from '../../src/operating/amounts.ts'

t.test('bytes', async t => {
  t.strictSame([0, 1_499, 999_499, 52_340_000, 3_210_000_000].map(describeBytes), ['0 kB', '1 kB', '999 kB', '52.3 MB', '3.2 GB'])
})

t.test('how many', async t => {
  t.strictSame(
    [0, 1, 2].map(count => describeCount(count, 'client')),
    ['0 clients', '1 client', '2 clients']
  )
})

t.test('time', async t => {
  const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
  t.strictSame(
    [0, 999, 12 * second, 59 * second, 5 * minute + 40 * second, 2 * hour, 3 * hour + 7 * minute, day, 3 * day + 4 * hour + minute].map(
      describeMs
    ),
    ['0 s', '0 s', '12 s', '59 s', '5 min', '2 h', '3 h 7 min', '1 d', '3 d 4 h']
  )
  t.equal(describeTime(Date.UTC(2026, 10, 22, 18, 40, 12, 999)), '2026-11-22 18:40:12 UTC')
})

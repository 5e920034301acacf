/** Tries that failed: how long somebody has to wait, and who is remembered. */
import t from 'tap'
import { Tries } from '../../src/io/tries.ts'
import { limits } from '../../src/limits.ts'
import { TestClock } from '../fixtures/io/serving.ts'

t.test('one waits after so many tries, twice as long each time, and not beyond the bound', async t => {
  const clock = new TestClock()
  const tries = new Tries(clock)
  for (let count = 1; count < limits.passwordTriesMax; count++) tries.count('a')
  t.equal(tries.leftMs('a'), 0)
  for (const waitMs of [1, 2, 4]) {
    tries.count('a')
    t.equal(tries.leftMs('a'), waitMs * limits.passwordWaitMs)
  }
  for (let count = 0; count < 100; count++) tries.count('a')
  t.equal(tries.leftMs('a'), limits.passwordWaitMsMax)
  clock.nowMs += limits.passwordWaitMsMax
  t.equal(tries.leftMs('a'), 0)
  tries.count('a')
  tries.forgive('a')
  t.equal(tries.leftMs('a'), 0)
})

t.test('what is remembered is bounded: whoever tried least makes room', async t => {
  const tries = new Tries(new TestClock())
  for (let count = 0; count < limits.passwordTriesMax; count++)
    for (let name = 0; name < limits.strangersToldMax; name++) tries.count(`${name}`)
  tries.count('0')
  for (let name = 0; name < 1_000; name++) tries.count(`other ${name}`)
  const waiting = Array.from({ length: limits.strangersToldMax }, (_, name) => `${name}`).filter(name => tries.leftMs(name) > 0)
  t.equal(waiting.length, limits.strangersToldMax - 1)
  t.notOk(waiting.includes('1'), 'the one that tried longest ago, of those that tried as little')
})

/** A transmitter's radio. */
import t from 'tap'
import { cadenceMs, dropOutMs, Radio } from '../../src/simulator/radio.ts'
import { Random } from '../../src/simulator/random.ts'
import { dayMs, startMs } from '../fixtures/simulator/listen.ts'

t.test('cadence and loss', async t => {
  const radio = new Radio(new Random(1), startMs, 0.68, 0)
  let lost = 0
  let atMs = startMs
  for (let count = 0; count < 10_000; count += 1) {
    const waitMs = radio.waitMs()
    if (waitMs < cadenceMs[0] || waitMs > cadenceMs[1]) t.fail(`waited ${waitMs} ms`)
    atMs += waitMs
    const reception = radio.receive(atMs)
    if (reception === 'lost') lost += 1
    else if (reception !== 'heard') t.fail('a drop-out')
  }
  t.ok(Math.abs(lost / 10_000 - 0.68) < 0.02, `${lost} of 10,000 lost`)
})

t.test('drop-outs: each is told once, lasts minutes to thousands of seconds, and ends', async t => {
  const radio = new Radio(new Random(2), startMs, 0, 2)
  const untilMs: number[] = []
  let out = 0
  for (let atMs = startMs; atMs < startMs + 40 * dayMs; atMs += 6000) {
    const reception = radio.receive(atMs)
    if (typeof reception === 'object') {
      untilMs.push(reception.untilMs - atMs)
      out += 1
    } else if (reception === 'out') out += 1
  }
  t.ok(untilMs.length > 45 && untilMs.length < 110, `${untilMs.length} in 40 days`)
  t.ok(untilMs.every(lastsMs => lastsMs > dropOutMs[0] - 6000 && lastsMs <= dropOutMs[1]))
  t.ok(untilMs.some(lastsMs => lastsMs < 600_000) && untilMs.some(lastsMs => lastsMs > 2_000_000))
  t.ok(Math.abs(out * 6000 - untilMs.reduce((sum, each) => sum + each, 0)) < untilMs.length * 6000)
})

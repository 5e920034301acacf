/** How a meter is, in words: each state, and what is said of it. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { MeterFault } from '../../src/meters/fault.ts'
import { type Closed, describe, likelyBauds, Watch } from '../../src/meters/watch.ts'

const { staleMs, babbleMs, babbleBytesMin } = limits

/** A watch whose port is open since 0. */
function opened(baud: number | undefined = 57_600): Watch {
  const watch = new Watch('/dev/ttyUSB0', baud, 0)
  watch.opened(0)
  return watch
}

/** Bytes come, for so long that the meter must be unreadable. */
function babble(watch: Watch): void {
  watch.received(babbleBytesMin, 1_000)
  watch.tick(1_000 + babbleMs)
}

t.test('a port is opened, is open, and readings arrive', async t => {
  const watch = new Watch('/dev/ttyUSB0', 57_600, 0)
  t.strictSame(watch.status, { state: 'connecting', message: 'Opening /dev/ttyUSB0.' })
  watch.tick(10 * staleMs)
  t.equal(watch.status.state, 'connecting', 'a port that is not open is not silent')
  watch.opened(0)
  t.strictSame(watch.status, { state: 'connecting', message: 'The port is open; waiting for the first message of the meter.' })
  watch.received(300, 6_000)
  watch.understood(6_000)
  t.strictSame(watch.status, { state: 'live', message: 'Readings arrive.' })
})

t.test('nothing comes: silent, from the opening or from the last reading on', async t => {
  const watch = opened()
  watch.tick(staleMs - 1)
  t.equal(watch.status.state, 'connecting')
  watch.tick(staleMs)
  t.strictSame(watch.status, {
    state: 'silent',
    message: "The port is open, but nothing has come for 90 s. Check the cable at the meter's side, and that its display is on."
  })
  watch.understood(staleMs + 5)
  watch.tick(2 * staleMs + 4)
  t.equal(watch.status.state, 'live')
  watch.tick(2 * staleMs + 5)
  t.equal(watch.status.state, 'silent')
})

t.test('bytes without a message: the line speed, and what to try instead', async t => {
  const watch = opened(9_600)
  babble(watch)
  t.strictSame(watch.status, {
    state: 'unreadable',
    message:
      'Bytes come, but no message: the line speed is most likely not 9600. Try --baud 57600, then --baud 2400. A CC128, Envi or EnviR speaks at 57600, a Classic at 9600 or 2400.'
  })
})

t.test('bytes without a message, of a source that has no speed of its own', async t => {
  const watch = new Watch('tcp://head:2000', undefined, 0)
  watch.opened(0)
  babble(watch)
  t.strictSame(watch.status, {
    state: 'unreadable',
    message:
      'Bytes come, but no message: is it a CurrentCost meter, and is the line speed right at the other end? A CC128, Envi or EnviR speaks at 57600, a Classic at 9600 or 2400.'
  })
})

t.test('messages that cannot be read: the last fault', async t => {
  const watch = opened()
  watch.misread({ kind: 'unknown-model' })
  watch.misread({ kind: 'value-invalid', field: 'ch1/watts' })
  babble(watch)
  t.strictSame(watch.status, {
    state: 'unreadable',
    message: 'Messages come, but none can be read: value-invalid in ch1/watts.'
  })
})

t.test('few bytes, or bytes for a short time, tell nothing yet', async t => {
  const few = opened()
  few.received(babbleBytesMin - 1, 0)
  few.tick(babbleMs)
  t.equal(few.status.state, 'connecting')
  const short = opened()
  short.received(babbleBytesMin, 1)
  short.received(babbleBytesMin, babbleMs)
  short.tick(babbleMs)
  t.equal(short.status.state, 'connecting')
  short.tick(babbleMs + 1)
  t.equal(short.status.state, 'unreadable')
})

t.test('a reading makes up for all that came before it', async t => {
  const watch = opened()
  watch.misread({ kind: 'unknown-model' })
  babble(watch)
  watch.understood(20_000)
  watch.tick(20_000 + babbleMs)
  t.equal(watch.status.state, 'live')
})

t.test('bytes that could not be read stop: silent, and what comes later is judged anew', async t => {
  const watch = opened()
  watch.misread({ kind: 'unknown-model' })
  watch.received(babbleBytesMin, 1_000)
  watch.received(1, 50_000)
  watch.tick(50_000 + staleMs - 1)
  t.equal(watch.status.state, 'unreadable')
  watch.tick(50_000 + staleMs)
  t.equal(watch.status.state, 'silent')
  const againMs = 50_000 + 2 * staleMs
  watch.received(babbleBytesMin, againMs)
  watch.tick(againMs + babbleMs - 1)
  t.equal(watch.status.state, 'silent', 'the old bytes do not count')
  watch.tick(againMs + babbleMs)
  t.match(watch.status, { state: 'unreadable', message: /^Bytes come, but no message/ })
})

t.test('a byte now and then does not hide that no message comes', async t => {
  const watch = opened()
  for (let nowMs = 0; nowMs <= staleMs; nowMs += staleMs / 2) {
    watch.received(1, nowMs)
    watch.tick(nowMs)
  }
  t.equal(watch.status.state, 'silent')
})

t.test('a source that had to search tells its port', async t => {
  const watch = new Watch('a port that is searched', undefined, 0)
  t.strictSame(watch.port, { name: 'a port that is searched', baud: undefined })
  watch.opened(0, { name: '/dev/ttyUSB1', baud: 2_400 })
  t.strictSame(watch.port, { name: '/dev/ttyUSB1', baud: 2_400 })
  babble(watch)
  t.match(watch.status.message, 'most likely not 2400. Try --baud 57600, then --baud 9600.')
  watch.closed({ kind: 'lost', message: 'It is gone.' })
  watch.opened(30_000)
  t.equal(watch.port.name, '/dev/ttyUSB1', 'which is kept')
})

t.test('a port that is not open, with what the system said', async t => {
  for (const kind of ['absent', 'denied', 'busy', 'failed', 'lost'] as const satisfies Closed['kind'][]) {
    const watch = opened()
    watch.received(1_000, 0)
    watch.closed({ kind, message: `It is ${kind}.` })
    const told = { state: kind === 'lost' ? 'connecting' : kind, message: `It is ${kind}.` }
    t.strictSame(watch.status, told)
    watch.tick(10 * staleMs)
    t.strictSame(watch.status, told, 'and nothing else as long as it is not open')
  }
})

t.test('faults in words', async t => {
  const table: readonly [fault: MeterFault, words: string][] = [
    [{ kind: 'unknown-model' }, 'unknown-model'],
    [{ kind: 'field-missing', field: 'time' }, 'field-missing in time'],
    [{ kind: 'not-well-formed', offset: 7 }, 'not-well-formed at byte 7'],
    [{ kind: 'message-too-long', bytes: 9 }, 'message-too-long (9 bytes)']
  ]
  for (const [fault, words] of table) t.equal(describe(fault), words)
})

t.test('line speeds, the likeliest first', async t => {
  t.strictSame(likelyBauds(), [57_600, 9_600, 2_400])
})

/** How well a meter is heard: rates, loss and faults over the last minutes. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Listener } from '../../src/meters/health.ts'

const { cadenceMs, healthMs } = limits
const startMs = 5_000_123

/** So many messages of a whole house, and of an appliance each third of whose messages is lost; gives the time of the last. */
function listen(listener: Listener, count: number): number {
  for (let index = 0; index < count; index++) {
    if (index % 3 !== 1) listener.heard(4, 'CC128-v1.29', startMs + index * cadenceMs)
    listener.heard(0, 'CC128-v1.29', startMs + index * cadenceMs)
  }
  return startMs + (count - 1) * cadenceMs
}

t.test('nothing was heard', async t => {
  t.strictSame(new Listener().health(startMs), { bytes: 0, model: undefined, sensors: [], lastFault: undefined })
})

t.test('bytes, the model, and the last fault', async t => {
  const listener = new Listener()
  listener.received(100)
  listener.received(66)
  listener.heard(0, 'CC128-v1.29', startMs)
  listener.fault({ kind: 'message-cut-short', bytes: 3 }, startMs + 1_000)
  listener.fault({ kind: 'unknown-model' }, startMs + 2_000)
  const { bytes, model, lastFault } = listener.health(startMs + 5_000)
  t.strictSame(
    { bytes, model, lastFault },
    { bytes: 166, model: 'CC128-v1.29', lastFault: { fault: { kind: 'unknown-model' }, agoMs: 3_000 } }
  )
})

t.test('no loss: whenever one looks, from the first message on', async t => {
  const listener = new Listener()
  for (let index = 0; index < 300; index++) {
    listener.heard(0, 'CC128-v1.29', startMs + index * cadenceMs)
    for (const laterMs of [0, cadenceMs / 2, cadenceMs - 1]) {
      const [health] = listener.health(startMs + index * cadenceMs + laterMs).sensors
      t.ok((health?.lossRate ?? 0) < 0.02, `message ${index}: ${health?.lossRate}`)
      t.equal(health?.lossRate === undefined, index + 1 < limits.healthMessagesMin)
      t.ok(
        health && health.messagesPerMinute > (index === 0 ? 4 : 6) && health.messagesPerMinute < 10,
        `${health?.messagesPerMinute} a minute`
      )
      t.equal(health?.silentMs, laterMs)
    }
  }
})

t.test('a third is lost; sensors are told apart, in their order', async t => {
  const listener = new Listener()
  const nowMs = listen(listener, 60)
  const [house, appliance] = listener.health(nowMs).sensors
  t.match(house, { sensor: 0, messages: 60, lossRate: 0 })
  t.match(appliance, { sensor: 4, messages: 40 })
  t.ok(Math.abs((appliance?.lossRate ?? 0) - 1 / 3) < 0.02, `${appliance?.lossRate}`)
})

t.test('a sensor that falls silent was lost by radio; of a meter that falls silent nothing is known', async t => {
  const [alone, listener] = [new Listener(), new Listener()]
  const endMs = listen(alone, 1_000)
  const [silent] = alone.health(endMs + healthMs / 2).sensors
  t.ok((silent?.lossRate ?? 1) < 0.05, `${silent?.lossRate}`)
  listen(listener, 1_000)
  for (let laterMs = cadenceMs; laterMs < healthMs / 2; laterMs += cadenceMs) listener.heard(7, 'CC128-v1.29', endMs + laterMs)
  const [gone, , other] = listener.health(endMs + healthMs / 2).sensors
  t.ok(Math.abs((gone?.lossRate ?? 0) - 0.5) < 0.1, `${gone?.lossRate}`)
  t.ok((other?.lossRate ?? 1) < 0.05, `${other?.lossRate}`)
})

t.test('only the last minutes count, and a sensor that is gone is forgotten', async t => {
  const listener = new Listener()
  const endMs = listen(listener, 1_000)
  const [long] = listener.health(endMs).sensors
  t.ok((long?.messages ?? 0) <= healthMs / cadenceMs + 1)
  t.ok((long?.lossRate ?? 1) < 0.02, `${long?.lossRate}`)
  t.strictSame(listener.health(endMs + 10 * healthMs).sensors, [])
  listener.heard(0, 'CC128-v1.29', endMs + 11 * healthMs)
  t.match(listener.health(endMs + 11 * healthMs).sensors, [{ messages: 1, lossRate: undefined, silentMs: 0 }])
})

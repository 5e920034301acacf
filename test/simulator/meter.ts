/** The simulated meter: its bytes go the real way, and every one of them can be accounted for. */
import { createHash } from 'node:crypto'
import t from 'tap'
import type { Outcome } from '../../src/meters/meter.ts'
import type { PowerReading } from '../../src/reading.ts'
import { resolutionKwh } from '../../src/simulator/history.ts'
import { houses } from '../../src/simulator/houses.ts'
import { SimulatedMeter } from '../../src/simulator/meter.ts'
import type { HousePlan } from '../../src/simulator/plan.ts'
import { type Bytes, dayMs, hourMs, Listener, messages, run, startMs, textOf } from '../fixtures/simulator/listen.ts'

const clean: HousePlan = {
  ...houses.everything,
  faults: {},
  sensors: houses.everything.sensors.map(sensor => ({ ...sensor, loss: 0, spikes: 0 }))
}

/** What a clean message has to be read as. */
function isRight(outcome: Outcome | undefined, { meant }: Bytes): boolean {
  if (outcome?.kind !== 'understood') return false
  if (meant.kind === 'history') return outcome.history !== undefined && outcome.readings.length === 0
  const [reading] = outcome.readings
  if (reading?.sensor !== meant.sensor) return false
  if (reading.kind === 'impulses') return meant.kind === 'impulses' && reading.impulses === meant.impulses
  if (meant.kind !== 'power') return false
  const told = reading.channels.map(({ watts }) => watts)
  return meant.watts.every((watts, index) => told[index] === watts) && told.slice(meant.watts.length).every(watts => watts === 0)
}

/** The demo's house with a meter that keeps history. */
const remembering = { ...houses.demo, meter: { ...houses.demo.meter, history: 'usual' } } as const

t.test('the same seed gives the same bytes at the same times, another gives others', async t => {
  const digestOf = (seed: number) => {
    const digest = createHash('sha256')
    for (const event of run(new SimulatedMeter(houses.everything, seed, startMs), startMs + 3 * hourMs)) {
      digest.update(String(event.atMs)).update(event.kind === 'bytes' ? event.bytes : `away ${event.awayMs}`)
    }
    return digest.digest('hex')
  }
  t.equal(digestOf(1), digestOf(1))
  t.not(digestOf(1), digestOf(2))
})

t.test('every message of a clean wire gives exactly the true watts', async t => {
  for (const plan of [clean, houses.threePhase, houses.classic, houses.solar]) {
    const meter = new SimulatedMeter(plan, 4, startMs + 8 * hourMs)
    const listener = new Listener()
    let wrong = 0
    let lastMs = startMs
    for (const event of messages(meter, startMs + 12 * hourMs)) {
      const outcomes = listener.hear(event)
      const { meant } = event
      if (event.faults.includes('ghosts-144') ? meant.kind !== 'power' : !isRight(outcomes.at(-1), event)) wrong += 1
      if (
        meant.kind === 'power' &&
        meant.watts.reduce((sum, watts) => sum + watts, 0) !== meter.truth.wattsAt(meant.sensor, meant.measuredMs)
      )
        wrong += 1
      if (meant.kind !== 'history' && Math.abs(event.atMs - meant.measuredMs) > 2000) wrong += 1
      if (event.atMs < lastMs) wrong += 1
      lastMs = event.atMs
    }
    t.equal(wrong, 0)
  }
})

t.test('life shows at once: all sensors in the first second, the kettle in the first minute', async t => {
  for (const seed of [1, 2, 3]) {
    const minute = messages(new SimulatedMeter(houses.demo, seed, startMs), startMs + 60_000)
    t.strictSame(
      minute.slice(0, 3).map(({ meant }) => meant.kind === 'power' && meant.sensor),
      [0, 1, 2]
    )
    t.ok(minute.every(({ atMs }, index) => index > 2 || atMs < startMs + 1000))
    t.ok(minute.some(({ meant }) => meant.kind === 'power' && meant.sensor === 2 && (meant.watts[0] ?? 0) > 2000))
  }
})

t.test('a day: clock, curve, cycles, temperature', async t => {
  const listener = new Listener()
  const readings: PowerReading[] = []
  for (const event of messages(new SimulatedMeter(houses.demo, 3, startMs), startMs + dayMs)) {
    for (const outcome of listener.hear(event)) {
      if (outcome.kind !== 'understood') continue
      for (const reading of outcome.readings) {
        if (reading.kind === 'power') readings.push(reading)
        const offMs = Math.abs(Date.parse(`2026-03-03T${reading.meterTime}Z`) - reading.atMs)
        if (offMs > 2000) t.fail(`${reading.meterTime} at ${reading.atMs}`)
      }
    }
  }
  const average = (from: number, to: number) => {
    const part = readings.filter(({ sensor, atMs }) => sensor === 0 && atMs >= startMs + from * hourMs && atMs < startMs + to * hourMs)
    return part.reduce((sum, { watts }) => sum + watts, 0) / part.length
  }
  t.ok(average(2, 5) * 1.5 < average(18, 21), 'the evening takes more than the night')
  const fridge = readings.filter(({ sensor }) => sensor === 1).map(({ watts }) => watts > 0)
  const switches = fridge.filter((on, index) => index > 0 && on !== fridge[index - 1]).length
  t.ok(switches > 30 && switches < 100, `the fridge cycles: ${switches} switches`)
  const degrees = readings.map(({ celsius = Number.NaN }) => celsius)
  t.ok(Math.max(...degrees) - Math.min(...degrees) > 0.5 && Math.max(...degrees) < 24 && Math.min(...degrees) > 18)
})

t.test('counters count what flows, wrap at 2^32 and begin at 0 when paired anew', async t => {
  const meter = new SimulatedMeter({ ...houses.counters, pastDays: 3 }, 1, startMs)
  const last = new Map<number, number>()
  let wraps = 0
  for (const { meant } of messages(meter, startMs + 2 * dayMs)) {
    if (meant.kind !== 'impulses') continue
    if (meant.impulses < (last.get(meant.sensor) ?? 0)) wraps += 1
    last.set(meant.sensor, meant.impulses)
  }
  t.equal(wraps, 1, 'the water')
  const units = meter.truth.energyWh(0, startMs, startMs + 2 * dayMs - 10_000) / 1000
  t.ok(Math.abs((last.get(0) ?? 0) - 14_768 - units * 1000) < 60, 'electricity')
  meter.pairAnew(0)
  const [next] = messages(meter, startMs + 2 * dayMs + 20_000).flatMap(({ meant }) =>
    meant.kind === 'impulses' && meant.sensor === 0 ? [meant.impulses] : []
  )
  t.ok(next !== undefined && next < 60)
  t.match(meter.truth.faults.at(-1), { kind: 'paired-anew', sensor: 0 })
})

t.test('bursts: a minute after every odd hour, a page each 10 s, and every value is true', async t => {
  // The display hears no transmitter: only the history is of interest here.
  const sensors = houses.appliances.sensors.map(sensor => ({ ...sensor, loss: 1, dropOutsADay: 0 }))
  const meter = new SimulatedMeter({ ...houses.appliances, sensors, clockOffMs: -17 * 60_000 }, 1, startMs)
  const listener = new Listener()
  const bursts: number[][] = []
  let checked = 0
  let wrong = 0
  for (const event of messages(meter, startMs + 9 * dayMs)) {
    const outcomes = listener.hear(event)
    if (event.meant.kind !== 'history') continue
    if (event.atMs - (bursts.at(-1)?.at(-1) ?? 0) > 60_000) bursts.push([])
    bursts.at(-1)?.push(event.atMs)
    const page = outcomes[0]?.kind === 'understood' ? outcomes[0].history : undefined
    // On the meter's clock, odd hours and days from 23:00 to 23:00.
    const clockMs = event.atMs + meter.clockAheadMs
    const oddMs = Math.floor((clockMs - hourMs) / (2 * hourMs)) * 2 * hourMs + hourMs - meter.clockAheadMs
    const dayEndMs = Math.floor((clockMs + hourMs) / dayMs) * dayMs - hourMs - meter.clockAheadMs
    for (const { sensor, values } of page?.sensors ?? []) {
      for (const { scale, index, kwh } of values) {
        const [fromMs, toMs] =
          scale === 'hours'
            ? [oddMs - (index - 2) * hourMs, oddMs - (index - 4) * hourMs]
            : scale === 'days'
              ? [dayEndMs - index * dayMs, dayEndMs - (index - 1) * dayMs]
              : [Number.NaN, Number.NaN]
        if (sensor > 3) {
          if (kwh !== 0) wrong += 1
          continue
        }
        if (scale === 'years' || Number.isNaN(fromMs) || fromMs < startMs) continue
        checked += 1
        const error = meter.truth.energyWh(sensor, fromMs, toMs) / 1000 - kwh
        if (error < -1e-9 || error >= resolutionKwh[scale] + 0.001) wrong += 1
      }
    }
  }
  t.comment(`${bursts.length} bursts, ${checked} values checked`)
  t.equal(wrong, 0)
  t.ok(checked > 15_000)
  t.equal(bursts.length, 9 * 12)
  for (const [first = 0, ...rest] of bursts) {
    const clock = new Date(first + meter.clockAheadMs)
    if (clock.getUTCHours() % 2 === 0 || clock.getUTCMinutes() !== 1 || clock.getUTCSeconds() > 0)
      t.fail(`a burst at ${clock.toISOString()}`)
    for (const [index, atMs] of rest.entries()) if (Math.abs(atMs - first - (index + 1) * 10_000) > 300) t.fail(`a page at ${atMs - first}`)
  }
  t.equal(bursts.at(-1)?.length, 9 * 3 + 3, 'all that there is: 108 hours and 9 days')
})

t.test('blocks have 30 days from the wipe', async t => {
  const meter = new SimulatedMeter({ ...houses.single, sensors: [{ ...houses.single.sensors[0], loss: 1 }], pastDays: 0 }, 1, startMs)
  const last = messages(meter, startMs + 30 * dayMs + 2 * hourMs).findLast(({ meant }) => meant.kind === 'history')
  const told = Number(/<m001>([\d.]+)</.exec(last?.meant.text ?? '')?.[1])
  const error = meter.truth.energyWh(0, startMs, startMs + 30 * dayMs - hourMs) / 1000 - told
  t.ok(error >= 0 && error < 0.25, `${told} kWh`)
})

t.test('loss: 6 % with one sensor, 68 % of the whole house with four, and drop-outs', async t => {
  for (const [plan, expected] of [
    [houses.single, 0.06],
    [houses.appliances, 0.68]
  ] as const) {
    const meter = new SimulatedMeter(plan, 2, startMs)
    const heard = messages(meter, startMs + 5 * dayMs).filter(({ meant }) => meant.kind === 'power' && meant.sensor === 0).length
    const lost = meter.truth.lost(0, 'radio')
    t.ok(Math.abs(lost / (heard + lost) - expected) < 0.02, `${lost} of ${heard + lost} lost`)
    const dropOuts = meter.truth.faults.filter(({ kind, sensor }) => kind === 'drop-out' && sensor === 0)
    t.ok(
      dropOuts.length > 0 && Math.abs(meter.truth.lost(0, 'drop-out') * 6100 - dropOuts.reduce((sum, { ms = 0 }) => sum + ms, 0)) < 300_000
    )
    t.ok(Math.abs((heard + lost + meter.truth.lost(0, 'drop-out')) * 6100 - 5 * dayMs) < dayMs / 100, 'a message each 6.0 to 6.2 s')
  }
})

t.test('a dump: long lines, no live messages, the clock stands and is behind afterwards, and a stray byte', async t => {
  const meter = new SimulatedMeter({ ...remembering, pastDays: 400 }, 1, startMs + 2 * hourMs + 30_000)
  meter.askForHistory()
  const beforeMs = meter.clockAheadMs
  const events = messages(meter, startMs + 2 * hourMs + 10 * 60_000)
  const first = events.findIndex(({ meant }) => meant.kind === 'history')
  const last = events.findLastIndex(({ meant }) => meant.kind === 'history')
  const dump = events.slice(first, last + 1)
  t.ok((events[first]?.atMs ?? 0) >= startMs + 2 * hourMs + 120_000, 'it waits until the hour is far enough away')
  t.ok(dump.every(({ meant }) => meant.kind === 'history'))
  t.ok(Math.max(...dump.map(({ bytes }) => bytes.length)) >= 9444)
  t.equal(new Set(dump.map(({ meant }) => /<time>(.*)<\/time>/.exec(meant.text)?.[1])).size, 1)
  const lostMs = beforeMs - meter.clockAheadMs
  t.ok(lostMs >= 19_000 && lostMs <= 53_000, `${lostMs} ms behind`)
  const after = events[last + 1]
  t.equal(after?.bytes[0], 0xfc)
  t.strictSame(after?.faults, ['stray-byte'])
  t.equal(events.filter(({ faults }) => faults.length > 0).length, 1)
  t.ok(meter.truth.lost(0, 'dump') > 0)
  const hours = [...run(meter, startMs + 4 * hourMs)].filter(event => event.kind === 'bytes' && event.meant.text.includes('<h746>'))
  t.equal(hours.length, 1, 'the hour strikes once all the same')
})

t.test('a dump in the middle of a burst ends that', async t => {
  const meter = new SimulatedMeter({ ...remembering, pastDays: 400 }, 1, startMs + hourMs - 1000)
  messages(meter, startMs + hourMs + 3 * 60_000)
  meter.askForHistory()
  const rest = messages(meter, startMs + hourMs + 30 * 60_000).filter(({ meant }) => meant.kind === 'history')
  t.ok(rest.length < 30 && rest.length > 8)
})

t.test('the user sets the clock', async t => {
  const plan = { ...remembering, clockSet: { everyMs: 2 * hourMs, byMs: [-3 * hourMs, 3 * hourMs] as const }, dumpEveryMs: 3 * hourMs }
  const meter = new SimulatedMeter(plan, 1, startMs)
  messages(meter, startMs + dayMs)
  const sets = meter.truth.faults.filter(({ kind }) => kind === 'clock-set' || kind === 'clock-behind')
  t.ok(sets.some(({ kind }) => kind === 'clock-behind') && sets.filter(({ kind }) => kind === 'clock-set').length > 5)
  t.equal(
    sets.reduce((sum, { ms = 0 }) => sum + ms, 0),
    meter.clockAheadMs
  )
})

t.test('what was due before one listens was said to nobody', async t => {
  const meter = new SimulatedMeter(remembering, 1, startMs)
  const event = meter.next(startMs + 5 * hourMs)
  t.ok(event.atMs >= startMs + 5 * hourMs && event.atMs < startMs + 5 * hourMs + 6200)
})

t.test('every fault is accounted for: rejected, or for flipped bits counted as valid but wrong', async t => {
  const meter = new SimulatedMeter(
    { ...houses.everything, faults: { bitsFlipped: 0.02, cutShort: 0.02, bytesMissing: 0.02, garbage: 0.02, hangUp: 0.01 } },
    6,
    startMs
  )
  const listener = new Listener()
  const seen = new Map<string, number>()
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  let awayUntilMs = 0
  for (const event of run(meter, startMs + 12 * hourMs)) {
    const outcomes = listener.hear(event)
    if (event.kind === 'hang-up') {
      awayUntilMs = event.atMs + event.awayMs
      continue
    }
    if (event.meant.kind !== 'history' && event.meant.measuredMs < awayUntilMs) t.fail('it spoke to a port that was away')
    const understood = outcomes.filter(({ kind }) => kind === 'understood')
    const [fault = 'none'] = event.faults.filter(kind => kind !== 'stray-byte')
    count(fault)
    if (understood.length > 1) t.fail('two messages in one')
    const right = isRight(understood[0], event)
    if (fault === 'none' && !right) t.fail(`a clean message was not read: ${textOf(event.bytes)}`)
    if ((fault === 'cut-short' || fault === 'bytes-missing') && understood.length > 0) t.fail(`${fault} was read`)
    if (fault === 'garbage' && !(right && outcomes.some(({ kind }) => kind === 'fault')))
      t.fail('garbage was not counted, or hid the message')
    if (fault === 'hang-up' && understood.length > 0 && !right) t.fail('a hang-up made a wrong message')
    if (fault === 'spike' && !(understood.length === 1 && !right)) t.fail('a spike is a sound message')
    if (fault === 'bits-flipped')
      count(understood.length === 0 ? 'flipped: rejected' : right ? 'flipped: right' : 'flipped: valid but wrong')
  }
  t.comment([...seen].map(([what, times]) => `${what} ${times}`).join(', '))
  for (const kind of ['bits-flipped', 'cut-short', 'bytes-missing', 'garbage', 'hang-up', 'spike']) {
    const logged = meter.truth.faults.filter(fault => fault.kind === kind)
    // The last event drawn lies beyond the end of the run.
    t.ok(Math.abs(logged.length - (seen.get(kind) ?? 0)) <= 1 && logged.length > 0, `${kind}: ${logged.length}`)
    t.ok(logged.every(({ meant }) => meant?.text.endsWith('</msg>')))
  }
  t.ok((seen.get('flipped: valid but wrong') ?? 0) < 0.3 * (seen.get('bits-flipped') ?? 0))
})

t.test('no faults on the wire change the house', async t => {
  const [one, other] = [houses.everything, clean].map(plan => new SimulatedMeter(plan, 8, startMs))
  for (const meter of [one, other]) messages(meter as SimulatedMeter, startMs + 6 * hourMs)
  t.equal(one?.truth.energyWh(0, startMs, startMs + 5 * hourMs), other?.truth.energyWh(0, startMs, startMs + 5 * hourMs))
})

t.test('it is far faster than life', async t => {
  const beganMs = performance.now()
  let events = 0
  for (const { kind } of run(new SimulatedMeter(houses.appliances, 1, startMs), startMs + 3 * dayMs)) if (kind === 'bytes') events += 1
  t.ok(events > 100_000)
  t.comment(`3 days of four sensors, ${events} messages, in ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
})

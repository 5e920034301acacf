/** From wire bytes to readings: every fixture says what must come out, and no bytes at all do harm. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type MeterFaultKind, meterFaultKinds } from '../../src/meters/fault.ts'
import { meters, type Outcome, readFrame } from '../../src/meters/meter.ts'
import type { HistoryPage, HistoryValue, Reading } from '../../src/reading.ts'
import { atMs, bytesOf, cc128Message, classicMessage, outcomesOf, textOf } from '../fixtures/meters/wire.ts'

const fixtures = new URL('../fixtures/meters/', import.meta.url)
const seen = new Set<MeterFaultKind>()

for (const model of ['cc128', 'classic']) {
  const folder = new URL(`${model}/`, fixtures)
  for (const file of readdirSync(folder).filter(name => name.endsWith('.xml'))) {
    t.test(`${model}/${file}`, async t => {
      const outcomes = outcomesOf(readFileSync(new URL(file, folder)))
      t.strictSame(outcomes, JSON.parse(readFileSync(new URL(file.replace('.xml', '.json'), folder), 'utf8')))
      for (const outcome of outcomes) if (outcome.kind === 'fault') seen.add(outcome.fault.kind)
    })
  }
}

t.test('the fixtures show every kind of fault but the one of 16 KiB', async t => {
  t.strictSame([...seen, 'message-too-long'].sort(), [...meterFaultKinds].sort())
})

t.test('models have names and line speeds of their own', async t => {
  t.equal(new Set(meters.map(meter => meter.name)).size, meters.length)
  for (const meter of meters) t.ok(meter.bauds.length > 0, meter.name)
})

/** What every reading promises, whatever bytes it came from. */
function isSound(reading: Reading): boolean {
  const within = (value: number, lowest: number, highest: number) => value >= lowest && value <= highest
  const whole = (value: number, lowest: number, highest: number) => Number.isInteger(value) && within(value, lowest, highest)
  const origin =
    reading.atMs === atMs &&
    /^(CC128|CC\d{1,3})-v[\d.]+$/.test(reading.model) &&
    whole(reading.sensor, 0, limits.sensorsMax - 1) &&
    whole(reading.radioId, 0, 65_535) &&
    /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(reading.meterTime) &&
    whole(reading.daysSinceBirth, 0, 99_999) &&
    within(reading.celsius ?? 0, -100, 100)
  if (reading.kind === 'impulses')
    return origin && whole(reading.impulses, 0, 2 ** 32 - 1) && whole(reading.impulsesPerUnit, 1, 2 ** 32 - 1)
  const { channels, watts } = reading
  const rising = channels.every(({ channel }, index) => index === 0 || channel > (channels[index - 1]?.channel ?? 3))
  const sum = channels.reduce((total, channel) => total + channel.watts, 0)
  return origin && rising && within(channels.length, 1, 3) && channels.every(each => whole(each.watts, -32_767, 32_767)) && sum === watts
}

/** What every page of history promises. */
function isSoundHistory(history: HistoryPage | undefined): boolean {
  const sensors = history?.sensors ?? []
  const indexMax = { hours: 746, days: 90, blocks: 84, years: 4 }
  const isValue = ({ scale, index, kwh }: HistoryValue) =>
    Number.isInteger(index) && index >= 1 && index <= indexMax[scale] && Number.isFinite(kwh)
  return (
    new Set(sensors.map(({ sensor }) => sensor)).size === sensors.length &&
    sensors.every(({ sensor, values }) => sensor >= 0 && sensor < limits.sensorsMax && values.every(isValue))
  )
}

function assertSound(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) {
    if (outcome.kind === 'fault') assert.ok(meterFaultKinds.includes(outcome.fault.kind))
    else
      assert.ok(
        (outcome.readings.length > 0 || outcome.history) && outcome.readings.every(isSound) && isSoundHistory(outcome.history),
        JSON.stringify(outcome)
      )
  }
}

t.test('arbitrary bytes never throw', async () => {
  const frame = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(frame, bytes => {
      assertSound([readFrame(bytes, atMs)])
      assertSound(outcomesOf(bytes, bytesOf(`<msg>${textOf(bytes)}</msg>`)))
    }),
    { numRuns: 500 }
  )
})

/** What a bad line does to bytes: it flips bits, drops, doubles and inserts. */
const damage = fc.record({
  at: fc.nat(),
  how: fc.oneof(
    fc.nat({ max: 7 }).map(bit => (byte: number) => [byte ^ (1 << bit)]),
    fc.constant(() => []),
    fc.constant((byte: number) => [byte, byte]),
    fc.integer({ min: 0, max: 255 }).map(other => (byte: number) => [other, byte])
  )
})

const messages = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.xml'))
  .map(name => textOf(readFileSync(new URL(name, fixtures))))

t.test('damaged messages give faults or sound readings, and never cost the next message', async () => {
  const next = classicMessage()
  const [expected] = outcomesOf(bytesOf(next))
  fc.assert(
    fc.property(fc.constantFrom(cc128Message(), ...messages), fc.array(damage, { minLength: 1, maxLength: 4 }), (message, damages) => {
      const bytes = [...bytesOf(message)]
      for (const { at, how } of damages) {
        const from = at % bytes.length
        bytes.splice(from, 1, ...how(bytes[from] ?? 0))
      }
      const outcomes = outcomesOf(Uint8Array.from(bytes), bytesOf(next))
      assertSound(outcomes)
      assert.deepEqual(outcomes.at(-1), expected)
    }),
    { numRuns: 2000 }
  )
})

t.test('numbers in range come out as they went in', async () => {
  const padded = (value: number, width: number) =>
    value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0')
  const watts = fc.integer({ min: -32_767, max: 32_767 })
  const fields = fc.record({
    sensor: fc.nat({ max: 9 }),
    id: fc.nat({ max: 4095 }),
    dsb: fc.nat({ max: 99_999 }),
    tenths: fc.integer({ min: -999, max: 999 })
  })
  fc.assert(
    fc.property(fields, fc.array(watts, { minLength: 1, maxLength: 3 }), ({ sensor, id, dsb, tenths }, values) => {
      const channels = Object.fromEntries(values.map((value, index) => [`ch${index + 1}`, `<watts>${padded(value, 5)}</watts>`]))
      const tmpr = (tenths / 10).toFixed(1).padStart(4)
      const message = cc128Message({ sensor: String(sensor), id: padded(id, 5), dsb: padded(dsb, 5), tmpr, ...channels })
      const [outcome] = outcomesOf(bytesOf(message))
      const [reading] = outcome?.kind === 'understood' ? outcome.readings : []
      assert.deepEqual(reading, {
        kind: 'power',
        atMs,
        model: 'CC128-v1.37',
        sensor,
        radioId: id,
        meterTime: '08:09:10',
        daysSinceBirth: dsb,
        celsius: tenths / 10,
        watts: values.reduce((sum, value) => sum + value, 0),
        channels: values.map((value, index) => ({ channel: index + 1, watts: value }))
      })
    })
  )
})

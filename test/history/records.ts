/** Records of totals: what is written is read, to the bit, and what is not of this version is not. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decodeImpulses, decodePast, decodePower, encodeImpulses, encodePast, encodePower } from '../../src/history/records.ts'

const wattHours = fc.double({ min: 0, max: 1e12, noNaN: true })
const watts = fc.float({ noNaN: true, noDefaultInfinity: true })
const atMs = fc.nat(2 ** 43)
const uint32 = fc.nat(2 ** 32 - 1)

t.test('power', async t => {
  const channels = fc.array(fc.option(fc.tuple(wattHours, watts), { nil: undefined }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(wattHours, channels, atMs, watts, (measuredWh, [a, b, c], at, lastWatts) => {
      // The only channel has what the sensor has.
      const isOnly = [a, b, c].filter(channel => channel !== undefined).length === 1
      const energyOf = (channel: readonly [number, number] | undefined): number => (channel && isOnly ? measuredWh : (channel?.[0] ?? 0))
      const powerOf = (channel: readonly [number, number] | undefined): number => (channel && isOnly ? lastWatts : (channel?.[1] ?? 0))
      const record = {
        measuredWh,
        channelsWh: [energyOf(a), energyOf(b), energyOf(c)] as const,
        channelBits: (a ? 1 : 0) | (b ? 2 : 0) | (c ? 4 : 0),
        last: { atMs: at, watts: lastWatts, channelsWatts: [powerOf(a), powerOf(b), powerOf(c)] as const }
      }
      const bytes = encodePower(record)
      assert.deepEqual(decodePower(bytes), record)
      assert.equal(decodePower(new Uint8Array([...bytes, 0])), undefined)
    })
  )
  const one = { measuredWh: 1, channelsWh: [1, 0, 0], channelBits: 1 } as const
  t.equal(encodePower({ ...one, last: { atMs: 1, watts: 1, channelsWatts: [1, 0, 0] } }).length, 20, 'it is small')
})

t.test('the past', async t => {
  const undated = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e9, noNaN: true }))
  fc.assert(
    fc.property(atMs, wattHours, undated, (sinceMs, backfilledWh, undatedWh) =>
      assert.deepEqual(decodePast(encodePast({ sinceMs, backfilledWh, undatedWh })), { sinceMs, backfilledWh, undatedWh })
    )
  )
  t.equal(encodePast({ sinceMs: 1, backfilledWh: 1, undatedWh: 0 }).length, 15, 'as older versions wrote it')
})

t.test('impulses', async t => {
  const point = fc.record({ atMs, impulses: uint32, impulsesPerUnit: uint32, radioId: uint32 })
  const record = fc.record({ units: wattHours, sinceMs: atMs, base: point, doubted: fc.option(point, { nil: undefined }) })
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  fc.assert(fc.property(record, each => assert.deepEqual(plain(decodeImpulses(encodeImpulses(each))), plain(each))))
  t.pass()
})

t.test('no record, a short one, and one of another version', async t => {
  for (const bytes of [undefined, new Uint8Array(), new Uint8Array(9).fill(2), new Uint8Array(99)])
    t.strictSame([decodePower(bytes), decodePast(bytes), decodeImpulses(bytes)], [undefined, undefined, undefined])
})

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
  const open = fc.record({ wattHours: fc.float({ min: 0, max: 2000, noNaN: true }), coveredMs: fc.nat(60_000) }, { noNullPrototype: true })
  const channels = fc.array(fc.option(fc.tuple(wattHours, watts), { nil: undefined }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(wattHours, channels, atMs, watts, open, (measuredWh, [a, b, c], at, lastWatts, openMinute) => {
      const record = {
        measuredWh,
        channelsWh: [a?.[0] ?? 0, b?.[0] ?? 0, c?.[0] ?? 0] as const,
        channelBits: (a ? 1 : 0) | (b ? 2 : 0) | (c ? 4 : 0),
        last: { atMs: at, watts: lastWatts, channelsWatts: [a?.[1] ?? 0, b?.[1] ?? 0, c?.[1] ?? 0] as const },
        open: openMinute
      }
      const bytes = encodePower(record)
      assert.deepEqual(decodePower(bytes), record)
      assert.equal(decodePower(new Uint8Array([...bytes, 0])), undefined)
    })
  )
  const one = { measuredWh: 1, channelsWh: [1, 0, 0], channelBits: 1, open: { wattHours: 0, coveredMs: 0 } } as const
  t.equal(encodePower({ ...one, last: { atMs: 1, watts: 1, channelsWatts: [1, 0, 0] } }).length, 38, 'it is small')
})

t.test('the past', async t => {
  fc.assert(
    fc.property(atMs, wattHours, (sinceMs, backfilledWh) =>
      assert.deepEqual(decodePast(encodePast({ sinceMs, backfilledWh })), { sinceMs, backfilledWh })
    )
  )
  t.pass()
})

t.test('impulses', async t => {
  const point = fc.record({ atMs, impulses: uint32, impulsesPerUnit: uint32, radioId: uint32 })
  const record = fc.record({ units: wattHours, sinceMs: atMs, base: point, doubted: fc.option(point, { nil: undefined }) })
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  fc.assert(fc.property(record, each => assert.deepEqual(plain(decodeImpulses(encodeImpulses(each))), plain(each))))
  t.pass()
})

t.test('no record, a short one, and one of another version', async t => {
  for (const bytes of [undefined, new Uint8Array(), new Uint8Array(9).fill(1), new Uint8Array(99)])
    t.strictSame([decodePower(bytes), decodePast(bytes), decodeImpulses(bytes)], [undefined, undefined, undefined])
})

/** Sessions, deliveries and messages as bytes and back, and bytes that are none. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { Message, QoS, SubscriptionOptions, Will } from '../../src/mqtt/packet.ts'
import { type DeliveryRow, type Moment, Records, type SessionRecord } from '../../src/mqtt/record.ts'
import { holds } from '../fixtures/io/property.ts'
import { message } from '../fixtures/mqtt/packets.ts'
import { options, sessionOf, utf8, willOf } from '../fixtures/store/kept.ts'

const records = new Records(utf8)
const now: Moment = { monotonicMs: 5_000.5, wallMs: 1_700_000_000_000 }

const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>
const text = fc.string({ unit: 'binary', maxLength: 30 })
const qos = fc.constantFrom<QoS>(0, 1, 2)
const uint32 = fc.nat(0xffff_ffff)
const content = {
  topic: text,
  payload: fc.uint8Array({ maxLength: 300 }),
  properties: fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined })
}
const messages: fc.Arbitrary<Message> = record({
  ...{ ...content, qos, retain: fc.boolean() },
  expiresAtMs: fc.option(
    uint32.map(seconds => now.monotonicMs + seconds * 1_000),
    { nil: undefined }
  )
})
const wills: fc.Arbitrary<Will> = record({
  ...{ ...content, qos, retain: fc.boolean(), delaySeconds: uint32 },
  expirySeconds: fc.option(uint32, { nil: undefined })
})
const subscriptions: fc.Arbitrary<SubscriptionOptions> = record({
  ...{ qos, noLocal: fc.boolean(), retainAsPublished: fc.boolean(), retainHandling: qos },
  identifier: fc.nat(268_435_455)
})
const sessions: fc.Arbitrary<SessionRecord> = record({
  ...{ number: fc.nat(), clientId: text, user: text, expirySeconds: uint32, awayMs: fc.option(fc.maxSafeNat(), { nil: undefined }) },
  subscriptions: fc.array(fc.tuple(text, subscriptions)).map(all => new Map(all)),
  will: fc.option(wills, { nil: undefined })
})
const rows: fc.Arbitrary<DeliveryRow> = record({
  ...{ packetId: fc.integer({ min: 1, max: 65_535 }), qos: fc.constantFrom<1 | 2>(1, 2), retain: fc.boolean() },
  subscriptionIds: fc.array(fc.integer({ min: 1, max: 268_435_455 })),
  body: fc.option(fc.maxSafeNat(), { nil: undefined })
})

t.test('what is written is read', t => {
  const isRead = <T>(all: fc.Arbitrary<T>, again: (each: T) => T | undefined): void =>
    holds(
      t,
      200,
      fc.property(all, each => isDeepStrictEqual(again(each), each))
    )
  isRead(messages, each => records.decodeMessage(records.encodeMessage(each, now), now))
  isRead(rows, each => records.decodeDelivery(records.encodeDelivery(each)))
  isRead(sessions, each => records.decodeSession(each.number, records.encodeSession(each, now), now))
  t.end()
})

t.test('they are small, and are read by later versions: these bytes are on disks', async t => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  t.equal(hex(records.encodeMessage(message('a/b=xy', { qos: 1, retain: true }), now)), '010503612f6200027879')
  t.equal(
    hex(records.encodeMessage({ ...message('a=x', { qos: 2 }), properties: Uint8Array.of(1, 0), expiresAtMs: 6_500.5 }, now)),
    '010adc0b80d095ffbc3101610201000178'
  )
  const delivery: DeliveryRow = { packetId: 300, qos: 2, retain: true, subscriptionIds: [5, 200], body: 129 }
  t.equal(hex(records.encodeDelivery(delivery)), '0106ac02810105c801')
  t.equal(hex(records.encodeDelivery({ ...delivery, body: undefined })), '010eac0205c801')
  const filters = new Map([['a/+', options({ qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2, identifier: 7 })]])
  const session = sessionOf(3, { awayMs: 1_000, subscriptions: filters, will: willOf('w=x', { delaySeconds: 5, expirySeconds: 9 }) })
  t.equal(hex(records.encodeSession(session, now)), '0103026333' + '3c' + 'e80780d095ffbc31' + '0805090177000178' + '03612f2b2e07')
})

t.test('bytes that are none are undefined, and nothing throws', t => {
  const decode = (bytes: Uint8Array): unknown[] => [
    records.decodeMessage(bytes, now),
    records.decodeDelivery(bytes),
    records.decodeSession(1, bytes, now)
  ]
  const begun = fc.uint8Array({ maxLength: 60 }).map(bytes => Uint8Array.of(1, ...bytes))
  const property = fc.property(fc.oneof(fc.uint8Array(), begun), bytes => {
    decode(bytes)
    return bytes[0] === 1 || decode(bytes).every(each => each === undefined)
  })
  holds(t, 2_000, property)
  const whole = [
    records.encodeMessage({ ...message('a=x'), expiresAtMs: 9_000 }, now),
    records.encodeDelivery({ packetId: 300, qos: 2, retain: true, subscriptionIds: [], body: 700 }),
    records.encodeSession(sessionOf(1, { awayMs: 5, will: willOf('w=x', { expirySeconds: 3 }) }), now)
  ]
  for (const [kind, bytes] of whole.entries()) {
    for (let length = 0; length < bytes.length; length++) {
      if (decode(bytes.subarray(0, length))[kind] !== undefined) t.fail(`${kind} cut to ${length}`)
    }
    t.equal(decode(Uint8Array.of(2, ...bytes.subarray(1)))[kind], undefined, 'of another version')
  }
  t.end()
})

t.test('time lapses while the power is off, as far as the clock can tell', async t => {
  const set = now.wallMs
  const expiring = { ...message('a=x'), expiresAtMs: now.monotonicMs + 60_000 }
  const cases: readonly (readonly [wroteMs: number, readMs: number, lapsedMs: number, why: string])[] = [
    [set, set + 20_000, 20_000, 'both set'],
    [set, set + 70_000, 70_000, 'longer than remained'],
    [set, set - 1_000, 0, 'a clock that went back'],
    [set, 100_000, 0, 'not set any more'],
    [100_000, set, 0, 'not set yet'],
    [-5, 100_000, 0, 'before 1970'],
    [limits.energyClockMsMin, limits.energyClockMsMin + 1, 1, 'just set']
  ]
  for (const [wroteMs, readMs, lapsedMs, why] of cases) {
    const [wrote, read] = [
      { ...now, wallMs: wroteMs },
      { monotonicMs: 70, wallMs: readMs }
    ]
    const got = records.decodeMessage(records.encodeMessage(expiring, wrote), read)
    t.equal(got?.expiresAtMs, 70 + Math.max(0, 60_000 - lapsedMs), why)
    const session = records.decodeSession(1, records.encodeSession(sessionOf(1, { awayMs: 500 }), wrote), read)
    t.equal(session?.awayMs, 500 + lapsedMs, why)
  }
  const late = records.decodeMessage(records.encodeMessage(expiring, { ...now, monotonicMs: now.monotonicMs + 90_000 }), now)
  t.equal(late?.expiresAtMs, now.monotonicMs, 'one that had expired already')
})

/** The strict check, by the catalogue: each statement of the standard about malformed bytes has its row. */
import t from 'tap'
import { toldOf, wireFaults } from '../../src/io/fault.ts'
import { decode, readHeader } from '../../src/io/wire.ts'
import { type ProtocolLevel, reasonCodes } from '../../src/mqtt/packet.ts'
import { badPackets, bytes, goodPackets } from '../fixtures/io/packets.ts'
import { badPackets5, goodPackets5 } from '../fixtures/io/packets-5.ts'

/** What the header or the body is blamed for. */
function faultOf(raw: string, level: ProtocolLevel = 4): string | undefined {
  const packet = bytes(raw)
  const header = readHeader(packet, 0)
  if (typeof header === 'string') return header
  if (!header || header.packetBytes !== packet.length) return 'the catalogue gives a wrong length'
  const decoded = decode(packet, header.bodyAt, level)
  return typeof decoded === 'string' ? decoded : undefined
}

t.test('packets that are taken', async t => {
  for (const { title, raw, level } of goodPackets) t.equal(faultOf(raw, level), undefined, `${title}: ${raw}`)
  for (const { title, raw } of goodPackets5) t.equal(faultOf(raw, 5), undefined, `MQTT 5.0, ${title}: ${raw}`)
})

t.test('packets that end the connection', async t => {
  for (const { title, raw, fault } of badPackets) t.equal(faultOf(raw), fault, `${title}: ${raw}`)
  for (const { title, raw, fault } of badPackets5) t.equal(faultOf(raw, 5), fault, `MQTT 5.0, ${title}: ${raw}`)
})

t.test('what is of MQTT 5.0 is malformed before it', async t => {
  const same = /^(CONNECT|will|PUBLISH .*properties|PUBLISH|SUBSCRIBE|UNSUBSCRIBE|PUB\w+ in its|PINGREQ|DISCONNECT in its|a byte order)/
  for (const { title, raw } of goodPackets5.filter(({ title }) => !same.test(title)))
    for (const level of [3, 4] as const) t.ok(faultOf(raw, level), `${title}, level ${level}`)
  t.equal(faultOf("82 06 0001 0001'a' 04"), 'qos', 'No Local')
  t.equal(faultOf("82 06 0001 0001'a' 04", 3), 'qos', 'No Local')
})

t.test('each fault has a reason code that DISCONNECT may have', async t => {
  for (const fault of wireFaults) t.ok(toldOf(fault).reasonCode > 0x80, fault)
  t.equal(new Set(wireFaults.map(fault => toldOf(fault).reasonString)).size, wireFaults.length, 'and words of its own')
  t.strictSame(
    ['length', 'too-long', 'topic', 'filter', 'alias', 'protocol', 'property-repeated'].map(fault => toldOf(fault as 'length').reasonCode),
    [
      reasonCodes.malformedPacket,
      reasonCodes.packetTooLarge,
      reasonCodes.topicNameInvalid,
      reasonCodes.topicFilterInvalid,
      reasonCodes.topicAliasInvalid,
      reasonCodes.protocolError,
      reasonCodes.protocolError
    ]
  )
})

t.test('a password may be anything, and ends the packet', async t => {
  const connect = "0004'MQTT' 04 c2 0000 0001'a' 0001'u' 0003 00ff80"
  t.equal(faultOf(`10 15 ${connect}`), undefined)
  t.equal(faultOf(`10 16 ${connect} 00`), 'length')
})

t.test('levels past the bound are well-formed in a topic and in filters', async t => {
  const levels = '2f'.repeat(80)
  t.equal(faultOf(`30 52 0050 ${levels}`), undefined, 'PUBLISH')
  t.equal(faultOf(`82 55 0001 0050 ${levels} 00`), undefined, 'SUBSCRIBE')
  t.equal(faultOf(`a2 54 0001 0050 ${levels}`), undefined, 'UNSUBSCRIBE')
})

t.test('the first fault is the one that is told', async t => {
  t.equal(faultOf('80 02 0000'), 'flags', 'flags before a packet id of 0')
  t.equal(faultOf("82 06 0000 0001'#' 03"), 'packet-id', 'a packet id of 0 before a QoS of 3')
})

/** The faults of a packet that is cut after each of its bytes, the fixed header being told the truth. */
function faultsOfCut(whole: Buffer, level: ProtocolLevel): (string | undefined)[] {
  const header = readHeader(whole, 0)
  if (!header || typeof header === 'string') return ['no header']
  return Array.from({ length: whole.length - header.bodyAt }, (_, index) => {
    const decoded = decode(whole.subarray(0, header.bodyAt + index), header.bodyAt, level)
    return typeof decoded === 'string' ? decoded : undefined
  })
}

t.test('no packet can be cut short unseen', async t => {
  for (const { title, raw, level = 4 } of goodPackets) {
    const type = (bytes(raw)[0] ?? 0) >> 4
    const mayEndThere = type === 3 || type === 8 || type === 10 || title.includes('CONNECT of')
    const allowed = mayEndThere ? ['length', 'topic', 'protocol', undefined] : ['length']
    for (const fault of faultsOfCut(bytes(raw), level)) t.ok(allowed.includes(fault), `${title}: ${fault}`)
  }
  for (const { title, raw } of goodPackets5) {
    const type = (bytes(raw)[0] ?? 0) >> 4
    const mayEndThere = type !== 1
    const allowed = mayEndThere ? ['length', 'protocol', 'reason-code', undefined] : ['length']
    for (const fault of faultsOfCut(bytes(raw), 5)) t.ok(allowed.includes(fault), `MQTT 5.0, ${title}: ${fault}`)
  }
})

/** The statements of MQTT 3.1.1 about bytes that a server must not take, or must take as they are. */
const statements = `1.5.3-1 1.5.3-2 1.5.3-3 2.2.2-2 2.3.1-1 2.3.1-5 3.1.2-1 3.1.2-2 3.1.2-3 3.1.2-9 3.1.2-11 3.1.2-13 3.1.2-14 3.1.2-15
  3.1.2-18 3.1.2-19 3.1.2-20 3.1.2-21 3.1.2-22 3.1.3-1 3.1.3-3 3.1.3-4 3.1.3-10 3.1.3-11 3.1.4-1 3.3.1-2 3.3.1-4 3.3.2-1 3.3.2-2 3.6.1-1
  3.8.1-1 3.8.3-1 3.8.3-3 3.8.3-4 3.10.1-1 3.10.3-1 3.10.3-2 3.14.1-1 4.7.1-1 4.7.1-2 4.7.1-3 4.7.3-1 4.7.3-2 4.7.3-3 4.8.0-1`.split(/\s+/)

/** Those of MQTT 5.0. */
const statements5 = `1.5.4-1 1.5.4-2 1.5.4-3 1.5.5-1 1.5.7-1 2.1.3-1 2.2.1-3 2.2.2-1 3.1.2-1 3.1.2-3 3.1.2-9 3.1.2-11 3.1.2-12 3.1.2-13
  3.1.2-16 3.1.2-17 3.1.2-18 3.1.2-19 3.1.3-1 3.1.3-3 3.1.3-4 3.1.3-6 3.1.3-10 3.1.3-11 3.1.3-12 3.1.4-1 3.3.1-2 3.3.1-4 3.3.2-1 3.3.2-2
  3.3.2-4 3.3.2-8 3.3.2-13 3.3.2-14 3.3.2-15 3.3.2-16 3.3.2-17 3.3.2-18 3.3.2-19 3.3.2-20 3.3.4-6 3.4.2-1 3.5.2-1 3.6.1-1 3.6.2-1 3.7.2-1
  3.8.1-1 3.8.3-1 3.8.3-2 3.8.3-4 3.8.3-5 3.10.1-1 3.10.3-1 3.10.3-2 3.14.1-1 3.14.2-1 3.15.1-1 3.15.2-1 4.7.0-1 4.7.1-1 4.7.1-2 4.7.3-1
  4.7.3-2 4.8.2-1 4.8.2-2`.split(/\s+/)

t.test('the catalogues are complete', async t => {
  const both = [
    { version: '3.1.1 ', good: goodPackets, bad: badPackets, statements, types: 16 },
    { version: '', good: goodPackets5, bad: badPackets5, statements: statements5, types: 14 } // CONNACK and PINGRESP of 3.1.1 are not those of 5.0
  ]
  for (const { version, good, bad, statements, types } of both) {
    const titles = [...good, ...bad].map(({ title }) => title).join('\n')
    t.strictSame(
      statements.filter(number => !titles.includes(`[${version}MQTT-${number}]`)),
      [],
      'every statement has a row'
    )
    const raws = [...good, ...bad].map(({ raw }) => raw)
    t.ok(new Set(raws.map(raw => (bytes(raw)[0] ?? 0) >> 4)).size >= types, 'every packet type has a row')
    t.equal(new Set(raws).size, raws.length, 'no row stands twice')
  }
  const faults = new Set([...badPackets, ...badPackets5].map(({ fault }) => fault))
  t.strictSame(
    wireFaults.filter(fault => !faults.has(fault)),
    [],
    'every fault has a row'
  )
})

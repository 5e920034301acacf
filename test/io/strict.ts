/** The strict check, by the catalogue: each statement of the standard about malformed bytes has its row. */
import t from 'tap'
import { strictFault, wireFaults } from '../../src/io/strict.ts'
import { readHeader } from '../../src/io/wire.ts'
import { badPackets, bytes, goodPackets } from '../fixtures/io/packets.ts'

/** What the header or the body is blamed for. */
function faultOf(raw: string): string | undefined {
  const packet = bytes(raw)
  const header = readHeader(packet, 0)
  if (typeof header === 'string') return header
  if (!header || header.packetBytes !== packet.length) return 'the catalogue gives a wrong length'
  return strictFault(packet, header.bodyAt)
}

t.test('packets that are taken', async t => {
  for (const { title, raw } of goodPackets) t.equal(faultOf(raw), undefined, `${title}: ${raw}`)
})

t.test('packets that end the connection', async t => {
  for (const { title, raw, fault } of badPackets) t.equal(faultOf(raw), fault, `${title}: ${raw}`)
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

t.test('no packet can be cut short unseen', async t => {
  for (const { title, raw } of goodPackets) {
    const whole = bytes(raw)
    const header = readHeader(whole, 0)
    if (!header || typeof header === 'string') continue
    const { bodyAt } = header
    const type = (whole[0] ?? 0) >> 4
    for (let length = bodyAt; length < whole.length; length++) {
      const fault = strictFault(whole.subarray(0, length), bodyAt)
      const mayEndThere = type === 3 || type === 8 || type === 10 || title.includes('CONNECT of')
      if (!mayEndThere) t.equal(fault, 'length', `${title}, ${length} of ${whole.length} bytes`)
      else
        t.ok(
          fault === undefined || fault === 'length' || fault === 'topic',
          `${title}, ${length} of ${whole.length} bytes: ${fault ?? 'shorter'}`
        )
    }
  }
})

/** The statements of MQTT 3.1.1 about bytes that a server must not take, or must take as they are. */
const statements = `1.5.3-1 1.5.3-2 1.5.3-3 2.2.2-2 2.3.1-1 2.3.1-5 3.1.2-1 3.1.2-2 3.1.2-3 3.1.2-9 3.1.2-11 3.1.2-13 3.1.2-14 3.1.2-15
  3.1.2-18 3.1.2-19 3.1.2-20 3.1.2-21 3.1.2-22 3.1.3-1 3.1.3-3 3.1.3-4 3.1.3-10 3.1.3-11 3.1.4-1 3.3.1-2 3.3.1-4 3.3.2-1 3.3.2-2 3.6.1-1
  3.8.1-1 3.8.3-1 3.8.3-3 3.8.3-4 3.10.1-1 3.10.3-1 3.10.3-2 3.14.1-1 4.7.1-1 4.7.1-2 4.7.1-3 4.7.3-1 4.7.3-2 4.7.3-3 4.8.0-1`.split(/\s+/)

t.test('the catalogue is complete', async t => {
  const titles = [...goodPackets, ...badPackets].map(({ title }) => title).join('\n')
  t.strictSame(
    statements.filter(number => !titles.includes(`[MQTT-${number}]`)),
    [],
    'every statement has a row'
  )
  const faults = new Set(badPackets.map(({ fault }) => fault))
  t.strictSame(
    wireFaults.filter(fault => !faults.has(fault)),
    [],
    'every fault has a row'
  )
  const types = new Set([...goodPackets, ...badPackets].map(({ raw }) => (bytes(raw)[0] ?? 0) >> 4))
  t.equal(types.size, 16, 'every packet type has a row')
  const raws = [...goodPackets, ...badPackets].map(({ raw }) => raw)
  t.equal(new Set(raws).size, raws.length, 'no row stands twice')
})

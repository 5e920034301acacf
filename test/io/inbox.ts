/** The inbox: any chopping gives the same packets, a promise takes no memory, and every slab comes back. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Inbox, type TakePacket } from '../../src/io/inbox.ts'
import { limits } from '../../src/limits.ts'
import { Pool } from '../../src/memory/pool.ts'
import { bytesOf, chop, clientPacket, sizes } from '../fixtures/io/arbitraries.ts'
import { bytes } from '../fixtures/io/packets.ts'
import { holds } from '../fixtures/io/property.ts'

const slabsOfPacket = Math.ceil(limits.packetBytesMax / limits.slabBytes)

/** A PUBLISH of so many bytes in all. */
function publishOf(packetBytes: number): Buffer {
  const most = packetBytes - 4
  const head = Buffer.of(0x30, (most & 0x7f) | 0x80, ((most >> 7) & 0x7f) | 0x80, most >> 14)
  const body = Buffer.alloc(most, 0x2a)
  body.writeUInt16BE(1, 0)
  return Buffer.concat([head, body])
}

t.test('any chopping gives the same packets, and every slab comes back', async t => {
  const bodies = fc.array(
    fc.oneof({ weight: 4, arbitrary: clientPacket.map(any => bytesOf(any)) }, fc.integer({ min: 2_200, max: 32_768 }).map(publishOf)),
    {
      maxLength: 12
    }
  )
  holds(
    t,
    300,
    fc.property(bodies, sizes, fc.constantFrom(64, 4_096), (packets, sizes, slabBytes) => {
      const pool = new Pool(Math.ceil(limits.packetBytesMax / slabBytes), slabBytes)
      const inbox = new Inbox(pool)
      const found: Buffer[] = []
      for (const chunk of chop(Buffer.concat(packets), sizes)) {
        const taken = inbox.push(chunk, (packet, bodyAt) => {
          ok(bodyAt >= 2 && bodyAt <= 5)
          found.push(Buffer.from(packet))
          return 'more'
        })
        equal(taken, 'taken')
        chunk.fill(0xee) // what waits may not stand in the chunk
      }
      deepStrictEqual(found, packets)
      equal(pool.free, pool.count)
    })
  )
})

t.test('what is held is never more than has come, in the slabs that this needs', async t => {
  const pool = new Pool(slabsOfPacket, limits.slabBytes)
  const inbox = new Inbox(pool)
  const packet = publishOf(limits.packetBytesMax)
  let found = 0
  for (let at = 0; at < packet.length; at += 100) {
    const chunk = packet.subarray(at, at + 100)
    const whole = at + chunk.length === packet.length
    t.equal(
      inbox.push(chunk, ({ length }) => {
        found = length
        return 'more'
      }),
      'taken'
    )
    const held = whole ? 0 : Math.ceil((at + chunk.length) / limits.slabBytes)
    if (pool.count - pool.free !== held) t.fail(`${pool.count - pool.free} slabs for ${at + chunk.length} bytes`)
  }
  t.equal(found, packet.length, 'the largest packet fits')
  t.equal(pool.lowest, 0, 'and fills its slabs')
})

t.test('a promise past the bound is a fault before memory is taken, wherever its header is cut', async t => {
  for (const promise of ['30 ffffff7f', '30 fdff01', '10 80808001', '82 ffffffff', '00 ffffff7f']) {
    const header = bytes(promise)
    const fault = promise.endsWith('ffffffff') ? 'length' : 'too-long'
    for (let cut = 0; cut < header.length; cut++) {
      const pool = new Pool(2, limits.slabBytes)
      const inbox = new Inbox(pool)
      inbox.push(header.subarray(0, cut), () => {
        throw new Error('a packet')
      })
      t.equal(
        inbox.push(Buffer.concat([header.subarray(cut), Buffer.alloc(60_000)]), () => {
          throw new Error('a packet')
        }),
        fault
      )
      t.ok(pool.lowest >= 1, `${promise} cut at ${cut}: one slab at most`)
      inbox.clear()
      t.equal(pool.free, pool.count)
    }
  }
})

t.test('a promise within the bound takes no memory but for what came', async t => {
  const pool = new Pool(slabsOfPacket, limits.slabBytes)
  const inbox = new Inbox(pool)
  t.equal(
    inbox.push(publishOf(limits.packetBytesMax).subarray(0, 5), () => 'more'),
    'taken'
  )
  t.equal(pool.free, pool.count - 1)
})

t.test('packets that fit into their chunk take no slab', async t => {
  const pool = new Pool(0, limits.slabBytes)
  const inbox = new Inbox(pool)
  let found = 0
  t.equal(
    inbox.push(Buffer.concat([publishOf(3_000), bytes('c000'), publishOf(2_500)]), () => (++found > 0 ? 'more' : 'ended')),
    'taken'
  )
  t.equal(found, 3)
})

t.test('an empty pool is an answer', async t => {
  const pool = new Pool(1, limits.slabBytes)
  const inbox = new Inbox(pool)
  const other = new Inbox(pool)
  t.equal(
    inbox.push(bytes('c0'), () => 'more'),
    'taken'
  )
  t.equal(
    other.push(bytes('c0'), () => 'more'),
    'pool-empty'
  )
  t.equal(
    inbox.push(bytes('00'), ({ length }) => (length === 2 ? 'more' : 'ended')),
    'taken',
    'who has a slab goes on'
  )
  t.equal(
    inbox.push(publishOf(9_000).subarray(0, 8_000), () => 'more'),
    'pool-empty',
    'and is told when one is not enough'
  )
  inbox.clear()
  other.clear()
  t.equal(pool.free, 1)
})

t.test('nothing is handed on once the taker has had enough', async t => {
  const pool = new Pool(2, limits.slabBytes)
  const inbox = new Inbox(pool)
  let found = 0
  t.equal(
    inbox.push(bytes('c000 c000 c000'), () => (++found < 2 ? 'more' : 'ended')),
    'ended'
  )
  t.equal(found, 2)
  t.equal(
    inbox.push(bytes('c0'), () => 'more'),
    'taken'
  )
  t.equal(
    inbox.push(bytes('00 c000'), () => 'ended'),
    'ended',
    'also for a packet that came in two pieces'
  )
  t.equal(pool.free, pool.count)
})

t.test('a taker that has had enough gets the rest when it asks for it, in order and once, whatever came meanwhile', async t => {
  const packetsOf = fc.array(
    fc.oneof({ weight: 4, arbitrary: clientPacket.map(any => bytesOf(any)) }, fc.integer({ min: 100, max: 9_000 }).map(publishOf)),
    {
      maxLength: 12
    }
  )
  holds(
    t,
    500,
    fc.property(
      packetsOf,
      sizes,
      fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      (packets, sizes, enough, late) => {
        const pool = new Pool(slabsOfPacket, limits.slabBytes)
        const inbox = new Inbox(pool)
        const found: Buffer[] = []
        let answered = 'more' as 'more' | 'held'
        const take = (packet: Buffer) => {
          equal(answered, 'more', 'nothing comes while it is held')
          found.push(Buffer.from(packet))
          answered = enough[found.length % enough.length] ? 'held' : 'more'
          return answered
        }
        const release = () => {
          answered = 'more'
          equal(inbox.release(take), answered === 'more' ? 'taken' : 'held')
        }
        let heldChunks = 0
        for (const chunk of chop(Buffer.concat(packets), sizes)) {
          equal(inbox.push(chunk, take), answered === 'more' ? 'taken' : 'held')
          chunk.fill(0xee)
          if (answered === 'held' && ++heldChunks % late === 0) release()
        }
        for (let times = 0; answered === 'held' && times <= packets.length; times++) release()
        deepStrictEqual(found, packets)
        equal(pool.free, pool.count)
      }
    )
  )
})

t.test('what is held is bounded, and forgotten with the rest', async t => {
  const inbox = new Inbox(new Pool(2, limits.slabBytes))
  t.equal(
    inbox.push(bytes('c000'), () => 'held'),
    'held',
    'also at the end of a chunk'
  )
  const most = limits.readBytesMax
  for (let at = 0; at < most; at += 8_192) {
    t.equal(
      inbox.push(Buffer.alloc(8_192), () => 'ended'),
      'held'
    )
  }
  t.equal(
    inbox.push(Buffer.alloc(1), () => 'ended'),
    'ended',
    'past that packets are taken'
  )
  inbox.push(bytes('c000'), () => 'held')
  inbox.clear()
  t.equal(
    inbox.release(() => 'ended'),
    'taken'
  )
  inbox.push(bytes('c000 c000'), () => 'held')
  t.equal(
    inbox.release(() => 'ended'),
    'ended',
    'a taker may end'
  )
  inbox.push(bytes('c000 30 ffffff7f'), () => 'held')
  t.equal(
    inbox.release(() => 'more'),
    'too-long',
    'and faults are found late'
  )
})

t.test('what comes beyond a read, as over TLS it may, is taken packet by packet, in its order, and no more than makes room', async t => {
  const inbox = new Inbox(new Pool(2, limits.slabBytes))
  const packet = (fill: number): Buffer => Buffer.concat([bytes('30 fe1f'), Buffer.alloc(4_094, fill)])
  const seen: (number | undefined)[] = []
  const take: TakePacket = taken => {
    seen.push(taken.at(-1))
    return 'held'
  }
  for (let fill = 1; fill <= 18; fill++) t.equal(inbox.push(packet(fill), take), 'held')
  t.strictSame(seen, [1, 2, 3], 'the first one, and two for which there was no room')
  for (let left = 4; left <= 18; left++) t.equal(inbox.release(take), 'held')
  t.equal(inbox.release(take), 'taken')
  t.strictSame(
    seen,
    Array.from({ length: 18 }, (_, index) => index + 1)
  )
})

t.test('any bytes at all: a fault or packets, and never more than one packet held', async t => {
  holds(
    t,
    1_000,
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), chunks => {
      const pool = new Pool(slabsOfPacket, limits.slabBytes)
      const inbox = new Inbox(pool)
      for (const chunk of chunks) if (inbox.push(Buffer.from(chunk), () => 'more') !== 'taken') break
      inbox.clear()
      equal(pool.free, pool.count)
    })
  )
})

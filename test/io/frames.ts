/** WebSocket frames: every rule of the framing, read as ws reads it, in whatever pieces the bytes come. */
import type { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import * as ws from 'ws'
import { type FrameFault, type FrameOwner, FrameReader } from '../../src/io/frames.ts'
import { limits, setLimits } from '../../src/limits.ts'
import { clientFrame } from '../fixtures/io/frames.ts'
import { holds, holdsLater } from '../fixtures/io/property.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

/** The part of ws that its types leave out. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Writable }

setLimits({ webSocketMessageBytesMax: 65_536 }) // so that a message past the bound is soon made

/** What was read. */
class Told implements FrameOwner {
  readonly pieces: Buffer[] = []
  readonly pings: string[] = []
  close: string | undefined
  fault: FrameFault | undefined

  payload(piece: Buffer): void {
    this.pieces.push(Buffer.from(piece))
  }

  pinged(payload: Buffer): void {
    this.pings.push(payload.toString('latin1'))
  }

  ended(payload: Buffer): void {
    this.close = payload.toString('latin1')
  }

  violated(fault: FrameFault): void {
    this.fault = fault
  }

  get isOver(): boolean {
    return this.close !== undefined || this.fault !== undefined
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }
}

/** Reads bytes that come in pieces of these sizes, over and over. */
function read(bytes: Buffer, sizes: readonly number[] = [bytes.length]): Told {
  const told = new Told()
  const reader = new FrameReader()
  const copy = Buffer.from(bytes) // what is read is unmasked in place
  for (let at = 0, index = 0; at < copy.length && !told.isOver; index++) {
    const size = sizes[index % sizes.length] ?? 1
    reader.push(copy.subarray(at, at + size), told)
    at += size
  }
  return told
}

const head = (first: number, second: number, ...more: number[]): Buffer => Buffer.from([first, second, ...more])
const key = [1, 2, 3, 4]

t.test('payload is unmasked, whatever its length', async t => {
  for (const length of [0, 1, 2, 3, 4, 5, 125, 126, 127, 255, 256, 65_535, 65_536]) {
    const payload = Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff))
    for (const sizes of [[length + 20], [1], [3], [7, 2, 11], [4_096]]) {
      t.ok(read(clientFrame(payload), sizes).bytes.equals(payload), `${length} bytes in pieces of ${sizes}`)
    }
  }
})

t.test('fragments of a message, with control frames between them', async t => {
  const bytes = Buffer.concat([
    clientFrame(Buffer.from('one,'), 2, false),
    clientFrame(Buffer.from('a'), 9),
    clientFrame(Buffer.alloc(0), 0, false),
    clientFrame(Buffer.from('pong that was not asked for'), 10),
    clientFrame(Buffer.from('two'), 0, true),
    clientFrame(Buffer.alloc(125, 'b'), 9),
    clientFrame(Buffer.from(',three'), 2, true)
  ])
  for (const sizes of [[bytes.length], [1], [2, 9, 5]]) {
    const told = read(bytes, sizes)
    t.match(told, { close: undefined, fault: undefined, pings: ['a', 'b'.repeat(125)] })
    t.equal(told.bytes.toString(), 'one,two,three')
  }
})

t.test('what breaks the rules: its code, as soon as two bytes tell', async t => {
  const begun = clientFrame(Buffer.of(1), 2, false)
  const cases: readonly (readonly [what: string, bytes: Buffer, fault: FrameFault])[] = [
    ['not masked', head(0x82, 2), 1002],
    ['reserved bit 1', head(0xc2, 0x82), 1002],
    ['reserved bit 2', head(0xa2, 0x82), 1002],
    ['reserved bit 3', head(0x92, 0x82), 1002],
    ['text', head(0x81, 0x85), 1003],
    ['text, one fragment of it', head(0x01, 0x85), 1003],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(opcode => [`opcode ${opcode}`, head(0x80 | opcode, 0x80), 1002] as const),
    ['a fragment of nothing', head(0x80, 0x81), 1002],
    ['a message within a message', Buffer.concat([begun, head(0x82, 0x81)]), 1002],
    ['text within a message', Buffer.concat([begun, head(0x81, 0x81)]), 1002],
    ['a ping in fragments', head(0x09, 0x80), 1002],
    ['a ping too long', head(0x89, 0xfe), 1002],
    ['a close too long', head(0x88, 0xfe), 1002],
    ['a close of one byte', head(0x88, 0x81, ...key, 0), 1002],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map(
      code => [`close code ${code}`, clientFrame(Buffer.of(code >> 8, code & 0xff), 8), 1002] as const
    ),
    ['a reason that is no UTF-8', clientFrame(Buffer.of(3, 232, 0xc3), 8), 1007],
    ['a message too long', head(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, ...key), 1009],
    ['a message of a length beyond numbers', head(0x82, 0xff, ...Array(8).fill(255), ...key), 1009],
    ['a fragment too long', Buffer.concat([begun, head(0x80, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, ...key)]), 1009]
  ]
  for (const [what, bytes, fault] of cases) {
    for (const sizes of [[bytes.length], [1]]) t.equal(read(bytes, sizes).fault, fault, what)
  }
})

t.test('closes', async t => {
  t.equal(read(clientFrame(Buffer.alloc(0), 8)).close, '')
  for (const code of [1000, 1001, 1003, 1007, 1014, 3000, 4999]) {
    const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from('Grüße')])
    t.equal(read(clientFrame(payload, 8)).close, payload.toString('latin1'))
  }
})

t.test('a message has no more fragments than the bound, and the next one as many again', async t => {
  const fragments = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, index) => clientFrame(Buffer.alloc(1), index === 0 ? 2 : 0, index === count - 1))
  const most = fragments(limits.webSocketFragmentsMax)
  t.match(read(Buffer.concat([...most, ...most])), { fault: undefined })
  t.match(read(Buffer.concat(fragments(limits.webSocketFragmentsMax + 1))), { fault: 1009 })
})

t.test('clients that never finish a message or a frame hold none of the chunks in which those came', async t => {
  const noise = Array.from({ length: 600 }, () => clientFrame(Buffer.alloc(100), 10))
  const readers = Array.from({ length: 100 }, () => new FrameReader())
  const told = new Told()
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  const before = process.memoryUsage().arrayBuffers
  for (const reader of readers) {
    for (let index = 0; index < 3; index++) {
      const fragment = clientFrame(Buffer.of(index), index === 0 ? 2 : 0, false)
      const [begun, rest] = [clientFrame(Buffer.alloc(100), 9).subarray(0, 60), clientFrame(Buffer.alloc(100), 9).subarray(60)]
      reader.push(Buffer.concat([index === 0 ? Buffer.alloc(0) : rest, fragment, ...noise, begun]), told)
    }
  }
  t.equal(told.bytes.length, 300, 'all were read')
  t.equal(told.pings.length, 200)
  await until(() => {
    collect() // what it finds is given back later, by another thread
    return process.memoryUsage().arrayBuffers - before < 1_000_000
  }, 'of 19 MB no more than 1 is held')
  t.equal(readers.length, 100)
})

const largePayload = fc
  .oneof(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom(65_535, 65_536, 65_537))
  .map(length => new Uint8Array(length).fill(length))
const dataFrame = fc
  .tuple(
    fc.constantFrom(2, 2, 0, 1),
    fc.boolean(),
    fc.oneof({ weight: 5, arbitrary: fc.uint8Array({ maxLength: 130 }) }, { weight: 1, arbitrary: largePayload })
  )
  .map(([opcode, fin, payload]) => clientFrame(Buffer.from(payload), opcode, fin))
const controlFrame = fc
  .tuple(fc.constantFrom(9, 10, 11, 3), fc.uint8Array({ maxLength: 126 }))
  .map(([opcode, payload]) => clientFrame(Buffer.from(payload), opcode))
const closeFrame = fc
  .tuple(fc.oneof(fc.constantFrom(1000, 1001, 3000), fc.nat(5_100)), fc.uint8Array({ maxLength: 3 }))
  .map(([code, reason]) => clientFrame(Buffer.concat([Buffer.of(code >> 8, code & 0xff), reason]), 8))
const brokenFrame = fc.tuple(dataFrame, fc.constantFrom(0x40, 0x20, 0x10)).map(([bytes, bit]) => {
  bytes[0] = (bytes[0] ?? 0) ^ bit
  return bytes
})
const frame = fc.oneof(
  { weight: 12, arbitrary: dataFrame },
  { weight: 4, arbitrary: controlFrame },
  { weight: 2, arbitrary: closeFrame },
  { weight: 1, arbitrary: brokenFrame }
)

/** What ws makes of it: payload, and the code with which it would close. */
async function readByLibrary(
  bytes: Buffer
): Promise<{ readonly payload: Buffer; readonly code: number | undefined; readonly closed: boolean }> {
  const payload: Buffer[] = []
  let code: number | undefined
  let closed = false
  const receiver = new Receiver({
    isServer: true,
    binaryType: 'nodebuffer',
    maxPayload: limits.webSocketMessageBytesMax,
    maxFragments: limits.webSocketFragmentsMax,
    allowSynchronousEvents: true
  })
  const statusKey = (error: object): number =>
    Reflect.get(error, Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code') ?? '')
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) payload.push(data)
  })
  receiver.on('conclude', () => {
    closed = true
  })
  receiver.on('error', (error: Error) => {
    code = statusKey(error)
  })
  receiver.write(Buffer.from(bytes))
  await turns(1) // an error is told later
  return { payload: Buffer.concat(payload), code, closed }
}

t.test('whatever frames come, in whatever pieces: as ws reads them', async t => {
  const seen = new Map<string, number>()
  await holdsLater(
    t,
    1_500,
    fc.asyncProperty(
      fc.array(frame, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 }),
      async (frames, sizes) => {
        const bytes = Buffer.concat(frames)
        const whole = read(bytes)
        const pieces = read(bytes, sizes)
        const library = await readByLibrary(bytes)
        const outcome = whole.fault ?? (whole.close === undefined ? 'goes on' : 'closed')
        seen.set(`${outcome}`, (seen.get(`${outcome}`) ?? 0) + 1)
        if (!pieces.bytes.equals(whole.bytes) || pieces.fault !== whole.fault || pieces.close !== whole.close) return false
        if (whole.fault === 1003) return true // ws hands text on
        if (whole.fault !== library.code || (whole.close !== undefined) !== library.closed) return false
        return whole.bytes.subarray(0, library.payload.length).equals(library.payload) // of a message under way it hands nothing on
      }
    )
  )
  t.comment(Object.fromEntries(seen))
  for (const outcome of ['goes on', 'closed', '1002', '1003', '1007', '1009']) t.ok(seen.has(outcome), outcome)
})

t.test('random bytes never throw, and nothing comes of them that was not in them', async t => {
  holds(
    t,
    3_000,
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (random, sizes) => {
      const told = read(Buffer.from(random), sizes)
      return told.bytes.length + told.pings.join('').length <= random.length
    })
  )
})

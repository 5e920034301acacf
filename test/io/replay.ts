/** A recording is played back: the same bytes, with the times and the gaps that they had. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { systemClock } from '../../src/io/clock.ts'
import { makeLog } from '../../src/io/log.ts'
import { Reader } from '../../src/io/reader.ts'
import { chunkLines, headerLine, Recorder } from '../../src/io/recording.ts'
import { makeReplaySource } from '../../src/io/replay.ts'
import { limits } from '../../src/limits.ts'
import type { Closed } from '../../src/meters/watch.ts'
import type { Reading } from '../../src/reading.ts'
import { houses } from '../../src/simulator/houses.ts'
import { SimulatedMeter } from '../../src/simulator/meter.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

const startMs = Date.UTC(2026, 2, 8, 7)
const header = { startMs, source: '/dev/ttyUSB0', baud: 57_600 }

interface Played {
  readonly chunks: readonly (readonly [atMs: number | undefined, text: string, heardMs: number])[]
  readonly opened: number
  readonly closed: Closed
}

function play(path: string, speed: number): Promise<Played> {
  return new Promise(resolve => {
    const chunks: (readonly [number | undefined, string, number])[] = []
    let opened = 0
    makeReplaySource(path, speed, systemClock).open({
      opened: () => {
        opened += 1
      },
      searching: () => undefined,
      received: (chunk, atMs) => void chunks.push([atMs, chunk.toString('latin1'), systemClock.monotonicMs()]),
      closed: closed => resolve({ chunks, opened, closed })
    })
  })
}

const descriptors = (): number => readdirSync('/proc/self/fd').length

t.test('what a recorder wrote comes back exactly, in any pieces', async t => {
  const folder = makeFolder(t)
  const chunks = fc.array(fc.tuple(fc.nat({ max: 10 ** 9 }), fc.uint8Array({ minLength: 1, maxLength: 9000 })), { maxLength: 20 })
  let count = 0
  await fc.assert(
    fc.asyncProperty(chunks, async recorded => {
      count += 1
      const path = join(folder, `${count}.rec`)
      const recorder = new Recorder(path, header, { failed: message => assert.fail(message) })
      for (const [ms, bytes] of recorded) {
        recorder.write(bytes, startMs + ms)
        if (ms % 3 === 0) await recorder.flush()
      }
      await recorder.close()
      const played = await play(path, 0)
      assert.equal(played.closed.message, `The recording is at its end: ${path}.`)
      // A large chunk comes in several, at the same time.
      const pieces = recorded.flatMap(([ms, bytes]) =>
        Array.from({ length: Math.ceil(bytes.length / limits.recordingChunkBytesMax) }, (_, index) => {
          const from = index * limits.recordingChunkBytesMax
          return [startMs + ms, Buffer.from(bytes.subarray(from, from + limits.recordingChunkBytesMax)).toString('latin1')]
        })
      )
      assert.deepEqual(
        played.chunks.map(([atMs, text]) => [atMs, text]),
        pieces
      )
    }),
    { numRuns: 40 }
  )
})

t.test('the gaps are those of the recording, divided by the speed; time that goes back is no gap', async t => {
  const path = join(makeFolder(t), 'gaps.rec')
  const atMs = [100, 500, 300, 900]
  writeFileSync(path, headerLine(header) + atMs.map(ms => chunkLines(Buffer.from(`at ${ms}`), startMs + ms, startMs)).join(''))
  const beganMs = systemClock.monotonicMs()
  const { chunks, opened } = await play(path, 4)
  t.equal(opened, 1)
  t.strictSame(
    chunks.map(([ms]) => (ms ?? 0) - startMs),
    atMs
  )
  const expected = [25, 125, 125, 275]
  for (const [index, [, , heardMs]] of chunks.entries()) {
    const afterMs = heardMs - beganMs
    t.ok(afterMs >= (expected[index] ?? 0) - 5, `chunk ${index} after ${afterMs.toFixed(0)} ms`)
  }
})

t.test('what is wrong is told with file and line, and it is over', async t => {
  const folder = makeFolder(t)
  const failure = async (text: string): Promise<Closed> => {
    const path = join(folder, 'a.rec')
    writeFileSync(path, text, 'latin1')
    const before = descriptors()
    const { closed } = await play(path, 0)
    t.equal(descriptors(), before, 'no descriptor is left')
    return closed
  }
  const head = headerLine(header)
  t.match(await failure(`${head}1 a\n2 b\\q\n3 c\n`), {
    kind: 'failed',
    final: true,
    message: /a\.rec, line 3: this is no line of a recording\.$/
  })
  t.match(await failure('<msg>'), { kind: 'failed', final: true, message: /a\.rec is no recording/ })
  t.match(await failure(''), { kind: 'failed', final: true, message: /a\.rec is empty\.$/ })
  t.match(await failure(`${head}1 ${'a'.repeat(2 * limits.recordingLineBytesMax)}\n`), { message: /a\.rec, line 2: this line is too long/ })
  t.match((await play(join(folder, 'none.rec'), 0)).closed, { kind: 'failed', final: true, message: /There is no recording .*none\.rec/ })
  t.match((await play(folder, 0)).closed, { kind: 'failed', final: true, message: /cannot be read: EISDIR/ })
})

t.test('mail may have changed the ends of lines, and an editor the last one', async t => {
  const path = join(makeFolder(t), 'mailed.rec')
  writeFileSync(path, `${headerLine(header)}1 a\n2 b`.replaceAll('\n', '\r\n'))
  const { chunks, closed } = await play(path, 0)
  t.strictSame(
    chunks.map(([, text]) => text),
    ['a', 'b']
  )
  t.match(closed.message, /at its end/)
})

t.test('it is closed in silence, whatever it was doing', async t => {
  const path = join(makeFolder(t), 'long.rec')
  writeFileSync(path, `${headerLine(header)}0 a\n9000000 b\n`)
  const before = descriptors()
  for (const afterMs of [0, 30]) {
    const told: string[] = []
    const close = makeReplaySource(path, 1, systemClock).open({
      opened: () => void told.push('opened'),
      searching: () => undefined,
      received: chunk => void told.push(chunk.toString()),
      closed: ({ message }) => void told.push(message)
    })
    await new Promise(resolve => setTimeout(resolve, afterMs))
    close()
    await until('its file to be closed', () => descriptors() === before)
    t.ok(told.every(each => each === 'opened' || each === 'a'))
  }
})

t.test('the readings of a replay carry the recorded times, and it is not opened again', async t => {
  const path = join(makeFolder(t), 'meter.rec')
  const meter = new SimulatedMeter(houses.demo, 1, startMs)
  const recorder = new Recorder(path, header, { failed: message => t.fail(message) })
  const times: number[] = []
  for (let count = 0; count < 50; count += 1) {
    const event = meter.next()
    if (event.kind !== 'bytes') continue
    times.push(event.atMs)
    recorder.write(event.bytes, event.atMs)
  }
  await recorder.close()
  const readings: Reading[] = []
  const said: string[] = []
  const log = makeLog(line => void said.push(line), false, systemClock.wallMs)
  const ignore = () => undefined
  const owner = { reading: (reading: Reading) => void readings.push(reading), history: ignore, cycle: ignore, status: ignore }
  const reader = new Reader('', makeReplaySource(path, 0, systemClock), owner, systemClock, log)
  reader.start()
  await until('the end', () => said.some(line => line.includes('at its end')))
  t.strictSame(
    readings.map(({ atMs }) => atMs),
    times
  )
  await new Promise(resolve => setTimeout(resolve, limits.reopenMs + 300))
  t.equal(readings.length, times.length)
  t.equal(said.filter(line => line.includes('at its end')).length, 1)
  reader.stop()
})

/** Recordings: any bytes in any pieces come back exactly, and what is damaged is told with its place. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { chunkLines, headerLine, type RecordedChunk, Recorder, readHeader, readLine } from '../../src/io/recording.ts'
import { limits } from '../../src/limits.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'

const startMs = Date.UTC(2026, 2, 8, 7)
const header = { startMs, source: '/dev/ttyUSB0', baud: 57_600 }

const chunks = fc.array(
  fc.record({ atMs: fc.integer({ min: -100_000, max: 10 ** 10 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  {
    maxLength: 30
  }
)

t.test('a recording is readable', async t => {
  t.equal(headerLine(header), 'wattslug-recording 1 2026-03-08T07:00:00.000Z /dev/ttyUSB0 57600\n')
  t.equal(headerLine({ startMs, source: 'a b\\', baud: undefined }), 'wattslug-recording 1 2026-03-08T07:00:00.000Z a\\x20b\\\\ -\n')
  const chunk = Buffer.from(' <msg> \xfc\\ </msg>\r\n ', 'latin1')
  t.equal(chunkLines(chunk, startMs + 6012.4, startMs), '6012 \\x20<msg> \\xfc\\\\ </msg>\\r\\n\\x20\n')
  t.strictSame(readLine('6012 a\\x00b\r', startMs), { atMs: startMs + 6012, bytes: Buffer.from('a\0b') })
})

t.test('a header comes back', async () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.option(fc.nat({ max: 9_999_999 }), { nil: undefined }), (source, baud) => {
      const whole = { startMs, source: Buffer.from(source).toString(), baud }
      assert.deepEqual(readHeader(headerLine(whole).trimEnd()), whole)
    })
  )
})

t.test('any bytes in any pieces come back', async () => {
  fc.assert(
    fc.property(chunks, recorded => {
      const lines = recorded.map(({ atMs, bytes }) => chunkLines(bytes, startMs + atMs, startMs))
      const read = lines.map(line => readLine(line.slice(0, -1), startMs))
      assert.deepEqual(
        read,
        recorded.map(({ atMs, bytes }) => ({ atMs: startMs + atMs, bytes: Buffer.from(bytes) }))
      )
    })
  )
})

t.test('a large chunk takes several lines, each within its bound', async t => {
  const large = Buffer.alloc(3 * limits.recordingChunkBytesMax + 1, 0xff)
  const lines = chunkLines(large, startMs, startMs).trimEnd().split('\n')
  t.equal(lines.length, 4)
  t.ok(lines.every(line => line.length < limits.recordingLineBytesMax))
  const read = lines.map(line => readLine(line, startMs)).filter((chunk): chunk is RecordedChunk => chunk !== undefined)
  t.ok(Buffer.concat(read.map(({ bytes }) => bytes)).equals(large))
})

t.test('what is no recording is told', async t => {
  t.match(readHeader(''), /is no recording/)
  t.match(readHeader('wattslug-recording 2 2026-03-08T07:00:00.000Z a -'), /another version, 2/)
  t.match(readHeader('wattslug-recording 1 yesterday a -'), /damaged/)
  t.match(readHeader('wattslug-recording 1 2026-03-08T07:00:00.000Z a\\q -'), /damaged/)
  for (const line of ['', '12', 'a b', '12 a\\', '12 \\x4', '12 \\xFG', '12 a\tb', '12 \xfc', '1.5 a', '1234567890123456 a'])
    t.equal(readLine(line, startMs), undefined, JSON.stringify(line))
})

t.test('the recorder writes a new file, each second and at the end', async t => {
  const path = join(makeFolder(t), 'new.rec')
  const recorder = new Recorder(path, header, { failed: message => t.fail(message) })
  recorder.write(Buffer.from('<msg>'), startMs + 5)
  await recorder.flush()
  t.equal(readFileSync(path, 'latin1'), `${headerLine(header)}5 <msg>\n`)
  recorder.write(Buffer.from('</msg>\r\n'), startMs + 9)
  await recorder.close()
  recorder.write(Buffer.from('too late'), startMs + 10)
  t.equal(readFileSync(path, 'latin1'), `${headerLine(header)}5 <msg>\n9 </msg>\\r\\n\n`)
  t.equal(recorder.bytes, 13)
})

t.test('what cannot be recorded is told once', async t => {
  const folder = makeFolder(t)
  const told = async (path: string, act: (recorder: Recorder) => void = () => undefined): Promise<string[]> => {
    const messages: string[] = []
    const recorder = new Recorder(path, header, { failed: message => void messages.push(message) })
    act(recorder)
    await recorder.flush()
    recorder.write(Buffer.from('more'), startMs)
    await recorder.close()
    return messages
  }
  const there = join(folder, 'there.rec')
  writeFileSync(there, 'mine')
  t.match(await told(there), [/there\.rec cannot be recorded to: it is there already, and nothing is overwritten/])
  t.equal(readFileSync(there, 'latin1'), 'mine')
  t.match(await told(join(folder, 'no', 'folder.rec')), [/there is no such folder/])
  const slow = join(folder, 'slow.rec')
  const much = Buffer.alloc(limits.recordingWaitingBytesMax, 0x61)
  t.match(await told(slow, recorder => recorder.write(much, startMs)), [/the disk is too slow/])
  rmSync(slow, { force: true })
})

t.test('a full disk is one clear error', { skip: !existsSync('/dev/full') && 'no /dev/full here' }, async t => {
  const messages: string[] = []
  const recorder = new Recorder('/dev/full', header, { failed: message => void messages.push(message) })
  recorder.write(Buffer.from('a'), startMs)
  await recorder.close()
  t.match(messages, ['/dev/full cannot be recorded to: the disk is full.'])
  t.equal(messages.length, 1)
})

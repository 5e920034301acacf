/** What is recorded of a meter is played back as it was: a user's report of a problem becomes the problem itself. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readHeader, readLine } from '../../src/io/recording.ts'
import { type Daemon, startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage, readingsIn, sensorMessage } from '../fixtures/e2e/meter.ts'
import { Port, play } from '../fixtures/e2e/port.ts'
import { makeFolder, type Program } from '../fixtures/e2e/program.ts'
import { writeRecording } from '../fixtures/e2e/recording.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

interface Recent {
  readonly sensors: readonly { readonly sensor: string; readonly points: readonly (readonly [atMs: number, watts: number])[] }[]
}

const untilSaid = (program: Program, what: RegExp) => until(`it to say ${what}`, () => program.errors.some(line => what.test(line)))

/** A file that is written once a second. */
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'latin1') : '')

/** Chunks of a recording, read by its own rules. */
function chunksOf(file: string) {
  const [first = '', ...lines] = readFileSync(file, 'latin1').trimEnd().split('\n')
  const header = readHeader(first)
  if (typeof header === 'string') throw new Error(header)
  return lines.map(line => readLine(line, header.startMs) ?? { atMs: 0, bytes: Buffer.from('damaged') })
}

t.test('what was recorded gives the same readings with the times that they had', async t => {
  const [port, file] = [new Port(t), join(makeFolder(t), 'meter.txt')]
  await port.plug()
  const recorder = startBundle(t, ['record', file, '--source', port.path, '--state', makeFolder(t)])
  await untilSaid(recorder, /recording \S+ttyMETER to \S+meter\.txt; end it with Ctrl-C/)
  const said = Array.from({ length: 12 }, (_, index) => sensorMessage(index % 3, 100 + index)).join(`\x00\xff\\ EOM \n`)
  const beganMs = Date.now()
  await play(port, bytesOf(said), 61, 20)
  const isWhole = (): boolean => Buffer.concat(chunksOf(file).map(({ bytes }) => bytes)).length === said.length
  await until('all to be written', () => textOf(file) !== '' && isWhole())
  recorder.signal('SIGINT')
  t.equal((await recorder.ended).code, 0, 'Ctrl-C ends it well')
  t.match(recorder.errors.at(-1), `${said.length} bytes recorded`)
  const chunks = chunksOf(file)
  t.equal(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('latin1'), said, 'byte for byte')
  t.ok(readFileSync(file, 'latin1').endsWith('\n'), 'to the end of a line')
  t.ok(
    chunks.every(({ atMs }, index) => atMs >= (chunks[index - 1]?.atMs ?? beganMs) && atMs <= Date.now()),
    'with the times at which they came'
  )

  const daemon = await startDaemon(t, { source: `replay:${file}`, more: ['--speed', '0'] })
  await daemon.untilSaid(/failed\. The recording is at its end/)
  const expected = readingsIn(bytesOf(said))
  const times = timesOf(chunks, said)
  const recent = await recentOf(daemon)
  for (const sensor of [0, 1, 2]) {
    const own = expected.flatMap((reading, index) => (reading.sensor === sensor ? [[times[index], reading.watts]] : []))
    t.equal(own.length, 4)
    t.strictSame(
      recent.sensors.find(each => String(each.sensor) === String(sensor))?.points,
      own,
      `sensor ${sensor}: the same watts at the same times`
    )
  }
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  const state = JSON.parse(await stock.until('currentcost/2/state', /./))
  t.equal(state.time, new Date(times.at(-1) ?? 0).toISOString(), 'so does its state')
  t.match(JSON.parse(await stock.until('currentcost/bridge/meter', /./)), { source: `replay:${file}`, simulated: false })
})

t.test('a second daemon in the same folder does not clear away what the first one has open', async t => {
  const [file, state] = [join(makeFolder(t), 'short.txt'), makeFolder(t)]
  const startMs = Date.UTC(2026, 2, 3)
  writeRecording(file, startMs, [{ atMs: startMs, bytes: bytesOf(houseMessage(1)) }])
  const args = ['--source', `replay:${file}`, '--host', '127.0.0.1', '--mqtt-port', '0', '--http-port', '0', '--state', state]
  await startDaemon(t, { source: `replay:${file}`, state })
  const second = startBundle(t, ['run', ...args])
  t.equal((await second.ended).code, 1)
  t.match(second.errors.join('\n'), /is in use by another wattslug/)
})

t.test('a recording is played at its own pace unless told otherwise', async t => {
  const file = join(makeFolder(t), 'slow.txt')
  const startMs = Date.UTC(2026, 2, 3)
  const chunks = [1, 2, 3].map(index => ({ atMs: startMs + index * 60_000, bytes: bytesOf(houseMessage(index)) }))
  writeRecording(file, startMs, chunks)
  const beganMs = performance.now()
  const daemon = await startDaemon(t, { source: `replay:${file}`, more: ['--speed', '20'] })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await stock.until('currentcost/0/power', '3')
  t.ok(performance.now() - beganMs > 8_900, 'three minutes, twenty times as fast')
})

t.test('a damaged recording is refused with its file and line', async t => {
  const folder = makeFolder(t)
  const startMs = Date.UTC(2026, 2, 3)
  const sound = join(folder, 'sound.txt')
  writeRecording(
    sound,
    startMs,
    [1, 2, 3].map(index => ({ atMs: startMs + index * 6_000, bytes: bytesOf(houseMessage(index)) }))
  )
  const lines = readFileSync(sound, 'latin1').split('\n')
  const damaged = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, 'latin1')
    return path
  }
  const cases = [
    [damaged('line.txt', lines.with(2, 'what is this?').join('\n')), 'line.txt, line 3: this is no line of a recording.'],
    [damaged('escape.txt', lines.with(3, '18000 <msg>\\q').join('\n')), 'escape.txt, line 4: this is no line of a recording.'],
    [
      damaged('version.txt', lines.with(0, lines[0]?.replace(' 1 ', ' 2 ') ?? '').join('\n')),
      'version.txt is a recording of another version, 2'
    ],
    [damaged('other.txt', houseMessage(1)), 'other.txt is no recording: it should begin with "wattslug-recording 1 ..."'],
    [damaged('empty.txt', ''), 'empty.txt is empty.'],
    [join(folder, 'none.txt'), 'There is no recording '],
    [folder, 'cannot be read: EISDIR']
  ] as const
  for (const [path, said] of cases) {
    const daemon = await startDaemon(t, { source: `replay:${path}`, more: ['--speed', '0'] })
    const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/bridge/#', '-q', '1'])
    const told = JSON.parse(await stock.until('currentcost/bridge/meter', /"failed"/))
    t.ok(told.message.includes(said) && told.message.includes(path), told.message)
    t.equal(daemon.program.end, undefined, 'the daemon lives')
    await daemon.stop()
  }
})

t.test('nothing is overwritten, and what cannot be written is told', async t => {
  const [port, folder] = [new Port(t), makeFolder(t)]
  await port.plug()
  const file = join(folder, 'precious.txt')
  writeFileSync(file, 'precious')
  const record = async (path: string, source: string): Promise<Program> => {
    const program = startBundle(t, ['record', path, '--source', source, '--state', makeFolder(t)])
    await program.ended
    return program
  }
  for (const source of [port.path, '/dev/does-not-exist']) {
    const refused = await record(file, source)
    t.equal(refused.end?.code, 1)
    t.match(refused.errors.join('\n'), `${file} is there already, and nothing is overwritten.`, 'also before there is a meter')
  }
  t.equal(readFileSync(file, 'utf8'), 'precious')
  const nowhere = await record(join(folder, 'none/meter.txt'), port.path)
  t.equal(nowhere.end?.code, 1)
  t.match(nowhere.errors.join('\n'), /^wattslug: \S+none\/meter\.txt cannot be recorded to: there is no such folder\.$/m)
  const full = await record('/dev/full', 'demo')
  t.equal(full.end?.code, 1, 'a full disk ends it, however much was heard')
  t.match(full.errors.join('\n'), /\/dev\/full cannot be recorded to: the disk is full\./)
})

t.test('a cable that is pulled out while it records does not end the recording', async t => {
  const [port, file] = [new Port(t), join(makeFolder(t), 'meter.txt')]
  await port.plug()
  const recorder = startBundle(t, ['record', file, '--source', port.path, '--state', makeFolder(t)])
  await untilSaid(recorder, /recording/)
  await port.write(bytesOf(houseMessage(1)))
  await until('the first message to be written', () => textOf(file).includes('</msg>'))
  await port.unplug()
  await untilSaid(recorder, /No such device/)
  await port.plug()
  await until('it to record again', () => recorder.errors.filter(line => /recording \S+ to/.test(line)).length === 2)
  await port.write(bytesOf(houseMessage(2)))
  await until('the second message to be written', () => readingsIn(Buffer.concat(chunksOf(file).map(({ bytes }) => bytes))).length === 2)
  recorder.signal('SIGTERM')
  t.equal((await recorder.ended).code, 0)
})

async function recentOf({ page }: Daemon): Promise<Recent> {
  return (await (await fetch(`${page}api/recent`)).json()) as Recent
}

/** When the chunk came in which each message ended. */
function timesOf(chunks: readonly { readonly atMs: number; readonly bytes: Buffer }[], said: string): readonly number[] {
  const ends = [...said.matchAll(/<\/msg>/g)].map(found => found.index + '</msg>'.length)
  let held = 0
  const upTo = chunks.map(({ atMs, bytes }) => {
    held += bytes.length
    return { atMs, held }
  })
  return ends.map(end => upTo.find(each => each.held >= end)?.atMs ?? 0)
}

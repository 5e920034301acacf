/** The serial source on real pseudo-terminals: reading, hanging up, and every way in which a port cannot be had. */
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { makeLog } from '../../src/io/log.ts'
import { Reader } from '../../src/io/reader.ts'
import { makeSerialSource } from '../../src/io/serial.ts'
import type { Source } from '../../src/io/source.ts'
import { limits } from '../../src/limits.ts'
import type { Closed } from '../../src/meters/watch.ts'
import type { Reading } from '../../src/reading.ts'
import { meterMessage } from '../fixtures/io/scripted-source.ts'
import { type Test, TestClock } from '../fixtures/io/serving.ts'
import { makeFolder, makePair, whyNoTerminals } from '../fixtures/io/terminals.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

const noTerminals = whyNoTerminals()
const withTerminals = noTerminals === undefined ? {} : { skip: noTerminals }

function open(t: Test, source: Source) {
  const told = { opened: 0, closed: [] as Closed[], chunks: [] as Buffer[] }
  const close = source.open({
    opened: () => told.opened++,
    searching: () => undefined,
    received: chunk => told.chunks.push(Buffer.from(chunk)),
    closed: why => told.closed.push(why)
  })
  t.teardown(close)
  return { told, close, text: () => Buffer.concat(told.chunks).toString('latin1') }
}

t.test('bytes come through as they are', withTerminals, async t => {
  const pair = await makePair(t)
  const source = makeSerialSource(pair.near, 57_600)
  t.match(source, { name: pair.near, simulated: false, baud: 57_600 })
  const { told, text } = open(t, source)
  await until(() => told.opened === 1, 'opened')
  pair.write('<msg>\xff\x03\x11\x13\x1a\x7f\0\r\n</msg>\r\n')
  await until(() => text().length === 22, 'all bytes')
  t.equal(text(), '<msg>\xff\x03\x11\x13\x1a\x7f\0\r\n</msg>\r\n')
  t.ok(told.chunks.every(({ length }) => length <= limits.serialReadBytes))
})

t.test('more than is asked for at once', withTerminals, async t => {
  const pair = await makePair(t)
  const { told, text } = open(t, makeSerialSource(pair.near, 57_600))
  await until(() => told.opened === 1, 'opened')
  const messages = Array.from({ length: 60 }, (_, index) => meterMessage(index))
  for (const message of messages) {
    const before = text().length
    pair.write(message)
    await until(() => text().length === before + message.length, 'a message')
  }
  t.equal(text(), messages.join(''))
})

t.test('closed by us: silently, and the port can be opened again', withTerminals, async t => {
  const pair = await makePair(t)
  for (let round = 0; round < 3; round++) {
    const { told, close, text } = open(t, makeSerialSource(pair.near, 57_600))
    await until(() => told.opened === 1 || told.closed.length > 0, 'opened')
    t.strictSame(told.closed, [])
    pair.write('x')
    await until(() => text() === 'x', 'a byte')
    close()
    close()
    await new Promise(resolve => setTimeout(resolve, 50))
    t.strictSame(told.closed, [])
  }
})

t.test(
  'opened and closed again and again, whatever the collector of garbage does meanwhile',
  { ...withTerminals, timeout: 60_000 },
  async t => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const pair = await makePair(t)
    for (let round = 0; round < 60; round++) {
      const { told, close, text } = open(t, makeSerialSource(pair.near, 57_600))
      await until(() => told.opened === 1 || told.closed.length > 0, 'opened')
      if (round % 3 === 0) collect()
      if (round % 2 === 0) {
        await turns(2)
        pair.write('x')
        await until(() => text() === 'x', `a byte in round ${round}`)
      }
      close()
      if (told.closed.length > 0) t.fail(`closed in round ${round}: ${told.closed[0]?.message}`)
    }
    t.pass()
  }
)

t.test('closed before it is open', withTerminals, async t => {
  const pair = await makePair(t)
  const { told, close } = open(t, makeSerialSource(pair.near, 57_600))
  close()
  await new Promise(resolve => setTimeout(resolve, 100))
  t.strictSame(told, { opened: 0, closed: [], chunks: [] })
  const again = open(t, makeSerialSource(pair.near, 57_600))
  await until(() => again.told.opened + again.told.closed.length > 0, 'opened')
  t.strictSame(again.told.closed, [], 'it did not stay locked')
})

t.test(
  'it hangs up while bytes arrive, 30 times: told once each, and the processor rests afterwards',
  { ...withTerminals, timeout: 120_000 },
  async t => {
    const trials: ReturnType<typeof open>['told'][] = []
    for (let trial = 0; trial < 30; trial++) {
      const pair = await makePair(t)
      const { told } = open(t, makeSerialSource(pair.near, 57_600))
      await until(() => told.opened === 1, 'opened')
      const flood = setInterval(() => pair.write(meterMessage()), 0)
      await until(() => told.chunks.length > trial % 4, 'bytes')
      await pair.hangUp()
      clearInterval(flood)
      trials.push(told)
    }
    await until(() => trials.every(({ closed }) => closed.length > 0), 'every hang-up is told')
    let usedMs = Number.POSITIVE_INFINITY
    // What is still under way ends; a loop that spins does not.
    for (let tries = 0; tries < 10 && usedMs >= 500; tries++) {
      const before = process.cpuUsage()
      await new Promise(resolve => setTimeout(resolve, 1_000))
      const { user, system } = process.cpuUsage(before)
      usedMs = Math.round((user + system) / 1_000)
    }
    t.ok(usedMs < 500, `${usedMs} ms of processor time in a second`)
    for (const { closed } of trials)
      t.match(closed, [{ kind: 'lost', message: /was closed \(.+\); it is opened again as soon as it is there\.$/ }])
    t.ok(trials.every(({ closed }) => closed.length === 1))
  }
)

t.test('unplugged and plugged in again: the reader goes on', withTerminals, async t => {
  const folder = makeFolder(t)
  const first = await makePair(t)
  const path = join(folder, 'meter')
  symlinkSync(first.near, path)
  const readings: Reading[] = []
  const states: string[] = []
  const log = makeLog(() => undefined, false, Date.now)
  const owner = {
    reading: (reading: Reading) => readings.push(reading),
    history: () => undefined,
    cycle: () => undefined,
    status: ({ state }: { state: string }) => states.push(state)
  }
  const reader = new Reader('', makeSerialSource(path, 57_600), owner, new TestClock(), log)
  t.teardown(() => reader.stop())
  reader.start()
  await until(() => states.length === 2, 'opened')
  first.write(meterMessage(1))
  await until(() => readings.length === 1, 'a reading')
  await first.hangUp()
  await until(() => states.at(-1) === 'absent', 'absent')
  const second = await makePair(t)
  const { renameSync } = await import('node:fs')
  symlinkSync(second.near, `${path}.new`)
  renameSync(`${path}.new`, path)
  await until(() => states.at(-1) === 'connecting', 'opened again')
  second.write(meterMessage(2))
  await until(() => readings.length === 2, 'another reading')
  t.match(readings, [{ watts: 1 }, { watts: 2 }])
  t.strictSame(states, ['connecting', 'connecting', 'live', 'connecting', 'absent', 'connecting', 'live'])
})

t.test('a port that another program holds', withTerminals, async t => {
  const pair = await makePair(t)
  const first = open(t, makeSerialSource(pair.near, 57_600))
  await until(() => first.told.opened === 1, 'opened')
  const second = open(t, makeSerialSource(pair.near, 57_600))
  await until(() => second.told.closed.length > 0, 'closed')
  const message = `${pair.near} is held by another program, and only one can read it. Find it with: fuser ${pair.near}`
  t.strictSame(second.told, { opened: 0, closed: [{ kind: 'busy', message }], chunks: [] })
  pair.write('x')
  await until(() => first.text() === 'x', 'the first one reads on')
})

t.test('a port that is not there', async t => {
  const path = join(t.testdir(), 'ttyUSB7')
  const { told } = open(t, makeSerialSource(path, 57_600))
  await until(() => told.closed.length > 0, 'closed')
  t.match(told.closed, [{ kind: 'absent', message: `No such device: ${path}. Plug in the meter's cable, or name its port with --source.` }])
  t.equal(told.opened, 0)
})

t.test('what is no serial port', async t => {
  const file = join(t.testdir(), 'file')
  writeFileSync(file, meterMessage())
  for (const path of [file, '/dev/null', t.testdirName]) {
    const { told } = open(t, makeSerialSource(path, 57_600))
    await until(() => told.closed.length > 0, 'closed')
    t.match(told.closed, [{ kind: 'failed', message: /^.+ cannot be opened: .+\. Is it a serial port\?$/ }], path)
    t.equal(told.opened, 0)
  }
})

t.test('a port that this user may not open', { skip: process.getuid?.() === 0 ? 'root may open everything' : false }, async t => {
  const path = join(t.testdir(), 'tty')
  writeFileSync(path, '')
  chmodSync(path, 0)
  const { told } = open(t, makeSerialSource(path, 57_600))
  await until(() => told.closed.length > 0, 'closed')
  const how = 'Add the user that runs wattslug to the group dialout (sudo usermod -aG dialout USER) and log in again.'
  t.strictSame(told.closed, [{ kind: 'denied', message: `Permission denied: ${path}. ${how}` }])
})

t.test('what the system says of an open becomes a state', async t => {
  const { LinuxBinding } = await import('@serialport/bindings-cpp')
  const openPort = LinuxBinding.open
  t.teardown(() => {
    LinuxBinding.open = openPort
  })
  const cases: readonly (readonly [said: string, kind: string])[] = [
    ['Error: Permission denied, cannot open /dev/null', 'denied'],
    ['Error Resource temporarily unavailable Cannot lock port', 'busy'],
    ['Error: Device or resource busy, cannot open /dev/null', 'busy'],
    ['Error: Inappropriate ioctl for device, cannot open /dev/null', 'failed'],
    ['Error: Input/output error, cannot open /dev/null', 'failed']
  ]
  for (const [said, kind] of cases) {
    LinuxBinding.open = () => Promise.reject(new Error(said))
    const { told } = open(t, makeSerialSource('/dev/null', 57_600))
    await until(() => told.closed.length > 0, 'closed')
    t.match(told.closed, [{ kind }], said)
  }
})

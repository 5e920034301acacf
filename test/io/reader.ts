/** The reader: keeps a source open, makes readings of its bytes, counts what is wrong, and tells each state once. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { makeLog } from '../../src/io/log.ts'
import { Reader } from '../../src/io/reader.ts'
import { limits } from '../../src/limits.ts'
import type { MeterStatus } from '../../src/meters/watch.ts'
import type { Reading } from '../../src/reading.ts'
import { chop } from '../fixtures/io/arbitraries.ts'
import { meterMessage, ScriptedSource } from '../fixtures/io/scripted-source.ts'
import { type Test, TestClock } from '../fixtures/io/serving.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

function start(t: Test, id = '') {
  const source = new ScriptedSource()
  const clock = new TestClock()
  const readings: Reading[] = []
  const statuses: MeterStatus[] = []
  const lines: string[] = []
  const log = makeLog(
    line => lines.push(line),
    true,
    () => clock.wallMs()
  )
  const owner = {
    reading: (reading: Reading) => readings.push(reading),
    history: () => undefined,
    cycle: () => undefined,
    status: (status: MeterStatus) => statuses.push(status)
  }
  const reader = new Reader(id, source, owner, clock, log)
  t.teardown(() => reader.stop())
  reader.start()
  const states = (): string[] => statuses.map(({ state }) => state)
  const say = async (text: string): Promise<void> => {
    source.now.received(Buffer.from(text, 'latin1'))
    await turns(1)
  }
  return { source, clock, readings, statuses, states, lines, reader, say }
}

t.test('from the opening to readings: each state is told once', async t => {
  const { source, clock, readings, statuses, states, lines, reader, say } = start(t)
  t.strictSame(statuses, [{ state: 'connecting', message: 'Opening /dev/ttyUSB0.' }])
  source.now.opened()
  t.strictSame(states(), ['connecting', 'connecting'])
  for (let round = 0; round < 5; round++) {
    clock.nowMs += 6_000
    await say(meterMessage(300 + round))
    reader.tick()
  }
  t.strictSame(states(), ['connecting', 'connecting', 'live'])
  t.strictSame(
    readings.map(reading => (reading.kind === 'power' ? reading.watts : 0)),
    [300, 301, 302, 303, 304]
  )
  t.equal(readings[4]?.atMs, clock.wallMs(), 'stamped when it came')
  t.equal(reader.counters.get('messages'), 5)
  t.strictSame(reader.faults(), {})
  t.strictSame(lines, [
    '<5>meter /dev/ttyUSB0: connecting. Opening /dev/ttyUSB0.\n',
    '<5>meter /dev/ttyUSB0: connecting. The port is open; waiting for the first message of the meter.\n',
    '<5>meter /dev/ttyUSB0: live. Readings arrive.\n'
  ])
})

t.test('any chopping gives the same readings', async t => {
  const stream = Buffer.from(`noise\r\n${meterMessage(1)}${meterMessage(2, 3)}<msg><src>CC1${meterMessage(3)}`)
  for (const size of [1, 2, 7, 64, 1_000]) {
    const { source, readings, reader } = start(t)
    source.now.opened()
    for (const chunk of chop(stream, [size])) {
      source.now.received(chunk)
      chunk.fill(0)
    }
    await turns(1)
    t.strictSame(
      readings.map(reading => (reading.kind === 'power' ? [reading.sensor, reading.watts] : [])),
      [
        [0, 1],
        [3, 2],
        [0, 3]
      ],
      `pieces of ${size}`
    )
    t.strictSame(reader.faults(), { 'bytes-outside-message': 1, 'message-cut-short': 1 })
  }
})

t.test('faults are counted each and told seldom', async t => {
  const { source, clock, lines, reader, say } = start(t)
  source.now.opened()
  lines.length = 0
  const wrong = meterMessage().replace('13:02:39', '25:02:39')
  for (let round = 0; round < 3; round++) await say(wrong)
  t.strictSame(reader.faults(), { 'value-out-of-range': 3 })
  t.strictSame(lines, ['<4>meter: a message was rejected: value-out-of-range in time\n'])
  clock.nowMs += limits.logRepeatMs
  await say(wrong)
  t.equal(lines.length, 2)
  await say('only noise>')
  await say(meterMessage())
  t.equal(reader.counters.get('bytes-outside-message'), 1)
  t.equal(lines.length, 3, 'noise between messages is counted and not told; the third line is that readings arrive')
})

t.test('that nothing can be read is said once, however the messages differ', async t => {
  const { source, clock, statuses, lines, reader, say } = start(t)
  source.now.opened()
  const wrong = [
    meterMessage().replace('13:02:39', '25:02:39'),
    meterMessage().replace('18.7', '999'),
    meterMessage().replace('00345', 'x')
  ]
  for (const message of [...wrong, ...wrong]) {
    await say(message)
    clock.nowMs += limits.babbleMs / 2
    reader.tick()
  }
  const unreadable = statuses.filter(({ state }) => state === 'unreadable')
  t.ok(new Set(unreadable.map(({ message }) => message)).size > 1, 'what is shown names the last of them')
  t.equal(lines.filter(line => /: unreadable\. /.test(line)).length, 1)
})

t.test('a message that carries history alone is counted apart', async t => {
  const { source, readings, reader, say } = start(t)
  source.now.opened()
  await say(
    '<msg><src>CC128-v1.29</src><dsb>00089</dsb><time>13:10:50</time><hist><dsw>00032</dsw><type>1</type><units>kwhr</units><data><sensor>0</sensor><h024>001.1</h024><h022>000.9</h022></data></hist></msg>\r\n'
  )
  t.strictSame(readings, [])
  t.equal(reader.counters.get('history-messages'), 1)
  t.equal(reader.counters.get('messages'), 0)
})

t.test('a source that goes away is opened again, for as long as it takes', async t => {
  const { source, states, readings, reader, say } = start(t)
  source.now.opened()
  await say(meterMessage().slice(0, 60))
  source.now.closed({ kind: 'lost', message: 'It was unplugged.' })
  t.equal(source.openings.length, 1, 'not at once')
  await until(() => source.openings.length === 2, 'opened again')
  source.now.closed({ kind: 'absent', message: 'No such device.' })
  await until(() => source.openings.length === 3, 'opened once more')
  source.now.closed({ kind: 'absent', message: 'No such device.' })
  await until(() => source.openings.length === 4, 'and once more')
  source.now.opened()
  await say(meterMessage(777).slice(60))
  await say(meterMessage(888))
  t.strictSame(states(), ['connecting', 'connecting', 'connecting', 'absent', 'connecting', 'live'], 'absent is told once')
  t.match(readings, [{ watts: 888 }], 'half a message from before is not put together with another half')
  t.equal(reader.counters.get('reopened'), 1)
  t.equal(source.closes, 0, 'it had closed itself')
})

t.test('each way of being closed has its state', async t => {
  for (const kind of ['absent', 'denied', 'busy', 'failed', 'lost'] as const) {
    const { source, statuses, lines } = start(t)
    source.now.closed({ kind, message: `It is ${kind}.` })
    t.strictSame(statuses.at(-1), { state: kind === 'lost' ? 'connecting' : kind, message: `It is ${kind}.` })
    t.equal(lines.at(-1), `<${kind === 'lost' ? 5 : 4}>meter /dev/ttyUSB0: ${kind === 'lost' ? 'connecting' : kind}. It is ${kind}.\n`)
  }
})

t.test('silence, and a line speed that is wrong', async t => {
  const { source, clock, states, reader, say } = start(t)
  source.now.opened()
  await say(meterMessage())
  clock.nowMs += limits.staleMs - 1
  reader.tick()
  t.equal(states().at(-1), 'live')
  clock.nowMs += 1
  for (let round = 0; round < 3; round++) reader.tick()
  t.strictSame(states().slice(-2), ['live', 'silent'])
  await say(meterMessage())
  t.equal(states().at(-1), 'live')
  await say('\xf0\x0f'.repeat(limits.babbleBytesMin))
  clock.nowMs += limits.babbleMs
  reader.tick()
  t.equal(states().at(-1), 'unreadable')
  await say('>')
  await say(meterMessage())
  t.equal(states().at(-1), 'live')
})

t.test('megabytes of noise cost nothing but a count', async t => {
  const { source, readings, reader } = start(t)
  source.now.opened()
  for (let round = 0; round < 200; round++) {
    source.now.received(Buffer.alloc(10_000, 0xf8))
    await turns(1)
  }
  source.now.received(Buffer.from(meterMessage(5)))
  await turns(1)
  t.match(readings, [{ watts: 5 }])
  t.ok(Object.keys(reader.faults()).every(kind => kind === 'bytes-outside-message'))
})

t.test('readings carry the name of their meter, but for the first one', async t => {
  for (const id of ['', 'meter2']) {
    const { source, readings, reader, say } = start(t, id)
    source.now.opened()
    await say(meterMessage(1))
    t.equal(reader.id, id)
    t.equal(readings[0]?.meter, id === '' ? undefined : id)
  }
})

t.test('a meter that shows the time of the zone that is set is right, wherever this machine thinks that it is', async t => {
  const { source, clock, reader, say } = start(t)
  source.now.opened()
  for (let count = 0; count < limits.clockSamplesMax; count++) {
    clock.nowMs += 6_000
    const time = new Date(clock.wallMs() + 5.5 * 3_600_000).toISOString().slice(11, 19)
    await say(meterMessage(300).replace(/<time>.*<\/time>/, `<time>${time}</time>`))
  }
  const aheadMinutes = (zone: string): number => {
    const told = reader.finding(new Calendar(zone)).clock
    return 'unknown' in told ? Number.NaN : Math.round(told.aheadMs / 60_000)
  }
  t.equal(aheadMinutes('Asia/Kolkata'), 0)
  t.equal(aheadMinutes('Asia/Yangon'), -60)
  t.equal(aheadMinutes('UTC'), 330)
})

t.test('what is played back is stamped with its own time', async t => {
  const { source, readings } = start(t)
  source.now.opened()
  source.now.received(Buffer.from(meterMessage(1)), 1_600_000_000_000)
  await turns(1)
  t.equal(readings[0]?.atMs, 1_600_000_000_000)
})

t.test('a source that is over is not opened again, and one that searches tells so', async t => {
  const { source, statuses } = start(t)
  source.now.searching({ kind: 'absent', message: 'No meter was found yet.' })
  t.strictSame(statuses.at(-1), { state: 'absent', message: 'No meter was found yet.' })
  source.now.closed({ kind: 'failed', message: 'The recording is over.', final: true })
  await new Promise(resolve => setTimeout(resolve, limits.reopenMs + 100))
  t.equal(source.openings.length, 1)
})

t.test('once it is stopped, nothing is opened and nothing is told', async t => {
  const { source, states, reader } = start(t)
  source.now.opened()
  reader.stop()
  t.equal(source.closes, 1)
  const before = states().length
  const second = start(t)
  second.source.now.closed({ kind: 'lost', message: 'gone' })
  second.reader.stop()
  await new Promise(resolve => setTimeout(resolve, limits.reopenMs + 100))
  t.equal(source.openings.length, 1)
  t.equal(second.source.openings.length, 1)
  t.equal(states().length, before)
})

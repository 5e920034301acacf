/** The probe: finds the speed, tells a meter from anything else, and hands over what it has heard. */
import t from 'tap'
import { Probe } from '../../src/io/probe.ts'
import { limits } from '../../src/limits.ts'
import type { Closed } from '../../src/meters/watch.ts'
import { FakePort, hear } from '../fixtures/io/finder-lines.ts'
import { meterMessage } from '../fixtures/io/scripted-source.ts'

const classicMessage =
  '<msg><date><dsb>00063</dsb><hr>07</hr><min>08</min><sec>09</sec></date><src><name>CC02</name><id>02222</id><type>1</type><sver>1.06</sver></src><ch1><watts>00510</watts></ch1><ch2><watts>00020</watts></ch2><ch3><watts>00003</watts></ch3><tmpr>18.4</tmpr></msg>\r\n'
const historyMessage =
  '<msg><src>CC128-v1.29</src><dsb>00089</dsb><time>13:10:50</time><hist><dsw>00032</dsw><type>1</type><units>kwhr</units><data><sensor>0</sensor><h024>001.1</h024><h022>000.9</h022></data></hist></msg>\r\n'

function probing(port = new FakePort('/dev/ttyUSB0'), onConfirmed: (probe: Probe) => void = () => undefined) {
  const told: string[] = []
  const heard: Buffer[] = []
  const time = { nowMs: 0 }
  const owner = {
    confirmed: ({ model }: { model: string }) => {
      told.push(`confirmed ${model}`)
      onConfirmed(probe)
    },
    stranger: () => told.push('stranger'),
    closed: ({ kind }: Closed) => told.push(`owner: ${kind}`)
  }
  const probe: Probe = new Probe(
    port.path,
    [57_600, 9_600, 2_400],
    baud => port.source(port.path, baud),
    owner,
    () => time.nowMs
  )
  const taker = {
    opened: (at?: { name: string; baud: number | undefined }) => told.push(`opened ${at?.name} ${at?.baud}`),
    searching: () => told.push('searching'),
    received: (chunk: Buffer) => heard.push(Buffer.from(chunk)),
    closed: ({ kind }: Closed) => told.push(`taker: ${kind}`)
  }
  probe.start()
  return { port, probe, told, time, taker, text: () => Buffer.concat(heard).toString('latin1') }
}

t.test('a line at another speed gives other bytes, or none', async t => {
  const bytes = Buffer.from(meterMessage())
  t.strictSame(hear(bytes, 9_600, 9_600), bytes)
  const odd = hear(bytes, 9_600, 57_600).filter(byte => byte < 0x20 || byte >= 0x7f)
  t.ok(odd.length > bytes.length / 2)
  t.equal(hear(bytes, 2_400, 57_600).length, 0)
})

t.test('a meter at the likeliest speed: what was heard is handed over, and then what comes', async t => {
  const { port, probe, told, taker, text } = probing()
  port.say(`xx>${meterMessage(1)}<msg><sr`)
  t.strictSame(told, ['confirmed CC128-v1.29'])
  probe.take(taker)
  port.say('c>CC128')
  port.unplug()
  t.strictSame(told, ['confirmed CC128-v1.29', 'opened /dev/ttyUSB0 57600', 'taker: lost'])
  t.equal(text(), `xx>${meterMessage(1)}<msg><src>CC128`)
  t.equal(probe.wasHeard, true)
})

t.test('taken in the moment of its confirmation: no byte twice, none lost, one confirmation', async t => {
  const { port, told, taker, text } = probing(new FakePort('/dev/ttyUSB0'), probe => probe.take(taker))
  const said = `${meterMessage(1)}${meterMessage(2)}${meterMessage(3)}`
  port.say(said, 1_024)
  port.say(meterMessage(4), 7)
  t.strictSame(told, ['confirmed CC128-v1.29', 'opened /dev/ttyUSB0 57600'])
  t.equal(text(), said + meterMessage(4))
})

t.test('wrong speeds are known by their bytes, within a message', async t => {
  const { port, probe, told } = probing(new FakePort('/dev/ttyUSB0', 9_600))
  port.say(classicMessage)
  t.equal(probe.baud, 9_600, 'on to the next one')
  t.strictSame(told, [])
  port.say(classicMessage)
  t.strictSame(told, ['confirmed CC02-v1.06'])
  t.strictSame(port.openedAt, [57_600, 9_600])
})

t.test('a speed so wrong that nothing is heard', async t => {
  const { port, probe, told, time } = probing(new FakePort('/dev/ttyUSB0', 2_400))
  time.nowMs = limits.probeMs - 1
  port.say(classicMessage)
  probe.tick()
  t.equal(probe.baud, 57_600)
  t.equal(probe.wasHeard, false)
  time.nowMs = limits.probeMs
  probe.tick()
  t.equal(probe.baud, 9_600)
  port.say(classicMessage)
  t.equal(probe.baud, 2_400)
  port.say(classicMessage)
  t.strictSame(told, ['confirmed CC02-v1.06'])
  time.nowMs = 10 * limits.probeMs
  probe.tick()
  t.equal(probe.baud, 2_400, 'a speed that was right stays')
})

t.test('a meter that comes to a silent cable, whatever speed it is at then', async t => {
  for (const rounds of [0, 1, 2, 3]) {
    const { port, probe, told, time } = probing()
    for (let round = 0; round < rounds; round++) {
      time.nowMs += limits.probeMs
      probe.tick()
    }
    for (let message = 0; message < 20 && told.length === 0; message++) port.say(meterMessage(message))
    t.strictSame(told, ['confirmed CC128-v1.29'], `after ${port.openedAt.join(', ')}`)
  }
})

t.test('begun in mid-message, after noise, or among history: never taken for something else', async t => {
  const dump = `<msg><src>CC128-v1.29</src><dsb>00089</dsb>${'<h746>000.0</h746>'.repeat(500)}</msg>\r\n`
  const beginnings = [meterMessage().slice(80), '\xfc\xfc', '\xfc'.repeat(limits.probeBytesMin), historyMessage.repeat(200), dump.slice(9)]
  for (const beginning of beginnings) {
    const { port, probe, told, taker, text } = probing()
    port.say(beginning)
    for (let message = 0; message < 20 && told.length === 0; message++) port.say(meterMessage(message))
    t.strictSame(told, ['confirmed CC128-v1.29'], beginning.slice(0, 20))
    probe.take(taker)
    t.match(text(), /<\/msg>\r?\n?$/)
    t.ok(text().length <= limits.frameBytesMax, 'no more is kept than the longest message')
  }
})

t.test('history between live messages keeps its speed, and only what is new is kept', async t => {
  const { port, probe, told, time, taker, text } = probing()
  port.say(historyMessage)
  time.nowMs = 2 * limits.probeMs
  probe.tick()
  port.say(meterMessage(), 1_024)
  probe.take(taker)
  t.strictSame(told, ['confirmed CC128-v1.29', 'opened /dev/ttyUSB0 57600'])
  t.equal(text().indexOf('<msg><src>CC128-v1.29</src><dsb>00089</dsb><time>13:02:39'), text().lastIndexOf('<msg>'))
})

t.test('what is confirmed and waits for a taker is bounded', async t => {
  const { port, probe, taker, text } = probing()
  for (let message = 0; message < 1_000; message++) port.say(meterMessage(message))
  probe.take(taker)
  t.equal(text().length, limits.frameBytesMax)
  t.ok(text().endsWith(meterMessage(999)))
})

t.test('something else', async t => {
  const cases: readonly (readonly [what: string, text: string, baud?: number])[] = [
    ['lines of text', '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n'.repeat(10)],
    ['lines of text at another speed', '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n'.repeat(40), 9_600],
    ['bytes that are no text', Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 151) & 0xff)).toString('latin1')],
    ['another speed than all', meterMessage().repeat(20), 19_200],
    ['tags, but no message', '<state><power>5</power></state>\r\n'.repeat(1_000)],
    ['messages of an unknown model', meterMessage().replace('CC128-v1.29', 'XX').repeat(200)]
  ]
  for (const [what, text, baud] of cases) {
    const { port, told } = probing(new FakePort('/dev/ttyUSB0', baud))
    port.say(text)
    port.say(text)
    t.strictSame(told, ['stranger'], what)
    t.equal(port.isOpen, false, 'closed')
    t.ok(port.openedAt.length <= 3 * limits.probeRounds, port.openedAt.join(', '))
  }
})

t.test('a port that cannot be opened, or goes away', async t => {
  const port = new FakePort('/dev/ttyUSB0')
  port.obstacle = { kind: 'busy', message: 'It is held.' }
  t.strictSame(probing(port).told, ['owner: busy'])
  const trying = probing()
  trying.port.unplug()
  t.strictSame(trying.told, ['owner: lost'])
  trying.probe.take(trying.taker)
  trying.time.nowMs = 10 * limits.probeMs
  trying.probe.tick()
  t.strictSame(trying.told, ['owner: lost'], 'and nothing more comes of it')
  t.strictSame(trying.port.openedAt, [57_600])
  const confirmed = probing()
  confirmed.port.say(meterMessage())
  confirmed.port.unplug()
  t.strictSame(confirmed.told, ['confirmed CC128-v1.29', 'owner: lost'])
})

t.test('closed by us in each state: silent from then on', async t => {
  const trying = probing()
  trying.probe.close()
  const confirmed = probing(new FakePort('/dev/ttyUSB0'), probe => probe.close())
  confirmed.port.say(meterMessage().repeat(3), 1_024)
  const taken = probing()
  taken.port.say(meterMessage())
  taken.probe.take(taken.taker)
  taken.probe.close()
  for (const { port } of [trying, confirmed, taken]) {
    t.equal(port.isOpen, false)
    port.say(meterMessage())
    port.unplug()
  }
  t.strictSame(trying.told, [])
  t.strictSame(confirmed.told, ['confirmed CC128-v1.29'])
  t.strictSame(taken.told, ['confirmed CC128-v1.29', 'opened /dev/ttyUSB0 57600'])
})

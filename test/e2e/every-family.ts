/** Every family of meter comes out under the topics of the README; what is malformed is counted by kind, and never guessed. */
import t from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, cc128Message, channel, classicMessage, historyMessage, houseMessage, sensorMessage } from '../fixtures/e2e/meter.ts'
import { Port, play } from '../fixtures/e2e/port.ts'
import { type MosquittoSub, mosquittoSub } from '../fixtures/e2e/subscriber.ts'

interface House {
  readonly daemon: Daemon
  readonly port: Port
  readonly stock: MosquittoSub
}

async function setUp(t: Parameters<typeof startDaemon>[0]): Promise<House> {
  const port = new Port(t)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await daemon.untilSaid(/The port is open/)
  return { daemon, port, stock }
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const house = await setUp(t)

/** What a message makes of a sensor's topics; a topic that is not named must not have appeared. */
const families = [
  {
    name: 'a CC128 with one channel',
    message: cc128Message(`<tmpr>24.6</tmpr><sensor>3</sensor><id>00077</id><type>1</type>${channel(1, 918)}`, 'CC128-v1.31'),
    sensor: 3,
    state: { sensor: 3, kind: 'power', watts: 918, ch1Watts: 918, celsius: 24.6, model: 'CC128-v1.31', radioId: 77, meterTime: '18:19:20' },
    power: '918',
    temperature: '24.6'
  },
  {
    name: 'an EnviR with three channels, one of which delivers',
    message: cc128Message(
      `<tmpr> 9.5</tmpr><sensor>1</sensor><id>02926</id><type>1</type>${channel(1, 1445)}${channel(2, -300)}${channel(3, 0)}`
    ),
    sensor: 1,
    state: { sensor: 1, kind: 'power', watts: 1145, ch1Watts: 1445, ch2Watts: -300, ch3Watts: 0, celsius: 9.5, radioId: 2926 },
    power: '1145',
    temperature: '9.5'
  },
  {
    name: 'an American one, in °F and on two legs',
    message: cc128Message(
      `<tmprF>68.0</tmprF><sensor>2</sensor><id>00865</id><type>1</type>${channel(1, 65)}${channel(2, 320)}`,
      'CC128-v0.15'
    ),
    sensor: 2,
    state: { sensor: 2, kind: 'power', watts: 385, ch1Watts: 65, ch2Watts: 320, celsius: 20, model: 'CC128-v0.15' },
    power: '385',
    temperature: '20'
  },
  {
    name: 'a counter of electricity, named after all its firmware',
    message: cc128Message(
      '<tmpr>25.5</tmpr><sensor>4</sensor><id>01039</id><type>2</type><imp>0000014768</imp><ipu>800</ipu>',
      'CC128-v1.48.03'
    ),
    sensor: 4,
    state: {
      sensor: 4,
      kind: 'impulses',
      medium: 'electricity',
      impulses: 14_768,
      impulsesPerUnit: 800,
      celsius: 25.5,
      model: 'CC128-v1.48.03'
    },
    temperature: '25.5'
  },
  {
    name: 'a counter of gas that does not say what an impulse is, nor how warm it is',
    message: cc128Message('<sensor>5</sensor><id>01040</id><type>3</type><imp>4294967295</imp>'),
    sensor: 5,
    state: { sensor: 5, kind: 'impulses', medium: 'gas', impulses: 4_294_967_295, impulsesPerUnit: 1000 }
  },
  {
    name: 'a counter of water',
    message: cc128Message('<tmpr>-2.5</tmpr><sensor>9</sensor><id>01041</id><type>4</type><imp>0000000000</imp><ipu>10</ipu>'),
    sensor: 9,
    state: { sensor: 9, kind: 'impulses', medium: 'water', impulses: 0, impulsesPerUnit: 10, celsius: -2.5 },
    temperature: '-2.5'
  },
  {
    name: 'a Classic, with history inside',
    message: classicMessage([365, 0, 144], '<hist><hrs><h02>001.3</h02><h04>000.0</h04></hrs></hist>'),
    sensor: 0,
    state: {
      sensor: 0,
      kind: 'power',
      watts: 509,
      ch1Watts: 365,
      ch2Watts: 0,
      ch3Watts: 144,
      celsius: 19.5,
      model: 'CC02-v1.06',
      meterTime: '06:07:08'
    },
    power: '509',
    temperature: '19.5'
  }
]

for (const { name, message, sensor, state, power, temperature } of families) {
  t.test(`${name} comes out`, async t => {
    const { port, stock } = house
    await play(port, bytesOf(message), 7, 0)
    const text = await stock.until(`currentcost/${sensor}/state`, /./)
    const found = JSON.parse(text) as Record<string, unknown>
    t.has(found, state, 'its state')
    t.match(found['time'], isTime, 'with the time of day here, not that of the meter')
    await stock.until(`currentcost/${sensor}/availability`, 'online')
    if (temperature !== undefined) await stock.until(`currentcost/${sensor}/temperature`, temperature)
    if (power !== undefined) await stock.until(`currentcost/${sensor}/power`, power)
    if (power === undefined) t.equal(stock.last(`currentcost/${sensor}/power`), undefined, 'a counter has no power')
    if (temperature === undefined) t.equal(stock.last(`currentcost/${sensor}/temperature`), undefined, 'no temperature')
  })
}

t.test('ten sensors in one line, and a temperature that is kept when a message brings none', async t => {
  const { port, stock } = await setUp(t)
  const sensors = Array.from({ length: 10 }, (_, sensor) => sensor)
  const line = sensors.map(sensor => sensorMessage(sensor, 100 + sensor).trim()).join('')
  await port.write(bytesOf(`${line}${cc128Message(`<sensor>0</sensor><id>02000</id><type>1</type>${channel(1, 42)}`)}`))
  for (const sensor of sensors.slice(1)) await stock.until(`currentcost/${sensor}/power`, String(100 + sensor))
  await stock.until('currentcost/0/power', '42')
  t.equal(stock.last('currentcost/0/temperature'), '21.4')
  t.notOk('celsius' in JSON.parse(stock.last('currentcost/0/state') ?? ''), 'the state tells of this message alone')
})

t.test('history alone is no reading', async t => {
  const { port, stock } = await setUp(t)
  await port.write(bytesOf(historyMessage()))
  await port.write(bytesOf(houseMessage(600)))
  await stock.until('currentcost/0/power', '600')
  t.strictSame(stock.of('currentcost/1/state'), [])
  t.strictSame(JSON.parse(stock.last('currentcost/bridge/faults') ?? '{}'), await zeroFaults(stock), 'and no fault')
})

const sound = houseMessage(666).trim()

/** What is wrong with bytes, and the kind as which it must be counted; a sound message follows each. */
const malformed = [
  { name: 'bytes between messages', bytes: 'EOM\n', kind: 'bytes-outside-message' },
  { name: 'a message that is cut short', bytes: sound.slice(0, -30), kind: 'message-cut-short' },
  { name: 'a message without end', bytes: `<msg>${'x'.repeat(20_000)}</msg>`, kind: 'message-too-long' },
  { name: 'a bracket with its upper bits flipped', bytes: sound.replace('<watts>', '|watts>'), kind: 'not-well-formed' },
  { name: 'a byte that is no ASCII', bytes: sound.replace('666', '6\xb66'), kind: 'not-well-formed' },
  { name: 'tags that do not match', bytes: sound.replace('</ch1>', '</ch2>'), kind: 'not-well-formed' },
  { name: 'a model that nobody knows', bytes: sound.replace('CC128-v', 'XC128-v'), kind: 'unknown-model' },
  { name: 'no channel at all', bytes: sound.replace(/<ch1>.*<\/ch1>/, ''), kind: 'field-missing' },
  { name: 'a sensor that stands twice', bytes: sound.replace('<id>', '<sensor>7</sensor><id>'), kind: 'field-repeated' },
  { name: 'a digit with its upper bits flipped', bytes: sound.replace('00666', '00x66'), kind: 'value-invalid' },
  { name: 'no digit where one must be', bytes: sound.replace('00666', ''), kind: 'value-invalid' },
  { name: 'an hour that no clock has', bytes: sound.replace('18:19:20', '28:19:20'), kind: 'value-out-of-range' },
  { name: 'more watts than it can measure', bytes: sound.replace('00666', '99666'), kind: 'value-out-of-range' }
] as const

t.test('what is malformed is counted by kind, and never becomes a reading', async t => {
  const { daemon, port, stock } = await setUp(t)
  const counted = await zeroFaults(stock)
  for (const [index, { name, bytes, kind }] of malformed.entries()) {
    counted[kind] = (counted[kind] ?? 0) + 1
    await play(port, bytesOf(bytes), 512, 0)
    await port.write(bytesOf(houseMessage(1000 + index)))
    await stock.until('currentcost/0/power', String(1000 + index))
    t.pass(`${name} does not cost the next message`)
  }
  await stock.until('currentcost/bridge/faults', JSON.stringify(counted))
  t.pass(`counted: ${JSON.stringify(counted)}`)
  t.strictSame(
    stock.of('currentcost/0/power').map(Number),
    malformed.map((_, index) => 1000 + index),
    'the message after each is read, and nothing else'
  )
  t.strictSame(stock.of('currentcost/7/state'), [])
  t.equal(daemon.said(/a message was rejected: value-invalid in ch1\/watts/), 1, 'the log names the place, and not each time')
})

/** Every kind of fault, none of them met yet. */
async function zeroFaults(stock: MosquittoSub): Promise<Record<string, number>> {
  await stock.until('currentcost/bridge/faults', /./)
  const first = JSON.parse(stock.of('currentcost/bridge/faults')[0] ?? '') as Record<string, number>
  return Object.fromEntries(Object.keys(first).map(kind => [kind, 0]))
}

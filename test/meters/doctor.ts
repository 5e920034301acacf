/** What the doctor says, word by word. */
import t from 'tap'
import { diagnose, type MeterFinding } from '../../src/meters/doctor.ts'

const well: MeterFinding = {
  name: '/dev/ttyUSB0',
  baud: 57_600,
  status: { state: 'live', message: 'Readings arrive.' },
  health: {
    bytes: 9_960,
    model: 'CC128-v1.29',
    sensors: [
      { sensor: 0, messages: 60, messagesPerMinute: 9.27, lossRate: 0.062, silentMs: 3_400 },
      { sensor: 3, messages: 2, messagesPerMinute: 9.8, lossRate: undefined, silentMs: 800 }
    ],
    lastFault: { fault: { kind: 'value-invalid', field: 'ch1/watts' }, agoMs: 61_000 }
  },
  clock: { aheadMs: -3_725_000 }
}
const silent: MeterFinding = {
  name: 'tcp://board:4000',
  baud: undefined,
  status: { state: 'silent', message: 'Check the cable.' },
  health: { bytes: 0, model: undefined, sensors: [], lastFault: undefined },
  clock: { unknown: 'no live message yet' }
}

t.test('all is well', async t => {
  const port = { path: '/dev/ttyUSB0', adapter: 'Prolific PL2303', allowed: true, holder: undefined }
  const { lines, well: isWell, next } = diagnose({ ports: [port], meters: [well] })
  t.equal(isWell, true)
  t.equal(next, undefined)
  t.strictSame(lines, [
    'Serial ports of this machine:',
    '  /dev/ttyUSB0 (Prolific PL2303): a meter is read there',
    '',
    'Meter at /dev/ttyUSB0, 57600 baud:',
    '  live: Readings arrive.',
    '  9960 bytes heard of a CC128-v1.29',
    '  sensor 0: 9.3 messages a minute, 6 % lost by radio, last heard 3 s ago',
    '  sensor 3: 9.8 messages a minute, too early to tell what radio loses, last heard 1 s ago',
    '  last fault: value-invalid in ch1/watts, 61 s ago',
    "  its clock: 1 h 2 min behind this machine's; history is placed by this machine's clock all the same"
  ])
})

t.test('nothing arrives', async t => {
  const ports = [
    { path: '/dev/ttyUSB0', allowed: false, holder: undefined },
    { path: '/dev/ttyACM0', allowed: true, holder: undefined },
    { path: '/dev/ttyAMA0', allowed: true, holder: 'the kernel, as its console' }
  ]
  const { lines, well: isWell, next } = diagnose({ ports, meters: [silent] })
  t.equal(isWell, false)
  t.equal(next, 'Check the cable.')
  t.strictSame(lines, [
    'Serial ports of this machine:',
    '  /dev/ttyUSB0: you may not open it: add yourself to the group dialout (sudo usermod -aG dialout $USER) and log in again',
    '  /dev/ttyACM0: free, and you may open it',
    '  /dev/ttyAMA0: held by the kernel, as its console',
    '',
    'Meter at tcp://board:4000:',
    '  silent: Check the cable.',
    '  0 bytes heard',
    '  last fault: none',
    '  its clock: not known (no live message yet)'
  ])
})

t.test('one of two meters', async t => {
  const { next, well: isWell } = diagnose({ ports: [], meters: [well, silent] })
  t.equal(isWell, false, 'one that needs a person is trouble, for all the other says')
  t.equal(next, 'Check the cable.')
  const opened: MeterFinding = { ...silent, status: { state: 'connecting', message: 'Opening it.' } }
  t.equal(diagnose({ ports: [], meters: [well, opened] }).well, true)
  t.equal(diagnose({ ports: [], meters: [opened] }).well, false)
})

t.test('no port, no meter', async t => {
  t.strictSame(diagnose({ ports: [], meters: [] }), {
    lines: ['Serial ports of this machine:', '  none'],
    well: false,
    next: "Plug in the meter's cable."
  })
})

t.test('clocks', async t => {
  const told = (aheadMs: number) =>
    diagnose({ ports: [], meters: [{ ...well, clock: { aheadMs } }] }).lines.find(line => /clock/.test(line))
  t.equal(told(12_000), '  its clock: right to the minute')
  t.match(told(600_000), /: 10 min ahead of this machine's;/)
  t.match(told(-3_600_000), /: 1 h 0 min behind this machine's;/)
})

t.test('a port that is open and mute: what may be done about it', async t => {
  const status = { state: 'connecting', message: 'The port is open.' } as const
  const adviceOf = (finding: MeterFinding): string | undefined => diagnose({ ports: [], meters: [finding] }).next
  const check = "If none comes, check the cable at the meter's side, and that its display is on."
  t.equal(adviceOf({ ...silent, status }), `The port is open. ${check}`)
  t.equal(adviceOf({ ...well, status }), 'The port is open.', 'not when something was heard')
})

/** What the Device view says of an answer. */

import t from 'tap'
import type { DeviceAnswer } from '../../../src/api.ts'
import { german } from '../../../src/page/device/german.ts'
import { correctionsText, faultsText, logOf, readForm, sizeText, supportText, upText } from '../../../src/page/device/present.ts'
import { english } from '../../../src/page/device/words.ts'

t.test('sizes', async t => {
  const table: [bytes: number, text: string][] = [
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [10_240, '10 kB'],
    [64 * 1_048_576, '67 MB'],
    [3e9, '3.0 GB'],
    [5e12, '5000 GB']
  ]
  for (const [bytes, text] of table) t.equal(sizeText(bytes, 'en').replace('\u202f', ' '), text)
  t.equal(sizeText(4_000, 'de').replace('\u202f', ' '), '4,0 kB')
})

t.test('how long it runs', async t => {
  t.equal(upText(59, english), '0 h 0 min')
  t.equal(upText(23 * 3_600 + 3_599, english), '23 h 59 min')
  t.equal(upText(49 * 3_600, english), '2 d 1 h')
  t.equal(upText(49 * 3_600, german), '2 T. 1 Std.')
})

t.test('faults in words, the most frequent first', async t => {
  t.strictSame(faultsText({ reopened: 1, 'closed-by-nobody': 30 }, english), [
    ['closed by nobody', '30'],
    ['Port opened anew', '1']
  ])
})

t.test('corrections', async t => {
  t.equal(correctionsText({}, english), '')
  t.equal(correctionsText({ scale: 1, temperatureOffset: 0, spikeFilter: false, fix144: false }, english), '')
  t.equal(
    correctionsText({ scale: 1.02, temperatureOffset: -1.5, spikeFilter: true, fix144: true }, english),
    'scale 1.02, \u22121.5 °C, leave out spikes, 144 W'
  )
  t.equal(correctionsText({ temperatureOffset: 2 }, english), '+2 °C')
})

t.test('what a form changes', async t => {
  const form = { name: '', scale: '', temperatureOffset: '', spikeFilter: false, fix144: false }
  t.strictSame(readForm(form, {}), { kind: 'change', change: {} })
  t.strictSame(readForm({ ...form, name: ' Barn ', scale: '1,05', temperatureOffset: '-2', fix144: true }, {}), {
    kind: 'change',
    change: { name: 'Barn', scale: 1.05, temperatureOffset: -2, fix144: true }
  })
  const before = { name: 'Barn', scale: 1.05, temperatureOffset: -2, spikeFilter: true, fix144: true }
  t.strictSame(readForm({ name: 'Barn', scale: '1.05', temperatureOffset: '-2', spikeFilter: true, fix144: true }, before), {
    kind: 'change',
    change: {}
  })
  t.strictSame(readForm(form, before), {
    kind: 'change',
    change: { name: null, scale: null, temperatureOffset: null, spikeFilter: false, fix144: false }
  })
  t.strictSame(readForm({ ...form, temperatureOffset: '\u22121,5' }, {}), { kind: 'change', change: { temperatureOffset: -1.5 } })
  for (const scale of ['two', '0', '100.5', 'Infinity'])
    t.strictSame(readForm({ ...form, scale }, {}), { kind: 'wrong', field: 'scale' }, scale)
  t.strictSame(readForm({ ...form, temperatureOffset: '1..2' }, {}), { kind: 'wrong', field: 'temperatureOffset' })
})

t.test('the log, and the text for who helps', async t => {
  const log = (['info', 'warning', 'error'] as const).map((level, index) => ({ atMs: index, level, text: `line ${index}` }))
  t.equal(logOf(log, 'all').length, 3)
  t.equal(logOf(log, 'warning').length, 2)
  t.equal(logOf(log, 'error').length, 1)
  const answer: DeviceAnswer = {
    version: '1.2.3',
    nowMs: 0,
    upSeconds: 5,
    zone: 'Europe/London',
    password: false,
    meters: [{ id: '', source: '/dev/ttyUSB0', state: 'live', message: 'Readings arrive.', simulated: false }],
    sensors: [
      { sensor: '0', kind: 'power', model: 'CC128', radioId: 77, atMs: 0, settings: { scale: 2 } },
      { sensor: 'net', kind: 'derived', model: null, radioId: null, atMs: 0, settings: {} }
    ],
    findings: [{ level: 'bad', text: 'It is off.' }],
    memory: { residentBytes: 1, heldBytesMax: 2, pool: { slabs: 3, free: 2, freeLeast: 1, slabBytes: 4 } },
    store: { state: 'open', diskBytes: 1, diskBytesMax: 2, waitingBytes: 0, message: 'Fine.' },
    clients: { connected: 1, max: 2, sessions: 3, retained: 4 },
    faults: { spike: 2 },
    log
  }
  const text = supportText(answer, 'a browser')
  for (const part of [
    'wattslug 1.2.3',
    'a browser',
    'bad: It is off.',
    'meter 1 at /dev/ttyUSB0: live',
    'sensor 0: power CC128 77',
    'sensor net: derived',
    '"spike":2',
    'error   line 2'
  ])
    t.ok(text.includes(part), part)
})

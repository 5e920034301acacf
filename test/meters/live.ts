/** What live messages of every model share: temperature, channels, and the fault that takes the place of what was read. */

import t from 'tap'
import { readElements } from '../../src/meters/elements.ts'
import { Fields } from '../../src/meters/fields.ts'
import { outcomeOf, readPower, readTemperature } from '../../src/meters/live.ts'
import { atMs, bytesOf } from '../fixtures/meters/wire.ts'

function fieldsOf(inner: string): Fields {
  const message = readElements(bytesOf(`<msg>${inner}</msg>`))
  if ('kind' in message) throw new Error(`refused at ${message.offset}`)
  return new Fields(message)
}

t.test('°C as it is, °F to the nearest tenth of a °C, or nothing', async t => {
  const table: readonly [inner: string, celsius: number | undefined][] = [
    ['', undefined],
    ['<tmpr> 8.5</tmpr>', 8.5],
    ['<tmprF>32.0</tmprF>', 0],
    ['<tmprF>31.95</tmprF>', 0],
    ['<tmprF>68.1</tmprF>', 20.1],
    ['<tmprF>-40</tmprF>', -40],
    ['<tmprF>99.9</tmprF><tmpr>20.0</tmpr>', 20]
  ]
  for (const [inner, celsius] of table) t.strictSame(readTemperature(fieldsOf(inner)), celsius === undefined ? {} : { celsius }, inner)
})

t.test('a temperature that is not preferred is judged all the same', async t => {
  const fields = fieldsOf('<tmpr>20.0</tmpr><tmprF>6x.0</tmprF>')
  readTemperature(fields)
  t.strictSame(fields.fault, { kind: 'value-invalid', field: 'tmprF' })
})

t.test('channels that are there, and their sum', async t => {
  const fields = fieldsOf('<ch3><watts>-5</watts></ch3><ch1><watts>00007</watts></ch1>')
  t.strictSame(readPower(fields), {
    watts: 2,
    channels: [
      { channel: 1, watts: 7 },
      { channel: 3, watts: -5 }
    ]
  })
  t.equal(fields.fault, undefined)
})

t.test('no channel at all is a fault', async t => {
  const fields = fieldsOf('<ch4><watts>1</watts></ch4>')
  readPower(fields)
  t.strictSame(fields.fault, { kind: 'field-missing', field: 'ch1/watts' })
})

t.test('readings and history become an outcome unless a field was at fault', async t => {
  const origin = { atMs, model: 'CC128-v1.37', meterTime: '00:00:00', daysSinceBirth: 0 }
  const reading = { kind: 'power', ...origin, sensor: 0, radioId: 1, watts: 1, channels: [{ channel: 1, watts: 1 }] } as const
  const fields = fieldsOf('')
  t.strictSame(outcomeOf(fields, [reading]), { kind: 'understood', readings: [reading] })
  const history = { ...origin, sensors: [] }
  t.strictSame(outcomeOf(fields, [], history), { kind: 'understood', readings: [], history })
  fields.integer('id', [0, 1])
  t.strictSame(outcomeOf(fields, [reading]), { kind: 'fault', fault: { kind: 'field-missing', field: 'id' } })
})

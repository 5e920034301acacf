/** Reading of history: every shape of page, and what rejects one. The fixtures show whole messages. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { readElements } from '../../src/meters/elements.ts'
import { Fields } from '../../src/meters/fields.ts'
import { readInline, readSensors } from '../../src/meters/history.ts'
import { bytesOf } from '../fixtures/meters/wire.ts'

function fieldsOf(history: string): Fields {
  const message = readElements(bytesOf(`<msg><hist>${history}</hist></msg>`))
  if ('kind' in message) throw new Error(`refused at ${message.offset}`)
  return new Fields(message)
}

/** What comes of it: the fault as `kind field`, or each value as `sensor scale index kwh`. */
function told(read: typeof readSensors, history: string): string {
  const fields = fieldsOf(history)
  const sensors = read(fields)
  if (fields.fault !== undefined) return `${fields.fault.kind} ${fields.fault.field}`
  return sensors.flatMap(({ sensor, values }) => values.map(value => [sensor, value.scale, value.index, value.kwh].join(' '))).join(', ')
}

const data = (values: string, sensor = '0') => `<data><sensor>${sensor}</sensor>${values}</data>`

t.test('messages of history', async t => {
  const table: readonly [history: string, told: string][] = [
    [data('<h004>0.918</h004><h002>1</h002>'), '0 hours 4 0.918, 0 hours 2 1'],
    [data('<d090>12.015</d090>') + data('<d090>0.000</d090>', '9'), '0 days 90 12.015, 9 days 90 0'],
    [data('<m014>-2011.5</m014><m001>-0.000</m001>'), '0 blocks 14 -2011.5, 0 blocks 1 0'],
    [data('<h4>  +1.5</h4>'), '0 hours 4 1.5'],
    [data(''), ''],
    [data('<x001>1</x001><note>none of ours</note><h0004>1</h0004>'), ''],
    [`<dsw>00007</dsw><type>2</type><units> kwhr</units>${data('<h746>0.000</h746>')}`, '0 hours 746 0'],
    ['', 'field-missing hist/data'],
    [`<data>${'<h004>1</h004>'}</data>`, 'field-missing hist/data/sensor'],
    [data('', '10'), 'value-out-of-range hist/data/sensor'],
    [data('') + data(''), 'field-repeated hist/data/sensor'],
    [data('<h748>0.000</h748>'), 'value-out-of-range hist/data/h748'],
    [data('<h000>0.000</h000>'), 'value-out-of-range hist/data/h000'],
    [data('<h005>0.000</h005>'), 'value-out-of-range hist/data/h005'],
    [data('<d000>0.000</d000>'), 'value-out-of-range hist/data/d000'],
    [data('<d091>0.000</d091>'), 'value-out-of-range hist/data/d091'],
    [data('<m085>0.000</m085>'), 'value-out-of-range hist/data/m085'],
    [data('<y5>0.000</y5>'), 'value-out-of-range hist/data/y5'],
    [data('<d001></d001>'), 'value-invalid hist/data/d001'],
    [data('<d001>1.0x0</d001>'), 'value-invalid hist/data/d001'],
    [data('<d001>10000000</d001>'), 'value-out-of-range hist/data/d001'],
    [data('<d001>1</d001><d001>1</d001>'), 'field-repeated hist/data/d001'],
    [data('<d01>1</d01><d001>1</d001>'), 'field-repeated hist/data/d001'],
    [`<type>4</type>${data('')}`, 'value-out-of-range hist/type'],
    [`<units>kwhq</units>${data('')}`, 'value-invalid hist/units'],
    [`<units>kwhr</units><units>kwhr</units>${data('')}`, 'field-repeated hist/units'],
    [data('<units>litres</units>'), 'value-invalid hist/data/units'],
    [data('<type>0</type>'), 'value-out-of-range hist/data/type']
  ]
  for (const [history, expected] of table) t.equal(told(readSensors, history), expected, history)
})

t.test('history inside a live message', async t => {
  const table: readonly [history: string, told: string][] = [
    ['', ''],
    ['<hrs><h02>000.1</h02><h26>006.2</h26></hrs><yrs><y1>0000012</y1></yrs>', '0 hours 2 0.1, 0 hours 26 6.2, 0 years 1 12'],
    ['<days><d31>0031</d31></days><mths><m12>00047</m12></mths>', '0 days 31 31, 0 blocks 12 47'],
    ['<hrs><h02>000.l</h02></hrs>', 'value-invalid hist/hrs/h02'],
    ['<days></days><days></days>', 'field-repeated hist/days']
  ]
  for (const [history, expected] of table) t.equal(told(readInline, history), expected, history)
})

t.test('without history it is the history that is missing', async t => {
  const message = { name: 'msg', text: '', children: [] }
  for (const read of [readSensors, readInline]) {
    const fields = new Fields(message)
    read(fields)
    t.strictSame(fields.fault, { kind: 'field-missing', field: 'hist' })
  }
})

t.test('values come out as they went in, however many there are', async () => {
  const value = fc.record({
    step: fc.integer({ min: 0, max: 372 }),
    thousandths: fc.integer({ min: -9_999_999, max: 9_999_999 })
  })
  const sensors = fc.uniqueArray(fc.nat({ max: 9 }), { minLength: 1 })
  fc.assert(
    fc.property(sensors, fc.uniqueArray(value, { selector: ({ step }) => step, maxLength: 50 }), (numbers, values) => {
      const text = values.map(({ step, thousandths }) => {
        const name = `h${String(2 * step + 2).padStart(3, '0')}`
        return `<${name}>${(thousandths / 1000).toFixed(3)}</${name}>`
      })
      const fields = fieldsOf(numbers.map(sensor => data(text.join(''), String(sensor))).join('\r\n'))
      const read = readSensors(fields)
      assert.equal(fields.fault, undefined)
      const expected = values.map(({ step, thousandths }) => ({ scale: 'hours', index: 2 * step + 2, kwh: thousandths / 1000 }))
      assert.deepEqual(
        read,
        numbers.map(sensor => ({ sensor, values: expected }))
      )
    })
  )
})

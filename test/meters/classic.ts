/** The Classic: what each field may be, and what rejects the message. The fixtures show whole messages. */

import t from 'tap'
import { classic } from '../../src/meters/classic.ts'
import { bytesOf, classicMessage, outcomesOf } from '../fixtures/meters/wire.ts'

/** The fault of a message with a piece of it written otherwise, as `kind field`; or `ok`. */
function verdict(piece: string, otherwise: string): string {
  const [outcome] = outcomesOf(bytesOf(classicMessage().replace(piece, otherwise)))
  if (outcome?.kind !== 'fault') return 'ok'
  return 'field' in outcome.fault ? `${outcome.fault.kind} ${outcome.fault.field}` : outcome.fault.kind
}

t.test('line speeds', async t => t.strictSame(classic.bauds, [9600, 2400]))

const table: readonly [piece: string, otherwise: string, verdict: string][] = [
  ['', '', 'ok'],
  ['<dsb>00063</dsb>', '', 'field-missing date/dsb'],
  ['<hr>07</hr>', '<hr>24</hr>', 'value-out-of-range date/hr'],
  ['<min>08</min>', '<min>x8</min>', 'value-invalid date/min'],
  ['<sec>09</sec>', '<sec>60</sec>', 'value-out-of-range date/sec'],
  ['<hr>07</hr>', '<hr> 7</hr>', 'ok'],
  ['CC02', 'CC0r', 'value-invalid src/name'],
  ['CC02', 'Cs02', 'value-invalid src/name'],
  ['<name>CC02</name>', '', 'field-missing src/name'],
  ['02222', '65535', 'ok'],
  ['02222', '65536', 'value-out-of-range src/id'],
  ['<type>1</type>', '<type>2</type>', 'value-out-of-range src/type'],
  ['<type>1</type>', '', 'field-missing src/type'],
  ['1.06', '1.q6', 'value-invalid src/sver'],
  ['<watts>00020</watts>', '', 'field-missing ch2/watts'],
  ['00020', '0002p', 'value-invalid ch2/watts'],
  ['<tmpr>18.4</tmpr>', '', 'ok'],
  ['<tmpr>18.4</tmpr>', '<tmpr>18.4</tmpr><tmpr>18.4</tmpr>', 'field-repeated tmpr'],
  ['</tmpr>', '</tmpr><hist></hist>', 'ok'],
  ['</tmpr>', '</tmpr><hist><hrs><h04>001.x</h04></hrs></hist>', 'value-invalid hist/hrs/h04'],
  ['</src>', '</src><src></src>', 'field-repeated src/type'],
  ['date>', 'data>', 'not-well-formed']
]

for (const [piece, otherwise, expected] of table) {
  t.test(`${JSON.stringify(piece)} as ${JSON.stringify(otherwise)}: ${expected}`, async t => t.equal(verdict(piece, otherwise), expected))
}

t.test('without a date it is not a Classic', async t => {
  t.strictSame(outcomesOf(bytesOf(classicMessage({ date: undefined }))), [{ kind: 'fault', fault: { kind: 'unknown-model' } }])
})

t.test('a time with a space for its zero is told with the zero', async t => {
  t.match(outcomesOf(bytesOf(classicMessage().replace('<hr>07', '<hr> 7'))), [
    { kind: 'understood', readings: [{ meterTime: '07:08:09' }] }
  ])
})

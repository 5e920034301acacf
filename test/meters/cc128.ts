/** The CC128 family: what each field may be, and what rejects the message. The fixtures show whole messages. */

import t from 'tap'
import { cc128 } from '../../src/meters/cc128.ts'
import { atMs, bytesOf, cc128Message, outcomesOf } from '../fixtures/meters/wire.ts'

/** The fault of a message with these fields written otherwise, as `kind field`; or `ok`. */
function verdict(changes: Record<string, string | undefined>): string {
  const [outcome] = outcomesOf(bytesOf(cc128Message(changes)))
  if (outcome?.kind !== 'fault') return 'ok'
  return 'field' in outcome.fault ? `${outcome.fault.kind} ${outcome.fault.field}` : outcome.fault.kind
}

t.test('line speed', async t => t.strictSame(cc128.bauds, [57_600]))

const impulses = { type: '2', ch1: undefined, imp: '0000000001' }

const table: readonly [changes: Record<string, string | undefined>, verdict: string][] = [
  [{}, 'ok'],
  [{ src: ' CC128-v0.09' }, 'ok'],
  [{ src: 'CC128-v1.48.03' }, 'ok'],
  [{ src: 'CC128-v1.x8' }, 'value-invalid src'],
  [{ src: 'CC128-v1' }, 'value-invalid src'],
  [{ src: 'CC128-v1.37 ' }, 'value-invalid src'],
  [{ src: 'CCq28-v1.37' }, 'unknown-model'],
  [{ src: '' }, 'unknown-model'],
  [{ src: undefined }, 'unknown-model'],
  [{ dsb: undefined }, 'field-missing dsb'],
  [{ dsb: '100000' }, 'value-out-of-range dsb'],
  [{ time: undefined }, 'field-missing time'],
  [{ tmpr: undefined }, 'ok'],
  [{ tmpr: ' 9.5' }, 'ok'],
  [{ tmpr: '-100.0' }, 'ok'],
  [{ tmpr: '100.1' }, 'value-out-of-range tmpr'],
  [{ tmpr: '' }, 'value-invalid tmpr'],
  [{ tmprF: '70.x' }, 'value-invalid tmprF'],
  [{ tmprF: '212.1' }, 'value-out-of-range tmprF'],
  [{ sensor: undefined }, 'field-missing sensor'],
  [{ sensor: '10' }, 'value-out-of-range sensor'],
  [{ sensor: '-1' }, 'value-out-of-range sensor'],
  [{ id: undefined }, 'field-missing id'],
  [{ id: '04095' }, 'ok'],
  [{ id: '04096' }, 'value-out-of-range id'],
  [{ type: undefined }, 'field-missing type'],
  [{ type: '0' }, 'value-out-of-range type'],
  [{ type: '5' }, 'value-out-of-range type'],
  [{ ch1: undefined }, 'field-missing ch1/watts'],
  [{ ch1: '' }, 'field-missing ch1/watts'],
  [{ ch1: '<watts>32768</watts>' }, 'value-out-of-range ch1/watts'],
  [{ ch1: '<watts>-32768</watts>' }, 'value-out-of-range ch1/watts'],
  [{ ch1: '<watts>1</watts><watts>1</watts>' }, 'field-repeated ch1/watts'],
  [{ ch1: undefined, ch3: '<watts>00001</watts>' }, 'ok'],
  [{ ch2: '<watts>0000A</watts>' }, 'value-invalid ch2/watts'],
  [{ ch4: '<watts>0000A</watts>' }, 'ok'],
  [{ src: 'CC128-v1.37</src><src>CC128-v1.37' }, 'field-repeated src'],
  [{ tmpr: '19.5</tmpr><tmpr>19.5' }, 'field-repeated tmpr'],
  [{ hist: '<data><sensor>0</sensor></data>' }, 'ok'],
  [{ hist: '<data><sensor>0</sensor><h004>0.x</h004></data>' }, 'value-invalid hist/data/h004'],
  [{ hist: '<data><sensor>0</sensor></data>', time: undefined }, 'field-missing time'],
  [impulses, 'ok'],
  [{ ...impulses, imp: undefined }, 'field-missing imp'],
  [{ ...impulses, imp: '4294967296' }, 'value-out-of-range imp'],
  [{ ...impulses, imp: '-1' }, 'value-out-of-range imp'],
  [{ ...impulses, ipu: '0' }, 'value-out-of-range ipu'],
  [{ ...impulses, ipu: '' }, 'value-invalid ipu']
]

for (const [changes, expected] of table) {
  t.test(`${JSON.stringify(changes)}: ${expected}`, async t => t.equal(verdict(changes), expected))
}

t.test('a message with history has no reading, whatever else it lacks', async t => {
  const history = '<hist><data><sensor>3</sensor><d001>1.250</d001></data></hist>'
  const header = '<src>CC128-v1.37</src><dsb>00412</dsb><time>08:21:10</time>'
  t.strictSame(outcomesOf(bytesOf(`<msg>${header}${history}</msg>`)), [
    {
      kind: 'understood',
      readings: [],
      history: {
        atMs,
        model: 'CC128-v1.37',
        meterTime: '08:21:10',
        daysSinceBirth: 412,
        sensors: [{ sensor: 3, values: [{ scale: 'days', index: 1, kwh: 1.25 }] }]
      }
    }
  ])
})

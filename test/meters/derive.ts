/** Derived sensors: formulas, and when there is a value. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Deriver, parseFormula } from '../../src/meters/derive.ts'
import { impulses, power } from '../fixtures/mqtt/readings.ts'

t.test('formulas', async t => {
  const terms = (formula: string) => parseFormula(formula)?.map(({ sign, place }) => `${sign > 0 ? '+' : '-'}${place}`)
  t.strictSame(terms('0'), ['+0'])
  t.strictSame(terms('0 - 1'), ['+0', '-1'])
  t.strictSame(terms(' 0-meter2/1 +3 '), ['+0', '-meter2/1', '+3'])
  t.strictSame(terms('-1 + 0'), ['-1', '+0'])
  t.strictSame(terms('0 − 1'), ['+0', '-1'], 'with a true minus')
  t.strictSame(terms('2+2'), ['+2', '+2'])
  t.equal(terms(Array(limits.formulaTermsMax).fill('1').join('+'))?.length, limits.formulaTermsMax)
  const wrong = [
    '',
    ' ',
    '0 1',
    '0 -',
    '-',
    '0 -- 1',
    '0 * 1',
    '10',
    '0/1',
    'solar',
    'meter2/',
    'meter2/12',
    '0 - meter2/1/2',
    '(0)',
    '0 - 1)'
  ]
  for (const formula of [
    ...wrong,
    Array(limits.formulaTermsMax + 1)
      .fill('1')
      .join('+')
  ])
    t.equal(terms(formula), undefined, formula)
})

t.test('a formula that is none', async t => {
  t.throws(() => new Deriver({ sensor: 'net', formula: '0 * 2' }), { message: 'derive: not a formula: 0 * 2' })
})

t.test('a value for each reading that goes into it, once all are fresh', async t => {
  const deriver = new Deriver({ sensor: 'net', name: 'Net', formula: '0 - meter2/1' })
  const solar = (watts: number, atMs: number) => deriver.accept(power({ meter: 'meter2', sensor: 1, watts, atMs }))
  const house = (watts: number, atMs: number) => deriver.accept(power({ sensor: 0, watts, atMs }))
  t.equal(house(500, 1_000), undefined)
  t.strictSame(solar(1_200, 2_000), { kind: 'derived', atMs: 2_000, sensor: 'net', name: 'Net', watts: -700, formula: '0 - meter2/1' })
  t.match(house(600, 7_000), { watts: -600, atMs: 7_000 })
  t.match(house(610, 1_999), { watts: -590, atMs: 2_000 }, 'one that was held back does not turn time back')
  t.equal(house(600, 2_000 + limits.staleMs), undefined, 'the other one is stale')
  t.match(solar(1_000, 3_000 + limits.staleMs), { watts: -400 })
  t.equal(solar(1_000, 1_000), undefined, 'the clock was set back')
})

t.test('what does not go into it', async t => {
  const deriver = new Deriver({ sensor: 'twice', formula: '1 + 1' })
  t.equal(deriver.accept(power({ sensor: 0 })), undefined)
  t.equal(deriver.accept(power({ meter: 'meter2', sensor: 1 })), undefined)
  t.equal(deriver.accept(impulses({ sensor: 1 })), undefined)
  t.strictSame(deriver.accept(power({ sensor: 1, watts: 21, atMs: 5 })), {
    kind: 'derived',
    atMs: 5,
    sensor: 'twice',
    watts: 42,
    formula: '1 + 1'
  })
})

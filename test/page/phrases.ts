/** What sensors are called in the page's sentences. */
import t from 'tap'
import { german } from '../../src/page/german.ts'
import type { Label } from '../../src/page/known.ts'
import { correctionsOf, formulaOf, fullNameOf, nameOf } from '../../src/page/phrases.ts'
import { english } from '../../src/page/strings.ts'

const label = (name: string, more: Partial<Label> = {}): Label => ({ name, medium: undefined, meter: 1, sensor: 0, ...more })

t.test('names', async t => {
  t.equal(nameOf(label('Barn'), english), 'Barn')
  t.equal(nameOf(label(''), english), 'Whole house')
  t.equal(nameOf(label('', { meter: 2 }), english), 'Main sensor')
  t.equal(nameOf(label('', { sensor: 3 }), english), 'Sensor 3')
  t.equal(nameOf(label('', { medium: 'gas' }), english), 'Gas')
})

t.test('names among those of all meters', async t => {
  t.equal(fullNameOf(label(''), english), 'Whole house')
  t.equal(fullNameOf(label('', { meter: 2 }), english), 'Main sensor (meter 2)')
  t.equal(fullNameOf(label('', { meter: 2, sensor: 3 }), english), 'Sensor 3 (meter 2)')
  t.equal(fullNameOf(label('Barn', { meter: 2 }), english), 'Barn', 'a name stands for itself')
})

t.test('corrections, in the page’s language', async t => {
  const corrected = [{ label: label('Barn'), words: ['scale 1.02', 'spike filter'] }]
  t.equal(correctionsOf(corrected, english), 'Corrected: Barn: scale 1.02, spike filter')
  t.equal(correctionsOf(corrected, german), 'Korrigiert: Barn: Faktor 1.02, ohne Ausreißer')
})

t.test('a name that is written from right to left is set apart from the sentence', async t => {
  const solar = { sign: '−', place: '1', label: label('شمسي') } as const
  const house = { sign: '', place: '0', label: label('בית') } as const
  t.equal(formulaOf([house, solar], english), '\u2068בית\u2069 −\u00a0\u2068شمسي\u2069')
  t.equal(nameOf(label('Größe 中'), english), 'Größe 中')
})

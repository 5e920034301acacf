/** Both languages say the same: no word is missing, none was left in English, and each takes the same arguments. */

import t, { type Test } from 'tap'
import { accessWords } from '../../src/page/access/words.ts'
import { alertWords } from '../../src/page/alerts/words.ts'
import { german as consoleGerman } from '../../src/page/console/german.ts'
import { english as consoleEnglish } from '../../src/page/console/words.ts'
import { german as deviceGerman } from '../../src/page/device/german.ts'
import { english as deviceEnglish } from '../../src/page/device/words.ts'
import { firstWords } from '../../src/page/first/words.ts'
import { german } from '../../src/page/german.ts'
import { laterEnglish } from '../../src/page/later.ts'
import { english } from '../../src/page/strings.ts'

/** Shorter words may be the same in both. */
const sameMost = 14

function leaves(value: unknown, path = ''): readonly (readonly [path: string, leaf: unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, `${path}.${name}`))
}

/** Of a function, what stands between its quotes. */
function wordsOf(leaf: unknown): string {
  if (typeof leaf !== 'function') return String(leaf)
  return (String(leaf).match(/(?<=[`'}])[^`'${}]*(?=[`'$])/g) ?? []).join('')
}

function compare(t: Test, one: unknown, other: unknown): void {
  const found = new Map(leaves(other))
  for (const [path, leaf] of leaves(one)) {
    const translated = found.get(path)
    t.equal(typeof translated, typeof leaf, path)
    if (typeof leaf === 'function' && typeof translated === 'function') t.equal(translated.length, leaf.length, `${path} takes as many`)
    if (wordsOf(leaf).length > sameMost) t.not(wordsOf(translated), wordsOf(leaf), `${path} is translated`)
  }
  t.equal(found.size, leaves(one).length, 'and there is no more')
}

t.test('every word of the page', async t => compare(t, { ...english, ...laterEnglish }, german))
t.test('logging in', async t => compare(t, accessWords('en'), accessWords('de')))
t.test('the way to the first reading', async t => compare(t, firstWords('en'), firstWords('de')))
t.test('the alerts', async t => compare(t, alertWords('en'), alertWords('de')))
t.test('the device', async t => compare(t, deviceEnglish, deviceGerman))
t.test('the console', async t => compare(t, consoleEnglish, consoleGerman))

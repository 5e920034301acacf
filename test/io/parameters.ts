/** Parameters: what becomes of their text, and what is said of what may not be. */
import fc from 'fast-check'
import t from 'tap'
import { choice, instant, type Parameters, place, readQuery, readValues, whole } from '../../src/io/parameters.ts'
import { Refusal } from '../../src/io/reply.ts'
import { holds } from '../fixtures/io/property.ts'

const parameters = {
  step: choice('', ['1m', '1h']),
  channel: whole('', 1, 3),
  sensor: place(''),
  from: instant(''),
  must: { ...choice('', ['x']), isRequired: true }
} satisfies Parameters

const read = (query: string, these: Parameters = parameters) => readValues(these, readQuery(query))

/** What is said of a query that is refused. */
function said(query: string, these: Parameters = parameters): { status: number; field: string | undefined; message: string } {
  try {
    return { status: 200, field: JSON.stringify(read(query, these)), message: '' }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { status: error.status, field: error.field, message: error.message }
  }
}

t.test('values', async t => {
  t.strictSame(read('must=x'), { must: 'x' })
  t.strictSame(read('step=1h&channel=2&sensor=meter2%2F1&must=%78&from=2026-02-28'), {
    step: '1h',
    channel: 2,
    sensor: 'meter2/1',
    from: { year: 2026, month: 2, day: 28 },
    must: 'x'
  })
  t.strictSame(read('', {}), {})
})

t.test('instants', async t => {
  const at = (text: string): unknown => {
    try {
      return read(`from=${text}`, { from: instant('') })['from']
    } catch {
      return undefined
    }
  }
  const ms = Date.UTC(2026, 2, 1, 12)
  for (const text of [`${ms}`, '2026-03-01T12:00Z', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000Z', '2026-03-01T13:00:00%2B01:00']) {
    t.strictSame(at(text), { ms }, text)
  }
  t.strictSame(at('2026-03-01T13:00+01:00'), { ms }, 'a plus that nobody escaped')
  t.strictSame(at('2024-02-29'), { year: 2024, month: 2, day: 29 })
  const bad = [
    '',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '2026-03-01T12:00',
    '2026-03-01 12:00Z',
    '-1',
    '1e12',
    '1.5',
    'now'
  ]
  for (const text of [...bad, '0', '9999999999999999', '1999-12-31', '2200-01-01', '2026-03-01T25:00Z']) t.equal(at(text), undefined, text)
})

t.test('what is refused, by name, with what is allowed', async t => {
  t.strictSame(said('must=x&step=2h'), { status: 400, field: 'step', message: 'step: impossible value: 2h; allowed: 1m, 1h' })
  t.strictSame(said('must=x&channel=4'), { status: 400, field: 'channel', message: 'channel: impossible value: 4; allowed: 1 to 3' })
  t.strictSame(said('must=x&colour=red'), {
    status: 400,
    field: 'colour',
    message: 'colour: unknown parameter; allowed: step, channel, sensor, from, must'
  })
  t.match(said('step=1h'), { status: 400, field: 'must', message: 'must: missing; allowed: x' })
  t.match(said('a=1', {}), { status: 400, field: 'a', message: 'a: unknown parameter; allowed: none' })
  t.match(said('must=x&must=x'), { status: 400, field: 'must', message: /twice/ })
  t.match(said('must=x&m%75st=x'), { status: 400, field: 'must', message: /twice/ }, 'however it is written')
  for (const text of ['%', '%ff', '%c3%28', '%ed%a0%80']) {
    const message = `must: impossible value: ${text}; allowed: UTF-8, percent-encoded`
    t.strictSame(said(`must=${text}`), { status: 400, field: 'must', message })
  }
  t.match(said('%80=1'), { status: 400, field: '%80', message: '%80: impossible name; allowed: UTF-8, percent-encoded' })
  for (const query of ['must=x&__proto__=1', 'must=x&constructor=1', 'must=x&', 'must', '=x']) t.match(said(query), { status: 400 }, query)
  for (const sensor of ['10', 'meter1/0', 'meter2/', '../0', 'Net', 'a'.repeat(21), '%00'])
    t.match(said(`must=x&sensor=${sensor}`).field, 'sensor', sensor)
  t.ok(said(`must=${'y'.repeat(8_000)}`).message.length < 200, 'what was said is not said back at length')
})

t.test('whatever is asked, it is read or refused', async t => {
  const query = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.tuple(fc.constantFrom(...Object.keys(parameters), 'x'), fc.webQueryParameters()))
      .map(pairs => pairs.map(pair => pair.join('=')).join('&'))
  )
  holds(
    t,
    1_000,
    fc.property(query, text => {
      const { status } = said(text)
      return status === 200 || status === 400
    })
  )
})

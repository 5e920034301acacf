/** The calendar against tables of days in zones that do odd things, and against Intl. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Calendar, type Unit } from '../src/calendar.ts'
import { holds } from './fixtures/io/property.ts'

const hourMs = 3_600_000
const utc = (text: string): number => Date.parse(text)

const zones = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'America/Sao_Paulo', 'UTC']
const calendars = zones.map(zone => new Calendar(zone))

t.test('starts of days, and how long the days are', async t => {
  const rows: readonly (readonly [zone: string, at: string, start: string, hours: number])[] = [
    ['Europe/London', '2026-01-15T12:00Z', '2026-01-15T00:00Z', 24],
    ['Europe/London', '2026-07-15T23:30Z', '2026-07-15T23:00Z', 24],
    ['Europe/London', '2026-03-29T00:59Z', '2026-03-29T00:00Z', 23],
    ['Europe/London', '2026-03-29T22:59Z', '2026-03-29T00:00Z', 23],
    ['Europe/London', '2026-10-25T12:00Z', '2026-10-24T23:00Z', 25],
    ['America/New_York', '2026-03-08T12:00Z', '2026-03-08T05:00Z', 23],
    ['America/New_York', '2026-11-01T12:00Z', '2026-11-01T04:00Z', 25],
    ['Australia/Lord_Howe', '2026-10-03T15:00Z', '2026-10-03T13:30Z', 23.5],
    ['Australia/Lord_Howe', '2026-04-04T16:00Z', '2026-04-04T13:00Z', 24.5],
    ['Asia/Kathmandu', '2026-05-01T00:00Z', '2026-04-30T18:15Z', 24],
    // The islands went over the date line: there was no 30 December 2011.
    ['Pacific/Apia', '2011-12-30T09:59Z', '2011-12-29T10:00Z', 24],
    ['Pacific/Apia', '2011-12-30T10:00Z', '2011-12-30T10:00Z', 24],
    // There was no midnight: clocks went from 0:00 to 1:00.
    ['America/Sao_Paulo', '2018-11-04T12:00Z', '2018-11-04T03:00Z', 23],
    // 23:00 to 24:00 came twice.
    ['America/Sao_Paulo', '2018-02-18T02:30Z', '2018-02-17T02:00Z', 25],
    // Clocks went back at 0:01, into the day before: the new day stays.
    ['America/St_Johns', '2010-11-07T02:40Z', '2010-11-07T02:30Z', 25]
  ]
  for (const [zone, at, start, hours] of rows) {
    const calendar = new Calendar(zone)
    t.equal(calendar.startOf('day', utc(at)), utc(start), `${zone} ${at}`)
    t.equal((calendar.nextStart('day', utc(at)) - utc(start)) / hourMs, hours, `${hours} hours`)
  }
  const newfoundland = new Calendar('America/St_Johns')
  t.equal(newfoundland.startOf('day', utc('2010-11-07T02:35Z')), utc('2010-11-07T02:30Z'), 'while the clock shows the day before')
  t.equal(newfoundland.nextStart('day', utc('2010-11-07T02:35Z')), utc('2010-11-08T03:30Z'))
})

t.test('weeks, months and years', async t => {
  const rows: readonly (readonly [unit: Unit, at: string, previous: string, start: string, next: string])[] = [
    ['week', '2026-03-29T22:59Z', '2026-03-16T00:00Z', '2026-03-23T00:00Z', '2026-03-29T23:00Z'],
    ['week', '2026-01-01T00:00Z', '2025-12-22T00:00Z', '2025-12-29T00:00Z', '2026-01-05T00:00Z'],
    ['month', '2024-02-29T12:00Z', '2024-01-01T00:00Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z'],
    ['month', '2026-04-10T12:00Z', '2026-03-01T00:00Z', '2026-03-31T23:00Z', '2026-04-30T23:00Z'],
    ['month', '2026-12-31T23:59Z', '2026-11-01T00:00Z', '2026-12-01T00:00Z', '2027-01-01T00:00Z'],
    ['year', '2026-07-01T00:00Z', '2025-01-01T00:00Z', '2026-01-01T00:00Z', '2027-01-01T00:00Z']
  ]
  const london = new Calendar('Europe/London')
  for (const [unit, at, previous, start, next] of rows) {
    t.equal(london.previousStart(unit, utc(at)), utc(previous), `before the ${unit} of ${at}`)
    t.equal(london.startOf(unit, utc(at)), utc(start), `${unit} of ${at}`)
    t.equal(london.nextStart(unit, utc(at)), utc(next), `after the ${unit} of ${at}`)
  }
})

t.test('wall time and back', async t => {
  const london = new Calendar('Europe/London')
  t.strictSame(london.wallAt(utc('2026-03-29T01:00Z')), { year: 2026, month: 3, day: 29, weekday: 7, hour: 2, minute: 0 })
  t.strictSame(new Calendar('Asia/Kathmandu').wallAt(utc('2026-03-29T18:16Z')), {
    ...{ year: 2026, month: 3, day: 30, weekday: 1, hour: 0, minute: 1 }
  })
  t.equal(london.instantOf(Date.UTC(2026, 2, 29, 1, 30)), utc('2026-03-29T01:00Z'), 'jumped over: when they jump')
  t.equal(london.instantOf(Date.UTC(2026, 9, 25, 1, 30)), utc('2026-10-25T00:30Z'), 'twice: the first')
  t.equal(new Calendar('Pacific/Apia').instantOf(Date.UTC(2011, 11, 30, 12)), utc('2011-12-30T10:00Z'), 'a day that was not')
  t.equal(london.wallAt(0).hour, 1, 'London kept summer time all year when a board without a battery starts')
  t.throws(() => new Calendar('Europe/Atlantis'), RangeError)
})

t.test('the same as Intl, at any instant', async t => {
  const anyInstant = fc.integer({ min: utc('1970-01-02T00:00Z') / 1_000, max: utc('2100-01-01T00:00Z') / 1_000 }).map(s => s * 1_000)
  const clocks = zones.map(timeZone => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }))
  holds(
    t,
    2_000,
    fc.property(fc.nat({ max: zones.length - 1 }), anyInstant, (index, atMs) => {
      const calendar = calendars[index] as Calendar
      assert.equal(new Date(calendar.wallMsAt(atMs)).toISOString().slice(0, 19).replace('T', ' '), clocks[index]?.format(atMs))
      assert.ok(calendar.steadyUntilMs(atMs) > atMs)
      assert.equal(calendar.offsetMsAt(calendar.steadyUntilMs(atMs) - 1), calendar.offsetMsAt(atMs))
      const again = calendar.instantOf(calendar.wallMsAt(atMs))
      assert.ok(again <= atMs && calendar.wallMsAt(again) === calendar.wallMsAt(atMs))
    })
  )
  holds(
    t,
    1_000,
    fc.property(
      fc.nat({ max: zones.length - 1 }),
      anyInstant,
      fc.constantFrom<Unit>('day', 'week', 'month', 'year'),
      (index, atMs, unit) => {
        const calendar = calendars[index] as Calendar
        const [start, next] = [calendar.startOf(unit, atMs), calendar.nextStart(unit, atMs)]
        assert.ok(start <= atMs && atMs < next)
        assert.equal(calendar.startOf(unit, start), start)
        assert.equal(calendar.startOf(unit, next), next)
        assert.equal(calendar.startOf(unit, next - 1), start)
        assert.equal(calendar.previousStart(unit, next), start)
      }
    )
  )
})

t.test('what is remembered has a bound, and is right after it', async t => {
  const calendar = new Calendar('Europe/London')
  for (let block = 0; block <= 1_024; block++) calendar.offsetMsAt(utc('2026-01-01T00:00Z') + block * 8 * 24 * hourMs)
  t.equal(calendar.offsetMsAt(utc('2026-07-01T00:00Z')), hourMs)
})

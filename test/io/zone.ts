/** Time zones by way of Date: the same offsets as Intl's, and none of its formatters made. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { goBy, readZone } from '../../src/io/zone.ts'

const zones = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/Sao_Paulo', 'UTC']
const hourMs = 3_600_000

/** Answers how many formatters were made meanwhile. */
const formattersOf = (work: () => void): number => {
  const { DateTimeFormat } = Intl
  let made = 0
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, { construct: (target, [...args]) => [made++, new target(...args)][1] as object })
  try {
    work()
  } finally {
    Intl.DateTimeFormat = DateTimeFormat
  }
  return made
}

t.test('names', async t => {
  t.equal(readZone('Europe/London'), 'Europe/London')
  t.equal(readZone('europe/london'), 'Europe/London', 'as the system writes it')
  t.equal(readZone('Etc/UTC'), 'UTC')
  t.equal(readZone('Asia/Kolkata'), new Intl.DateTimeFormat('en', { timeZone: 'Asia/Kolkata' }).resolvedOptions().timeZone)
  t.equal(readZone('Europe/Atlantis'), undefined)
  t.equal(readZone(''), undefined)
  const made = formattersOf(() => t.equal(readZone('Europe/London'), 'Europe/London'))
  t.equal(made, 0, 'a usual name costs no formatter')
})

t.test('offsets are those that Intl tells, for 12 years', async t => {
  const local = readZone('local')
  for (const zone of zones) {
    const byIntl = new Calendar(zone)
    const made = formattersOf(() => {
      const calendar = new Calendar(zone, goBy(zone))
      const wrong = []
      for (let atMs = Date.UTC(2008, 0, 1); atMs < Date.UTC(2020, 0, 1); atMs += hourMs)
        if (calendar.offsetMsAt(atMs) !== byIntl.offsetMsAt(atMs)) wrong.push(new Date(atMs))
      t.strictSame(wrong, [], zone)
    })
    t.equal(made, 0, 'and no formatter is made for it')
  }
  t.equal(readZone('local'), local, 'this machine’s zone stays what it was')
  t.equal(goBy('Asia/Kolkata'), undefined, 'another name for one is left to Intl')
})

/** The accounts: one a meter, and what each cycle of history has filled. */

import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { limits } from '../../src/limits.ts'
import { Accounts } from '../../src/sinks/accounts.ts'
import { Energy } from '../../src/sinks/energy.ts'
import { hourMs, power, startMs, steady } from '../fixtures/history/readings.ts'
import { bytesOf, textOf } from '../fixtures/mqtt/packets.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

/** Accounts on one store, which meters they were opened for, and what was published last by topic. */
function made(): { accounts: Accounts; store: MemoryStore; opened: string[]; said: Map<string, string> } {
  const store = new MemoryStore()
  const opened: string[] = []
  const said = new Map<string, string>()
  const accounts = new Accounts(meter => {
    opened.push(meter)
    return new Energy({
      store,
      meter,
      topicOf: sensor => `${meter || 'meter'}/${sensor}`,
      factorOf: () => 1,
      calendar: new Calendar('UTC'),
      publish: ({ topic, payload }) => said.set(topic, textOf(payload)),
      encode: bytesOf
    })
  })
  return { accounts, store, opened, said }
}

/** Two hours of history, the last of which was not measured. */
const span = { sensor: 0, scale: 'hours', fromMs: startMs, toMs: startMs + 2 * hourMs, kwh: 1.5 } as const

t.test('readings go to the account of their meter, derived ones to none', async t => {
  const { accounts, store, opened, said } = made()
  accounts.start('')
  accounts.start('meter2')
  accounts.start('')
  t.strictSame(opened, ['', 'meter2'], 'opened once each')
  for (const reading of steady(startMs, startMs + hourMs, 1_000.5)) {
    accounts.accept(reading)
    accounts.accept({ ...reading, meter: 'meter2', watts: 100.5, channels: [{ channel: 1, watts: 100.5 }] })
    accounts.accept({ kind: 'derived', atMs: reading.atMs, sensor: 'used', watts: 5_000, formula: '0 - 1' })
    store.turn()
  }
  for (let turns = 0; turns < 2; turns++) store.turn()
  t.strictSame([said.get('meter/0/energy'), said.get('meter2/0/energy')], ['1.000', '0.100'])
  t.strictSame(opened, ['', 'meter2'])
})

t.test('it knows every series that has a history, with its meter', async t => {
  const { accounts, store } = made()
  t.strictSame([...accounts.known()], [])
  for (const meter of ['', 'meter2']) accounts.start(meter)
  for (const reading of steady(startMs, startMs + hourMs, 100)) {
    accounts.accept(reading)
    accounts.accept({ ...reading, meter: 'meter2', sensor: 3 })
    store.turn()
  }
  t.strictSame(
    [...accounts.known()].map(([meter, { sensor }]) => `${meter}/${sensor}`),
    ['/0', 'meter2/3']
  )
})

t.test('before its start an account takes nothing', async t => {
  const { accounts, store, opened, said } = made()
  accounts.accept(power(startMs, 1_000))
  accounts.fill('', [span])
  store.turn()
  t.strictSame(opened, [''])
  t.equal(said.size, 0)
  t.strictSame(accounts.filled(''), { filledWh: {}, notFilled: { 'store-fails': 1 } })
})

t.test('what a cycle has filled, by sensor, and what it has not, by the reason: told once', async t => {
  const { accounts, store } = made()
  accounts.start('')
  for (const reading of steady(startMs, startMs + hourMs, 500)) accounts.accept(reading)
  for (const reading of steady(startMs, startMs + hourMs, 0, 1)) accounts.accept(reading)
  for (const sensor of [0, 1]) accounts.accept(power(startMs + 5 * hourMs, 500, sensor))
  store.turn()
  accounts.fill('', [
    span,
    { ...span, sensor: 1, kwh: 0.0004 },
    span, // was filled just now: whole
    { ...span, fromMs: startMs - 2 * hourMs, toMs: startMs }, // before the first reading
    { ...span, sensor: 7 } // never heard
  ])
  accounts.fill('', [{ ...span, fromMs: span.toMs, toMs: span.toMs + 2 * hourMs, kwh: 0.25 }])
  const told = accounts.filled('')
  t.strictSame(told, { filledWh: { '0': 1_250, '1': 0 }, notFilled: { 'before-first-reading': 2 } })
  t.strictSame(accounts.filled(''), { filledWh: {}, notFilled: {} })
  t.strictSame(told.notFilled, { 'before-first-reading': 2 }, 'what was told stays as it was')
})

t.test('one meter has filled nothing of the other', async t => {
  const { accounts } = made()
  for (const meter of ['', 'meter2']) accounts.start(meter)
  accounts.fill('meter2', [span])
  t.strictSame(accounts.filled(''), { filledWh: {}, notFilled: {} })
  t.strictSame(accounts.filled('meter2'), { filledWh: {}, notFilled: { 'before-first-reading': 1 } })
})

t.test('what was accounted for is stored, and told, when that is asked for', async t => {
  const { accounts, store, said } = made()
  accounts.start('')
  for (const reading of steady(startMs, startMs + 30_000, 9_000)) accounts.accept(reading)
  store.turn()
  const before = said.get('meter/0/energy/state')
  accounts.save('')
  store.turn()
  t.not(said.get('meter/0/energy/state'), before)
})

t.test('more meters than there may be are a mistake', async t => {
  const { accounts } = made()
  for (let index = 0; index < limits.metersMax; index++) accounts.start(`meter${index}`)
  t.throws(() => accounts.start('more'), { message: 'accounts: more than 4 meters' })
})

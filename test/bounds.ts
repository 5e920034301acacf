/** The bounds that may be changed: each from floor to ceiling, and only to what holds together. */
import fc from 'fast-check'
import t from 'tap'
import { type Asked, readBounds } from '../src/bounds.ts'
import { budgetOf } from '../src/budget.ts'
import { limits } from '../src/limits.ts'
import { holds } from './fixtures/io/property.ts'

const ask = (name: string, value: unknown): Asked => ({ place: () => 'here', name, value })

function messageOf(...asked: readonly Asked[]): string {
  try {
    readBounds(asked)
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

/** Every name, as the message for an unknown one has them. */
const names = messageOf(ask('nonsense', 1))
  .replace(/.*allowed: /, '')
  .split(', ')

/** Floor and ceiling, as the message for an impossible value has them. */
const rangeOf = (name: string): readonly [number, number] => {
  const [, floor, ceiling] = /from (\d+) to (\d+)$/.exec(messageOf(ask(name, 'x'))) ?? []
  return [Number(floor), Number(ceiling)]
}

const keyOf = (name: string): keyof typeof limits => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()) as keyof typeof limits

t.test('names and values, and what is said of others', async t => {
  t.strictSame(readBounds([]), {})
  t.strictSame(readBounds([ask('clients-max', 50), ask('drain-ms', '30000')]), { clientsMax: 50, drainMs: 30_000 })
  t.strictSame(readBounds([ask('clients-max', 50), ask('clients-max', 60)]), { clientsMax: 60 }, 'the last counts')
  for (const name of ['clientsMax', 'clients', 'slab-bytes', '', '__proto__', 'constructor']) {
    t.equal(messageOf(ask(name, 1)), `here: unknown limit: ${name}; allowed: ${names.join(', ')}`)
  }
  for (const value of [0, -1, 1.5, 4_001, '', '4001', '1e2', ' 5', 'many', true, null, [5], {}, Number.NaN, 2 ** 60, '9'.repeat(16)]) {
    const complaint = `here: clients-max: impossible value: ${JSON.stringify(value)}; allowed: a whole number from 1 to 4000`
    t.equal(messageOf(ask('clients-max', value)), complaint)
  }
})

t.test('what each is by itself lies between floor and ceiling', async t => {
  t.ok(names.length >= 15)
  for (const name of names) {
    const [floor, ceiling] = rangeOf(name)
    const usual = limits[keyOf(name)]
    t.ok(floor <= usual && usual <= ceiling, `${name}: ${floor} to ${ceiling}, by itself ${usual}`)
    t.strictSame(readBounds([ask(name, usual)]), { [keyOf(name)]: usual })
    for (const beyond of [floor - 1, ceiling + 1]) t.match(messageOf(ask(name, beyond)), `${name}: impossible value`)
  }
})

t.test('more than the sum allows is refused, with what to do', async t => {
  const clients = [ask('clients-max', 1_100), ask('sessions-max', 1_100)]
  const [, bytes, most] =
    /together it is (\d+) bytes, so raise held-bytes-max \((\d+)\) and with it MemoryMax/.exec(messageOf(...clients)) ?? []
  t.equal(Number(most), limits.heldBytesMax)
  t.ok(Number(bytes) > 300_000_000, `${bytes} bytes`)
  t.strictSame(readBounds([...clients, ask('held-bytes-max', Number(bytes))]), {
    clientsMax: 1_100,
    sessionsMax: 1_100,
    heldBytesMax: Number(bytes)
  })
})

t.test('what does not hold together is told by name', async t => {
  t.match(messageOf(ask('clients-max', 105), ask('drain-ms', 30_000)), /^here: clients-max: .*sessions-max must be at least clients-max/)
  t.match(messageOf(ask('packet-bytes-max', 5_000)), /packet-bytes-max must be a multiple of 4096/)
  t.match(messageOf(ask('packet-bytes-max', 61_440)), /queue-bytes-max must be at least 123008/)
  t.match(messageOf(ask('subscriptions-max', 100)), /subscription-bytes-max must be at least 121600/)
})

t.test('whatever is asked for is refused with a reason, or the sum holds', async t => {
  const settings = fc.uniqueArray(
    fc.constantFrom(...names).chain(name => {
      const [floor, ceiling] = rangeOf(name)
      const near = fc.integer({ min: -8, max: 8 }).map(step => limits[keyOf(name)] + 4_096 * step)
      return fc.record({
        place: fc.constant(() => 'here'),
        name: fc.constant(name),
        value: fc.oneof(fc.integer({ min: floor, max: ceiling }), fc.constantFrom(floor, ceiling), near)
      })
    }),
    { selector: ({ name }) => name, maxLength: 8 }
  )
  let accepted = 0
  holds(
    t,
    2_000,
    fc.property(settings, asked => {
      const message = messageOf(...asked)
      if (message !== 'no error') return /^here: (.*; allowed: |[a-z-]+: limits: .{20,})/.test(message)
      accepted++
      const bounds = { ...limits, ...readBounds(asked) }
      return budgetOf(bounds).heldBytes <= bounds.heldBytesMax && bounds.sessionsMax >= bounds.clientsMax
    })
  )
  t.ok(accepted > 20, `${accepted} were accepted`)
})

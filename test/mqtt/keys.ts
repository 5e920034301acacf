/** Keys: in the order of their numbers, read back, and of printable ASCII. */
import fc from 'fast-check'
import t from 'tap'
import {
  bodiesPrefix,
  bodyKey,
  deliveryKey,
  exchangeOf,
  exchangesPrefix,
  numberOf,
  receivedKey,
  retainedKey,
  retainedPrefix,
  sessionKey,
  sessionsPrefix
} from '../../src/mqtt/keys.ts'
import { holds } from '../fixtures/io/property.ts'

const number = fc.nat(36 ** 6)

t.test('they look like that', async t => {
  t.strictSame(
    [sessionKey(36), deliveryKey(1, 35), receivedKey(1, 65_535), bodyKey(7), retainedKey(8)],
    ['mqtt/s/00000010', 'mqtt/x/00000001/d0000000z', 'mqtt/x/00000001/r00001ekf', 'mqtt/m/00000007', 'mqtt/r/00000008']
  )
})

t.test('they are in the order of their numbers, and give them back', t => {
  const property = fc.property(number, number, (a, b) => {
    const inOrder = [sessionKey, bodyKey, retainedKey].every(key => a === b || key(a) < key(b) === a < b)
    const isRead = [sessionKey, bodyKey, retainedKey].every(key => numberOf(key(a)) === a)
    const { kind, session, number: order } = exchangeOf(deliveryKey(a, b))
    const received = exchangeOf(receivedKey(a, b))
    return (
      inOrder &&
      isRead &&
      [kind, session, order].join() === `delivery,${a},${b}` &&
      [received.kind, received.session, received.number].join() === `received,${a},${b}` &&
      deliveryKey(a, b).startsWith(exchangesPrefix(a))
    )
  })
  holds(t, 300, property)
  t.end()
})

t.test('each stands behind its prefix', async t => {
  t.ok(sessionKey(1).startsWith(sessionsPrefix) && bodyKey(1).startsWith(bodiesPrefix) && retainedKey(1).startsWith(retainedPrefix))
})

/** How far one is on the way to the first reading, from what the bridge and the daemon's findings tell. */
import t from 'tap'
import type { Findings } from '../../../src/meters/doctor.ts'
import { stepsOf } from '../../../src/page/first/steps.ts'

type Port = Findings['ports'][number]
const usb: Port = { path: '/dev/ttyUSB0', adapter: 'Prolific PL2303', allowed: true, holder: undefined }
const health = { bytes: 0, model: undefined, sensors: [], lastFault: undefined }

function findingsOf(ports: readonly Port[], bytes = 0): Findings {
  const meter = {
    name: 'auto',
    baud: undefined,
    status: { state: 'absent', message: '' },
    health: { ...health, bytes },
    clock: { unknown: '' }
  }
  return { ports, meters: [meter as Findings['meters'][number]] }
}

const absent = { cause: 'absent', source: 'auto', message: 'No meter found yet.' } as const

t.test('nothing is plugged in', async t => {
  for (const findings of [undefined, findingsOf([])]) {
    const [plug, listen, reading] = stepsOf(absent, findings)
    t.same(plug, { mark: 'now', seen: { kind: 'no-port' } })
    t.equal(listen.mark, 'later')
    t.equal(reading.mark, 'later')
  }
})

t.test('a port that is listened to', async t => {
  const [plug, listen, reading] = stepsOf(absent, findingsOf([{ ...usb, allowed: false }, usb]))
  t.same(plug, { mark: 'done', seen: { kind: 'port', path: usb.path, adapter: 'Prolific PL2303' } })
  t.same(listen, { mark: 'now', seen: { kind: 'quiet' } })
  t.equal(reading.mark, 'later')
  const message = 'No meter found yet. /dev/ttyUSB0 is listened to: no message yet. Plug in the meter’s cable.'
  const heard = stepsOf({ ...absent, message }, findingsOf([usb]))
  t.same(heard[1].seen, { kind: 'heard' })
  t.equal(heard[2].mark, 'now')
})

t.test('a port that was named', async t => {
  const named = { ...absent, source: '/dev/ttyUSB7' }
  t.same(stepsOf(named, findingsOf([usb]))[0].seen, { kind: 'no-port' }, 'another one is of no use')
  const opening = { ...named, cause: 'connecting' } as const
  t.same(stepsOf(opening, undefined)[0], { mark: 'done', seen: { kind: 'port', path: '/dev/ttyUSB7', adapter: '' } })
  t.same(stepsOf(opening, findingsOf([], 40))[1].seen, { kind: 'heard' })
  for (const cause of ['silent', 'unreadable'] as const)
    t.same(stepsOf({ ...named, cause }, undefined)[1], { mark: 'trouble', seen: { kind: cause } })
  t.same(stepsOf({ ...named, cause: 'denied' }, undefined)[0], { mark: 'trouble', seen: { kind: 'denied', path: '/dev/ttyUSB7' } })
})

t.test('a port that may not be opened, or is held', async t => {
  t.same(stepsOf({ ...absent, cause: 'denied' }, findingsOf([{ ...usb, allowed: false }]))[0].seen, { kind: 'denied', path: usb.path })
  t.same(stepsOf({ ...absent, cause: 'denied' }, undefined)[0].seen, { kind: 'denied', path: '' })
  const held = findingsOf([usb, { ...usb, path: '/dev/ttyUSB1', holder: 'minicom (12)' }])
  t.same(stepsOf({ ...absent, cause: 'busy' }, held)[0].seen, { kind: 'busy', path: '/dev/ttyUSB1', holder: 'minicom (12)' })
  t.same(stepsOf({ ...absent, cause: 'busy' }, undefined)[0].seen, { kind: 'busy', path: '', holder: '' })
})

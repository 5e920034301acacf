/** The finder: every meter by itself, under whatever name, and nobody else's port; on fake lines, and on real terminals. */
import { spawn } from 'node:child_process'
import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Finder } from '../../src/io/finder.ts'
import { holderOf } from '../../src/io/holders.ts'
import type { Candidate } from '../../src/io/ports.ts'
import { makeSerialSource } from '../../src/io/serial.ts'
import { limits } from '../../src/limits.ts'
import { Registry } from '../../src/meters/registry.ts'
import { House, listen } from '../fixtures/io/finder-house.ts'
import { FakePort } from '../fixtures/io/finder-lines.ts'
import { meterMessage } from '../fixtures/io/scripted-source.ts'
import type { Test } from '../fixtures/io/serving.ts'
import { makePair, type Pair, whyNoTerminals } from '../fixtures/io/terminals.ts'
import { until } from '../fixtures/io/waiting.ts'
import { power } from '../fixtures/mqtt/readings.ts'

const [usb0, usb1] = ['/dev/ttyUSB0', '/dev/ttyUSB1']

/** A message of a meter that hears this transmitter. */
function messageOf(radioId: number, watts = 345): string {
  return meterMessage(watts).replace('<id>01234', `<id>${String(radioId).padStart(5, '0')}`)
}

t.test('a meter that is plugged in later is found at the next look, and remembered', async t => {
  const house = new House()
  const meter = listen(house.finder.source(''))
  const none = "No meter found yet. There is no serial port. Plug in the meter's cable, or name its port with --source."
  t.strictSame(meter.searches, [{ kind: 'absent', message: none }])
  house.wait(3 * limits.scanMs)
  const port = new FakePort(usb0)
  house.plug(port)
  house.wait()
  t.equal(port.isOpen, true)
  port.say(messageOf(77))
  port.say(messageOf(77, 346))
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
  t.equal(meter.text(), messageOf(77) + messageOf(77, 346))
  t.strictSame(house.remembered, [{ id: '', port: usb0, baud: 57_600, radios: ['0/77'] }])
  t.strictSame(house.newMeters, [])
  house.wait(10 * limits.scanMs)
  t.strictSame(port.openedAt, [57_600], 'and it stays')
})

t.test('unplugged and plugged in again, under another name', async t => {
  const house = new House()
  const source = house.finder.source('')
  const first = listen(source)
  const port = new FakePort(usb0, 9_600)
  house.plug(port)
  house.wait()
  for (let message = 0; message < 4; message++) port.say(messageOf(77))
  house.unplug(port)
  t.strictSame(first.told, ['opened /dev/ttyUSB0 9600', 'lost'])
  const again = new FakePort(usb1, 9_600)
  house.plug(again)
  house.wait()
  t.strictSame(house.newMeters, [], 'its reader will open it again')
  const second = listen(source)
  for (let message = 0; message < 4; message++) again.say(messageOf(77, 500))
  t.strictSame(second.told, ['opened /dev/ttyUSB1 9600'])
  t.match(house.remembered, [{ id: '', port: usb1 }])
  t.equal(house.remembered.length, 1)
})

t.test('found before its reader opens it again: what it said meanwhile is not lost', async t => {
  const house = new House()
  const source = house.finder.source('')
  const port = new FakePort(usb0)
  house.plug(port)
  house.wait()
  port.say(messageOf(77, 1))
  t.strictSame(house.newMeters, [])
  port.say(messageOf(77, 2))
  const meter = listen(source)
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
  t.equal(meter.text(), messageOf(77, 1) + messageOf(77, 2))
})

t.test('a meter that is remembered is tried at its own speed first', async t => {
  const house = new House([{ id: '', port: usb0, baud: 2_400, radios: ['0/77'] }])
  const meter = listen(house.finder.source(''))
  const port = new FakePort(usb0, 2_400)
  house.plug(port)
  house.wait()
  port.say(messageOf(77))
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 2400'])
  t.equal(house.changes, 0, 'nothing new')
})

t.test('two meters, and two that change places', async t => {
  const house = new House()
  const sources = ['', 'meter2'].map(id => house.finder.source(id))
  const [first, second] = sources.map(listen)
  const ports = [new FakePort(usb0), new FakePort(usb1)]
  house.plug(...ports)
  house.wait()
  ports[1]?.say(messageOf(2))
  ports[0]?.say(messageOf(1))
  t.strictSame(first?.told, ['opened /dev/ttyUSB1 57600'])
  t.strictSame(second?.told, ['opened /dev/ttyUSB0 57600'])
  for (const port of ports) house.unplug(port)
  const swapped = [new FakePort(usb0, 57_600, 'new0'), new FakePort(usb1, 57_600, 'new1')]
  house.plug(...swapped)
  const [third, fourth] = sources.map(listen)
  house.wait()
  swapped[0]?.say(messageOf(2))
  swapped[1]?.say(messageOf(1))
  t.strictSame(third?.told, ['opened /dev/ttyUSB0 57600'])
  t.strictSame(fourth?.told, ['opened /dev/ttyUSB1 57600'])
})

t.test('meters for which nobody waits are told; one too many is refused', async t => {
  const house = new House()
  const first = listen(house.finder.source(''))
  const ports = Array.from({ length: limits.metersMax + 1 }, (_, index) => new FakePort(`/dev/ttyUSB${index}`))
  house.plug(...ports)
  house.wait()
  for (const [index, port] of ports.entries()) port.say(messageOf(index))
  t.strictSame(first.told, ['opened /dev/ttyUSB0 57600'])
  t.strictSame(house.newMeters, ['meter2', 'meter3', 'meter4'])
  t.equal(ports.at(-1)?.isOpen, false)
  const second = listen(house.finder.source('meter2'))
  t.strictSame(second.told, ['opened /dev/ttyUSB1 57600'])
  t.equal(second.text(), messageOf(1))
  const fifth = listen(house.finder.source('meter5'))
  house.wait()
  t.match(fifth.searches.at(-1)?.message, /ttyUSB1 is another meter\. .*ttyUSB4 is a meter more than the 4 that can be read\./)
})

t.test('a port that another process holds is not opened until it lets go', async t => {
  const house = new House()
  const port = new FakePort(usb0)
  port.holder = 'minicom (process 12)'
  house.plug(port)
  const meter = listen(house.finder.source(''))
  house.wait(3 * limits.heldMs)
  t.strictSame(port.openedAt, [])
  const held =
    "No meter found yet. /dev/ttyUSB0 is held by minicom (process 12). Plug in the meter's cable, or name its port with --source."
  t.ok(meter.searches.length > 3)
  t.ok(meter.searches.every(({ kind, message }) => kind === 'busy' && message === held))
  port.holder = undefined
  house.wait(limits.heldMs + limits.scanMs)
  port.say(messageOf(77))
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
})

t.test('a port that may not be opened yet, as one that has just been plugged in', async t => {
  const house = new House()
  const port = new FakePort(usb0)
  port.obstacle = { kind: 'denied', message: 'Permission denied: /dev/ttyUSB0.' }
  house.plug(port)
  const meter = listen(house.finder.source(''))
  house.wait()
  t.match(meter.searches, [{ kind: 'denied', message: /^No meter found yet\. Permission denied: \/dev\/ttyUSB0\. Plug in/ }])
  port.obstacle = undefined
  house.wait()
  port.say(messageOf(77))
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
})

t.test('a port that fails is tried again soon; one that is lost or gone, at the next look', async t => {
  for (const [kind, pauseMs] of [
    ['failed', limits.heldMs],
    ['busy', limits.heldMs],
    ['absent', limits.scanMs],
    ['lost', limits.scanMs]
  ] as const) {
    const house = new House()
    const port = new FakePort(usb0)
    port.obstacle = { kind, message: 'No.' }
    house.plug(port)
    house.finder.scan()
    house.wait(pauseMs - limits.scanMs)
    t.equal(port.openedAt.length, 1, kind)
    house.wait()
    t.equal(port.openedAt.length, 2, kind)
  }
})

t.test('what speaks something else is left alone, until it is plugged in anew or long after', async t => {
  const house = new House()
  const meter = listen(house.finder.source(''))
  const stranger = new FakePort('/dev/ttyACM0')
  house.plug(stranger)
  house.wait()
  stranger.say('AT+CREG?\r\nOK\r\n'.repeat(40))
  t.equal(stranger.isOpen, false)
  house.wait()
  t.match(meter.searches.at(-1)?.message, 'ttyACM0 speaks something else than a CurrentCost meter.')
  t.equal(meter.searches.at(-1)?.kind, 'absent')
  house.wait(limits.refusedMs - 2 * limits.scanMs)
  t.equal(stranger.openedAt.length, 1)
  house.wait(2 * limits.scanMs)
  t.equal(stranger.openedAt.length, 2, 'long after')
  stranger.say('AT+CREG?\r\nOK\r\n'.repeat(40))
  stranger.key = 'anew'
  house.wait()
  t.equal(stranger.openedAt.length, 3, 'plugged in anew')
  stranger.say(messageOf(77))
  t.strictSame(meter.told, ['opened /dev/ttyACM0 57600'])
})

t.test('what is told of a search stays the same while nothing changes, whatever speed is tried', async t => {
  const house = new House()
  house.plug(new FakePort(usb0))
  const meter = listen(house.finder.source(''))
  house.wait(5 * limits.probeMs)
  t.equal([...house.ports][0]?.openedAt.length, 6)
  t.equal(new Set(meter.searches.map(({ message }) => message)).size, 1)
  t.match(meter.searches[0], { kind: 'absent', message: /ttyUSB0 is listened to: nothing heard yet\./ })
  for (const port of house.ports) port.say('\xfc')
  house.wait()
  t.match(meter.searches.at(-1)?.message, /ttyUSB0 is listened to: no message yet\./)
})

t.test('a port that goes while it is tried, told or not, and one that gets a better name', async t => {
  const house = new House()
  const meter = listen(house.finder.source(''))
  for (const isTold of [true, false]) {
    const port = new FakePort(usb0, 57_600, `told ${isTold}`)
    house.plug(port)
    house.wait()
    t.equal(port.isOpen, true)
    port.say(messageOf(77).slice(0, 50))
    house.unplug(port, isTold)
    house.wait()
    t.equal(port.isOpen, false)
  }
  const port = new FakePort(usb0)
  house.plug(port)
  house.wait()
  house.ports.delete(port)
  const named = new FakePort('/dev/serial/by-id/usb-Prolific', 57_600, port.key)
  house.plug(named)
  house.wait()
  t.strictSame(named.openedAt, [], 'it is the same device')
  port.say(messageOf(77))
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
})

t.test('a meter that is confirmed, and lost before anybody took it, is found again', async t => {
  const house = new House()
  const source = house.finder.source('')
  const port = new FakePort(usb0)
  house.plug(port)
  house.wait()
  port.say(messageOf(77))
  house.unplug(port)
  const again = new FakePort(usb0, 57_600, 'again')
  house.plug(again)
  const meter = listen(source)
  house.wait()
  again.say(messageOf(77))
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
})

t.test('a reader that closes its source gives the port back', async t => {
  const house = new House()
  const source = house.finder.source('')
  const meter = listen(source)
  const port = new FakePort(usb0)
  house.plug(port)
  house.wait()
  port.say(messageOf(77))
  meter.close()
  t.equal(port.isOpen, false)
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'], 'silently')
  const waiting = listen(source)
  waiting.close()
  house.wait()
  t.strictSame(waiting.searches.length, 0)
  house.finder.stop()
  t.equal(port.isOpen, false)
})

t.test('transmitters are learned from readings, and at the end every port is closed', async t => {
  const house = new House()
  listen(house.finder.source(''))
  const ports = [new FakePort(usb0), new FakePort(usb1), new FakePort('/dev/ttyUSB2')]
  house.plug(...ports)
  house.wait()
  ports[0]?.say(messageOf(77))
  ports[2]?.say('AT+CREG?\r\nOK\r\n'.repeat(40))
  house.finder.learn('', power({ sensor: 3, radioId: 9 }))
  house.finder.learn('', power({ sensor: 3, radioId: 9 }))
  house.finder.learn('meter2', power({ sensor: 3, radioId: 9 }))
  t.match(house.remembered, [{ radios: ['0/77', '3/9'] }])
  t.equal(house.changes, 2)
  house.finder.stop()
  t.ok(ports.every(port => !port.isOpen))
})

const noTerminals = whyNoTerminals()
const withTerminals = noTerminals === undefined ? {} : { skip: noTerminals }

/** A finder on real terminals, which looks at them often. */
function findAmong(t: Test, heldBy: (path: string) => string | undefined = () => undefined) {
  const list: Candidate[] = []
  const opened: string[] = []
  const newMeters: string[] = []
  const finder = new Finder(
    {
      list: () => [...list],
      open: (path, baud) => {
        opened.push(path)
        return makeSerialSource(path, baud)
      },
      holderOf: heldBy,
      nowMs: () => performance.now(),
      newMeter: id => newMeters.push(id),
      remember: () => undefined
    },
    new Registry()
  )
  const timer = setInterval(() => finder.scan(), 20)
  t.teardown(() => {
    clearInterval(timer)
    finder.stop()
  })
  return { finder, list, opened, newMeters }
}

/** Speaks until there is an answer: what is said before the port is open is lost. */
async function speak(pair: Pair, text: string, isHeard: () => boolean): Promise<void> {
  const timer = setInterval(() => pair.write(text), 20)
  await until(isHeard, 'an answer').finally(() => clearInterval(timer))
}

t.test('on terminals: two meters, hung up, and plugged in again with their names changed', withTerminals, async t => {
  const folder = t.testdir()
  const { finder, list } = findAmong(t)
  const sources = ['', 'meter2'].map(id => finder.source(id))
  const plug = async (names: readonly string[]) => {
    const pairs = [await makePair(t), await makePair(t)] as const
    for (const [index, pair] of pairs.entries()) {
      symlinkSync(pair.near, join(folder, `${names[index]}.new`))
      renameSync(join(folder, `${names[index]}.new`), join(folder, `${names[index]}`))
      list.push({ path: join(folder, `${names[index]}`), key: pair.near })
    }
    return pairs
  }
  const before = await plug(['ttyUSB0', 'ttyUSB1'])
  const [first, second] = sources.map(listen)
  await speak(before[0], messageOf(1), () => first?.told.length === 1)
  await speak(before[1], messageOf(2), () => second?.told.length === 1)
  await Promise.all(before.map(pair => pair.hangUp()))
  await until(() => first?.told.length === 2 && second?.told.length === 2, 'both are lost')
  list.length = 0
  const after = await plug(['ttyUSB1', 'ttyUSB0'])
  const [third, fourth] = sources.map(listen)
  await speak(after[1], messageOf(2), () => fourth?.told.length === 1)
  await speak(after[0], messageOf(1), () => third?.told.length === 1)
  t.strictSame(first?.told, [`opened ${join(folder, 'ttyUSB0')} 57600`, 'lost'])
  t.strictSame(third?.told, [`opened ${join(folder, 'ttyUSB1')} 57600`])
  t.strictSame(fourth?.told, [`opened ${join(folder, 'ttyUSB0')} 57600`])
  await speak(after[0], messageOf(1, 777), () => third?.text().includes('00777') === true)
})

t.test('on terminals: bytes that are no text, and the port is free again for the next speed each time', withTerminals, async t => {
  const pair = await makePair(t)
  const { finder, list, opened } = findAmong(t)
  const meter = listen(finder.source(''))
  list.push({ path: pair.near, key: pair.near })
  const isRefused = (): boolean => /speaks something else/.test(meter.searches.at(-1)?.message ?? '')
  await speak(pair, '\xf0\x0f\x80\xff'.repeat(8), isRefused)
  t.equal(opened.length, 3 * limits.probeRounds, 'no opening found it locked')
  await pair.hangUp()
})

t.test('on terminals: text of something else, and a meter beside it', withTerminals, async t => {
  const [modem, pair] = [await makePair(t), await makePair(t)]
  const { finder, list, opened } = findAmong(t)
  const meter = listen(finder.source(''))
  list.push({ path: modem.near, key: modem.near })
  await speak(modem, '+CREG: 0,1\r\n'.repeat(10), () => /speaks something else/.test(meter.searches.at(-1)?.message ?? ''))
  list.push({ path: pair.near, key: pair.near })
  await speak(pair, messageOf(5), () => meter.told.length === 1)
  t.strictSame(meter.told, [`opened ${pair.near} 57600`])
  t.strictSame(opened, [modem.near, pair.near])
})

t.test('on terminals: one that another process holds', withTerminals, async t => {
  const pair = await makePair(t)
  // socat has its own terminals open, as no meter's cable has: it is nobody here.
  const { finder, list, opened } = findAmong(t, path => (holderOf(path)?.startsWith('socat') ? undefined : holderOf(path)))
  const child = spawn('flock', [pair.near, 'sleep', '60'], { stdio: 'ignore', detached: true })
  t.teardown(() => process.kill(-(child.pid ?? 0)))
  await until(() => holderOf(pair.near)?.startsWith('socat') === false, 'it is held')
  list.push({ path: pair.near, key: pair.near })
  const meter = listen(finder.source(''))
  await until(() => meter.searches.length > 5, 'some looks')
  t.match(meter.searches.at(-1), { kind: 'busy', message: /near\d* is held by (?:flock|sleep) \(process \d+\)\./ })
  t.strictSame(opened, [])
})

t.test('several messages at once are one meter', async t => {
  const house = new House()
  const meter = listen(house.finder.source(''))
  const port = new FakePort(usb0)
  house.plug(port)
  house.wait()
  port.say(messageOf(1) + meterMessage(2, 3) + meterMessage(3, 4), 1_024)
  t.strictSame(meter.told, ['opened /dev/ttyUSB0 57600'])
  t.equal(house.remembered.length, 1)
})

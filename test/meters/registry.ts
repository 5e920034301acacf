/** The registry: a meter is known again by what it hears, wherever it is plugged in. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type KnownMeter, Registry } from '../../src/meters/registry.ts'

const nobody: ReadonlySet<string> = new Set()
const house: KnownMeter = { id: '', port: '/dev/ttyUSB0', baud: 57_600, radios: ['0/77'] }
const shed: KnownMeter = { id: 'meter2', port: '/dev/ttyUSB1', baud: 9_600, radios: ['0/123', '1/5'] }

t.test('the first meter has no name, the others are numbered', async t => {
  const registry = new Registry()
  t.strictSame(registry.known, [])
  const present = new Set<string>()
  const ids = ['', 'meter2', 'meter3', 'meter4', undefined]
  for (const [index, id] of ids.entries()) {
    t.equal(registry.identify(`/dev/ttyUSB${index}`, `0/${index}`, present, true), id)
    if (id === undefined) break
    registry.learn(id, `/dev/ttyUSB${index}`, 57_600, `0/${index}`)
    present.add(id)
  }
  t.equal(registry.known.length, limits.metersMax)
})

t.test('two meters whose ports change places', async t => {
  const registry = new Registry([house, shed])
  t.equal(registry.identify('/dev/ttyUSB1', '0/77', nobody, false), '')
  t.equal(registry.identify('/dev/ttyUSB0', '1/5', nobody, false), 'meter2')
})

t.test('two meters that hear the same transmitter are told by their ports', async t => {
  const registry = new Registry([house, { ...shed, radios: ['0/77'] }])
  t.equal(registry.identify('/dev/ttyUSB1', '0/77', nobody, false), 'meter2')
  t.equal(registry.identify('/dev/ttyUSB0', '0/77', nobody, false), '')
  t.equal(registry.identify('/dev/ttyUSB7', '0/77', nobody, false), '', 'at neither, the first of them')
  t.equal(registry.identify('/dev/ttyUSB7', '0/77', new Set(['']), false), 'meter2', 'that is not being read')
})

t.test('a new transmitter: the meter at this port, or the only one if no other port may have it, else a new one', async t => {
  t.equal(new Registry([house, shed]).identify('/dev/ttyUSB1', '0/4000', nobody, false), 'meter2')
  t.equal(new Registry([house, shed]).identify('/dev/ttyUSB9', '0/4000', nobody, true), 'meter3')
  t.equal(new Registry([house]).identify('/dev/ttyUSB9', '0/4000', nobody, true), '')
  t.equal(new Registry([house]).identify('/dev/ttyUSB9', '0/4000', nobody, false), 'meter2')
  t.equal(new Registry([house]).identify('/dev/ttyUSB9', '0/77', new Set(['']), true), 'meter2', 'the only one is being read')
  t.equal(new Registry([shed]).identify('/dev/ttyUSB9', '0/4000', new Set(['meter2']), true), '', 'an id that is free')
})

t.test('what is learned is news once, and outlives a restart', async t => {
  const registry = new Registry()
  t.equal(registry.learn('', '/dev/ttyUSB0', 57_600, '0/77'), true)
  t.equal(registry.learn('', '/dev/ttyUSB0', 57_600, '0/77'), false)
  t.equal(registry.learn('', '/dev/ttyUSB0', 57_600, '1/5'), true, 'another transmitter')
  t.equal(registry.learn('', '/dev/ttyUSB0', 57_600, '0/77'), false)
  t.equal(registry.learn('', '/dev/ttyUSB3', 57_600, '0/77'), true, 'another port')
  t.equal(registry.learn('', '/dev/ttyUSB3', 9_600, '0/77'), true, 'another speed')
  t.strictSame(registry.known, [{ id: '', port: '/dev/ttyUSB3', baud: 9_600, radios: ['1/5', '0/77'] }])
  registry.learn('meter2', '/dev/ttyUSB1', 2_400, '0/9')
  registry.learn('', '/dev/ttyUSB3', 9_600, '2/6')
  t.match(registry.known, [{ radios: ['1/5', '0/77', '2/6'] }, { id: 'meter2', radios: ['0/9'] }], 'each its own')
  const later = new Registry(JSON.parse(JSON.stringify(registry.known)))
  t.equal(later.baudAt('/dev/ttyUSB3'), 9_600)
  t.equal(later.baudAt('/dev/ttyUSB0'), undefined)
  t.equal(later.identify('/dev/ttyUSB0', '1/5', nobody, true), '')
})

t.test('transmitters made up by flipped bits push out each other, not those that are heard all the time', async t => {
  const registry = new Registry()
  for (let round = 0; round < 10 * limits.radiosMax; round++) {
    registry.learn('', '/dev/ttyUSB0', 57_600, '0/77')
    registry.learn('', '/dev/ttyUSB0', 57_600, `0/${1_000 + round}`)
  }
  const radios = registry.known[0]?.radios ?? []
  t.equal(radios.length, limits.radiosMax)
  t.ok(radios.includes('0/77'))
})

t.test('no more meters are remembered than are read', async t => {
  const many = Array.from({ length: 9 }, (_, index) => ({ ...house, id: `meter${index}` }))
  t.equal(new Registry(many).known.length, limits.metersMax)
})

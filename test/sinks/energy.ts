/** The energy sink: topics and payloads, told once they are stored, and the same after a restart. */
import fc from 'fast-check'
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { limits } from '../../src/limits.ts'
import { Energy } from '../../src/sinks/energy.ts'
import { hourMs, impulses, power, readings, startMs, steady } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

interface Said {
  readonly topic: string
  readonly text: string
}

/** A sink on a store, as a daemon has it that starts now. */
function made(store = new MemoryStore()): { store: MemoryStore; energy: Energy; said: Said[] } {
  const said: Said[] = []
  const energy = new Energy({
    store,
    meter: '',
    topicOf: sensor => `root/${sensor}`,
    factorOf: () => 1,
    calendar: new Calendar('UTC'),
    publish: ({ topic, payload, qos, retain }) => {
      if (qos !== 1 || !retain) throw new Error('energy is retained')
      said.push({ topic, text: new TextDecoder().decode(payload) })
    },
    encode: text => new TextEncoder().encode(text)
  })
  return { store, energy, said }
}

function started(store = new MemoryStore()): ReturnType<typeof made> {
  const now = made(store)
  now.energy.start()
  now.store.turn()
  return now
}

t.test('an hour of two channels', async t => {
  const { energy, store, said } = started()
  t.strictSame(said, [])
  energy.accept(power(1000, 5, 4))
  store.turn()
  t.notMatch(said.splice(0).at(-1)?.text, /since/, 'before the clock is set nobody knows since when')
  for (const { atMs } of steady(startMs, startMs + hourMs, 0)) energy.accept(power(atMs, [100, 500.5], 3))
  store.turn()
  store.turn()
  store.turn()
  const since = new Date(startMs).toISOString()
  t.strictSame(
    said.slice(0, 2).map(({ topic, text }) => `${topic} ${text}`),
    [
      'root/3/energy 0.000',
      `root/3/energy/state {"time":"${since}","totalKWh":0,"measuredKWh":0,"backfilledKWh":0,"ch1KWh":0,"ch2KWh":0,"since":"${since}"}`
    ]
  )
  const last = said.slice(-2)
  t.strictSame(last[0], { topic: 'root/3/energy', text: '0.600' })
  const totals = { totalKWh: 0.6, measuredKWh: 0.6, backfilledKWh: 0, ch1KWh: 0.1, ch2KWh: 0.5, since }
  t.match(JSON.parse(last[1]?.text ?? ''), totals)

  const again = started(store.reopen())
  t.match(
    again.said.slice(0, 2).map(({ topic, text }) => (topic.endsWith('state') ? JSON.parse(text) : text)),
    ['0.600', { time: new Date(startMs + hourMs).toISOString(), ...totals }],
    'told again after a restart'
  )
  t.ok(Math.abs(again.energy.query(3, startMs, startMs + hourMs).measuredWh - 600.5) < 0.01)
})

t.test('energy is stored and told once a minute', async t => {
  const { energy, store, said } = started()
  for (const reading of steady(startMs, startMs + 10 * 60_000, 600)) {
    energy.accept(reading)
    store.turn()
  }
  t.equal(said.filter(({ topic }) => topic === 'root/0/energy').length, 11)
  energy.accept(power(startMs + 10 * 60_000 + 6000, 600))
  store.turn()
  t.equal(said.length, 22)
  energy.save()
  store.turn()
  t.match(said.slice(22), [{ topic: 'root/0/energy', text: /0\.10[01]/ }, {}], 'and at the end')
})

t.test('nothing is told before it is stored, and what is put meanwhile is told after it', async t => {
  const { energy, store, said } = started()
  store.state = 'failing'
  for (const reading of steady(startMs, startMs + hourMs, 600)) {
    energy.accept(reading)
    store.turn()
  }
  t.strictSame(said, [])
  store.state = 'open'
  store.turn()
  t.strictSame(said[0], { topic: 'root/0/energy', text: '0.000' }, 'what was known when that was put')
  store.turn()
  t.match(said.slice(2), [{ topic: 'root/0/energy', text: /0\.(?:600|599)/ }, { topic: 'root/0/energy/state' }])
  energy.accept(power(startMs + hourMs, 600))
  energy.save()
  store.turn()
  t.equal(said.length, 4, 'what does not change is not told again')
})

t.test('a counter tells units: of electricity as energy too', async t => {
  const { energy, store, said } = started()
  const gas = { medium: 'gas' as const, sensor: 5, impulsesPerUnit: 100 }
  for (const reading of [
    impulses(startMs, 10),
    impulses(startMs + 6000, 510),
    impulses(startMs, 10, gas),
    impulses(startMs + 6000, 33, gas)
  ]) {
    energy.accept(reading)
    energy.save()
    store.turn()
  }
  t.strictSame(said.slice(2, 4), [
    { topic: 'root/0/energy', text: '0.500' },
    {
      topic: 'root/0/energy/state',
      text: '{"time":"2023-11-15T00:00:06.000Z","medium":"electricity","totalUnits":0.5,"unit":"kWh","since":"2023-11-15T00:00:00.000Z"}'
    }
  ])
  t.strictSame(
    said.slice(4).map(({ topic }) => topic),
    ['root/5/energy/state', 'root/5/energy/state']
  )
  t.match(said.at(-1)?.text, /"medium":"gas","totalUnits":0\.23,"unit":"m3"/)
  energy.accept(power(startMs + 9000, 600))
  energy.save()
  store.turn()
  t.match(said.at(-2), { topic: 'root/0/energy', text: '0.500' }, 'a sensor that turns from counting to power goes on from there')
})

t.test('history fills what was not measured', async t => {
  const { energy, store, said } = started()
  const span = { sensor: 0, scale: 'hours', fromMs: startMs, toMs: startMs + 2 * hourMs, kwh: 1.5 } as const
  t.strictSame(energy.fill(span), { kind: 'refused', why: 'before-first-reading' })
  for (const reading of [...steady(startMs, startMs + hourMs, 600), power(startMs + 3 * hourMs, 600)]) energy.accept(reading)
  t.match(energy.fill(span), { kind: 'filled', isPart: false })
  t.strictSame(energy.fill(span), { kind: 'whole' })
  store.turn()
  store.turn()
  t.match(said.at(-2), { topic: 'root/0/energy', text: /1\.(?:500|499)/ })
  t.match(JSON.parse(said.at(-1)?.text ?? ''), { measuredKWh: 0.6, backfilledKWh: 0.9 })
  t.strictSame(energy.fill({ ...span, sensor: 12 }), { kind: 'refused', why: 'before-first-reading' })
  store.state = 'failing'
  t.strictSame(energy.fill(span), { kind: 'refused', why: 'store-fails' })
  t.equal(energy.counters.get('gap'), 1)
})

t.test('what the store refuses is told once it is taken', async t => {
  const { energy, store, said } = started()
  const put = store.put.bind(store)
  store.put = () => false
  for (const reading of steady(startMs, startMs + 10 * 60_000, 600)) {
    energy.accept(reading)
    store.turn()
  }
  t.strictSame(said, [])
  store.put = put
  energy.save()
  store.turn()
  t.match(said, [{ topic: 'root/0/energy', text: /0\.(?:100|099)/ }, {}])
  t.ok(Math.abs(started(store.reopen()).energy.query(0, startMs, startMs + hourMs).measuredWh - 100) < 0.01, 'and nothing is missing')
})

t.test('before its start it knows nothing', async t => {
  const { energy } = made()
  t.strictSame(energy.known(), [])
  t.strictSame(energy.query(0, startMs, startMs + hourMs), { measuredWh: 0, backfilledWh: 0, coveredMs: 0, missingMs: hourMs })
  energy.save()
  energy.start()
  energy.accept(power(startMs, 600))
  t.match(energy.known(), [{ sensor: '0', part: 'all', sinceMs: startMs }])
})

t.test('until the store was read, readings pass by', async t => {
  const store = new MemoryStore()
  for (const reading of steady(startMs, startMs + hourMs, 600)) {
    const { energy } = started(store)
    energy.accept(reading)
    energy.save()
    store.turn()
  }
  store.state = 'failing'
  const { energy, said } = made(store)
  energy.start()
  store.state = 'open'
  const get = store.get.bind(store)
  store.get = key => {
    store.state = 'failing'
    return key.startsWith('p/') ? undefined : get(key)
  }
  energy.start()
  store.get = get
  energy.accept(power(startMs + hourMs, 600))
  t.strictSame(energy.fill({ sensor: 0, scale: 'hours', fromMs: startMs, toMs: startMs + 2 * hourMs, kwh: 1 }), {
    kind: 'refused',
    why: 'store-fails'
  })
  store.state = 'open'
  energy.start()
  energy.start()
  store.turn()
  t.match(said, [{ topic: 'root/0/energy', text: /0\.(?:600|599)/ }, {}])
})

t.test('what is published never goes down and is never more than what is stored, whatever happens', async t => {
  const events = fc.array(fc.constantFrom('read', 'turn', 'save', 'fail', 'mend', 'kill'))
  fc.assert(
    fc.property(readings, events, (all, events) => {
      let now = started()
      let [highest, before, index] = [0, 0, 0]
      const check = (): boolean => {
        const stored = started(now.store.reopen()).said.find(({ topic }) => topic === 'root/0/energy')
        const told = now.said.filter(({ topic }) => topic === 'root/0/energy').map(({ text }) => Number(text))
        const isRising = told.every((kwh, place) => kwh >= (told[place - 1] ?? before))
        highest = Math.max(highest, told.at(-1) ?? 0)
        return isRising && highest <= Number(stored?.text ?? 0)
      }
      for (const reading of all) {
        now.energy.accept(reading)
        const event = events[index++ % Math.max(1, events.length)]
        if (event === 'save') now.energy.save()
        if (event === 'turn' || event === 'save') now.store.turn()
        if (event === 'fail') now.store.state = 'failing'
        if (event === 'mend') now.store.state = 'open'
        if (!check()) return false
        if (event !== 'kill') continue
        now = started(now.store.reopen())
        before = highest
      }
      return true
    })
  )
  t.pass()
})

t.test('a day with one sensor: few bytes, and seldom', async t => {
  const { energy, store } = started()
  let [count, writes] = [0, 0]
  for (const reading of steady(startMs, startMs + 24 * hourMs - 6000, 600)) {
    const before = store.writtenBytes
    energy.accept(reading)
    store.turn()
    count++
    if (store.writtenBytes > before) writes++
  }
  t.comment(`${(store.writtenBytes / count).toFixed(1)} bytes of keys and values a reading, in ${writes} batches a day`)
  t.ok(store.writtenBytes / count < 30)
  t.equal(writes, 24 * 60)
  t.ok(store.size <= 2 * 24 + 2 + limits.journalRecordsMax)
})

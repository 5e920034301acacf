/** The simulated meter as a source: life at once, and a host that sleeps does not disturb it. */
import t from 'tap'
import type { Clock } from '../../src/io/clock.ts'
import { makeDemoSource } from '../../src/io/demo.ts'
import { until } from '../fixtures/e2e/wait.ts'

/** A clock that goes as fast as a test wants; timers go on as usual. */
class TestClock implements Clock {
  #ms: number

  constructor(ms: number) {
    this.#ms = ms
  }

  wallMs(): number {
    return this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  go(ms: number): void {
    this.#ms += ms
  }
}

function hear(source: ReturnType<typeof makeDemoSource>) {
  const heard = { opened: 0, chunks: [] as string[] }
  const close = source.open({
    opened: () => {
      heard.opened += 1
    },
    searching: () => undefined,
    received: chunk => void heard.chunks.push(chunk.toString('latin1')),
    closed: () => undefined
  })
  return Object.assign(heard, { close })
}

t.test('it opens, and speaks at once', async t => {
  const clock = new TestClock(Date.UTC(2026, 2, 3, 18, 30))
  const source = makeDemoSource(7, clock)
  t.match(source, { name: 'demo', seed: 7, simulated: true, baud: undefined })
  const heard = hear(source)
  t.equal(heard.opened, 0, 'not before open has returned')
  await until('the first message', () => heard.chunks.length > 0)
  clock.go(1000)
  await until('all sensors', () => heard.chunks.length >= 3)
  heard.close()
  t.equal(heard.opened, 1)
  t.strictSame(
    heard.chunks.slice(0, 3).map(chunk => /^<msg>.*<sensor>(\d)<\/sensor>.*<\/msg>\r\n$/.exec(chunk)?.[1]),
    ['0', '1', '2']
  )
})

t.test('the same seed at the same time says the same', async t => {
  const first = async (seed: number): Promise<string | undefined> => {
    const heard = hear(makeDemoSource(seed, new TestClock(Date.UTC(2026, 2, 3, 18, 30))))
    await until('a message', () => heard.chunks.length > 0)
    heard.close()
    return heard.chunks[0]
  }
  t.equal(await first(1), await first(1))
})

t.test('a host that slept, or whose clock jumped back, hears each sensor once and goes on', async t => {
  for (const jumpMs of [8 * 3_600_000, -5 * 365 * 24 * 3_600_000]) {
    const clock = new TestClock(Date.UTC(2026, 2, 3, 18, 30))
    const heard = hear(makeDemoSource(1, clock))
    await until('life', () => heard.chunks.length > 0)
    clock.go(1000)
    await until('all sensors', () => heard.chunks.length >= 3)
    const before = heard.chunks.length
    clock.go(jumpMs)
    // A timer that is under way ends in real time.
    await until('life after the jump', () => heard.chunks.length >= before + 1)
    clock.go(1000)
    await until('all sensors after the jump', () => heard.chunks.length >= before + 4)
    heard.close()
    const time = new Date(clock.wallMs())
    const local = `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
    t.match(heard.chunks.at(-1), `<time>${local}`, 'and the meter shows the time of day')
  }
})

/** The desk: what is corrected and derived, and in which order it goes to the sinks. */

import t from 'tap'
import type { Correction } from '../../src/meters/correct.ts'
import type { Derivation } from '../../src/meters/derive.ts'
import { placeOf, type Report } from '../../src/reading.ts'
import { Desk } from '../../src/sinks/desk.ts'
import { impulses, power } from '../fixtures/mqtt/readings.ts'

/** A desk in front of two sinks, and what they were offered since asked last, as lines. */
function desk(
  corrections: Readonly<Record<string, Correction>> = {},
  derivations: readonly Derivation[] = []
): { desk: Desk; take: () => string[] } {
  let lines: string[] = []
  const sink = (name: string) => ({ accept: (report: Report) => lines.push(`${name} ${lineOf(report)}`) })
  const forgetful = { ...sink('x'), forget: (place: string) => lines.push(`x forgets ${place}`) }
  return {
    desk: new Desk(new Map(Object.entries(corrections)), derivations, [forgetful, sink('y')]),
    take() {
      const taken = lines
      lines = []
      return taken
    }
  }
}

function lineOf(report: Report): string {
  const value = report.kind === 'impulses' ? `${report.impulses} impulses` : `${report.watts} W`
  return `${placeOf(report)}${report.name ? ` ${report.name}` : ''}: ${value}`
}

function watts(value: number): ReturnType<typeof power> {
  return power({ watts: value, channels: [{ channel: 1, watts: value }] })
}

t.test('a reading goes to every sink as it is', async t => {
  const { desk: plain, take } = desk()
  plain.accept(watts(350))
  plain.accept(impulses({ sensor: 4 }))
  t.strictSame(take(), ['x 0: 350 W', 'y 0: 350 W', 'x 4: 123 impulses', 'y 4: 123 impulses'])
  t.equal(plain.spikes, 0)
})

t.test('what is corrected goes by place: one meter is not the other', async t => {
  const { desk: correcting, take } = desk({ '0': { scale: 2 }, 'meter2/0': { name: 'Attic' } })
  correcting.accept(watts(100))
  correcting.accept({ ...watts(100), meter: 'meter2' })
  correcting.accept({ ...watts(100), sensor: 1 })
  t.strictSame(
    take().filter(line => line.startsWith('x')),
    ['x 0: 200 W', 'x meter2/0 Attic: 100 W', 'x 1: 100 W']
  )
})

t.test('derived sensors are reckoned from what was corrected, and come behind it', async t => {
  const derivations = [
    { sensor: 'net', formula: '0 - meter2/0' },
    { sensor: 'twice', formula: '0 + 0' }
  ]
  const { desk: deriving, take } = desk({ '0': { scale: 2 } }, derivations)
  deriving.accept({ ...watts(30), meter: 'meter2' })
  t.strictSame(take(), ['x meter2/0: 30 W', 'y meter2/0: 30 W'], 'not before all of it is known')
  deriving.accept(watts(100))
  t.strictSame(take(), ['x 0: 200 W', 'y 0: 200 W', 'x net: 170 W', 'y net: 170 W', 'x twice: 400 W', 'y twice: 400 W'])
})

t.test('a spike that is held back goes to nobody; one that is borne out goes on first, each with what is derived of it', async t => {
  const { desk: filtering, take } = desk({ '0': { spikeFilter: true }, '1': { spikeFilter: true } }, [{ sensor: 'same', formula: '0' }])
  filtering.accept(watts(300))
  take()
  filtering.accept(watts(20_000))
  t.strictSame(take(), [])
  filtering.accept(watts(20_100))
  t.strictSame(
    take().filter(line => line.startsWith('x')),
    ['x 0: 20000 W', 'x same: 20000 W', 'x 0: 20100 W', 'x same: 20100 W']
  )
  t.equal(filtering.spikes, 0)
  filtering.accept(watts(5_000))
  filtering.accept(watts(300))
  for (const each of [300, 20_000, 300]) filtering.accept({ ...watts(each), sensor: 1 })
  t.equal(filtering.spikes, 2, 'of all sensors')
})

t.test('what is corrected may change while it runs', async t => {
  const { desk: changing, take } = desk({ 0: { scale: 2, spikeFilter: true } })
  changing.accept(watts(100))
  changing.correct('0', { scale: 3, name: 'House' })
  changing.accept(watts(100))
  changing.correct('1', { name: 'Solar' })
  changing.accept(power({ sensor: 1, watts: 5, channels: [{ channel: 1, watts: 5 }] }))
  t.strictSame(take(), ['x 0: 200 W', 'y 0: 200 W', 'x 0 House: 300 W', 'y 0 House: 300 W', 'x 1 Solar: 5 W', 'y 1 Solar: 5 W'])
})

t.test('spikes are counted beyond a change', async t => {
  const { desk: changing } = desk({ 0: { spikeFilter: true } })
  for (const value of [100, 9_000, 100]) changing.accept(watts(value))
  t.equal(changing.spikes, 1)
  changing.correct('0', { spikeFilter: true })
  for (const value of [100, 9_000, 100]) changing.accept(watts(value))
  t.equal(changing.spikes, 2)
})

t.test('what is derived may change: what is the same goes on, what is gone is forgotten', async t => {
  const kept = { sensor: 'sum', formula: '0 + 1' }
  const { desk: deriving, take } = desk({}, [kept, { sensor: 'net', formula: '0 - 1' }, { sensor: 'named', formula: '0', name: 'A' }])
  const other = { ...watts(30), sensor: 1 }
  deriving.accept(watts(100))
  deriving.accept(other)
  take()
  deriving.derive([{ sensor: 'named', formula: '0', name: 'B' }, { ...kept }, { sensor: 'twice', formula: '0 + 0' }])
  t.strictSame(take(), ['x forgets net'])
  deriving.accept(watts(200))
  t.strictSame(
    take().filter(line => line.startsWith('x')),
    ['x 0: 200 W', 'x named B: 200 W', 'x sum: 230 W', 'x twice: 400 W'],
    'the sum still knows the other sensor'
  )
  deriving.derive([])
  t.strictSame(take(), ['x forgets named', 'x forgets sum', 'x forgets twice'])
  deriving.accept(watts(1))
  t.strictSame(take(), ['x 0: 1 W', 'y 0: 1 W'])
})

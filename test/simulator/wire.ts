/** What happens on the wire. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Framer } from '../../src/meters/framer.ts'
import { readFrame } from '../../src/meters/meter.ts'
import type { FaultPlan } from '../../src/simulator/plan.ts'
import { Random } from '../../src/simulator/random.ts'
import { carry, lineOf } from '../../src/simulator/wire.ts'
import { textOf } from '../fixtures/simulator/listen.ts'

const message =
  '<msg><src>CC128-v1.29</src><dsb>00123</dsb><time>08:09:10</time><tmpr>19.5</tmpr><sensor>1</sensor><id>01501</id><type>1</type><ch1><watts>00640</watts></ch1></msg>'

/** The watts that are read from bytes and what follows them; nothing if none are. */
function wattsIn(bytes: Uint8Array): number[] {
  const found: number[] = []
  new Framer().feed(bytes, {
    frame: frame => {
      const outcome = readFrame(frame, 0)
      if (outcome.kind === 'understood') for (const reading of outcome.readings) if (reading.kind === 'power') found.push(reading.watts)
    },
    fault: () => undefined
  })
  return found
}

t.test('a line is the text and CRLF, after the stray byte if there is one', async t => {
  t.equal(textOf(lineOf('<msg>', false)), '<msg>\r\n')
  t.equal(textOf(lineOf('<msg>', true)), '\xfc<msg>\r\n')
})

t.test('a clean wire hands on what it gets', async t => {
  const line = lineOf(message, false)
  t.strictSame(carry(line, {}, new Random(1)), { bytes: line, fault: undefined })
})

t.test('how often what happens', async t => {
  const plan: FaultPlan = { bitsFlipped: 0.1, cutShort: 0.2, bytesMissing: 0.05, garbage: 0.15, hangUp: 0.1 }
  const random = new Random(1)
  const counts = new Map<string | undefined, number>()
  for (let count = 0; count < 10_000; count += 1) {
    const { fault } = carry(lineOf(message, false), plan, random)
    counts.set(fault, (counts.get(fault) ?? 0) + 1)
  }
  const expected = { 'bits-flipped': 0.1, 'cut-short': 0.2, 'bytes-missing': 0.05, garbage: 0.15, 'hang-up': 0.1 }
  for (const [fault, chance] of Object.entries(expected)) t.ok(Math.abs((counts.get(fault) ?? 0) / 10_000 - chance) < 0.02, fault)
})

t.test(
  'what is cut short or has bytes missing is never read; garbage does not hide the message; the rest is another message or none',
  async () => {
    const spoilt = (plan: FaultPlan, seed: number) => carry(lineOf(message, false), plan, new Random(seed)).bytes
    fc.assert(
      fc.property(fc.integer(), seed => {
        assert.deepEqual(wattsIn(spoilt({ cutShort: 1 }, seed)), [])
        assert.deepEqual(wattsIn(spoilt({ bytesMissing: 1 }, seed)), [])
        assert.deepEqual(wattsIn(spoilt({ garbage: 1 }, seed)), [640])
        const hungUp = spoilt({ hangUp: 1 }, seed)
        assert.ok(lineOf(message, false).length >= hungUp.length && hungUp.length > 0)
        const flipped = spoilt({ bitsFlipped: 1 }, seed)
        const bits = flipped.reduce(
          (sum, byte, at) => sum + [...(byte ^ (lineOf(message, false)[at] ?? 0)).toString(2)].filter(bit => bit === '1').length,
          0
        )
        assert.ok(bits <= 3 && flipped.length === message.length + 2)
      }),
      { numRuns: 500 }
    )
  }
)

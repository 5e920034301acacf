/** Rows: they add up as a map of slots does, and outlive being written. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { emptyRow, mergeRow, type Row, type RowReader, Rows } from '../../src/history/rows.ts'

const slotMs = 60_000

const rowsOf = (reader: RowReader): Row[] => {
  const rows: Row[] = []
  for (let row = reader.next(); row; row = reader.next()) rows.push({ ...row })
  return rows
}

const celsius = fc.option(fc.integer({ min: -400, max: 600 }), { nil: undefined })
const measured = fc
  .tuple(fc.nat(70), fc.integer({ min: -5_000_000, max: 25_000_000 }), fc.nat(5_000_000), fc.integer({ min: 1, max: slotMs }), fc.nat(400))
  .map(([slot, net, exported, coveredMs, spread]) => {
    const mean = Math.round((net * 3_600) / coveredMs) + 0 // of less than half a watt below zero it makes -0
    return { ...emptyRow(slot), net, exported, coveredMs, min: mean - spread, max: mean + (spread % 7) }
  })
const filled = fc
  .tuple(fc.nat(70), fc.nat(9_000_000), fc.integer({ min: 1, max: slotMs }))
  .map(([slot, filled, filledMs]) => ({ ...emptyRow(slot), filled, filledMs }))
const anyRow: fc.Arbitrary<Row> = fc
  .tuple(fc.oneof(measured, filled), celsius, fc.boolean())
  .map(([row, deciCelsius, isWhole]) => ({ ...row, deciCelsius, ...(isWhole && row.coveredMs > 0 ? { coveredMs: slotMs } : {}) }))

t.test('whatever comes in whatever order, each slot has all of it, before and after it is written', async t => {
  fc.assert(
    fc.property(fc.array(anyRow), fc.array(anyRow), fc.nat(40), (added, batch, restartAt) => {
      const model = new Map<number, Row>()
      const add = (row: Row): void => {
        const known = model.get(row.slot)
        if (known) mergeRow(known, row, slotMs)
        else model.set(row.slot, { ...row })
      }
      let rows = new Rows(slotMs)
      for (const [index, row] of added.entries()) {
        rows.add(row)
        add(row)
        if (index === restartAt) rows = new Rows(slotMs, rows.encode())
      }
      const ordered = [...batch].sort((a, b) => a.slot - b.slot)
      rows.addAll(ordered)
      for (const row of ordered) add(row)
      const expected = [...model.values()].sort((a, b) => a.slot - b.slot)
      assert.deepEqual(rowsOf(rows.read()), expected)
      assert.deepEqual(rowsOf(new Rows(slotMs, rows.encode()).read()), expected)
      assert(rows.encode().length <= 1 + 30 * expected.length)
    })
  )
  t.pass()
})

t.test('less than half a watt fed in is 0 W, and not -0', async t => {
  const rows = new Rows(slotMs)
  rows.add({ ...emptyRow(0), net: -1, coveredMs: 7_200, min: 0, max: 0 })
  const [read] = rowsOf(new Rows(slotMs, rows.encode()).read())
  t.ok(Object.is(read?.min, 0) && Object.is(read?.max, 0))
})

t.test('a row of a quiet minute is small', async t => {
  const rows = new Rows(slotMs)
  for (let slot = 0; slot < 60; slot++)
    rows.add({ ...emptyRow(slot), net: 8_333 + slot, coveredMs: slotMs, min: 480, max: 520, deciCelsius: 215 })
  t.ok(rows.encode().length < 60 * 4 + 10, `${rows.encode().length} bytes`)
})

t.test('a slot is no longer than it is, and keeps what was least, most and last', async t => {
  const row = { ...emptyRow(0), net: 10, coveredMs: 50_000, min: 5, max: 9, deciCelsius: 200 }
  mergeRow(row, { ...emptyRow(0), net: 10, coveredMs: 50_000, min: 7, max: 11, deciCelsius: 210, filled: 1, filledMs: 1 }, slotMs)
  t.strictSame(row, { ...emptyRow(0), net: 20, coveredMs: slotMs, min: 5, max: 11, deciCelsius: 210, filled: 1, filledMs: 1 })
  mergeRow(row, emptyRow(0), slotMs)
  t.strictSame([row.min, row.max, row.deciCelsius], [5, 11, 210])
  const before = emptyRow(0)
  mergeRow(before, { ...emptyRow(0), coveredMs: 1, min: 3, max: 4 }, slotMs)
  t.strictSame([before.min, before.max], [3, 4])
})

t.test('what is read stays as it was while more is added', async t => {
  const rows = new Rows(slotMs)
  for (const slot of [1, 2, 3]) rows.add({ ...emptyRow(slot), net: slot, coveredMs: slotMs, min: 0, max: 0 })
  const reader = rows.read()
  rows.add({ ...emptyRow(3), net: 5, coveredMs: slotMs, min: 0, max: 0 })
  rows.add({ ...emptyRow(9), net: 5, coveredMs: slotMs, min: 0, max: 0 })
  t.strictSame(
    rowsOf(reader).map(({ slot, net }) => [slot, net]),
    [
      [1, 1],
      [2, 2],
      [3, 3]
    ]
  )
})

t.test('a record that cannot be read holds nothing', async t => {
  for (const record of [new Uint8Array(), Uint8Array.of(9, 1, 2, 3)]) t.strictSame(rowsOf(new Rows(slotMs, record).read()), [])
  t.strictSame(rowsOf(new Rows(slotMs, new Rows(slotMs).encode()).read()), [])
})

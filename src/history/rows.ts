/** Rows of a history: what became known of a sensor in slots of equal length, as few bytes, in the order of time. */
import { ByteReader, ByteWriter } from './bytes.ts'

/** One slot. Energy is in whole thousandths of a Wh, or of a litre: so it adds up exactly, in whatever order. */
export interface Row {
  slot: number
  /** Measured: what was drawn less what was fed in. */
  net: number
  /** How much of that was fed in, 0 or more. */
  exported: number
  /** For how long it was measured; 0 when it was not. */
  coveredMs: number
  /** Filled in from the meter's own history. */
  filled: number
  filledMs: number
  /** Least and most watts while it was measured. */
  min: number
  max: number
  /** The last temperature, in tenths of a °C. */
  deciCelsius: number | undefined
}

const version = 1

/** What stands in a row's first byte. */
const bits = { skips: 1, partly: 2, exports: 4, filled: 8, warmer: 16, noWarmth: 32, flat: 64 } as const

export function emptyRow(slot: number): Row {
  return { slot, net: 0, exported: 0, coveredMs: 0, filled: 0, filledMs: 0, min: 0, max: 0, deciCelsius: undefined }
}

/** Adds what became known of the same slot, which is no longer than `slotMs` however often its time comes. */
export function mergeRow(row: Row, more: Readonly<Row>, slotMs: number): void {
  if (more.coveredMs > 0) {
    row.min = row.coveredMs > 0 ? Math.min(row.min, more.min) : more.min
    row.max = row.coveredMs > 0 ? Math.max(row.max, more.max) : more.max
  }
  row.net += more.net
  row.exported += more.exported
  row.coveredMs = Math.min(slotMs, row.coveredMs + more.coveredMs)
  row.filled += more.filled
  row.filledMs = Math.min(slotMs, row.filledMs + more.filledMs)
  row.deciCelsius = more.deciCelsius ?? row.deciCelsius
}

/** Rows that grow: mostly at the end, where the last one is still open. */
export class Rows {
  readonly #slotMs: number
  #writer = new RowWriter()
  #tail: Row | undefined

  /** @param record what `encode` made; one that cannot be read holds nothing */
  constructor(slotMs: number, record?: Uint8Array) {
    this.#slotMs = slotMs
    if (record) this.addRecord(record)
  }

  add(row: Readonly<Row>): void {
    const tail = this.#tail
    if (tail && row.slot < tail.slot) this.addAll([row])
    else if (tail?.slot === row.slot) mergeRow(tail, row, this.#slotMs)
    else {
      if (tail) this.#writer.write(tail, this.#slotMs)
      this.#tail = { ...row }
    }
  }

  /** Adds rows that are in order, wherever they belong: all are written anew. */
  addAll(rows: readonly Readonly<Row>[]): void {
    const reader = this.read()
    this.#writer = new RowWriter()
    this.#tail = undefined
    let next = reader.next()
    for (const row of rows) {
      for (; next && next.slot <= row.slot; next = reader.next()) this.add(next)
      this.add(row)
    }
    for (; next; next = reader.next()) this.add(next)
  }

  /** Adds what `encode` made of other rows of the same block. */
  addRecord(record: Uint8Array): void {
    const reader = new RowReader(this.#slotMs, record)
    const rows: Row[] = []
    for (let row = reader.next(); row; row = reader.next()) rows.push({ ...row })
    this.addAll(rows)
  }

  /** All rows as they are now, their slots counted from `first`; each is good until the next one is asked for. */
  read(first = 0): RowReader {
    return new RowReader(this.#slotMs, this.#writer.record(), first, this.#tail && { ...this.#tail, slot: this.#tail.slot + first })
  }

  encode(): Uint8Array {
    const writer = new RowWriter()
    const reader = this.read()
    for (let row = reader.next(); row; row = reader.next()) writer.write(row, this.#slotMs)
    return writer.record().slice()
  }
}

/**
 *     byte 0  version
 *          1  rows: [ bits | slots skipped | ms measured, if not all | mWh less those of the row before | watts from the mean down to the least
 *                    and up to the most | mWh fed in | mWh and ms filled in | tenths of a °C above the row before ]
 */
class RowWriter {
  readonly #bytes = new ByteWriter()
  #slot = -1
  #net = 0
  #deciCelsius = 0

  constructor() {
    this.#bytes.number(version)
  }

  record(): Uint8Array {
    return this.#bytes.written()
  }

  write(row: Readonly<Row>, slotMs: number): void {
    const { slot, net, exported, coveredMs, filled, filledMs, min, max, deciCelsius } = row
    const bytes = this.#bytes
    const skipped = slot - this.#slot - 1
    const mean = meanWattsOf(row)
    const isFlat = min === mean && max === mean
    bytes.number(
      (skipped > 0 ? bits.skips : 0) +
        (coveredMs === slotMs ? 0 : bits.partly) +
        (exported > 0 ? bits.exports : 0) +
        (filledMs > 0 ? bits.filled : 0) +
        (deciCelsius === undefined ? bits.noWarmth : deciCelsius === this.#deciCelsius ? 0 : bits.warmer) +
        (isFlat ? bits.flat : 0)
    )
    if (skipped > 0) bytes.number(skipped)
    if (coveredMs !== slotMs) bytes.number(coveredMs)
    if (coveredMs > 0) {
      bytes.signed(net - this.#net)
      this.#net = net
      if (!isFlat) {
        bytes.signed(mean - min)
        bytes.signed(max - mean)
      }
    }
    if (exported > 0) bytes.number(exported)
    if (filledMs > 0) {
      bytes.number(filled)
      bytes.number(filledMs)
    }
    if (deciCelsius !== undefined) {
      if (deciCelsius !== this.#deciCelsius) bytes.signed(deciCelsius - this.#deciCelsius)
      this.#deciCelsius = deciCelsius
    }
    this.#slot = slot
  }
}

/** Reads rows one by one into one object. */
export class RowReader {
  readonly #slotMs: number
  readonly #bytes: ByteReader
  readonly #row = emptyRow(-1)
  #tail: Row | undefined
  #net = 0
  #deciCelsius = 0

  /** @param first from where slots are counted @param tail a row that comes behind those of the record */
  constructor(slotMs: number, record: Uint8Array, first = 0, tail?: Row) {
    this.#slotMs = slotMs
    this.#row.slot = first - 1
    this.#bytes = new ByteReader(record[0] === version ? record : new Uint8Array(), 1)
    this.#tail = tail
  }

  /** The next row, good until the one after it is asked for. */
  next(): Readonly<Row> | undefined {
    if (!this.#bytes.isAtEnd) return this.#read()
    const tail = this.#tail
    this.#tail = undefined
    return tail
  }

  #read(): Row {
    const bytes = this.#bytes
    const row = this.#row
    const head = bytes.number()
    row.slot += head & bits.skips ? bytes.number() + 1 : 1
    row.coveredMs = head & bits.partly ? bytes.number() : this.#slotMs
    row.net = row.min = row.max = 0
    if (row.coveredMs > 0) {
      this.#net += bytes.signed()
      row.net = this.#net
      const mean = meanWattsOf(row)
      row.min = head & bits.flat ? mean : mean - bytes.signed()
      row.max = head & bits.flat ? mean : mean + bytes.signed()
    }
    row.exported = head & bits.exports ? bytes.number() : 0
    row.filled = head & bits.filled ? bytes.number() : 0
    row.filledMs = head & bits.filled ? bytes.number() : 0
    if (head & bits.warmer) this.#deciCelsius += bytes.signed()
    row.deciCelsius = head & bits.noWarmth ? undefined : this.#deciCelsius
    return row
  }
}

/** Watts while it was measured, to the nearest; 0 is never one below zero, as rounding makes it. */
function meanWattsOf({ net, coveredMs }: Readonly<Row>): number {
  return coveredMs > 0 ? Math.round((net * 3_600) / coveredMs) + 0 : 0
}

/** The journal of one meter: what was accounted for since the blocks were written, in one small record a minute. */
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { type Row, RowReader, Rows } from './rows.ts'
import { seconds } from './tiers.ts'

/** What of a whole unit is still to be added to a series, in units of their own: net, and fed in. */
export type Rest = readonly [net: number, exported: number]

/** Is told what the last run had written into the journal, and not yet into the blocks. */
type Replay = (series: string, rest: Rest, row: Readonly<Row>) => void

/** A record that is put on its own at the next checkpoint: until then the journal has it. */
interface Small {
  readonly bytes: Uint8Array
  phase: 'new' | 'written'
}

const version = 1

/** Records go round in a ring, so that none need be deleted; a number tells which of them the blocks do not hold yet. */
export class Journal {
  readonly #store: Store
  readonly #meter: string
  readonly #small = new Map<string, Small>()
  /** What came since the last record, by series. */
  #notes = new Map<string, { readonly rows: Rows; rest: Rest }>()
  #number: number
  /** The last record that the blocks hold. */
  #checkpoint: number
  /** Whether the blocks hold something that no record does. */
  #phase: 'whole' | 'broken' = 'whole'

  constructor(store: Store, meter: string) {
    this.#store = store
    this.#meter = meter
    const head = store.get(this.#headKey)
    this.#checkpoint = head?.[0] === version ? new ByteReader(head, 1).number() : 0
    this.#number = this.#checkpoint
  }

  /** What was told at the last checkpoint. */
  get told(): Uint8Array {
    const head = this.#store.get(this.#headKey)
    if (head?.[0] !== version) return new Uint8Array()
    const reader = new ByteReader(head, 1)
    reader.number()
    return reader.bytes()
  }

  /** Whether the blocks must be written soon, whatever the time is. */
  get isCheckpointDue(): boolean {
    return this.#phase === 'broken' || this.#number - this.#checkpoint > limits.journalRecordsMax / 2
  }

  /** Goes through what the blocks do not hold, in the order in which it was written. */
  replay(replay: Replay): void {
    const records: { number: number; reader: ByteReader }[] = []
    for (let place = 0; place < limits.journalRecordsMax; place++) {
      const record = this.#store.get(this.#recordKey(place))
      if (record?.[0] !== version) continue
      const reader = new ByteReader(record, 1)
      const number = reader.number()
      if (number > this.#checkpoint) records.push({ number, reader })
    }
    for (const { number, reader } of records.sort((a, b) => a.number - b.number)) {
      this.#number = number
      for (let count = reader.number(); count > 0 && !reader.isAtEnd; count--) {
        const series = reader.text()
        const rest = [reader.signed(), reader.signed()] as const
        const rows = new RowReader(seconds.slotMs, reader.bytes())
        for (let row = rows.next(); row; row = rows.next()) replay(series, rest, row)
      }
      while (!reader.isAtEnd) this.#small.set(reader.text(), { bytes: reader.bytes(), phase: 'written' })
    }
  }

  /** The newest value of a small record. */
  get(key: string): Uint8Array | undefined {
    return this.#small.get(key)?.bytes ?? this.#store.get(key)
  }

  /** Takes a small record, which is written with all the rest. */
  put(key: string, bytes: Uint8Array): void {
    this.#small.set(key, { bytes, phase: 'new' })
  }

  /** Takes down what was added to a series. */
  note(series: string, rest: Rest, row: Readonly<Row>): void {
    let note = this.#notes.get(series)
    if (note === undefined) {
      note = { rows: new Rows(seconds.slotMs), rest }
      this.#notes.set(series, note)
    }
    note.rows.add(row)
    note.rest = rest
  }

  /** The blocks were changed in a way that no record tells. */
  bypass(): void {
    this.#phase = 'broken'
  }

  /** Puts all that came since the last record into the store; false when it is not taken. */
  save(): boolean {
    const small = [...this.#small].filter(([, { phase }]) => phase === 'new')
    if (small.length === 0 && this.#notes.size === 0) return true
    const number = this.#number + 1
    const writer = new ByteWriter(256)
    writer.number(number)
    writer.number(this.#notes.size)
    for (const [series, { rows, rest }] of this.#notes) {
      writer.text(series)
      for (const each of rest) writer.signed(each)
      writer.bytes(rows.encode())
    }
    for (const [key, { bytes }] of small) {
      writer.text(key)
      writer.bytes(bytes)
    }
    // What is not taken now is in the blocks, and is written with them.
    this.#notes = new Map()
    if (!this.#store.put(this.#recordKey(number % limits.journalRecordsMax), writer.take(version))) {
      this.#phase = 'broken'
      return false
    }
    this.#number = number
    for (const [, each] of small) each.phase = 'written'
    return true
  }

  /**
   * From here on the blocks hold all, which are to be put in this very turn. The number goes first: if a block is not taken, it may be
   * lost with the power, and nothing is ever added twice.
   */
  checkpoint(told: Uint8Array): boolean {
    const writer = new ByteWriter()
    writer.number(this.#number)
    writer.bytes(told)
    if (!this.#store.put(this.#headKey, writer.take(version))) return false
    this.#checkpoint = this.#number
    this.#phase = 'whole'
    for (const [key, small] of this.#small) {
      if (this.#store.put(key, small.bytes)) this.#small.delete(key)
      else small.phase = 'new'
    }
    return true
  }

  get #headKey(): string {
    return `k/${this.#meter}`
  }

  #recordKey(place: number): string {
    return `j/${this.#meter}/${place}`
  }
}

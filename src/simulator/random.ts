/** Chance from a seed: the same seed gives the same run of numbers on every machine. */

/** A stream of random numbers. Each concern takes a stream of its own, so that faults on the wire do not change the house. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 up to 1: a Weyl sequence whose every step is scrambled (splitmix32). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }

  /** A number of the span. */
  between([from, to]: Span): number {
    return from + (to - from) * this.next()
  }

  /** A whole number from the first to the last, both included. */
  whole(first: number, last: number): number {
    return first + Math.floor(this.next() * (last - first + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** How long to wait for what comes at random, so often on the average. */
  wait(meanMs: number): number {
    return -Math.log(1 - this.next()) * meanMs
  }

  /** A number of the span, in which each doubling is as likely as the next: many short ones, few long ones. */
  mostlyShort([from, to]: Span): number {
    return from * (to / from) ** this.next()
  }

  /** A stream that has nothing in common with this one but the seed. */
  fork(): Random {
    return new Random(this.next() * 2 ** 32)
  }
}

export type Span = readonly [from: number, to: number]

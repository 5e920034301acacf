/** Reads the fields of one message strictly: a value is exactly what the wire's tables allow, or the whole message is at fault. */

import { limits } from '../limits.ts'
import { childrenNamed, type Element } from './elements.ts'
import type { FieldFault } from './fault.ts'

/** Lowest and highest value, both allowed. */
export type Range = readonly [lowest: number, highest: number]

/** What the wire can carry (spec: CC128 / EnviR live message, Classic live message). */
export const ranges = {
  daysSinceBirth: [0, 99_999],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
  /** A display stands in a room; the bounds only tell a temperature from nonsense. */
  celsius: [-100, 100],
  /** The same in °F. */
  fahrenheit: [-148, 212],
  sensor: [0, limits.sensorsMax - 1],
  /** 12 bits. */
  radioId: [0, 4095],
  type: [1, 4],
  /** The types whose history is electricity, the only one that is told in kWh. */
  historyType: [1, 2],
  /** Years of a Classic have seven digits; a negative block of 30 days is real. */
  kwh: [-9_999_999, 9_999_999],
  watts: [-32_767, 32_767],
  impulses: [0, 2 ** 32 - 1],
  impulsesPerUnit: [1, 2 ** 32 - 1]
} as const satisfies Record<string, Range>

/** What is wrong with a message; its parts share one. */
interface Verdict {
  fault: FieldFault | undefined
}

/**
 * The fields of one message or of a part of it, named by their path such as `ch1/watts`.
 *
 * Every method gives a value at once, so that a model reads like its table. A field at fault gives a stand-in (the lowest of its
 * range, or nothing); the first fault is kept, and whoever reads must ask for it before believing any value.
 */
export class Fields {
  readonly #element: Element
  /** Path of the part within its message, with a slash at its end. */
  readonly #prefix: string
  readonly #verdict: Verdict

  constructor(element: Element, prefix = '', verdict: Verdict = { fault: undefined }) {
    this.#element = element
    this.#prefix = prefix
    this.#verdict = verdict
  }

  /** The first fault met so far, anywhere in the message. */
  get fault(): FieldFault | undefined {
    return this.#verdict.fault
  }

  /** The names of the elements that stand here, in the order of the wire. */
  get names(): readonly string[] {
    return this.#element.children.map(child => child.name)
  }

  /** Whether an element of this name stands here. */
  has(name: string): boolean {
    return childrenNamed(this.#element, name).length > 0
  }

  /** The parts of this name. */
  parts(name: string): readonly Fields[] {
    return childrenNamed(this.#element, name).map(part => new Fields(part, `${this.#prefix}${name}/`, this.#verdict))
  }

  /** The one part of this name. */
  part(name: string): Fields {
    const [part, twin] = this.parts(name)
    if (twin !== undefined) this.reject('field-repeated', name)
    if (part !== undefined) return part
    this.reject('field-missing', name)
    return new Fields({ name, text: '', children: [] }, `${this.#prefix}${name}/`, this.#verdict)
  }

  /** A whole number: leading spaces, a sign and leading zeros are allowed, nothing else is. */
  integer(path: string, range: Range): number {
    return this.#number(path, /^ *[+-]?\d+$/, range)
  }

  /** A number that may have a decimal part. */
  decimal(path: string, range: Range): number {
    return this.#number(path, /^ *[+-]?\d+(\.\d+)?$/, range)
  }

  /** The part of the text that the pattern captures first. */
  word(path: string, pattern: RegExp): string {
    const word = pattern.exec(this.#text(path))?.[1]
    if (word === undefined) this.reject('value-invalid', path)
    return word ?? ''
  }

  /** A time of day, `HH:MM:SS`. */
  timeOfDay(path: string): string {
    const time = this.word(path, /^ *(\d\d:\d\d:\d\d)$/)
    if (!/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(time)) this.reject('value-out-of-range', path)
    return time
  }

  /** Finds a field at fault; later faults follow from the first one, or would only be told of a message that is rejected anyway. */
  reject(kind: FieldFault['kind'], path: string): void {
    this.#verdict.fault ??= { kind, field: `${this.#prefix}${path}` }
  }

  #number(path: string, shape: RegExp, [lowest, highest]: Range): number {
    const text = this.#text(path)
    if (!shape.test(text)) this.reject('value-invalid', path)
    // Adding 0 makes a 0 of the -0 that '-00.0' would be.
    const value = Number(text) + 0
    if (value >= lowest && value <= highest) return value
    this.reject('value-out-of-range', path)
    return lowest
  }

  #text(path: string): string {
    let element = this.#element
    for (const name of path.split('/')) {
      const [child, twin] = childrenNamed(element, name)
      if (twin !== undefined) this.reject('field-repeated', path)
      if (child === undefined) {
        this.reject('field-missing', path)
        return ''
      }
      element = child
    }
    return element.text
  }
}

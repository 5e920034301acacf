/** A fixed set of named counters: a name that is not in the set does not compile, and nothing grows. */

/** Counts by name, from 0. */
export class Counters<Name extends string> {
  readonly #counts: Map<Name, number>

  constructor(names: readonly Name[]) {
    this.#counts = new Map(names.map(name => [name, 0]))
  }

  count(name: Name, by = 1): void {
    this.#counts.set(name, this.get(name) + by)
  }

  get(name: Name): number {
    return this.#counts.get(name) ?? 0
  }

  /** All of them, by name; what is counted is not many, so it is made anew each time. */
  all(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  /** Those of the named counters that are not 0, by name. */
  counted(names: readonly Name[]): Record<string, number> {
    return Object.fromEntries(names.map(name => [name, this.get(name)] as const).filter(([, count]) => count > 0))
  }
}

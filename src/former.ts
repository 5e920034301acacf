/** What earlier versions wrote otherwise: their settings files go on working, and what to write now is told. */

/** A key that was called otherwise once, or that came with a value which is no longer right. */
export interface Former {
  readonly was: string
  /** Only these values; any if they are missing. */
  readonly values?: readonly unknown[]
  /** What it is called now; if that is missing, the line counts for nothing. */
  readonly now?: string
}

/** To rename a setting, add a row. */
export const formerSettings: readonly Former[] = []

/** The same for the table `[limits]`. */
export const formerLimits: readonly Former[] = [
  // The first example file had the sum of all bounds so: the bounds come to more by now.
  { was: 'held-bytes-max', values: [75_497_472] }
]

/** A line of the file. */
interface Entry {
  readonly key: string
  readonly value: unknown
  /** The key as it stands there. */
  readonly written: string
}

/** The lines of a table as they would be written now; each that was written otherwise is told. */
export function modernize(
  table: Readonly<Record<string, unknown>>,
  formers: readonly Former[],
  tell: (written: string, what: string) => void
): readonly Entry[] {
  return Object.entries(table).flatMap(([written, value]) => {
    const former = formers.find(({ was, values }) => was === written && (values?.includes(value) ?? true))
    if (!former) return [{ key: written, value, written }]
    const { now } = former
    if (now === undefined || Object.hasOwn(table, now)) {
      tell(written, 'is of an earlier version and counts no longer: take the line away')
      return []
    }
    tell(written, `is called ${now} now: change the line`)
    return [{ key: now, value, written }]
  })
}

/** Amounts in words for whoever looks after the daemon: bytes, time, and how many. */

/** Such as `52.3 MB`. */
export function describeBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** Such as `1 client` or `2 clients`. @param noun of one */
export function describeCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 }
] as const

/** Such as `12 s`, `5 min` or `3 d 4 h`: rounded down, and of the two largest units above minutes. */
export function describeMs(ms: number): string {
  const first = units.findIndex(unit => ms >= unit.ms)
  const unit = units[first] ?? units[3]
  const next = units[first + 1]
  const count = Math.floor(ms / unit.ms)
  const rest = next === undefined || unit.ms < 3_600_000 ? 0 : Math.floor((ms % unit.ms) / next.ms)
  return `${count} ${unit.name}${rest > 0 && next ? ` ${rest} ${next.name}` : ''}`
}

/** A day and time without a zone, such as `2026-11-22 18:40:12 UTC`. */
export function describeTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

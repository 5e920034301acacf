/** What the kernel tells of a process: its memory by kind, and the time it had a processor. */
import { readFileSync } from 'node:fs'

const ticksPerSecond = 100 // USER_HZ, the same on every Linux that Node runs on

/** Memory in KB: resident, anonymous (what a board cannot reclaim), and private dirty. */
export const memoryOf = pid => ({
  rss: fieldOf(`/proc/${pid}/status`, 'VmRSS'),
  anon: fieldOf(`/proc/${pid}/status`, 'RssAnon'),
  dirty: fieldOf(`/proc/${pid}/smaps_rollup`, 'Private_Dirty')
})

/** Seconds of processor time so far, of all threads. */
export const cpuSecondsOf = pid => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const fieldOf = (path, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? Number.NaN)

/** What the kernel tells of a process: its memory by kind, the time it had a processor, and its reads from the disk. */
import { readFileSync } from 'node:fs'
import { failure } from '../command.mjs'

const ticksPerSecond = 100 // USER_HZ, the same on every Linux that Node runs on
const sampleMs = 100

/** Anonymous memory in KB: what a board cannot reclaim. */
export const anonOf = pid => fieldOf(pid, 'RssAnon')

/** Seconds of processor time so far, of all threads. */
export const cpuSecondsOf = pid => (statOf(pid, 14) + statOf(pid, 15)) / ticksPerSecond

/** Pages that had to be read from the disk so far. */
export const majorFaultsOf = pid => statOf(pid, 12)

/** Anon in KB before a work, and the most that it was on the way. */
export const sampled = async (pid, work, everyMs = sampleMs) => {
  const before = anonOf(pid)
  let peak = before
  let isDone = false
  const sample = async () => {
    while (!isDone) {
      peak = Math.max(peak, anonOf(pid))
      await new Promise(resolve => setTimeout(resolve, everyMs))
    }
  }
  const [result] = await Promise.all([work.finally(() => (isDone = true)), sample()])
  return { before, peak: Math.max(peak, anonOf(pid)), result }
}

/** Fields of /proc/PID/stat by their number in its manual; the second may have spaces in it. */
const statOf = (pid, field) =>
  Number(
    textOf(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')[field - 3]
  )

const fieldOf = (pid, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(textOf(pid, 'status'))?.[1])

const textOf = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    throw failure('the broker has ended')
  }
}

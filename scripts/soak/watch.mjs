/** Looks at the daemon from outside: its memory, its descriptors, and whether they grow. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const sampleMs = 5_000

/** Samples memory. What a minute had least is nearest to what is held: the rest is garbage that was not collected yet. */
export class Watch {
  minutes = []
  #pid
  #samples = []
  #timer

  constructor(pid) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#samples.push(memoryOf(pid)), sampleMs)
  }

  /** Ends a minute, and tells of it. */
  minute() {
    const samples = this.#samples.length > 0 ? this.#samples.splice(0) : [memoryOf(this.#pid)]
    const anons = samples.map(({ anon }) => anon)
    const minute = { anonLeast: Math.min(...anons), anonMost: Math.max(...anons), rss: samples.at(-1).rss, ...descriptorsOf(this.#pid) }
    this.minutes.push(minute)
    return minute
  }

  stop() {
    clearInterval(this.#timer)
  }

  /** How anon memory grew over the second half, in KB a minute, and how sure that is. */
  slope() {
    return slopeOf(this.minutes.slice(Math.floor(this.minutes.length / 2)).map(({ anonLeast }) => anonLeast))
  }
}

/** Descriptors of a process: sockets, and all. */
export const descriptorsOf = pid => {
  const targets = readdirSync(`/proc/${pid}/fd`).map(name => targetOf(`/proc/${pid}/fd/${name}`))
  return { sockets: targets.filter(target => target.startsWith('socket:')).length, descriptors: targets.filter(Boolean).length }
}

/** Least squares over values that come one a minute: the slope and its standard error. */
export const slopeOf = values => {
  const { length } = values
  if (length < 3) return { slope: Number.NaN, error: Number.NaN }
  const [centre, level] = [(length - 1) / 2, mean(values)]
  const spread = values.reduce((sum, _, at) => sum + (at - centre) ** 2, 0)
  const slope = values.reduce((sum, value, at) => sum + (at - centre) * (value - level), 0) / spread
  const rest = values.reduce((sum, value, at) => sum + (value - level - slope * (at - centre)) ** 2, 0)
  return { slope, error: Math.sqrt(rest / (length - 2) / spread) }
}

/** Memory in KB: anonymous, which a board cannot reclaim, and resident. */
const memoryOf = pid => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [anon, rss] = ['RssAnon', 'VmRSS'].map(name => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]))
  return { anon, rss }
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length

const targetOf = path => {
  try {
    return readlinkSync(path)
  } catch {
    return '' // it was closed meanwhile
  }
}

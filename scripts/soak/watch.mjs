/** Looks at the daemon from outside: its memory, its descriptors, and whether they grow. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Often, for between two collections, half a minute apart, it rises by 300 KB a second. */
const sampleMs = 500

/**
 * Samples anon memory. The floor of a minute, the least that it had, is nearest to what is held: V8 collects when its heap has grown by 8 MB. What it
 * has compiled is told apart: it goes on for hours with what is called now and then, more and more slowly, and comes to what the program has.
 */
export class Watch {
  #pid
  #inside
  #samples = []
  #floors = []
  #timer

  constructor(pid, inside) {
    this.#pid = pid
    this.#inside = inside
    this.#timer = setInterval(() => this.#samples.push(memoryOf(pid)), sampleMs)
  }

  /** Ends a minute, and tells of it. */
  async minute() {
    const samples = this.#samples.length > 0 ? this.#samples.splice(0) : [memoryOf(this.#pid)]
    const anons = samples.map(({ anon }) => anon)
    const floor = Math.min(...anons)
    const compiled = await this.#inside.compiled()
    this.#floors.push({ floor, compiled })
    return { floor, top: Math.max(...anons), compiled, rss: samples.at(-1).rss, ...descriptorsOf(this.#pid) }
  }

  stop() {
    clearInterval(this.#timer)
  }

  /** How the floor went between two minutes: all of it, and without what is compiled. */
  slopes(from, to) {
    const floors = this.#floors.slice(from, to)
    return { all: slopeOf(floors.map(({ floor }) => floor)), held: slopeOf(floors.map(({ floor, compiled }) => floor - compiled)) }
  }
}

/** Descriptors of a process: sockets, files (of them the store has now more, now fewer), and the rest. */
export const descriptorsOf = pid => {
  const targets = readdirSync(`/proc/${pid}/fd`)
    .map(name => targetOf(`/proc/${pid}/fd/${name}`))
    .filter(Boolean)
  const sockets = targets.filter(target => target.startsWith('socket:')).length
  const files = targets.filter(target => target.startsWith('/')).length
  return { sockets, files, others: targets.length - sockets - files }
}

/**
 * The slope of values that come one a minute, after Theil and Sen: the median of the slopes between any two of them, which a few odd minutes do not
 * move. Of 20 such runs 19 would have it between `least` and `most`.
 */
export const slopeOf = values => {
  const { length } = values
  const slopes = values.flatMap((later, at) => values.slice(0, at).map((earlier, before) => (later - earlier) / (at - before)))
  slopes.sort((one, other) => one - other)
  const middle = (slopes.length - 1) / 2
  const margin = 1.96 * Math.sqrt((length * (length - 1) * (2 * length + 5)) / 18)
  const at = rank => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN
  return { slope: at(middle), least: at(middle - margin / 2), most: at(middle + margin / 2) }
}

/** Memory in KB: anonymous, which a board cannot reclaim, and resident. */
const memoryOf = pid => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [anon, rss] = ['RssAnon', 'VmRSS'].map(name => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]))
  return { anon, rss }
}

const targetOf = path => {
  try {
    return readlinkSync(path)
  } catch {
    return '' // it was closed meanwhile
  }
}

/** The log: one line a change of state, on standard error, with the journal's priorities when the journal reads it; and its last lines, for the page. */
import { fstatSync } from 'node:fs'
import type { DeviceAnswer } from '../api.ts'
import { limits } from '../limits.ts'

const priorities = { error: 3, warning: 4, notice: 5, info: 6 } as const
type Priority = keyof typeof priorities

export interface Log {
  error(text: string): void
  warning(text: string): void
  notice(text: string): void
  info(text: string): void
  /** A warning that may come often: said once an hour for each key. */
  warnSeldom(text: string, key: string): void
}

/** A line of the log as the page is told it. */
export type LogLine = DeviceAnswer['log'][number]

/** The last lines, bounded in number and in bytes as JSON. */
export class LogTail {
  readonly #lines: { readonly line: LogLine; readonly bytes: number }[] = []
  #bytes = 0

  /** Oldest first. */
  get lines(): readonly LogLine[] {
    return this.#lines.map(({ line }) => line)
  }

  add(line: LogLine): void {
    const bytes = Buffer.byteLength(JSON.stringify(line))
    this.#lines.push({ line, bytes })
    this.#bytes += bytes
    while (this.#lines.length > limits.logTailLinesMax || this.#bytes > limits.logTailBytesMax)
      this.#bytes -= this.#lines.shift()?.bytes ?? 0
  }
}

/** Whether what a descriptor writes to is systemd's journal, as it said when it started us; a file that took its place is not. */
export function isJournal(descriptor: number, said: string | undefined): boolean {
  const { dev, ino } = fstatSync(descriptor, { bigint: true })
  return said === `${dev}:${ino}`
}

/**
 * Makes a log.
 * @param write takes whole lines
 * @param journal whether systemd's journal reads them, which then needs a priority and no time
 * @param nowMs the time of day @param tail where its last lines are kept
 */
export function makeLog(write: (line: string) => void, journal: boolean, nowMs: () => number, tail = new LogTail()): Log {
  return logBy((priority, said) => {
    const atMs = nowMs()
    const text = said.slice(0, limits.logLineCharactersMax)
    write(`${journal ? `<${priorities[priority]}>` : `${new Date(atMs).toISOString()} ${priority.padEnd(7)} `}${text}\n`)
    tail.add({ atMs, level: priority === 'notice' ? 'info' : priority, text })
  }, nowMs)
}

/** Makes the log of a command that somebody waits for: plain sentences. @param write takes whole lines */
export function makeSpeech(write: (line: string) => void, nowMs: () => number): Log {
  return logBy((_, text) => write(`wattslug: ${text}\n`), nowMs)
}

function logBy(tell: (priority: Priority, text: string) => void, nowMs: () => number): Log {
  const saidMs = new Map<string, number>()
  const say = (priority: Priority, text: string): void => tell(priority, text.replaceAll(/\p{Cc}+/gu, ' '))
  return {
    error: text => say('error', text),
    warning: text => say('warning', text),
    notice: text => say('notice', text),
    info: text => say('info', text),
    warnSeldom(text, key) {
      const now = nowMs()
      const last = saidMs.get(key)
      if (last !== undefined && now >= last && now - last < limits.logRepeatMs) return
      saidMs.delete(key)
      const [oldest] = saidMs.keys()
      if (saidMs.size >= limits.logKeysMax && oldest !== undefined) saidMs.delete(oldest)
      saidMs.set(key, now)
      say('warning', text)
    }
  }
}

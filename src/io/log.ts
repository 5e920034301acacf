/** The log: one line a change of state, on standard error, with the journal's priorities when the journal reads it. */
import { limits } from '../limits.ts'

const priorities = { error: 3, warning: 4, notice: 5, info: 6 } as const
type Priority = keyof typeof priorities

export interface Log {
  error(text: string): void
  warning(text: string): void
  notice(text: string): void
  info(text: string): void
  /** A warning that may come often: said once a minute for each key. */
  warnSeldom(text: string, key: string): void
}

/**
 * Makes a log.
 * @param write takes whole lines
 * @param journal whether systemd's journal reads them (`JOURNAL_STREAM` is set), which then needs a priority and no time
 * @param nowMs the time of day
 */
export function makeLog(write: (line: string) => void, journal: boolean, nowMs: () => number): Log {
  const saidMs = new Map<string, number>()
  const say = (priority: Priority, text: string): void => {
    const head = journal ? `<${priorities[priority]}>` : `${new Date(nowMs()).toISOString()} ${priority.padEnd(7)} `
    write(`${head}${text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, limits.logLineCharactersMax)}\n`)
  }
  return {
    error: text => say('error', text),
    warning: text => say('warning', text),
    notice: text => say('notice', text),
    info: text => say('info', text),
    warnSeldom(text, key) {
      const now = nowMs()
      const last = saidMs.get(key)
      if (last !== undefined && now >= last && now - last < limits.logRepeatMs) return
      saidMs.set(key, now)
      say('warning', text)
    }
  }
}

/** One thing that the checkup judged, and how all of them are told. */

export interface Finding {
  readonly level: 'well' | 'note' | 'trouble'
  readonly about: string
  /** One sentence. */
  readonly text: string
  /** What to do, in one sentence, if something is to be done. */
  readonly next?: string
}

/** The findings as lines, each with its level before it. */
export function tellFindings(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ level, about, text }) => `${level.padEnd(8)} ${about}: ${text}`)
}

/** What to do next: what is in trouble first. */
export function nextSteps(findings: readonly Finding[]): readonly string[] {
  const of = (wanted: Finding['level']): readonly string[] =>
    findings.flatMap(({ level, about, next }) => (level === wanted && next !== undefined ? [`${about}: ${next}`] : []))
  return [...of('trouble'), ...of('note')]
}

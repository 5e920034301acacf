/** Topic rules in mosquitto's form: who may read and write what, and the rights that follow for one of them. */
import { limits } from '../limits.ts'
import { topicFilterFault } from './topic.ts'

/** What a rule does; to deny comes before all that is allowed. */
type Verb = 'read' | 'write' | 'readwrite' | 'deny'

const verbs: ReadonlySet<string> = new Set<Verb>(['read', 'write', 'readwrite', 'deny'])

/** One line. */
export interface Rule {
  readonly verb: Verb
  readonly filter: string
}

/** A file of them. */
export interface Acl {
  /** For those without a name: lines before the first `user`. */
  readonly general: readonly Rule[]
  readonly users: ReadonlyMap<string, readonly Rule[]>
  /** For every user, whose name stands for `%u`, and the client id for `%c`. */
  readonly patterns: readonly Rule[]
}

/** Reads a file. @throws Error that tells the line and what is wrong with it */
export function parseAcl(text: string): Acl {
  const general: Rule[] = []
  const users = new Map<string, Rule[]>()
  const patterns: Rule[] = []
  let rules = general
  let count = 0
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) as RegExpExecArray
    const fault = (what: string): Error => new Error(`line ${index + 1}: ${what}`)
    if (word === 'user') {
      if (rest === '' || rest.includes(':')) throw fault('user: name one, without a colon')
      rules = users.get(rest) ?? []
      users.set(rest, rules)
    } else if (word === 'topic' || word === 'pattern') {
      const [, verb = 'readwrite', filter = ''] = /^(?:(\S+)\s+)?(.*)$/s.exec(rest) as RegExpExecArray
      if (!verbs.has(verb)) throw fault(`${word}: ${verb} is unknown; allowed: ${[...verbs].join(', ')}`)
      if (filter.startsWith('$share/') || topicFilterFault(sample(word, filter)))
        throw fault(`${word}: ${filter || 'nothing'} is no topic filter`)
      if (++count > limits.accessRulesMax) throw fault(`too many rules; allowed: ${limits.accessRulesMax}`)
      const target = word === 'topic' ? rules : patterns
      target.push({ verb: verb as Verb, filter })
    } else {
      throw fault(`${word}: unknown; allowed: user, topic, pattern`)
    }
  }
  return { general, users, patterns }
}

/** Whether rules differ by the client id. */
export function tellsClientsApart({ patterns }: Acl): boolean {
  return patterns.some(({ filter }) => filter.includes('%c'))
}

/**
 * The patterns as they are for one client. A name with `+`, `#` or `/` in it could make a rule reach further than it was written to, so it
 * allows nothing by a pattern; what is denied to it can only become more.
 * @param user empty for those without a name, to whom patterns allow nothing
 */
export function patternsFor({ patterns }: Acl, user: string, clientId: string): readonly Rule[] {
  return patterns.flatMap(({ verb, filter: pattern }) => {
    const names = [...(pattern.includes('%u') ? [user] : []), ...(pattern.includes('%c') ? [clientId] : [])]
    const filter = pattern.replace(/%[uc]/g, which => (which === '%u' ? user : clientId))
    const isWider = user === '' || names.some(name => /[+#/]/.test(name)) || (filter.startsWith('$') && !pattern.startsWith('$'))
    return isWider && verb !== 'deny' ? [] : [{ verb, filter }]
  })
}

/** A pattern with plain names in it. */
function sample(word: string, filter: string): string {
  return word === 'pattern' ? filter.replace(/%[uc]/g, 'x') : filter
}

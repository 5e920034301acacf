/** What a user's clients may read and write: one object for all of them, unless their client ids matter. */
import { type Acl, patternsFor, type Rule, tellsClientsApart } from './acl.ts'
import { covers, matches, meet } from './topic.ts'

/** Rights within rules. Who may do everything has none of these: a fan-out looks at them for each subscriber. */
export class Rights {
  /** Whether shared subscriptions may be joined, which take messages from others. */
  readonly mayShare: boolean
  readonly #denied: readonly string[]
  readonly #read: readonly string[]
  readonly #write: readonly string[]
  /** What everyone may. */
  readonly #everyone: Rights | undefined
  /** Names the message for which the rest holds. */
  #stamp = 0
  #isReadable = false

  /** @param everyone whose rights come beside, but for what is denied here */
  constructor(rules: readonly Rule[], mayShare: boolean, everyone?: Rights) {
    const of = (...verbs: readonly Rule['verb'][]): readonly string[] =>
      rules.filter(({ verb }) => verbs.includes(verb)).map(({ filter }) => filter)
    this.#denied = of('deny')
    this.#read = of('read', 'readwrite')
    this.#write = of('write', 'readwrite')
    this.mayShare = mayShare
    this.#everyone = everyone
  }

  /** Whether anything may be written. */
  get mayWriteSome(): boolean {
    return this.#write.length > 0 || this.#everyone?.mayWriteSome === true
  }

  mayRead(topic: string): boolean {
    if (includes(this.#denied, topic)) return false
    return includes(this.#read, topic) || this.#everyone?.mayRead(topic) === true
  }

  mayWrite(topic: string): boolean {
    if (includes(this.#denied, topic)) return false
    return includes(this.#write, topic) || this.#everyone?.mayWrite(topic) === true
  }

  /** The same as `mayRead`, once for each message, however many subscribers have these rights. @param stamp names the message */
  mayReadNow(topic: string, stamp: number): boolean {
    if (this.#stamp !== stamp) {
      this.#stamp = stamp
      this.#isReadable = this.mayRead(topic)
    }
    return this.#isReadable
  }

  /** Whether a filter, which is not shared, can match anything that may be read. */
  mayReadSome(filter: string): boolean {
    if (this.#denied.some(denied => covers(denied, filter))) return false
    return this.#read.some(allowed => meet(allowed, filter)) || this.#everyone?.mayReadSome(filter) === true
  }
}

/** Who there is without a name, and by the owner's password: no user can have these names. */
export const anyone = ''
export const owner = ':'

/** No rights at all. */
export const nothing = new Rights([], false)

/** Who may do what. */
export interface Access {
  /** `open`: everyone may do everything; `read`: those without a name see readings; `login`: they see nothing. */
  readonly mode: 'open' | 'read' | 'login'
  /** First levels of the readings' topics. */
  readonly root: string
  readonly acl: Acl | undefined
}

/** Makes rights, each once; `undefined` is to do everything. */
export function makeRights({ mode, root, acl }: Access): (user: string, clientId: string) => Rights | undefined {
  const known = new Map<string, Rights>()
  const isShared = !acl || !tellsClientsApart(acl)
  const make = (user: string, clientId: string): Rights => {
    const patterns = acl ? patternsFor(acl, user, clientId) : []
    if (user !== anyone) return new Rights([...(acl?.users.get(user) ?? []), ...patterns], true, rightsOf(anyone, clientId))
    return new Rights([{ verb: 'read', filter: `${root}/#` }, ...(acl?.general ?? []), ...patterns], false)
  }
  const rightsOf = (user: string, clientId: string): Rights => {
    const rights = (isShared ? known.get(user) : undefined) ?? make(user, clientId)
    if (isShared) known.set(user, rights)
    return rights
  }
  return (user, clientId) => {
    if (mode === 'open' || user === owner || (user !== anyone && !acl)) return undefined
    return mode === 'login' && user === anyone ? nothing : rightsOf(user, clientId)
  }
}

function includes(filters: readonly string[], topic: string): boolean {
  for (const filter of filters) if (matches(filter, topic)) return true
  return false
}

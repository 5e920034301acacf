/** The doorkeeper: knows users, passwords and rights, and finds out who somebody is, be it by MQTT or by HTTP. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { limits } from '../limits.ts'
import type { Authority, Verdict, Who } from '../mqtt/access.ts'
import type { Connect } from '../mqtt/packet.ts'
import { reasonCodes } from '../mqtt/packet.ts'
import { type Access, anyone, makeRights, nothing, owner, type Rights } from '../mqtt/rights.ts'
import type { Clock } from './clock.ts'
import { isSecret, makeSecret } from './key.ts'
import type { Log } from './log.ts'
import { checkPassword, type PasswordHash, type PasswordState } from './password.ts'
import { networkOf } from './proxies.ts'
import { Tries } from './tries.ts'
import { readAcl, readUsers, type Users } from './users.ts'

/** Who may do what, as the settings have it. */
export interface AccessSettings {
  readonly access: Access['mode']
  /** A file, or none. */
  readonly users: string | undefined
  readonly acl: string | undefined
  readonly root: string
}

/** What the doorkeeper has to know. */
interface DoorkeeperOptions {
  /** What the owner's password file holds at this instant. */
  readonly password: () => PasswordState
  readonly clock: Clock
  readonly log: Log
}

/** Why nobody was found. */
export type NotFound = 'wrong' | 'hasty' | 'busy' | 'unusable'

const codesOf: Readonly<Record<NotFound, Verdict>> = {
  wrong: reasonCodes.badUserNameOrPassword,
  hasty: reasonCodes.connectionRateExceeded,
  busy: reasonCodes.serverBusy,
  unusable: reasonCodes.serverUnavailable
}

/** Someone whose password can be checked. */
interface Account {
  readonly user: string
  readonly hash: PasswordHash
}

/** One for all doors, so that nobody guesses more by going from one to the other. */
export class Doorkeeper implements Authority {
  /** Counts as the owner's password too, for who can read it in the state folder. */
  readonly secret = makeSecret()
  readonly #options: DoorkeeperOptions
  readonly #tries: Tries
  /** Of this process alone: what is remembered of right passwords tells nothing elsewhere. */
  readonly #pepper = randomBytes(32)
  /** Right passwords by user, as digests, so that who comes back costs no hashing. */
  readonly #remembered = new Map<string, Buffer>()
  /** Passwords that are being hashed, by digest: the same one is hashed once. */
  readonly #checking = new Map<string, Promise<boolean>>()
  readonly #queue: (() => void)[] = []
  #hashing = 0
  /** Who waits for an answer. */
  #asking = 0
  #mode: Access['mode'] = 'login'
  #users: Users = new Map()
  #rightsOf: (user: string, clientId: string) => Rights | undefined = () => nothing

  constructor(options: DoorkeeperOptions) {
    this.#options = options
    this.#tries = new Tries(options.clock)
  }

  get mode(): Access['mode'] {
    return this.#mode
  }

  /** Reads the files that the settings name; what it answers puts them into force, and the broker is to review who is there. @throws Error when one is faulty */
  prepare({ access: mode, users: usersFile, acl: aclFile, root }: AccessSettings): () => void {
    const users: Users = usersFile === undefined ? new Map() : readUsers(usersFile)
    const acl = aclFile === undefined ? undefined : readAcl(aclFile)
    return () => {
      this.#mode = mode
      this.#users = users
      this.#remembered.clear()
      this.#rightsOf = makeRights({ mode, root, acl })
    }
  }

  /** Who sends a CONNECT. Where everyone may do everything nobody is asked. */
  identify({ user, password }: Connect, peer: string, tell: (verdict: Verdict) => void): Verdict | 'later' {
    const isNamed = user !== undefined || password !== undefined
    if (this.#mode === 'open') return { user: anyone, proof: isNamed ? unasked : '' }
    if (!isNamed) return this.#mode === 'login' ? reasonCodes.notAuthorized : { user: anyone, proof: '' }
    const found = this.find(user ?? '', password ?? new Uint8Array(), peer)
    if (!(found instanceof Promise)) return verdictOf(found)
    void found.then(later => tell(verdictOf(later)))
    return 'later'
  }

  rightsOf(user: string, clientId: string): Rights | undefined {
    return this.knows(user) ? this.#rightsOf(user, clientId) : nothing
  }

  mayHave(user: string, whose: string): boolean {
    return this.#mode === 'open' || whose === anyone || whose === user || user === owner
  }

  holds({ user, proof }: Who): boolean {
    if (this.#mode === 'open') return true
    if (user === anyone) return this.#mode === 'read' && proof === ''
    return proof === fromKey || proof === this.#accountOf(user)?.hash.text
  }

  knows(user: string): boolean {
    return this.#mode === 'open' || user === anyone || user === owner || this.#users.has(user)
  }

  /** Whether somebody may change settings. */
  mayChange({ user }: Who): boolean {
    return user === owner || (this.#mode === 'open' && this.#options.password().kind === 'none')
  }

  /** Whether there is anyone to be known by a password. */
  get hasAccounts(): boolean {
    return this.#users.size > 0 || this.#options.password().kind !== 'none'
  }

  /** Finds out who has a name and a password; at once, unless that has to be hashed. @param peer whose tries are counted */
  find(name: string, password: Uint8Array, peer: string): Who | NotFound | Promise<Who | NotFound> {
    if (isSecret(Buffer.from(password).toString('latin1'), this.secret)) return { user: owner, proof: fromKey }
    const user = this.#users.has(name) ? name : owner
    const tries = `${networkOf(peer)} ${user}`
    if (this.#tries.leftMs(tries) > 0) return this.#blame('hasty', peer)
    const account = password.length > limits.passwordBytesMax ? undefined : this.#accountOf(user)
    if (!account && this.#options.password().kind === 'unusable') return 'unusable'
    if (!account) {
      this.#tries.count(tries)
      return this.#blame('wrong', peer)
    }
    const digest = createHmac('sha256', this.#pepper).update(`${account.hash.text}\n`).update(password).digest()
    const known = this.#remembered.get(user)
    if (known && timingSafeEqual(known, digest)) return whoOf(account)
    if (this.#asking >= limits.passwordsMax + limits.passwordsWaitingMax) return 'busy'
    return this.#ask(account, Buffer.from(password), digest, tries, peer)
  }

  /** How long an address has to wait before a name may be tried again. */
  waitMs(name: string, peer: string): number {
    return this.#tries.leftMs(`${networkOf(peer)} ${this.#users.has(name) ? name : owner}`)
  }

  async #ask(account: Account, password: Buffer, digest: Buffer, tries: string, peer: string): Promise<Who | NotFound> {
    this.#asking++
    const isRight = await this.#check(account, password, digest, tries)
    this.#asking--
    const who = whoOf(account)
    return isRight && this.holds(who) ? who : this.#blame('wrong', peer) // its password may have been changed meanwhile
  }

  #check(account: Account, password: Buffer, digest: Buffer, tries: string): Promise<boolean> {
    const name = digest.toString('base64')
    const running = this.#checking.get(name)
    if (running !== undefined) return running
    this.#tries.count(tries)
    const checking = this.#hash(password, account.hash).then(isRight => {
      this.#checking.delete(name)
      if (isRight) {
        this.#tries.forgive(tries)
        this.#remembered.set(account.user, digest)
      }
      return isRight
    })
    this.#checking.set(name, checking)
    return checking
  }

  /** Hashes a password behind those that are being hashed. */
  async #hash(password: Buffer, hash: PasswordHash): Promise<boolean> {
    if (this.#hashing >= limits.passwordsMax) await new Promise<void>(resolve => this.#queue.push(resolve))
    else this.#hashing++
    try {
      return await checkPassword(password, hash)
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#hashing--
    }
  }

  #accountOf(user: string): Account | undefined {
    const state = user === owner ? this.#options.password() : undefined
    const hash = state?.kind === 'set' ? state.hash : this.#users.get(user)
    return hash && { user, hash }
  }

  #blame(why: 'wrong' | 'hasty', peer: string): NotFound {
    const said = why === 'wrong' ? 'a wrong user name or password' : 'too many wrong passwords; it has to wait'
    this.#options.log.warnSeldom(`from ${peer}: ${said}`, `login-${why}`)
    return why
  }
}

/** The proofs of who was not asked, and of who has the key of this daemon. */
const unasked = 'unasked'
const fromKey = 'key'

function whoOf({ user, hash }: Account): Who {
  return { user, proof: hash.text }
}

function verdictOf(found: Who | NotFound): Verdict {
  return typeof found === 'string' ? codesOf[found] : found
}

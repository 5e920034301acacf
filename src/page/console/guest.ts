/** What who is not logged in may not do at the page's own daemon, and the way to log in. */

import type { AccessAnswer } from '../../api.ts'
import { askAccess } from '../access/asking.ts'
import { make } from '../elements.ts'
import { buttonOf } from './form.ts'
import type { Session } from './session.ts'
import type { Words } from './words.ts'

export class Guest {
  readonly root = make('section', 'guest')
  readonly #session: Session
  readonly #logIn: () => Promise<boolean>
  /** As long as nobody says otherwise it is tried; other brokers are not asked. */
  #mayPublish = true

  /** @param logIn asks the user to, and connects anew */
  constructor(session: Session, words: Words, logIn: () => Promise<boolean>) {
    this.#session = session
    this.#logIn = logIn
    this.root.append(
      make('p', 'note', words.guest),
      buttonOf(words.logIn, () => void logIn(), 'button quiet')
    )
    this.show()
  }

  /** To be called once connected. */
  async look(): Promise<void> {
    const { isOwn, login } = this.#session
    const said = isOwn ? await askAccess(login) : undefined
    this.#mayPublish = said?.kind !== 'good' || (said.body as AccessAnswer).may.publish
    this.show()
  }

  /** Lets who may not publish log in first. */
  async admit(): Promise<boolean> {
    return this.#mayPublish || this.#logIn()
  }

  show(): void {
    this.root.hidden = this.#mayPublish || this.#session.state?.phase !== 'connected'
  }
}

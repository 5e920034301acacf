/** The console's connection, and what it heard over it. It outlives the view, so that who comes back finds all as it was. */

import type { ClientState, Message, PublishOptions, Qos } from '../../client/client.ts'
import { type Client, connect } from '../../client/mqtt.ts'
import type { MqttError } from '../../client/reasons.ts'
import { type Login, loginNow, refusals } from '../login.ts'
import type { Outcome, Refusal } from './present.ts'
import { optionsOf, type Settings, type Subscription, subscribeOptionsOf } from './settings.ts'
import { TopicTree } from './tree.ts'

/** How a subscription stands: its granted QoS, or why it was refused. */
export type Standing =
  | { readonly kind: 'asked' }
  | { readonly kind: 'granted'; readonly qos: Qos }
  | ({ readonly kind: 'refused' } & Refusal)

/** As the broker would say it. */
const notAuthorised = 0x87

export class Session {
  settings: Settings
  readonly #ownAddress: string
  #tree = new TopicTree()
  /** The address of the broker from which all of that came. */
  #heardFrom = ''
  /** Messages let go by while paused; undefined when it is not. */
  #missed: number | undefined
  #client: Client | undefined
  #state: ClientState | undefined
  /** By filter. */
  readonly #standings = new Map<string, Standing>()
  /** Called when something is to be shown anew. */
  onChange: (() => void) | undefined
  /** Called before something is published: whether it may be. */
  admit: (() => Promise<boolean>) | undefined

  /** @param ownAddress where the page's own daemon is */
  constructor(settings: Settings, ownAddress: string) {
    this.settings = settings
    this.#ownAddress = ownAddress
  }

  /** Whether it is with the page's own daemon. */
  get isOwn(): boolean {
    return this.settings.address === this.#ownAddress
  }

  /** As whom it connects; at the page's own daemon that is whom the page is logged in as, unless the settings say otherwise. */
  get login(): Login | undefined {
    const { username, password } = this.settings
    if (username !== '' || password !== '') return { user: username, password, isToSee: false }
    return this.isOwn ? loginNow() : undefined
  }

  get tree(): TopicTree {
    return this.#tree
  }

  /** Undefined before the first connection and after a goodbye. */
  get state(): ClientState | undefined {
    return this.#state
  }

  get clientId(): string {
    return this.#client?.clientId ?? this.settings.clientId
  }

  get missed(): number | undefined {
    return this.#missed
  }

  standingOf(filter: string): Standing | undefined {
    return this.#standings.get(filter)
  }

  /** Connects as the settings say; a connection that was there ends. Settles with whether the first try succeeded. */
  connect(): Promise<boolean> {
    this.disconnect()
    const connected = new Promise<boolean>(resolve => {
      const client: Client = connect(this.settings.address, {
        ...optionsOf(this.settings, this.login),
        onMessage: message => {
          if (this.#client === client) this.#hear(message)
        },
        onState: state => {
          resolve(state.phase === 'connected')
          if (this.#client === client) this.#take(client, state)
        }
      })
      this.#client = client
      this.#become(client.state)
      for (const subscription of this.settings.subscriptions) void this.#ask(subscription)
    })
    return connected.catch((error: unknown) => {
      this.#become({ phase: 'closed', reason: whyOf(error).why }) // what MQTT cannot carry, or the browser does not connect to
      return false
    })
  }

  disconnect(): void {
    const client = this.#client
    this.#client = undefined
    client?.disconnect()
    this.#standings.clear()
    this.#become(undefined)
  }

  /** To be called when the phone woke. */
  wake(): void {
    this.#client?.wake()
  }

  /** Adds one, or changes that of the same filter. */
  subscribe(subscription: Subscription): void {
    const others = this.settings.subscriptions.filter(({ filter }) => filter !== subscription.filter)
    this.settings = { ...this.settings, subscriptions: [...others, subscription] }
    void this.#ask(subscription)
    this.onChange?.()
  }

  unsubscribe(filter: string): void {
    this.settings = { ...this.settings, subscriptions: this.settings.subscriptions.filter(other => other.filter !== filter) }
    this.#standings.delete(filter)
    this.#client?.unsubscribe(filter).catch(() => {}) // the connection ended, and the subscription with it
    this.onChange?.()
  }

  async publish(topic: string, payload: string, options: PublishOptions): Promise<Outcome> {
    const startMs = performance.now()
    try {
      if (this.admit && !(await this.admit())) return { kind: 'failed', why: '', code: notAuthorised }
      if (!this.#client) throw new Error('Not connected')
      await this.#client.publish(topic, payload, options)
      return { kind: options.qos ? 'acknowledged' : 'sent', tookMs: performance.now() - startMs }
    } catch (error) {
      return { kind: 'failed', ...whyOf(error) }
    }
  }

  /** Stops taking messages in, or goes on. */
  pause(paused: boolean): void {
    this.#missed = paused ? 0 : undefined
    this.onChange?.()
  }

  /** Forgets all that was heard. */
  clear(): void {
    this.#tree = new TopicTree()
    if (this.#missed !== undefined) this.#missed = 0
    this.onChange?.()
  }

  async #ask(subscription: Subscription): Promise<void> {
    const { filter } = subscription
    const client = this.#client
    if (!client) return
    const asked: Standing = { kind: 'asked' }
    this.#standings.set(filter, asked)
    const answer = await client.subscribe(filter, subscribeOptionsOf(subscription, this.settings.protocolVersion)).then(
      (qos): Standing => ({ kind: 'granted', qos }),
      (error: unknown): Standing => ({ kind: 'refused', ...whyOf(error) })
    )
    if (this.#standings.get(filter) !== asked) return // removed, or asked anew
    this.#standings.set(filter, answer)
    this.onChange?.()
  }

  #hear(message: Message): void {
    if (this.#missed === undefined) this.#tree.hear(message, Date.now())
    else this.#missed += 1
    this.onChange?.()
  }

  #take(client: Client, state: ClientState): void {
    if (state.phase === 'connected' && this.#heardFrom !== this.settings.address) {
      if (this.#heardFrom !== '') this.clear() // another broker has other topics
      this.#heardFrom = this.settings.address
    }
    if (state.phase === 'waiting' && refusals.has(state.reasonCode)) {
      this.#client = undefined
      client.disconnect()
      const { reason, reasonCode } = state
      this.#become({ phase: 'closed', reason, ...(reasonCode !== undefined && { reasonCode }) })
    } else this.#become(state)
  }

  #become(state: ClientState | undefined): void {
    this.#state = state
    this.onChange?.()
  }
}

function whyOf(error: unknown): Refusal {
  const { message: why, reasonCode: code, reasonString: said } = error as Error & Partial<MqttError>
  return { why, code, said }
}

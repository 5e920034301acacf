/** The console's connection, and what it heard over it. It outlives the view, so that who comes back finds all as it was. */

import type { ClientState, PublishOptions, Qos } from '../../client/client.ts'
import { type Client, connect } from '../../client/mqtt.ts'
import { optionsOf, type Settings, type Subscription, subscribeOptionsOf } from './settings.ts'
import { TopicTree } from './tree.ts'

/** How a subscription stands: its granted QoS, or why it was refused. */
export type Standing =
  | { readonly kind: 'asked' }
  | { readonly kind: 'granted'; readonly qos: Qos }
  | { readonly kind: 'refused'; readonly why: string; readonly code: number | undefined }

/** What became of a PUBLISH. */
export type Outcome =
  | { readonly kind: 'sent' | 'acknowledged'; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly why: string; readonly code: number | undefined }

export class Session {
  settings: Settings
  #tree = new TopicTree()
  /** Messages let go by while paused; undefined when it is not. */
  #missed: number | undefined
  #client: Client | undefined
  #state: ClientState | undefined
  /** By filter. */
  readonly #standings = new Map<string, Standing>()
  /** Called when something is to be shown anew. */
  onChange: (() => void) | undefined

  constructor(settings: Settings) {
    this.settings = settings
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

  /** Connects as the settings say; a connection that was there ends. @throws for what MQTT cannot carry */
  connect(): void {
    this.disconnect()
    const client: Client = connect(this.settings.address, {
      ...optionsOf(this.settings),
      onMessage: message => {
        if (this.#client !== client) return
        if (this.#missed === undefined) this.#tree.hear(message, Date.now())
        else this.#missed += 1
        this.onChange?.()
      },
      onState: state => {
        if (this.#client === client) this.#become(state)
      }
    })
    this.#client = client
    this.#become(client.state)
    for (const subscription of this.settings.subscriptions) void this.#ask(subscription)
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

  #become(state: ClientState | undefined): void {
    this.#state = state
    this.onChange?.()
  }
}

function whyOf(error: unknown): { readonly why: string; readonly code: number | undefined } {
  return { why: (error as Error).message, code: (error as { readonly reasonCode?: number }).reasonCode }
}

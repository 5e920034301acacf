/** Bursts: the retained messages that are still to go out for a session's subscriptions, as fast as its client reads. */
import type { Posted } from './outbox.ts'
import type { Message, QoS, SubscriptionOptions } from './packet.ts'
import type { Walk } from './retained.ts'

/** What their session does for them. */
export interface BurstsOwner {
  /** Whether its client may have what comes by a topic. */
  mayRead(topic: string): boolean
  /** Whether a message of the topic waits: the retained one, which may be newer, must not overtake it. */
  awaits(topic: string): boolean
  /** Sends one at a QoS, if it may go now. */
  post(message: Message, qos: QoS, options: SubscriptionOptions): Posted | 'window-full'
}

interface Burst {
  readonly walk: Walk
  readonly options: SubscriptionOptions
}

/** By filter, so that there are never more than subscriptions. */
export class Bursts {
  readonly #bursts = new Map<string, Burst>()

  /** Begins to send the messages of a walk; for the same filter anew. [MQTT-3.3.1-9] */
  begin(filter: string, walk: Walk, options: SubscriptionOptions): void {
    this.#bursts.set(filter, { walk, options })
  }

  /** Sends no more for a filter. [MQTT-3.10.4-2] */
  end(filter: string): void {
    this.#bursts.delete(filter)
  }

  /** Sends what may go now; answers whether all is sent. One that waits lets the ones behind it go on, for they may need no window. */
  drain(owner: BurstsOwner, nowMs: number): boolean {
    for (const [filter, burst] of this.#bursts) {
      const posted = drainOne(burst, owner, nowMs)
      if (posted === 'full') return false
      if (posted === 'sent') this.#bursts.delete(filter)
    }
    return this.#bursts.size === 0
  }
}

function drainOne({ walk, options }: Burst, owner: BurstsOwner, nowMs: number): 'sent' | 'full' | 'window-full' {
  for (let message = walk.peek(nowMs); message; message = walk.peek(nowMs)) {
    if (owner.mayRead(message.topic)) {
      if (owner.awaits(message.topic)) return 'window-full'
      const posted = owner.post(message, Math.min(message.qos, options.qos) as QoS, options)
      if (posted === 'full' || posted === 'window-full') return posted
    }
    walk.shift()
  }
  return 'sent'
}

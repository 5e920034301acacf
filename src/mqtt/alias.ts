/** The topic aliases of one connection, MQTT 5.0 section 3.3.2.3.4: numbers that its client gave to topics, and numbers that we gave. */
import { limits } from '../limits.ts'
import { type ReasonCode, reasonCodes } from './packet.ts'

/** The client's aliases: up to `limits.topicAliasMax`, as CONNACK announces. [MQTT-3.3.2-7] [MQTT-3.3.2-12] */
export class IncomingAliases {
  /** Most clients use none. */
  #topics: Map<number, string> | undefined
  #bytes = 0

  /** The topic that a PUBLISH is for, by its own topic and alias (0 is none); or why the connection is to end. */
  resolve(topic: string, alias: number): string | ReasonCode {
    if (alias === 0) return topic
    if (alias > limits.topicAliasMax) return reasonCodes.topicAliasInvalid // [MQTT-3.3.2-9]
    const known = this.#topics?.get(alias)
    if (topic === '') return known ?? reasonCodes.protocolError // an alias that was never given a topic, section 3.3.4
    if (topic === known) return topic
    const bytes = this.#bytes + weightOf(topic) - (known === undefined ? 0 : weightOf(known))
    if (bytes > limits.topicAliasBytesMax) return reasonCodes.quotaExceeded
    this.#topics ??= new Map()
    this.#topics.set(alias, topic)
    this.#bytes = bytes
    return topic
  }
}

/** Our aliases: first come, first served, up to what the client takes and we care to remember. [MQTT-3.3.2-11] [MQTT-3.1.2-26] [MQTT-3.1.2-27] */
export class OutgoingAliases {
  readonly #max: number
  readonly #aliases = new Map<string, number>()
  #bytes = 0

  /** @param topicAliasMax the highest that the client takes */
  constructor(topicAliasMax: number) {
    this.#max = Math.min(topicAliasMax, limits.topicAliasMax)
  }

  /**
   * The alias to send a topic with: 0 is none; the client knows a positive one, so that the topic is left out; a negative one is new and
   * sent along with the topic, and becomes known once it was `introduced`.
   */
  of(topic: string): number {
    const known = this.#aliases.get(topic)
    if (known !== undefined) return known
    const worth = topic.length >= limits.topicAliasCharactersMin && this.#bytes + weightOf(topic) <= limits.topicAliasBytesMax
    return worth && this.#aliases.size < this.#max ? -(this.#aliases.size + 1) : 0
  }

  /** Takes note that a PUBLISH with the topic and its new alias is on its way. */
  introduced(topic: string): void {
    this.#aliases.set(topic, this.#aliases.size + 1)
    this.#bytes += weightOf(topic)
  }
}

/** What a topic and its place in a map weigh. */
function weightOf(topic: string): number {
  return topic.length * 2 + entryBytes
}

const entryBytes = 64

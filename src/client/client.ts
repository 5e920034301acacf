/** What a caller gives to the MQTT client and gets from it; what `/mqtt.d.ts` says is this file. */

export type Qos = 0 | 1 | 2
/** 4 is MQTT 3.1.1, which every broker speaks; 5 is MQTT 5.0. */
export type ProtocolVersion = 4 | 5
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** What MQTT 5.0 carries beside a message. */
export interface MessageProperties {
  /** 1 says that the payload is UTF-8. */
  readonly payloadFormatIndicator?: 0 | 1
  /** After that the broker forgets the message; of one that came, the seconds that were left. */
  readonly messageExpirySeconds?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
  readonly userProperties?: UserProperties
}

export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  /** The payload read as UTF-8. */
  readonly text: string
  readonly qos: Qos
  /** True for a message that the broker kept and sends because of a new subscription. */
  readonly retain: boolean
  /** True if the broker may have sent it before. */
  readonly dup: boolean
  /** MQTT 5.0 only; `subscriptionIdentifiers` are those of the subscriptions that it matches. */
  readonly properties?: MessageProperties & { readonly subscriptionIdentifiers?: readonly number[] }
}

/** The message that a broker publishes for a client that vanished. */
export interface Will {
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly qos?: Qos
  readonly retain?: boolean
  /** How long the broker waits for the client's return; MQTT 5.0 only. */
  readonly delaySeconds?: number
  /** MQTT 5.0 only. */
  readonly properties?: MessageProperties
}

export interface PublishOptions {
  /** 0 when left out. */
  readonly qos?: Qos
  readonly retain?: boolean
  /** MQTT 5.0 only. */
  readonly properties?: MessageProperties
}

/** All but `qos` are MQTT 5.0's. */
export interface SubscribeOptions {
  /** The most at which messages are to come; 0 when left out. */
  readonly qos?: Qos
  /** What this client publishes does not come back to it. */
  readonly noLocal?: boolean
  /** Messages keep the retain flag with which they were published. */
  readonly retainAsPublished?: boolean
  /** Whether kept messages come: 0 always, 1 for a new subscription, 2 never. */
  readonly retainHandling?: 0 | 1 | 2
  /** Comes back with each message that matches. */
  readonly subscriptionIdentifier?: number
}

/** What a broker that speaks MQTT 5.0 says of itself on connecting. What is absent is not bounded. */
export interface ServerProperties {
  readonly sessionExpirySeconds?: number
  readonly receiveMaximum?: number
  readonly maximumQos?: number
  readonly retainAvailable?: number
  readonly maximumPacketSize?: number
  readonly assignedClientId?: string
  readonly topicAliasMaximum?: number
  readonly reasonString?: string
  readonly userProperties?: UserProperties
  readonly wildcardSubscriptionAvailable?: number
  readonly subscriptionIdentifiersAvailable?: number
  readonly sharedSubscriptionAvailable?: number
  readonly serverKeepAliveSeconds?: number
  readonly responseInformation?: string
  readonly serverReference?: string
}

export type ClientState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'connected'; readonly sessionPresent: boolean; readonly properties?: ServerProperties }
  /** The link is down, for this reason; the next attempt comes in `retryMs`, or at once on `wake()`. */
  | { readonly phase: 'waiting'; readonly reason: string; readonly reasonCode?: number; readonly retryMs: number }
  /** For good: `disconnect()` was called, or another client came with the same client id, which is then the reason. */
  | { readonly phase: 'closed'; readonly reason?: string; readonly reasonCode?: number }

export interface ClientOptions {
  /** 4 when left out. */
  readonly protocolVersion?: ProtocolVersion
  /** Random when left out. With `''` the broker chooses. A session that is to outlive the page needs one of its own. */
  readonly clientId?: string
  /** True when left out: the broker begins anew. With false it goes on with the session that it has of this client id, and keeps it. */
  readonly cleanSession?: boolean
  /** How long the broker keeps the session without a link, MQTT 5.0 only. When left out: not at all if `cleanSession`, else for ever. */
  readonly sessionExpirySeconds?: number
  /** What the broker is told; it drops a client that is silent for one and a half times as long. 60 when left out, 0 turns it off. */
  readonly keepAliveSeconds?: number
  /** How often the link is tried with a PINGREQ: half of the keep alive when left out. */
  readonly pingIntervalMs?: number
  readonly will?: Will
  readonly username?: string
  readonly password?: string | Uint8Array
  /** Of CONNECT; MQTT 5.0 only. */
  readonly userProperties?: UserProperties
  /** The largest packet taken from the broker: 256 KiB when left out. */
  readonly packetBytesMax?: number
  readonly onMessage?: (message: Message) => void
  readonly onState?: (state: ClientState) => void
  /** The platform's WebSocket when left out. */
  readonly WebSocket?: SocketConstructor
  readonly timers?: Timers
  /** 0 up to 1, for the back-off's jitter, and for where packet ids begin. */
  readonly random?: () => number
}

/** Messages to iterate over. What nobody took yet waits: the newest 1000 messages or 4 MiB; older ones are dropped and counted. */
export interface Messages extends AsyncIterableIterator<Message> {
  /** How many messages had to be dropped because they were not taken fast enough. */
  readonly dropped: number
  return(): Promise<IteratorResult<Message>>
}

export interface Client {
  readonly state: ClientState
  /** The one that was given or made, or that the broker assigned. */
  readonly clientId: string
  /** Resolves to the QoS granted; rejects when the broker refuses. Renewed by itself when the broker does not know the session any more. */
  subscribe(filter: string, options?: Qos | SubscribeOptions): Promise<Qos>
  unsubscribe(filter: string): Promise<void>
  /**
   * QoS 0 resolves when handed to the socket and rejects without one. QoS 1 and 2 wait for a link, are repeated on the next one, and resolve
   * when the broker has acknowledged them in full; 1000 or 1 MiB may wait, more are rejected. A broker that lost its session while a QoS 2
   * message was under way cannot tell whether it had it: that is rejected and not repeated, so QoS 2 is never twice.
   */
  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void>
  /** Subscribes, and unsubscribes when the iteration ends; a refusal is thrown into it. It ends with `disconnect()`. */
  messages(filter: string, options?: Qos | SubscribeOptions): Messages
  /**
   * All messages, of all subscriptions. They wait from the first `subscribe` or iteration on (with `onMessage`, from the first iteration); a
   * loop that is left and entered again goes on where it was, and loops at the same time share what comes.
   */
  [Symbol.asyncIterator](): Messages
  /** To be called when the device woke or found a network: reconnects at once, or tries an open link with a short time-out. */
  wake(): void
  /** Says goodbye (so no will is published) and stops for good. */
  disconnect(): void
}

/** What the client needs of a WebSocket: browsers' own and the npm package ws both fit. */
export interface SocketLike {
  binaryType: string
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(): void
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike

export interface Timers {
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(handle: unknown): void
}

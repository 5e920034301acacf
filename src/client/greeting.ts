/** What the client says of itself on each new link: its CONNECT, which learns from the broker's welcome. */

import { integer } from './bytes.ts'
import type { ClientOptions, ProtocolVersion } from './client.ts'
import { topicAliasesMax } from './decoder.ts'
import { type Bytes, type ConnectPacket, encode } from './packets.ts'
import type { Properties } from './properties.ts'

const packetBytesMax = 262_144
const forEver = 0xffffffff

export class Greeting {
  readonly version: ProtocolVersion
  readonly packetBytesMax: number
  readonly #options: ClientOptions
  #clientId: string
  #keepAliveSeconds: number
  #isClean: boolean

  /** Throws for options that MQTT cannot carry. */
  constructor(options: ClientOptions) {
    const { protocolVersion = 4, cleanSession = true, clientId = randomClientId(), keepAliveSeconds = 60 } = options
    integer(protocolVersion, 1, 4, 5)
    this.version = protocolVersion
    this.packetBytesMax = options.packetBytesMax ?? packetBytesMax
    this.#options = options
    this.#clientId = clientId
    this.#keepAliveSeconds = keepAliveSeconds
    this.#isClean = cleanSession
    this.bytes()
  }

  get clientId(): string {
    return this.#clientId
  }

  /** Whether the broker was asked to forget what it knows of this client. */
  get isClean(): boolean {
    return this.#isClean
  }

  /** How often the link has to be tried; undefined if not at all. */
  get pingIntervalMs(): number | undefined {
    const ownMs = this.#keepAliveSeconds * 500
    const { pingIntervalMs = ownMs } = this.#options
    return (ownMs === 0 ? pingIntervalMs : Math.min(pingIntervalMs, ownMs)) || undefined
  }

  /** The CONNECT. */
  bytes(): Bytes {
    const { will, username, password } = this.#options
    const packet: ConnectPacket = {
      type: 'connect',
      ...{ clientId: this.#clientId, clean: this.#isClean, keepAliveSeconds: this.#keepAliveSeconds },
      ...{ will, username, password, properties: this.#properties() }
    }
    return encode(packet, this.version)
  }

  /** The broker has taken the client on, and may have chosen its id and keep alive [MQTT-3.2.2-21]. */
  welcomed({ assignedClientId, serverKeepAliveSeconds }: Properties = {}): void {
    if (this.#clientId === '' && assignedClientId !== undefined) this.#clientId = assignedClientId
    this.#keepAliveSeconds = serverKeepAliveSeconds ?? this.#keepAliveSeconds
    // Begun anew, a session that outlives the link is from now on to be continued.
    if (this.version === 5 && this.#sessionExpirySeconds() > 0) this.#isClean = false
  }

  #sessionExpirySeconds(): number {
    return this.#options.sessionExpirySeconds ?? (this.#options.cleanSession === false ? forEver : 0)
  }

  #properties(): Properties {
    const { sessionExpirySeconds, userProperties } = this.#options
    const more = userProperties && { userProperties }
    // What is given for 3.1.1 is refused by its encoder.
    if (this.version === 4) return { ...(sessionExpirySeconds !== undefined && { sessionExpirySeconds }), ...more }
    return {
      sessionExpirySeconds: this.#sessionExpirySeconds(),
      maximumPacketSize: this.packetBytesMax,
      topicAliasMaximum: topicAliasesMax,
      ...more
    }
  }
}

/** 20 of the 23 letters and digits that every broker accepts [MQTT-3.1.3-5]. */
function randomClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return `page${Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')}`
}

/** The seam to a client's connection: TCP, WebSocket and the tests' double all look like this, and nobody later knows which it is. */
import type { CloseReason } from '../mqtt/outbox.ts'

/** How packets stand in the byte stream: bare, or each in a WebSocket frame of its own. */
export type Framing = 'bare' | 'websocket'

/** What a link tells its owner. */
export interface LinkOwner {
  /** Bytes of MQTT came; the chunk is good during the call. */
  received(chunk: Buffer): void
  /** What a `write` left behind has been taken. */
  written(): void
  /** The peer broke the transport's own rules, such as a text frame; the owner is to close the link. */
  violated(): void
  /** The connection is gone; nothing follows. */
  closed(): void
}

/** A client's connection. */
export interface Link {
  readonly framing: Framing
  /** The peer's address, for messages. */
  readonly peer: string
  /** Whether the system takes one write in a turn of the event loop and no more, as under TLS. */
  readonly takesOneWrite: boolean
  /** Names the owner; events before that are lost, so call it in the turn in which the link was made. */
  own(owner: LinkOwner): void
  /**
   * Writes the pieces in one system call where possible. True when the system took them all and they may be reused at once;
   * otherwise they must stay as they are until `written`, and nothing else may be written before.
   */
  write(pieces: readonly Uint8Array[]): boolean
  /**
   * Stops and resumes reading, so that a client that does not read cannot make us answer; either may be asked for again. What was
   * read already is received all the same, before the turn ends; an end that was read with it is followed once reading goes on.
   */
  pause(): void
  resume(): void
  /** Ends the connection after what was written; one that does not follow is cut off. */
  end(reason: CloseReason): void
}

/** Every bound of the program, unit last, each with its reason. Relations between bounds are asserted when this loads. */

export const limits = {
  // --- meters ---
  /** Longest message accepted: the longest real one has 9,444 bytes. */
  frameBytesMax: 16_384,
  /** Deepest element nesting accepted in a message: real ones reach 4 (`msg/hist/data/h004`). */
  elementDepthMax: 8,
  /** A meter numbers its sensors 0 to 9. */
  sensorsMax: 10,
  /** A transmitter has up to three clamps. */
  channelsMax: 3,
  /** A sensor that has said nothing for so long is stale: gaps of 72 s are normal in a house with four sensors. */
  staleMs: 90_000,
  /** So many bytes for so long without a message that can be read, and the line speed must be wrong. */
  babbleBytesMin: 200,
  babbleMs: 15_000,
  /** Bytes asked of a serial port at once; its stream takes buffers of this size. */
  serialReadBytes: 1_024,
  /** Other ports that are named when the wanted one is not there. */
  portsToldMax: 4,
  /** A port that is gone is tried again so often: a meter that is plugged in is found within 5 s. */
  reopenMs: 1_000,
  /** A remote head that has said nothing for so long is connected to anew: its side may have gone without a word. */
  remoteSilenceMs: 180_000,
  /** Points of the last minutes that are kept for the page's trace, per sensor: 12 minutes at one reading each 6 s. */
  recentPointsMax: 128,

  // --- MQTT ---
  /** Largest packet taken or sent, fixed header included. */
  packetBytesMax: 32_768,
  /** Clients connected at once; one more is answered with return code 3, server unavailable. */
  clientsMax: 100,
  /** Connections that have not sent CONNECT yet, beside the clients: bounds slow or silent strangers. */
  strangersMax: 16,
  /** A connection that has not finished CONNECT by then is closed. */
  connectMs: 10_000,
  /** Sessions kept, connected or not; the one that has been away longest goes first. */
  sessionsMax: 128,
  /** A session whose client has not come back by then is dropped: a week outlives a holiday's power cut. */
  sessionAwayMs: 7 * 24 * 3_600_000,
  /** Longest client id taken; the standard asks for 23 at least. */
  clientIdCharactersMax: 256,
  /** Subscriptions of one session; one more is refused in SUBACK. */
  subscriptionsMax: 64,
  /** Deepest topic: bounds the walk through the tree. */
  topicLevelsMax: 64,
  /** Deliveries at QoS 1 and 2 on their way to one client. */
  inflightMax: 20,
  /** Exchanges at QoS 2 that one client may have open; one more closes it. */
  receivedMax: 100,
  /** Messages that wait for one client. */
  queueMessagesMax: 100,
  /** Bytes of the messages that wait for one client; the largest packet must fit, whatever part of it is topic. */
  queueBytesMax: 66_560,
  /** Bytes of the deliveries on their way to one client. */
  inflightBytesMax: 66_560,
  /** Topics with a retained message. */
  retainedMessagesMax: 1_000,
  /** Bytes of all retained messages. */
  retainedBytesMax: 1_048_576,

  // --- connections ---
  /** A slab of the pool: some 20 readings of a meter. */
  slabBytes: 4_096,
  /** Bytes of messages that wait to be written to one client, beside its session's queue; one packet always fits. */
  outboxBytesMax: 32_768,
  /** Bytes of acknowledgements and the like that may wait on top of that. */
  outboxRepliesBytesMax: 4_096,
  /** Pieces that gather for one client in a turn of the event loop before they are written early. */
  outboxSlicesMax: 64,
  /** A client whose outbox has been full for so long is closed as too slow. */
  drainMs: 20_000,
  /** The encoder's slabs in one turn of the event loop: two framings (TCP, WebSocket) of one read of 64 KiB, twice over. */
  encoderSlabs: 64,
  /** Connections to the page's port that are not WebSockets, at once. */
  requestsMax: 32,
  /** A request whose head has not come by then is closed, as is a WebSocket handshake. */
  requestMs: 10_000,
  /** Most bytes of a request's head. */
  requestHeadBytesMax: 8_192,
  /** A client that does not close its side after we did is cut off by then. */
  lingerMs: 2_000,
  /** TCP asks a silent peer whether it is still there after so long. */
  tcpKeepAliveMs: 60_000,
  /** Largest WebSocket message: a few packets may stand in one. */
  webSocketMessageBytesMax: 65_536,
  /** Most fragments of one WebSocket message. */
  webSocketFragmentsMax: 256,
  /** A WebSocket is pinged so often, so that the idle time-outs of proxies (60 s is common) do not bite. */
  webSocketPingMs: 25_000,

  // --- daemon ---
  /** How often everything that waits is looked at. */
  tickMs: 1_000,
  /** Stopping takes no longer than this. */
  stopMs: 1_500,

  // --- log ---
  /** Longest line of the log: what a client sent may stand in it. */
  logLineCharactersMax: 500,
  /** A warning that may come often is said once in so long. */
  logRepeatMs: 60_000
} as const

/** Slabs of the pool, by adding up who may hold them. */
export const poolSlabs =
  (limits.clientsMax + limits.strangersMax) * slabsFor(2 * (limits.outboxBytesMax + limits.outboxRepliesBytesMax)) + // what waits to be written: slabs at least half full
  (limits.clientsMax + limits.strangersMax) * slabsFor(limits.packetBytesMax) + // packets half received
  limits.encoderSlabs

/** Most memory that clients and meters can make the process hold, in bytes, by owner. Node itself comes beside it. */
export const budgetBytes = {
  pool: poolSlabs * limits.slabBytes,
  queues: limits.sessionsMax * (limits.queueBytesMax + limits.inflightBytesMax),
  retained: limits.retainedBytesMax,
  webSocketMessages: (limits.clientsMax + limits.strangersMax) * limits.webSocketMessageBytesMax,
  recent: limits.sensorsMax * limits.recentPointsMax * 16,
  frame: 2 * limits.frameBytesMax
}

function slabsFor(bytes: number): number {
  return Math.ceil(bytes / limits.slabBytes)
}

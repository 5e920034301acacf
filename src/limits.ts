/** Every bound of the program, unit last, each with its reason; `budget.ts` adds them up and asserts how they hang together. */

const inForce = {
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
  /** A sensor sends each 6.0 to 6.2 s. */
  cadenceMs: 6_100,
  /** How far back loss and messages a minute look. */
  healthMs: 600_000,
  /** So many messages must have been expected before loss is told. */
  healthMessagesMin: 5,
  /** Transmitters remembered of one meter. */
  radiosMax: 32,
  /** A port that another process holds, or that may not be opened, is looked at again after so long. */
  heldMs: 10_000,
  /** How often ports are looked for: a meter that is plugged in is found within 5 s. */
  scanMs: 2_000,
  /** Ports that are looked at, at once. */
  portsMax: 16,
  /** Meters at once. */
  metersMax: 4,
  /** So many bytes without a message tell that the line speed is wrong, when they are not even text; a byte or two may be, where listening began in mid-message. */
  probeBytesMin: 24,
  /** Something else speaks where each speed was wrong so often: plugging in makes noise of its own. */
  probeRounds: 2,
  /** So much text without a tag tells that something else speaks there: a meter's tags have a few characters between them. */
  probeUntaggedBytesMin: 256,
  /** So much text with tags, but without a message: a dump is one line of 9,444 bytes, and may be met in its middle. */
  probeTextBytesMin: 16_384,
  /** A speed at which nothing was heard is changed for the next after so long. */
  probeMs: 20_000,
  /** A port on which something else speaks is tried again after so long, or once it was plugged in anew. */
  refusedMs: 600_000,
  /** Most values that a meter remembers of one sensor: a month of spans of two hours, days, blocks of 30 days, a Classic's years. */
  historyHoursMax: 372,
  historyDaysMax: 90,
  historyBlocksMax: 84,
  historyYearsMax: 4,
  /** Before a span ends, a page tells of the old or the new one, as the meter's clock and ours are not the same to the second. */
  historyBeforeMs: 120_000,
  /** After a span has ended, the meter may still be closing it: it sends history from :01:00 on, give or take our clock. */
  historyAfterMs: 50_000,
  /** A page's own time may lag so far: the meter's clock stops during a dump, and was 19 to 53 s behind afterwards. */
  historyLagMs: 60_000,
  /** A cycle of history is over when no page came for so long: one comes every 10 s. */
  historySilenceMs: 120_000,
  /** Live messages from which the meter's clock is learned, and how many of them may be strays, such as one with a flipped digit. */
  clockSamplesMax: 8,
  clockStraysMax: 1,
  /** Live messages agree on the meter's clock if they are no further apart: it tells whole seconds, and bytes may wait on their way. */
  clockSpreadMs: 5_000,
  /** What was learned of the meter's clock holds for so long without a live message. */
  clockAgeMs: 900_000,
  /** A change of the meter's clock by more than that is somebody setting it, not a dump or drift. */
  clockSetMs: 120_000,
  /** Below so many watts the 144 bug has not been seen. */
  bug144WattsMin: 2_000,
  /** How many readings back the spike filter looks, and by how much values may differ anyway: most appliances take less. */
  spikeReadings: 5,
  spikeWattsMin: 500,
  /** Sensors that may go into a derived one, and derived sensors. */
  formulaTermsMax: 8,
  derivedMax: 8,
  /** Points of the last minutes that are kept for the page's trace, per sensor: 12 minutes at one reading each 6 s. */
  recentPointsMax: 128,

  // --- MQTT ---
  /** Largest packet taken or sent, fixed header included, and told to clients of MQTT 5.0. */
  packetBytesMax: 32_768,
  /** Clients connected at once; one more is answered with return code 3, server unavailable. */
  clientsMax: 100,
  /** Connections that have not sent CONNECT yet, beside the clients: bounds slow or silent strangers. */
  strangersMax: 16,
  /** A connection that has not finished CONNECT by then is closed. */
  connectMs: 10_000,
  /** Sessions kept, connected or not; the one that has been away longest goes first. */
  sessionsMax: 104,
  /** A session whose client has not come back by then is dropped: a week outlives a holiday's power cut. */
  sessionAwayMs: 7 * 24 * 3_600_000,
  /** Longest client id taken; the standard asks for 23 at least. */
  clientIdCharactersMax: 256,
  /** Subscriptions of one session; one more is refused in SUBACK. */
  subscriptionsMax: 64,
  /** Weight of one session's filters, with their nodes in the tree; one more is refused in SUBACK. 64 topics of a meter fit. */
  subscriptionBytesMax: 81_920,
  /** Topic aliases of one client in each direction, announced to it; a meter's home has fewer topics that come often. */
  topicAliasMax: 16,
  /** Weight of the topics that have an alias, for each client and direction; one more is refused with 0x97. */
  topicAliasBytesMax: 8_192,
  /** Shorter topics get no alias from us: it takes three bytes of each PUBLISH itself. */
  topicAliasCharactersMin: 8,
  /** Deepest topic: bounds the walk through the tree. */
  topicLevelsMax: 64,
  /** Deliveries at QoS 1 and 2 on their way to one client: with fewer, what a hundred publish in a turn would wait, and they with it. */
  inflightMax: 64,
  /**
   * Messages at QoS 1 and 2 of one client that are not finished: announced to clients of MQTT 5.0, who are closed past it;
   * others are not read from while so many wait for the disk.
   */
  receivedMax: 100,
  /** Messages at QoS 2 that a client of 3.1 or 3.1.1 may leave unreleased; each is a row on the disk if its session is kept. */
  unreleasedMax: 4_096,
  /** A client is not let go longer without a word than this; one of MQTT 5.0 that wants to be is told so. */
  keepAliveSecondsMax: 3_600,
  /** How long publishers wait for a subscriber whose queue fills and who takes nothing from it. */
  patienceMs: 2_000,
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
  /** What the daemon's own topics may take beyond that, so that clients cannot crowd the meter out. */
  retainedOwnMessages: 400,
  retainedOwnBytes: 131_072,

  // --- connections ---
  /** A slab of the pool: some 20 readings of a meter. */
  slabBytes: 4_096,
  /** Bytes of messages that wait to be written to one client, beside its session's queue; one packet always fits. */
  outboxBytesMax: 32_768,
  /** Bytes of acknowledgements and the like that may wait on top of that. */
  outboxRepliesBytesMax: 4_096,
  /** Pieces that gather for one client in a turn of the event loop before they are written early. */
  outboxSlicesMax: 64,
  /** One client's packets are dealt with for no longer than this in a turn of the event loop; then others have theirs. */
  turnMs: 5,
  /** A client whose outbox has been full for so long is closed as too slow. */
  drainMs: 20_000,
  /** Bytes that Node reads from a connection at once. */
  readBytesMax: 65_536,
  /** Where one packet is put together or encoded: the largest that may be allowed, and what a copy of it for a subscriber has more. */
  scratchBytes: 65_536,
  /** What Node and the daemon take for a connection in which nothing waits, and for its session. */
  connectionBytes: 8_192,
  /** The encoder's slabs in one turn of the event loop: two framings (TCP, WebSocket) of one read of 64 KiB, twice over. */
  encoderSlabs: 64,
  /** Requests of the page's port whose answers wait to be taken, and the connections for them beside the clients'; one more is told to come again. */
  requestsMax: 16,
  /** Longest answer: the last minutes of every sensor, some 24 characters a point. */
  answerBytesMax: 163_840,
  /** A request whose head has not come by then is answered so and closed, as is a WebSocket handshake. */
  requestMs: 10_000,
  /** Most bytes of a request's head. */
  requestHeadBytesMax: 8_192,
  /** What comes behind a request is thrown away no more often than this: a flood of it makes garbage faster than that is collected. */
  discardMs: 100,
  /** Requests that bring a body in JSON at once, and beside them one with a file; one more is told to come again. */
  uploadsMax: 2,
  /** Longest body in JSON: a tariff with the price changes of many years. */
  bodyBytesMax: 65_536,
  /** Spans in one answer of history: a day by minutes, of which each takes some 100 characters. */
  historyRowsMax: 1_500,
  /** Memory for the numbers of an answer of history that is kept for the next one, though none is made. */
  historyColumnsSpareMax: 2,
  /** Exports at once; one more is told to come again. Each keeps the store's files of its moment on the disk. */
  exportsMax: 2,
  /** An export comes in pieces of so many bytes; a record is whole in one, however long. */
  exportPieceBytes: 16_384,
  /** Longest value of a record that is taken back from an export. */
  exportValueBytesMax: 65_536,
  /** Longest export that is taken back, a few years of ten sensors, and by when it must have come; an export takes no longer either. */
  restoreBytesMax: 268_435_456,
  transferMs: 1_800_000,
  /** A change is answered once it is on the disk, or so after it is known not to be. */
  keptMs: 5_000,
  /** Failed passwords are told apart by address; that many addresses are remembered, and each has so many tries before it must wait. */
  strangersToldMax: 64,
  passwordTriesMax: 5,
  /** How long it waits then: twice as long each time. */
  passwordWaitMs: 2_000,
  passwordWaitMsMax: 300_000,
  /** Passwords that are hashed at once, off the main thread; one more is told to come again. */
  passwordsMax: 2,
  passwordBytesMax: 256,
  /** Rounds of hashing a new password: some 30 ms on a desktop, under a second on the smallest board. */
  passwordRounds: 50_000,
  /** A password file may ask for so many at most: it might come from elsewhere. */
  passwordRoundsMax: 2_000_000,
  /** Whether `wattslug passwd` set another is looked at so often: who came by the former one is then sent away. */
  passwordLookMs: 5_000,
  /** Passwords that wait to be hashed; one more is told to come again. */
  passwordsWaitingMax: 8,
  /** The files of users and of topic rules: a house has few of either, and each message is held against the rules. */
  accessFileBytesMax: 32_768,
  usersMax: 256,
  userNameCharactersMax: 128,
  accessRulesMax: 256,
  /** A client that does not close its side after we did is cut off by then. */
  lingerMs: 2_000,
  /** TCP asks a silent peer whether it is still there after so long. */
  tcpKeepAliveMs: 60_000,
  /** Connections that one address may open at once, and one more each so many ms: a page asks for some 30 things, and a home behind one address comes back in one burst. */
  connectsOfOneMax: 300,
  connectsOfOneMs: 50,
  /** Addresses whose connections are counted; the one that was heard longest ago is forgotten. */
  callersMax: 256,
  /** Of the strangers, so many may have one address: others find a place. */
  strangersOfOneMax: 12,
  /** And so many of the connections on which the page's port waits for a request, or a TLS port for a handshake: a browser opens six. */
  requestsOfOneMax: 24,
  /** Connections over TLS at once, MQTT and page together, and what one takes beyond a plain one: 46 KB when it is idle, up to 94 when much is under way. */
  tlsConnectionsMax: 40,
  tlsConnectionBytes: 98_304,
  /** Certificates are looked at so often: a renewed one is in force within a minute. */
  certificateLookMs: 60_000,
  /** Longest file of a certificate, with those of who signed it, or of a key. */
  certificateBytesMax: 65_536,
  /** One that ends so soon should have been renewed. */
  certificateEndingMs: 14 * 24 * 3_600_000,
  /** How long our own are good: Apple's devices take none of more than 825 days, and only the authority is given to clients. */
  certificateOwnMs: 800 * 24 * 3_600_000,
  certificateAuthorityMs: 3_650 * 24 * 3_600_000,
  /** This machine's names and addresses in it. */
  certificateNamesMax: 16,
  /** Making one takes no longer, on the smallest board. */
  certificateMakeMs: 30_000,
  /** Largest WebSocket message: a few packets may stand in one. None of it is kept. */
  webSocketMessageBytesMax: 1_048_576,
  /** Most fragments of one WebSocket message. */
  webSocketFragmentsMax: 256,
  /** A WebSocket is pinged so often, so that the idle time-outs of proxies (60 s is common) do not bite. */
  webSocketPingMs: 25_000,

  // --- store ---
  /** What the store gathers in memory and in its log before it makes a table of it; two may be held. Totals that are written again and again collapse here. */
  storeWriteBufferBytes: 262_144,
  /** Blocks of its tables that the store keeps unpacked. */
  storeCacheBytes: 131_072,
  /** Files that the store holds open; it takes no less than 74. */
  storeFilesMax: 74,
  /** What was written is forced to the disk so often, or with a write that comes after half of that: a power cut costs no more of what need not be durable at once. */
  storeSyncMs: 60_000,
  /** A store that cannot be written is tried again so often. */
  storeRetryMs: 10_000,
  /** Changes that wait in memory while the store cannot be written: six days of ten sensors' energy. */
  storePendingBytesMax: 1_048_576,
  /** Keys that are to go and wait beside those changes: more than 5,000 deliveries, acknowledged while the disk fails. */
  storeDeletesBytesMax: 524_288,
  /** What was written and not forced to the disk is held until it is, to be written with it again; past so many bytes the next write is forced. */
  storeUnsyncedBytesMax: 131_072,
  /** The broker's share of the changes that wait: past it nothing more is acknowledged, and past half of it publishers are slowed. Energy always fits beside it. */
  keeperPendingBytesMax: 524_288,
  /** A file of so many bytes must fit before a store that was full is tried again: its own files need as much to begin anew. */
  storeProbeBytes: 65_536,

  // --- energy ---
  /** Power is not taken to go on across a longer silence: gaps of 72 s are normal in a house with four sensors. */
  energyGapMsMax: 90_000,
  /** An earlier time than this (the year 2020) means that the board's clock is not set yet: it starts in 1970. */
  energyClockMsMin: 1_577_836_800_000,
  /** Energy is written so often: flash wears by the write, not by the byte. What a process that is killed had not written, the next reading bridges. */
  energyWriteMs: 60_000,
  /** More than three clamps can measure, so more than a gap may be filled with. */
  energyWattsMax: 3 * 32_767,
  /** History in slots of ten seconds is kept for two days, of a minute for as long as the meter's own 90 days of history may fill it, of 15 minutes for two years; days for ever. */
  historySecondsMs: 2 * 24 * 3_600_000,
  historyMinutesMs: 93 * 24 * 3_600_000,
  historyQuartersMs: 731 * 24 * 3_600_000,
  /** For ever is so many years. */
  historyKeptYearsMax: 50,
  /** Entries of the store that are looked at in one turn. */
  historyEntriesMax: 32,
  /** Most bytes of one slot as it is written: each of its numbers at its largest, which few are; most slots have 6. */
  historyRowBytes: 24,
  /** Blocks of one series that are held in memory while the store takes nothing: the oldest go first. */
  historyBlocksHeldMax: 24,
  /** What a series holds in memory: an hour of ten seconds, one of minutes, a day of quarters, and what is to be written. */
  historySeriesBytes: 8_192,
  /** Records of the journal, one each time that energy is written: the blocks are written when half of them are in use, and each hour. */
  journalRecordsMax: 128,
  /** A counter that was not heard for longer is not known to have counted evenly meanwhile: it is told at its last minute. */
  impulseSpreadMsMax: 93 * 24 * 3_600_000,
  /** A span that lacks no more than this is whole: a minute is the ledger's resolution, and spans are placed to seconds. */
  fillToleranceMs: 60_000,
  /** History of days waits until that of hours reaches no further back for so long: a cycle comes each two hours and may be cut short. */
  fillSettleMs: 3 * 3_600_000,
  /** Units (kWh, m³) that a pulse counter may count in an hour: 100 kW is more than a house has. */
  impulseUnitsPerHourMax: 100,
  /** Units that it may count beyond that, for readings that come close together. */
  impulseUnitsSlack: 1,
  /** Units that it may have gone on by while nobody listened and the clock cannot tell how long. */
  impulseUnitsJumpMax: 1_000,

  // --- cost ---
  /** Sensors whose past days are remembered with what they came to: the house, and one that somebody looks at. */
  tallySensorsMax: 2,
  /** What a day of them takes: the energy in each band, of which most tariffs have few. */
  tallyDayBytes: 256,
  /** Dated changes of a tariff: two a year for twenty years. */
  tariffChangesMax: 40,
  /** Bands of prices in one of them: a different one for each hour of a day, and for its weekend. */
  tariffBandsMax: 48,
  /** Characters of a band's name. */
  tariffNameCharactersMax: 40,

  // --- simulated meter, recordings ---
  /** Changes of power remembered for each channel of a simulated house: 30 days of a whole house have some 500,000. */
  truthStepsMax: 2_097_152,
  /** Faults of a simulation that are remembered one by one. */
  truthFaultsMax: 131_072,
  /** A host that comes back so much later than the simulated meter wanted to speak has slept, or its clock jumped. */
  demoLateMs: 10_000,
  /** Bytes in one line of a recording; a longer chunk takes several. */
  recordingChunkBytesMax: 4_096,
  /** Longest line that a replay reads: a chunk's bytes take up to four characters each. */
  recordingLineBytesMax: 32_768,
  /** What waits to be written to a recording; ten seconds of the fastest line speed. */
  recordingWaitingBytesMax: 262_144,
  /** A recording is written so often. */
  recordingFlushMs: 1_000,
  /** Longest silence that a replay keeps; a clock that jumped would make it wait for years. */
  replayGapMsMax: 24 * 3_600_000,

  // --- daemon ---
  /** How often everything that waits is looked at. */
  tickMs: 1_000,
  /** A clock that is not set so long after the start needs a person: time servers answer sooner. */
  clockPatienceMs: 600_000,
  /** How often the broker tells of itself under `$SYS`. */
  statusMs: 10_000,
  /** Stopping takes no longer than this. */
  stopMs: 1_500,

  /** What clients and meters can make the process hold, all bounds at once: with Node beside it a board of 128 MB has room for the system. */
  heldBytesMax: 77_594_624,

  /** How long the doctor listens at most, to meters that are all read (two messages of each sensor), and to ports where there is nothing to hear. */
  doctorMs: 40_000,
  doctorHeardMs: 13_000,
  doctorHopelessMs: 5_000,
  /** How long he waits for the daemon's answer, and how long that may be. */
  doctorAskMs: 2_000,
  doctorAnswerBytesMax: 262_144,
  /** Lines of the journal in a support file. */
  reportLinesMax: 200,

  // --- log ---
  /** Longest line of the log: what a client sent may stand in it. */
  logLineCharactersMax: 500,
  /** The last lines of the log, kept for the page: so many, and so many bytes as they are told. */
  logTailLinesMax: 100,
  logTailBytesMax: 32_768,
  /** A warning that may come often is said once in so long, and so many kinds of them are told apart. */
  logRepeatMs: 3_600_000,
  logKeysMax: 100
}

/** A set of bounds. */
export type Bounds = Readonly<typeof inForce>

/** The program's own bounds. */
export const usualLimits: Bounds = { ...inForce }

/** The bounds in force: the program's own, or what the settings made of them. */
export const limits: Bounds = inForce

/** Puts other bounds into force; to be called before anything is built by them. `bounds.ts` says which may be changed, and how far. */
export function setLimits(changes: Partial<Bounds>): void {
  Object.assign(inForce, changes)
}

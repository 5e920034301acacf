/** Keeps count of numbered messages: what was published on each topic, and what each subscriber has missed or had twice. */

/** What was published, by topic. */
export class Published {
  #last = new Map()

  /** The next number on a topic. */
  next(topic) {
    const number = (this.#last.get(topic) ?? 0) + 1
    this.#last.set(topic, number)
    return number
  }

  topics() {
    return this.#last
  }
}

/** What one subscriber has had; it has subscribed before the first message, to topics that `isMine` tells. */
export class Track {
  lost = 0
  twice = 0
  repeated = 0
  droppedQos0 = 0
  taken = 0
  #last = new Map()
  #isMine

  constructor(isMine) {
    this.#isMine = isMine
  }

  take({ topic, qos, payload }) {
    const number = Number.parseInt(payload.latin1Slice(0, 12), 10)
    const last = this.#last.get(topic) ?? 0
    this.taken++
    if (number <= last) {
      if (qos === 2) this.twice++
      else this.repeated++
      return
    }
    if (number > last + 1) this.#miss(qos, number - last - 1)
    this.#last.set(topic, number)
  }

  /** Nothing more comes: what lacks now is lost. */
  close(published) {
    for (const [topic, last] of published.topics()) {
      if (this.#isMine(topic)) this.#miss(topic.endsWith('q0') ? 0 : 1, last - (this.#last.get(topic) ?? 0))
    }
  }

  #miss(qos, count) {
    if (qos === 0) this.droppedQos0 += count
    else this.lost += count
  }
}

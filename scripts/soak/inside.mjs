/** Asks V8 in the daemon, through Node's inspector, what cannot be seen from outside. */
import { WebSocket } from 'ws'
import { failure } from '../command.mjs'

const answerMs = 5_000
const told = /^Debugger listening on (ws:\S+)$/m

/** For Node: the inspector listens on a free port of the loopback, and tells which. */
export const inspectorFlag = '--inspect=127.0.0.1:0'

/** The inspector of a child that was started with `inspectorFlag`. */
export class Inside {
  #socket

  constructor(socket) {
    this.#socket = socket
  }

  /** @param child one that has said that it listens */
  static async of(child) {
    const [, address] = told.exec(child.told) ?? []
    if (address === undefined) throw failure(`Node did not say where its inspector listens:\n${child.told}`)
    const socket = new WebSocket(address)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return new Inside(socket)
  }

  /**
   * KB of V8's heap that are code it has compiled, and what it keeps beside that: where each part came from, how to go back to
   * interpreting. The second is as much as the first.
   */
  async compiled() {
    return this.#numberOf("require('v8').getHeapCodeStatistics().code_and_metadata_size / 1024")
  }

  #numberOf(expression) {
    const question = { id: 1, method: 'Runtime.evaluate', params: { expression, includeCommandLineAPI: true, returnByValue: true } }
    return new Promise((resolve, reject) => {
      const late = setTimeout(reject, answerMs, failure('the inspector does not answer'))
      this.#socket.once('message', answer => {
        clearTimeout(late)
        const { result, error } = JSON.parse(answer)
        if (result?.result?.type === 'number') resolve(result.result.value)
        else reject(failure(`the inspector answers ${JSON.stringify(error ?? result)}`))
      })
      this.#socket.send(JSON.stringify(question))
    })
  }
}

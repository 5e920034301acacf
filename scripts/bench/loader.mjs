/** The bench's side of the load generator. */
import { startWorker, stop } from './children.mjs'

/** Starts a load generator; its commands are those of load.mjs. */
export const startLoad = () => {
  const worker = startWorker('load.mjs')
  const call = (command, options) =>
    new Promise((resolve, reject) => {
      const gone = code => reject(new Error(`the load generator ended with ${code}`))
      worker.once('exit', gone)
      worker.once('message', ({ result, error }) => {
        worker.off('exit', gone)
        if (error === undefined) resolve(result)
        else reject(new Error(error))
      })
      worker.send({ command, options })
    })
  return { call, stop: () => stop(worker) }
}

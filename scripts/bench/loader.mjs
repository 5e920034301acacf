/** The bench's side of the load generator. */
import { failure } from '../command.mjs'
import { startWorker, stop } from './children.mjs'

const commandMs = 40_000

/** Starts a load generator; its commands are those of load.mjs, and one that takes too long fails. */
export const startLoad = () => {
  const worker = startWorker('load.mjs')
  const call = (command, options) =>
    new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late)
        worker.off('exit', gone)
        worker.off('message', told)
      }
      const gone = code => {
        done()
        reject(failure(`the load generator ended with ${code} during “${command}”`))
      }
      const told = ({ result, error }) => {
        done()
        if (error === undefined) resolve(result)
        else reject(failure(`${command}: ${error}`))
      }
      const late = setTimeout(() => {
        done()
        reject(failure(`“${command}” of the load generator took more than ${commandMs / 1_000} s`))
      }, commandMs)
      worker.on('exit', gone).on('message', told)
      worker.send({ command, options })
    })
  return { call, stop: () => stop(worker) }
}

/** Gives the demonstration a past: days of the simulated house, played back at once into the folder of its daemon. */
import { spawn } from 'node:child_process'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { failure, root } from '../command.mjs'

const dayMs = 86_400_000
const seed = 7

/** @param state the folder of the daemon that is to have it */
export const livePast = async (state, days) => {
  const recording = join(state, 'past.txt')
  await record(recording, Date.now() - days * dayMs)
  await playBack(recording, state)
  rmSync(recording)
  renameSync(join(state, 'replay'), join(state, 'demo'))
}

/** What the simulated meter says up to now, in the form of a recording. */
const record = async (path, startMs) => {
  const { houses, SimulatedMeter } = await import('../../dist/fake-meter.cjs')
  const zoneMs = -new Date(startMs).getTimezoneOffset() * 60_000
  const meter = new SimulatedMeter({ ...houses.demo, zoneMs, keepsTruth: false }, seed, startMs)
  const file = createWriteStream(path, 'latin1')
  file.write(`wattslug-recording 1 ${new Date(startMs).toISOString()} demo -\n`)
  for (const endMs = Date.now(); ; ) {
    const { kind, atMs, bytes } = meter.next()
    if (atMs > endMs) break
    if (kind !== 'bytes') continue
    const text = Buffer.from(bytes).toString('latin1').replaceAll('\r', '\\r').replaceAll('\n', '\\n')
    file.write(`${Math.round(atMs - startMs)} ${text}\n`)
  }
  file.end()
  await finished(file)
}

/** Done when it has been played to its end, and written down. */
const playBack = (recording, state) =>
  new Promise((resolve, reject) => {
    const options = { source: `replay:${recording}`, speed: '0', host: '127.0.0.1', 'http-port': '0', 'mqtt-port': '0', state }
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    const child = spawn(process.execPath, [join(root, 'dist/wattslug.cjs'), 'run', ...words])
    let log = ''
    const take = chunk => {
      log += chunk
      if (!child.killed && log.includes('The recording is at its end')) child.kill() // a second time it would not wait
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve() : reject(failure(`the past could not be played back (exit code ${code}):\n${log}`))))
  })

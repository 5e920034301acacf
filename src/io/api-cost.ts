/** The API's entries for money: what the energy of a sensor costs, and the tariff. */
import { setImmediate as turn } from 'node:timers/promises'
import type { CostAnswer } from '../api.ts'
import { answerCost, firstDayMs } from '../cost/answer.ts'
import { Tallies } from '../cost/tallies.ts'
import { limits } from '../limits.ts'
import type { Archive } from '../sinks/archive.ts'
import { type Endpoint, endpoint, readJson } from './endpoint.ts'
import { energyReader, isPriced } from './energies.ts'
import { untilKept } from './kept.ts'
import { place } from './parameters.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply, Refusal } from './reply.ts'
import type { Tariffs } from './tariffs.ts'

/** Makes the entries. */
export function costEndpoints(parts: Parts, tariffs: Tariffs): readonly Endpoint[] {
  // After a restore the archive is another one, and so is the past.
  const known = new WeakMap<Archive, Tallies>()
  const talliesOf = (archive: Archive): Tallies => {
    const tallies = known.get(archive) ?? new Tallies()
    known.set(archive, tallies)
    return tallies
  }
  return [
    endpoint({
      method: 'GET',
      path: '/api/cost',
      about: 'What the energy of a sensor costs: now, today, this week, month and year, and what the month will come to.',
      parameters: { sensor: place('The sensor; 0, the whole house, if none is named.') },
      answers: { [json]: 'CostAnswer' },
      answer: async ({ values: { sensor = '0' } }) => jsonReply(await costAnswer(parts, sensor, talliesOf))
    }),
    endpoint({
      method: 'GET',
      path: '/api/tariff',
      about: 'The tariff; null when none is set.',
      parameters: {},
      answers: { [json]: 'TariffTold | null' },
      answer: () => tariffReply(tariffs)
    }),
    endpoint({
      method: 'PUT',
      path: '/api/tariff',
      about: 'Sets the tariff; this wins over the settings file.',
      parameters: {},
      content: { type: json, schema: 'TariffTold', bytesMax: limits.bodyBytesMax, withinMs: limits.requestMs },
      answers: { [json]: 'TariffTold' },
      async answer({ body }) {
        tariffs.change(await readJson(body))
        await untilKept(parts.store)
        return tariffReply(tariffs)
      }
    }),
    endpoint({
      method: 'DELETE',
      path: '/api/tariff',
      about: 'Goes back to the tariff of the settings file, or to none.',
      parameters: {},
      answers: { [json]: 'TariffTold | null' },
      async answer() {
        tariffs.takeBack()
        await untilKept(parts.store)
        return tariffReply(tariffs)
      }
    })
  ]
}

function tariffReply(tariffs: Tariffs): ReturnType<typeof jsonReply> {
  const tariff = tariffs.prices?.tariff ?? null
  return jsonReply(tariff, { tagged: JSON.stringify(tariff) })
}

/** Takes a turn for each step, so that a year does not keep everybody waiting. */
async function costAnswer(parts: Parts, sensor: string, talliesOf: (archive: Archive) => Tallies): Promise<CostAnswer> {
  const { calendar, clock, latest } = parts
  const { archive } = parts.books
  const known = archive.sensors().find(each => each.place === sensor)
  const heard = latest.sensors().find(each => each.sensor === sensor)
  if (!known && !heard) throw new Refusal(404, `sensor: ${sensor} was never heard; allowed: ${priced(parts)}`, 'sensor')
  if (!isPriced(parts, sensor)) throw new Refusal(404, `sensor: ${sensor} counts no electricity; allowed: ${priced(parts)}`, 'sensor')
  const watts = heard && !heard.stale && heard.report.kind !== 'impulses' ? heard.report.watts : null
  const question = { sensor, zone: calendar.zone, nowMs: clock.wallMs(), watts, sinceMs: known?.sinceMs ?? null }
  const [prices, readEnergies] = [parts.prices(), energyReader(parts, sensor)]
  if (!prices) return answerCost(question, prices, readEnergies)
  const span = { fromMs: firstDayMs(question, prices), toMs: question.nowMs }
  const steps = talliesOf(archive).days({ sensor, prices, rewrites: archive.rewrites(sensor), ...span }, readEnergies)
  let step = steps.next()
  for (; !step.done; step = steps.next()) await turn()
  return answerCost(question, prices, readEnergies, step.value)
}

/** The sensors that can be asked for. */
function priced(parts: Parts): string {
  const places = parts.books.archive.sensors().map(({ place }) => place)
  return places.filter(place => isPriced(parts, place)).join(', ') || 'none yet'
}

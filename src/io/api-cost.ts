/** The API's entries for money: what the energy of a sensor costs, and the tariff. */
import { answerCost } from '../cost/answer.ts'
import { limits } from '../limits.ts'
import { type Endpoint, endpoint, readJson } from './endpoint.ts'
import { energyReader } from './energies.ts'
import { untilKept } from './kept.ts'
import { place } from './parameters.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply, Refusal } from './reply.ts'
import type { Tariffs } from './tariffs.ts'

/** Makes the entries. */
export function costEndpoints(parts: Parts, tariffs: Tariffs): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/api/cost',
      about: 'What the energy of a sensor costs: now, today, this week, month and year, and what the month will come to.',
      parameters: { sensor: place('The sensor; 0, the whole house, if none is named.') },
      answers: { [json]: 'CostAnswer' },
      answer: ({ values: { sensor = '0' } }) => jsonReply(costAnswer(parts, sensor))
    }),
    endpoint({
      method: 'GET',
      path: '/api/tariff',
      about: 'The tariff; null when none is set.',
      parameters: {},
      answers: { [json]: 'TariffTold' },
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
      answers: { [json]: 'TariffTold' },
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

function costAnswer(parts: Parts, sensor: string): ReturnType<typeof answerCost> {
  const { calendar, clock, latest, prices } = parts
  const known = parts.books.archive.sensors().find(each => each.place === sensor)
  const heard = latest.sensors().find(each => each.sensor === sensor)
  if (!known && !heard) throw new Refusal(404, `sensor: ${sensor} was never heard`, 'sensor')
  const watts = heard && !heard.stale && heard.report.kind !== 'impulses' ? heard.report.watts : null
  const question = { sensor, zone: calendar.zone, nowMs: clock.wallMs(), watts, sinceMs: known?.sinceMs ?? null }
  return answerCost(question, prices(), energyReader(parts, sensor))
}

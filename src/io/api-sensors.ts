/** The API's entries that change what is corrected of a sensor: at once, and for as long as that is not taken back. */
import type { SensorAnswer } from '../api.ts'
import { limits } from '../limits.ts'
import { isCorrectable } from './corrections.ts'
import { type Endpoint, endpoint, readJson } from './endpoint.ts'
import { untilKept } from './kept.ts'
import { place } from './parameters.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply, Refusal, type Reply } from './reply.ts'

const parameters = {
  place: { ...place('The sensor; derived ones are set in the settings file.'), allowed: 'a sensor, such as 0 or meter2/1' }
}

/** Makes the entries. @param changed called with the place of a sensor for which something else is in force now */
export function sensorEndpoints({ store, corrections }: Parts, changed: (place: string) => void): readonly Endpoint[] {
  const done = async (sensor: string): Promise<Reply> => {
    changed(sensor)
    await untilKept(store)
    const answer: SensorAnswer = { sensor, settings: corrections.of(sensor) }
    return jsonReply(answer)
  }
  return [
    endpoint({
      method: 'PUT',
      path: '/api/sensors/{place}',
      about: 'Sets the name of a sensor and what is corrected of it; this wins over the settings file.',
      parameters,
      content: { type: json, schema: 'SensorPut', bytesMax: limits.bodyBytesMax, withinMs: limits.requestMs },
      answers: { [json]: 'SensorAnswer' },
      async answer({ values, body }) {
        const sensor = correctable(values.place)
        corrections.change(sensor, await readJson(body))
        return done(sensor)
      }
    }),
    endpoint({
      method: 'DELETE',
      path: '/api/sensors/{place}',
      about: 'Goes back to what the settings file says of a sensor.',
      parameters,
      answers: { [json]: 'SensorAnswer' },
      answer({ values }) {
        const sensor = correctable(values.place)
        corrections.takeBack(sensor)
        return done(sensor)
      }
    })
  ]
}

/** @throws Refusal */
function correctable(sensor: string | undefined): string {
  if (sensor !== undefined && isCorrectable(sensor)) return sensor
  throw new Refusal(
    404,
    'place: no such sensor; allowed: 0 to 9, meter2/0 and the like; derived ones are set in the settings file',
    'place'
  )
}

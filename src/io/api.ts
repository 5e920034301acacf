/** The whole HTTP API as one table, by which requests are answered and of which its description is made. */
import type { RestoreAnswer } from '../api.ts'
import { accessEndpoints } from './api-access.ts'
import { costEndpoints } from './api-cost.ts'
import { exportEndpoints } from './api-export.ts'
import { historyEndpoints } from './api-history.ts'
import { sensorEndpoints } from './api-sensors.ts'
import { stateEndpoints } from './api-state.ts'
import type { Body } from './body.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { describeApi } from './openapi.ts'
import type { Parts } from './parts.ts'
import { json } from './reply.ts'
import type { Tariffs } from './tariffs.ts'

/** What the API may change. */
export interface Changes {
  readonly tariffs: Tariffs
  /** Something else is in force for a sensor now. */
  readonly corrected: (place: string) => void
  /** Takes an export back. @throws Refusal */
  readonly restore: (body: Body) => Promise<RestoreAnswer>
}

/**
 * Makes the table.
 * @param schemas the types of src/api.ts by name, in JSON
 */
export function makeEndpoints(parts: Parts, { tariffs, corrected, restore }: Changes, schemas: string): readonly Endpoint[] {
  const endpoints: Endpoint[] = [
    ...accessEndpoints(parts),
    ...stateEndpoints(parts),
    ...historyEndpoints(parts),
    ...costEndpoints(parts, tariffs),
    ...sensorEndpoints(parts, corrected),
    ...exportEndpoints(parts, restore),
    endpoint({
      method: 'GET',
      path: '/api',
      about: 'This description, in OpenAPI 3.1.',
      need: 'always',
      parameters: {},
      answers: { [json]: undefined },
      answer() {
        const body = describeApi(parts.version, endpoints, schemas)
        return { type: json, headers: { 'Cache-Control': 'no-cache' }, body, tagged: body }
      }
    })
  ]
  return endpoints
}

/** Readings: where each stands below the root of the topics. */

import t from 'tap'
import { placeOf } from '../src/reading.ts'
import { impulses, power } from './fixtures/mqtt/readings.ts'

t.test('a sensor, a sensor of another meter, a derived sensor', async t => {
  t.equal(placeOf(power({ sensor: 0 })), '0')
  t.equal(placeOf(impulses({ meter: 'meter2', sensor: 4 })), 'meter2/4')
  t.equal(placeOf({ kind: 'derived', atMs: 0, sensor: 'used', watts: 1, formula: '0 - 1' }), 'used')
})

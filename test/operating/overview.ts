/** The overview of `wattslug status`, word by word. */
import t from 'tap'
import type { CostAnswer, DeviceAnswer, NowAnswer, NowSensor } from '../../src/api.ts'
import { overview, type Told } from '../../src/operating/overview.ts'

const nowMs = Date.UTC(2026, 10, 22, 18)
const house: NowSensor = {
  ...{ sensor: '0', name: 'House', kind: 'power', medium: 'electricity', atMs: nowMs - 3_400, stale: false, watts: 1234, celsius: 20 },
  ...{ todayWh: 5_123, todayExportedWh: 0, usual: null }
}
const now: NowAnswer = {
  ...{ nowMs, zone: 'Europe/London', currency: 'GBP', costPerHour: '-0.367212' },
  sensors: [
    house,
    { ...house, sensor: 'meter2/1', name: null, atMs: nowMs - 200_000, stale: true, watts: -80, todayWh: null },
    { ...house, sensor: '3', name: null, watts: 0, todayWh: -0.4 },
    { ...house, sensor: '9', name: 'Gas', kind: 'impulses', medium: 'gas', atMs: nowMs + 50, watts: null, todayWh: 812.4 }
  ]
}
const device = {
  ...{ version: '1.2.3', nowMs, upSeconds: 97_200, meters: [{ simulated: false }] },
  memory: { residentBytes: 52e6, heldBytesMax: 77_594_624 },
  store: { state: 'open', diskBytes: 2e6, diskBytesMax: 40e6 },
  clients: { connected: 3, max: 100, sessions: 5, retained: 42 }
} as unknown as DeviceAnswer
const well: Told = {
  address: 'http://127.0.0.1/',
  health: { status: 'good', needs: [], meters: { '': 'live' }, store: 'open', clock: 'set' },
  ...{ now, device, cost: { today: { total: '1.534216' } } as unknown as CostAnswer }
}

t.test('all is well', async t => {
  t.strictSame(overview(well), [
    'wattslug 1.2.3 at http://127.0.0.1/, up since 2026-11-21 15:00:00 UTC (1 d 3 h)',
    'all is well',
    '',
    'House (0)        1234 W  3 s ago           today 5.12 kWh',
    'sensor meter2/1   -80 W  3 min ago, stale  today -',
    'sensor 3            0 W  3 s ago           today 0.00 kWh',
    'Gas (9)               -  0 s ago           today 0.81 m³',
    '-0.37 GBP an hour, today 1.53 GBP',
    '',
    'clients  3 of at most 100; 5 sessions, 42 retained messages',
    'memory   52.0 MB resident; clients and meters add at most 77.6 MB',
    'store    open, 2.0 MB of about 40.0 MB that it will take'
  ])
})

t.test('a simulated meter is no real house', async t => {
  const told = overview({ ...well, device: { ...device, meters: [{ simulated: true }] } as unknown as DeviceAnswer })
  t.strictSame(told.slice(1, 4), ['all is well', 'the meter is SIMULATED: what is shown is no real house', ''])
})

t.test('one of each', async t => {
  const one = { ...device, clients: { ...device.clients, connected: 1, sessions: 1, retained: 1 } }
  t.match(overview({ ...well, device: one }), { 9: 'clients  1 of at most 100; 1 session, 1 retained message' })
})

t.test('what needs a person', async t => {
  const health = { ...well.health, status: 'bad', needs: ['No such device.', 'The store: it is full.'] } as const
  t.strictSame(overview({ ...well, health }).slice(1, 4), ['! No such device.', '! The store: it is full.', ''])
})

t.test('what is not known, or not told', async t => {
  t.strictSame(overview({ ...well, now: undefined, device: undefined, cost: undefined }), [
    'wattslug at http://127.0.0.1/',
    'all is well',
    '',
    'What it measures is not told to this user: sudo wattslug status, or --password-file.'
  ])
  t.equal(overview({ ...well, now: { ...now, sensors: [] } })[3], 'No sensor was heard yet.')
  t.equal(overview({ ...well, cost: undefined })[7], '-0.37 GBP an hour')
  t.equal(overview({ ...well, cost: { today: null } as unknown as CostAnswer })[7], '-0.37 GBP an hour')
  t.equal(overview({ ...well, now: { ...now, costPerHour: null } })[7], 'today 1.53 GBP', 'a counter says no watts')
  t.equal(overview({ ...well, now: { ...now, costPerHour: null }, cost: undefined })[7], '', 'no tariff')
})

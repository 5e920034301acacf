/** The settings of single sensors: what the file may say of them, and the message for each thing that it may not. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readToml } from '../src/io/toml.ts'
import { limits } from '../src/limits.ts'
import { readSensorSettings, type SensorSettings } from '../src/sensors.ts'

const home = t.testdir()
const file = join(home, 'wattslug.toml')

/** As the program reads it. */
function settingsOf(toml: string): SensorSettings {
  writeFileSync(file, toml)
  const { table, at } = readToml(file)
  return readSensorSettings((...keys) => at(...keys).replace(file, 'wattslug.toml'), table['sensor'], table['derived'])
}

function messageOf(toml: string): string {
  try {
    settingsOf(toml)
    return 'no error'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('nothing said, nothing corrected', async t => {
  t.strictSame(settingsOf(''), { corrections: new Map(), derivations: [] })
  t.strictSame(settingsOf('[sensor]\n[derived]\n'), { corrections: new Map(), derivations: [] })
  t.strictSame(settingsOf('[sensor.0]\n').corrections, new Map([['0', {}]]))
})

t.test('all that may be said of a sensor', async t => {
  const { corrections } = settingsOf(`
    [sensor.0]
    name = "House"
    scale = 1.02
    temperature-offset = -1.5
    spike-filter = true
    fix-144 = false
    [sensor."meter2/9"]
    name = "${'é'.repeat(40)}"
    scale = 100
    temperature-offset = 50
  `)
  t.strictSame(
    corrections,
    new Map<string, unknown>([
      ['0', { name: 'House', scale: 1.02, temperatureOffset: -1.5, spikeFilter: true, fix144: false }],
      ['meter2/9', { name: 'é'.repeat(40), scale: 100, temperatureOffset: 50 }]
    ])
  )
  t.strictSame(settingsOf('[sensor.3]\nscale = 0.01\ntemperature-offset = -50').corrections.get('3'), {
    scale: 0.01,
    temperatureOffset: -50
  })
})

t.test('sensors that are derived, in their order', async t => {
  const { derivations } = settingsOf('[derived.net]\nname = "Net"\nformula = "0 - 1"\n[derived.all-of-it]\nformula = "0+meter2/1 + 3"\n')
  t.strictSame(derivations, [
    { sensor: 'net', formula: '0 - 1', name: 'Net' },
    { sensor: 'all-of-it', formula: '0+meter2/1 + 3' }
  ])
})

const sensorKeys = 'name, scale, temperature-offset, spike-filter, fix-144'
const formula = 'sensors with + or - between them, such as "0 - 1"'
const badName = 'small letters, digits and -, up to 20, but not bridge or meter2 to meter9'

/** What the file says, and all that is said of it after the file's name and the line. */
const refusals: readonly (readonly [toml: string, said: string])[] = [
  ['sensor = 1', 'sensor: allowed: tables, such as [sensor.0]'],
  ['sensor = [1]', 'sensor: allowed: tables, such as [sensor.0]'],
  ['derived = "0 - 1"', 'derived: allowed: tables, such as [derived.net]'],
  ['[[derived]]\nformula = "0"', 'derived: allowed: tables, such as [derived.net]'],
  ['sensor.0 = "House"', `[sensor.0]: allowed: ${sensorKeys}`],
  ['derived.net = "0 - 1"', '[derived.net]: allowed: name, formula'],
  ...['10', 'x', '-1', 'meter1/0', 'meter2', 'meter2/10', 'bridge/0'].map(
    place => [`[sensor."${place}"]`, `[sensor.${place}]: no such sensor; allowed: 0 to 9, or "meter2/0" and the like`] as const
  ),
  ['[sensor.0]\ncolour = "red"', `[sensor.0]: unknown setting: colour; allowed: ${sensorKeys}`],
  ['[sensor.0]\n__proto__ = 1', `[sensor.0]: unknown setting: __proto__; allowed: ${sensorKeys}`],
  ['[sensor.0]\nfix144 = true', `[sensor.0]: unknown setting: fix144; allowed: ${sensorKeys}`],
  [
    '[sensor.0]\nname = ""',
    '[sensor.0]: name: impossible value: ""; allowed: a text of 1 to 40 characters, none of them a control character'
  ],
  [
    '[sensor.0]\nname = 1',
    '[sensor.0]: name: impossible value: 1; allowed: a text of 1 to 40 characters, none of them a control character'
  ],
  [
    `[sensor.0]\nname = "${'x'.repeat(41)}"`,
    `[sensor.0]: name: impossible value: "${'x'.repeat(41)}"; allowed: a text of 1 to 40 characters, none of them a control character`
  ],
  ...['\\u0007', '\\u007f', '\\n', '\\u202e', '\\u2066', '\\u2069'].map(
    character =>
      [
        `[sensor.0]\nname = "House${character}"`,
        `[sensor.0]: name: impossible value: ${JSON.stringify(JSON.parse(`"House${character}"`))}; allowed: a text of 1 to 40 characters, none of them a control character`
      ] as const
  ),
  ...['0', '0.009', '100.1', '-1'].map(
    value => [`[sensor.0]\nscale = ${value}`, `[sensor.0]: scale: impossible value: ${value}; allowed: a number from 0.01 to 100`] as const
  ),
  ['[sensor.0]\nscale = nan', '[sensor.0]: scale: impossible value: null; allowed: a number from 0.01 to 100'],
  ['[sensor.0]\nscale = "1.1"', '[sensor.0]: scale: impossible value: "1.1"; allowed: a number from 0.01 to 100'],
  ...['50.1', '-50.1'].map(
    value =>
      [
        `[sensor.0]\ntemperature-offset = ${value}`,
        `[sensor.0]: temperature-offset: impossible value: ${value}; allowed: a number from -50 to 50`
      ] as const
  ),
  ['[sensor.0]\nspike-filter = 1', '[sensor.0]: spike-filter: impossible value: 1; allowed: true or false'],
  ['[sensor.0]\nfix-144 = "yes"', '[sensor.0]: fix-144: impossible value: "yes"; allowed: true or false'],
  ...['Net', 'bridge', 'meter2', '0', 'a_b', 'x'.repeat(21), 'a/b'].map(
    name => [`[derived."${name}"]\nformula = "0 - 1"`, `[derived.${name}]: impossible name; allowed: ${badName}`] as const
  ),
  ['[derived.net]\nname = "Net"', `[derived.net]: formula is missing; allowed: ${formula}`],
  ['[derived.net]\nformula = "0 * 1"', `[derived.net]: formula: impossible value: "0 * 1"; allowed: ${formula}`],
  ['[derived.net]\nformula = ""', `[derived.net]: formula: impossible value: ""; allowed: ${formula}`],
  ['[derived.net]\nformula = 0', `[derived.net]: formula: impossible value: 0; allowed: ${formula}`],
  ['[derived.net]\nscale = 2', '[derived.net]: unknown setting: scale; allowed: name, formula'],
  [
    Array.from({ length: limits.derivedMax + 1 }, (_, index) => `[derived.d${index}]\nformula = "0"`).join('\n'),
    `[derived]: too many; allowed: ${limits.derivedMax}`
  ]
]

for (const [toml, said] of refusals) {
  t.test(toml.slice(0, 60).replaceAll('\n', ' '), async t => {
    const line = /\]: (?:unknown setting|[\w-]+: impossible value)/.test(said) ? 2 : 1
    t.equal(messageOf(toml), `wattslug.toml, line ${line}: ${said}`)
  })
}

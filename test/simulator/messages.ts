/** The text of each kind of message. */
import t from 'tap'
import { MeterClock } from '../../src/simulator/clock.ts'
import { cc128Capacities, classicCapacities, HistoryStore, wattMsPerKwh } from '../../src/simulator/history.ts'
import { houses } from '../../src/simulator/houses.ts'
import { classicHistoryText, classicText, historyText, impulsesText, type Moment, powerText } from '../../src/simulator/messages.ts'

const moment: Moment = { clock: new MeterClock(0, 42), atMs: Date.UTC(2026, 2, 3, 8, 9, 10), celsius: 9.46 }
const cc128 = houses.demo.meter
const head = '<msg><src>CC128-v1.29</src><dsb>00042</dsb><time>08:09:10</time>'

t.test('power', async t => {
  t.equal(
    powerText(cc128, moment, 3, 77, [640, -12]),
    `${head}<tmpr> 9.5</tmpr><sensor>3</sensor><id>00077</id><type>1</type><ch1><watts>00640</watts></ch1><ch2><watts>-0012</watts></ch2></msg>`
  )
  t.match(powerText(houses.american.meter, { ...moment, celsius: -0.04 }, 0, 77, [1]), '<tmprF>31.9</tmprF><sensor>')
  t.match(powerText(cc128, { ...moment, celsius: -0.04 }, 0, 77, [1]), '<tmpr> 0.0</tmpr>')
})

t.test('impulses', async t => {
  t.equal(
    impulsesText(houses.counters.meter, moment, { number: 2, radioId: 5, measures: 'gas', impulsesPerUnit: 100 }, 4711),
    '<msg><src>CC128-v1.48.03</src><uid>161A582015AA09B</uid><dsb>00042</dsb><time>08:09:10</time><tmpr> 9.5</tmpr><tmprF>49.0</tmprF>' +
      '<sensor>2</sensor><id>00005</id><type>3</type><imp>0000004711</imp><ipu>100</ipu></msg>'
  )
})

t.test('history of a CC128, new and old', async t => {
  const store = new HistoryStore(cc128Capacities, 1)
  for (const hour of [21, 23]) store.roll(hour, [hour * wattMsPerKwh])
  const hours = { scale: 'hours', firstAge: 1, lastAge: 0 } as const
  const units = '<type>1</type><units>kwhr</units>'
  t.equal(
    historyText(cc128, moment, store, hours, [0, undefined]),
    `${head}<hist><dsw>00044</dsw>${units}<data><sensor>0</sensor><h006>21.000</h006><h004>23.000</h004></data>` +
      '<data><sensor>1</sensor><h006>0.000</h006><h004>0.000</h004></data></hist></msg>'
  )
  t.equal(
    historyText(houses.oldest.meter, moment, store, { scale: 'days', firstAge: 0, lastAge: 0 }, [0]),
    `${head.replace('1.29', '0.09')}<hist><data><sensor>0</sensor>${units}<d001>44.000</d001></data></hist></msg>`
  )
})

t.test('a Classic', async t => {
  const { meter } = houses.classic
  t.equal(
    classicText(meter, moment, 12_345, [512]),
    '<msg><date><dsb>00042</dsb><hr>08</hr><min>09</min><sec>10</sec></date><src><name>CC02</name><id>12345</id><type>1</type><sver>1.06</sver></src>' +
      '<ch1><watts>00512</watts></ch1><ch2><watts>00000</watts></ch2><ch3><watts>00000</watts></ch3><tmpr> 9.5</tmpr></msg>'
  )
  const store = new HistoryStore(classicCapacities, 1)
  for (const hour of [21, 23]) store.roll(hour, [hour * 1.04 * wattMsPerKwh])
  const history = classicHistoryText(store, 0.46)
  t.match(history, /^<hist><hrs><h02>000\.4<\/h02><h04>023\.9<\/h04><h06>021\.8<\/h06><h08>000\.0<\/h08>.*<h26>000\.0<\/h26><\/hrs>/)
  t.match(history, /<days><d01>0045<\/d01><d02>0000<\/d02>.*<d31>0000<\/d31><\/days><mths><m01>0000<\/m01>.*<m12>0000<\/m12><\/mths>/)
  t.match(history, /<yrs><y1>0000000<\/y1>.*<y4>0000000<\/y4><\/yrs><\/hist>$/)
  t.equal(classicText(meter, moment, 12_345, [512], history).length + 2, 1240)
})

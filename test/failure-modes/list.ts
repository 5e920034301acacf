/** The list of the ways in which brokers failed their users: each of the 25 has a scenario that is named after it. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

t.test('each of the 25 has its scenarios', async t => {
  const texts = readdirSync('test/failure-modes').map(name => readFileSync(`test/failure-modes/${name}`, 'utf8'))
  const titles = texts.flatMap(text => [...text.matchAll(/\bt\.test\(\s*[`'"](\d+): (.*)[`'"],/g)])
  for (let number = 1; number <= 25; number++) {
    const mine = titles.filter(([, named]) => Number(named) === number).map(([, , title]) => title)
    t.ok(mine.length > 0, `${number}: ${mine.join(' · ')}`)
  }
  t.strictSame(
    titles.filter(([, named]) => Number(named) < 1 || Number(named) > 25),
    []
  )
})

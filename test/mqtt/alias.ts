/** Topic aliases: what a client may set, what it is told when it may not, and what we set ourselves; both are bounded. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { IncomingAliases, OutgoingAliases } from '../../src/mqtt/alias.ts'
import { reasonCodes } from '../../src/mqtt/packet.ts'

const { topicAliasInvalid, protocolError, quotaExceeded } = reasonCodes

t.test('a PUBLISH without an alias is for its own topic', async t => {
  const aliases = new IncomingAliases()
  t.equal(aliases.resolve('a/b', 0), 'a/b')
})

t.test('an alias stands for the topic that it had last', async t => {
  const aliases = new IncomingAliases()
  t.equal(aliases.resolve('', 1), protocolError, 'it has none yet')
  t.equal(aliases.resolve('a/b', 1), 'a/b')
  t.equal(aliases.resolve('', 1), 'a/b')
  t.equal(aliases.resolve('a/b', 1), 'a/b', 'said again')
  t.equal(aliases.resolve('c', 1), 'c')
  t.equal(aliases.resolve('', 1), 'c')
  t.equal(aliases.resolve('', 2), protocolError)
})

t.test('every alias up to the announced one is taken, and none above [MQTT-3.3.2-9] [MQTT-3.3.2-12]', async t => {
  const aliases = new IncomingAliases()
  for (let alias = 1; alias <= limits.topicAliasMax; alias++) t.equal(aliases.resolve(`t/${alias}`, alias), `t/${alias}`)
  for (let alias = 1; alias <= limits.topicAliasMax; alias++) t.equal(aliases.resolve('', alias), `t/${alias}`)
  t.equal(aliases.resolve('t', limits.topicAliasMax + 1), topicAliasInvalid)
  t.equal(aliases.resolve('', 65_535), topicAliasInvalid)
})

t.test('their text is bounded, and what is replaced counts no more', async t => {
  const aliases = new IncomingAliases()
  const half = 't'.repeat(limits.topicAliasBytesMax / 4 - 32)
  t.equal(aliases.resolve(half, 1), half)
  t.equal(aliases.resolve(half, 2), half, 'the bound itself')
  t.equal(aliases.resolve('t', 3), quotaExceeded)
  t.equal(aliases.resolve('', 3), protocolError, 'and it is not known then')
  t.equal(aliases.resolve('t', 2), 't')
  t.equal(aliases.resolve('t', 3), 't')
  t.equal(aliases.resolve(half, 3), quotaExceeded)
  t.equal(aliases.resolve('', 3), 't', 'what was there stays')
})

t.test('our own aliases count from 1 on, and are known once each was introduced', async t => {
  const aliases = new OutgoingAliases(2)
  t.equal(aliases.of('sensor/0/watts'), -1)
  t.equal(aliases.of('sensor/1/watts'), -1, 'the first was not sent after all')
  aliases.introduced('sensor/1/watts')
  t.equal(aliases.of('sensor/1/watts'), 1)
  t.equal(aliases.of('sensor/0/watts'), -2)
  aliases.introduced('sensor/0/watts')
  t.equal(aliases.of('sensor/0/watts'), 2)
  t.equal(aliases.of('sensor/2/watts'), 0, 'the client takes no more')
})

t.test('a client that takes none gets none, and no client gets more than we care to remember', async t => {
  t.equal(new OutgoingAliases(0).of('sensor/0/watts'), 0)
  const many = new OutgoingAliases(65_535)
  for (let alias = 1; alias <= limits.topicAliasMax; alias++) {
    t.equal(many.of(`sensor/${alias}/watts`), -alias)
    many.introduced(`sensor/${alias}/watts`)
  }
  t.equal(many.of('sensor/0/watts'), 0)
})

t.test('a topic that is too short to save anything gets none, nor one that is too long to be kept', async t => {
  const aliases = new OutgoingAliases(9)
  const longest = 't'.repeat(limits.topicAliasBytesMax / 2 - 32)
  t.equal(aliases.of('t'.repeat(limits.topicAliasCharactersMin - 1)), 0)
  t.equal(aliases.of('t'.repeat(limits.topicAliasCharactersMin)), -1)
  t.equal(aliases.of(longest), -1)
  t.equal(aliases.of(`${longest}t`), 0)
  aliases.introduced(longest)
  t.equal(aliases.of('sensor/0/watts'), 0)
})

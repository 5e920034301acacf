/** The statements about delivery: sessions, the exchanges of QoS 0, 1 and 2, repeats, and order: 3.1.1 and 5.0, sections 4.1 to 4.6. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { playScenes, type Scene } from '../fixtures/standard/play.ts'

const sessions: readonly Scene[] = [
  {
    title:
      '[3.1.1 MQTT-4.1.0-1] [MQTT-4.1.0-1] [MQTT-3.1.2-23] all of a session stays: subscriptions, what waits, what is under way both ways',
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 34{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'}
      b < 50020001 50020002
      a < 34{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'}
      a > 50020001 34{"u" 0007 ~ 'x'}
      a < 62020001 50{0007 (10)}
      a vanishes
      b > 32{"t" 0003 ~ '3'}
      b < 40020003
      a comes back
      a < 62020001 3c{"t" 0002 ~ '2'} 32{"t" 0003 ~ '3'}
      a > 3c{"u" 0007 ~ 'x'} 62020007
      a < 50020007 70020007`
  },
  {
    title: '[3.1.1 MQTT-4.1.0-2] a session lasts as long as its connection, however long that is',
    play: `
      a > 10{"MQTT" 04 02 0000 "a"}
      a < WELCOME
      a subscribes "t" 00
      pass 1000000000
      a > 30{"t" 'x'}
      a < 30{"t" 'x'}`
  },
  {
    title: '[MQTT-4.1.0-2] a session ends when its Session Expiry Interval has passed, and not before',
    play: `
      a connects to stay
      a leaves
      pass 3600000
      a comes back
      a leaves
      pass 3600001
      a connects to stay`
  }
]

const exchanges: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-4.3.1-1] [MQTT-4.3.1-1] QoS 0: sent once, without DUP, and not again',
    play: `
      a connects to stay
      a subscribes "t" 00
      b connects
      b > 32{"t" 0001 ~ 'x'}
      b < 40020001
      a < 30{"t" ~ 'x'}
      a vanishes
      a comes back`
  },
  {
    title:
      '[3.1.1 MQTT-4.3.2-1] [MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.2-3] the server sends at QoS 1: an id of its own, no DUP at first, and again until PUBACK',
    play: `
      a connects to stay
      a subscribes "t" 01
      b connects
      b > 32{"t" 0009 ~ 'x'} 32{"t" 0009 ~ 'y'}
      b < 40020009 40020009
      a < 32{"t" 0001 ~ 'x'} 32{"t" 0002 ~ 'y'}
      a > 40020002
      a vanishes
      a comes back
      a < 3a{"t" 0001 ~ 'x'}
      a > 40020001
      a vanishes
      a comes back`
  },
  {
    title:
      '[3.1.1 MQTT-4.3.2-2] [MQTT-4.3.2-4] [MQTT-4.3.2-5] the server gets at QoS 1: PUBACK with the id, and the same id after it is a new message',
    play: `
      w connects
      w subscribes "t" 00
      a connects
      a > 32{"t" 0005 ~ 'x'}
      a < 40020005
      a > 3a{"t" 0005 ~ 'x'}
      a < 40020005
      w < 30{"t" ~ 'x'} 30{"t" ~ 'x'}`
  },
  {
    title: `[3.1.1 MQTT-4.3.3-1] [MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] \
the server sends at QoS 2: PUBLISH with an id of its own until PUBREC, then PUBREL until PUBCOMP, and no PUBLISH any more`,
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 34{"t" 0009 ~ 'x'} 34{"t" 0008 ~ 'y'}
      b < 50020009 50020008
      a < 34{"t" 0001 ~ 'x'} 34{"t" 0002 ~ 'y'}
      a vanishes
      a comes back
      a < 3c{"t" 0001 ~ 'x'} 3c{"t" 0002 ~ 'y'}
      a > 50020001
      a < 62020001
      a vanishes
      a comes back
      a < 62020001 3c{"t" 0002 ~ 'y'}
      a > 50020001
      a < 62020001
      a > 70020001 50020002 70020002
      a < 62020002
      a vanishes
      a comes back`
  },
  {
    title: '[MQTT-4.3.3-7] [MQTT-4.3.3-13] a message at QoS 2 that was sent does not expire any more, neither way',
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 34{"t" 0001 {02 00000001} 'x'}
      b < 50020001
      a < 34{"t" 0001 {02 00000001} 'x'}
      a vanishes
      pass 5000
      b > 62020001
      b < 70020001
      a comes back
      a < 3c{"t" 0001 {02 00000000} 'x'}
      a > 50020001
      a < 62020001
      a > 70020001`
  },
  {
    title: `[3.1.1 MQTT-4.3.3-2] [MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12] \
the server gets at QoS 2: PUBREC for each repeat, one delivery, PUBCOMP for PUBREL, and then the id is free`,
    play: `
      w connects
      w subscribes "t" 00
      a connects to stay
      a > 34{"t" 0005 ~ 'x'}
      a < 50020005
      a > 3c{"t" 0005 ~ 'x'}
      a < 50020005
      a vanishes
      a comes back
      a > 3c{"t" 0005 ~ 'x'}
      a < 50020005
      a > 62020005
      a < 70020005
      a > 62020005
      a < 70{0005 (92)}
      a > 34{"t" 0005 ~ 'new'}
      a < 50020005
      w < 30{"t" ~ 'x'} 30{"t" ~ 'new'}`
  },
  {
    title: '[MQTT-4.3.3-9] after a PUBREC with an error the id is free: the same again is judged anew',
    play: `
      w connects
      w subscribes "t" 00
      a connects
      a > 34{"$x" 0005 00}
      a < 50{0005 87}
      a > 34{"t" 0005 00 'x'}
      a < 50020005
      w < 30{"t" 00 'x'}
      a > 62020005
      a < 70020005`
  }
]

const repeats: readonly Scene[] = [
  {
    title:
      '[3.1.1 MQTT-4.4.0-1] [MQTT-4.4.0-1] PUBLISH and PUBREL that are not acknowledged come again when the client is back, with their ids, and at no other time',
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 32{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'} 34{"t" 0003 ~ '3'}
      b < 40020001 50020002 50020003
      a < 32{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'} 34{"t" 0003 ~ '3'}
      a > 50020002
      a < 62020002
      pass 60000
      a > PING
      a < PONG
      a vanishes
      a comes back
      a < 3a{"t" 0001 ~ '1'} 62020002 3c{"t" 0003 ~ '3'}`
  },
  {
    title: '[MQTT-4.4.0-2] PUBACK and PUBREC with an error end a delivery: it does not come again, and the id is free',
    play: `
      a > 10{"MQTT" 05 00 003c {11 00000e10 21 0002} "a"}
      a < WELCOME
      a subscribes "t" 02
      b connects
      b > 32{"t" 0001 00 '1'} 34{"t" 0002 00 '2'} 32{"t" 0003 00 '3'} 34{"t" 0004 00 '4'}
      b < 40020001 50020002 40020003 50020004
      a < 32{"t" 0001 00 '1'} 34{"t" 0002 00 '2'}
      a > 40{0001 80} 50{0002 83}
      a < 32{"t" 0003 00 '3'} 34{"t" 0004 00 '4'}
      a > 40020003 50020004
      a < 62020004
      a > 70020004
      a vanishes
      a comes back`
  }
]

const order: readonly Scene[] = [
  {
    title:
      '[3.1.1 MQTT-4.5.0-1] [MQTT-4.5.0-1] a message that is taken goes to every session that has a matching filter, also of clients that are away',
    play: `
      a connects to stay
      a subscribes "t/+" 01
      a leaves
      b connects
      b subscribes "#" 01
      c connects
      c subscribes "u" 01
      c > 32{"t/x" 0001 ~ 'x'}
      c < 40020001
      b < 32{"t/x" 0001 ~ 'x'}
      a comes back
      a < 32{"t/x" 0001 ~ 'x'}`
  },
  {
    title: '[3.1.1 MQTT-4.6.0-1] repeats come in the order in which they were sent first',
    play: `
      a connects to stay
      a subscribes "t" 01
      b connects
      b > 32{"t" 0001 '1'} 32{"t" 0002 '2'} 32{"t" 0003 '3'}
      b < 40020001 40020002 40020003
      a < 32{"t" 0001 '1'} 32{"t" 0002 '2'} 32{"t" 0003 '3'}
      a vanishes
      b > 32{"t" 0004 '4'}
      b < 40020004
      a comes back
      a < 3a{"t" 0001 '1'} 3a{"t" 0002 '2'} 3a{"t" 0003 '3'} 32{"t" 0004 '4'}`
  },
  {
    title:
      '[3.1.1 MQTT-4.6.0-2] [3.1.1 MQTT-4.6.0-3] PUBACK and PUBREC come in the order of the PUBLISHes, whether they wait for the disk or not',
    play: `
      w connects to stay
      w subscribes "kept" 02
      a connects
      a > 32{"kept" 0004 '1'} 32{"other" 0002 '2'} 32{"kept" 0003 '3'}
      a < 40020004 40020002 40020003
      a > 34{"kept" 0009 '4'} 34{"other" 0007 '5'} 34{"kept" 0008 '6'}
      a < 50020009 50020007 50020008
      w < 32{"kept" 0001 '1'} 32{"kept" 0002 '3'} 34{"kept" 0003 '4'} 34{"kept" 0004 '6'}`
  },
  {
    title: '[3.1.1 MQTT-4.6.0-4] PUBRELs come in the order of the PUBRECs',
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 34{"t" 0001 '1'} 34{"t" 0002 '2'} 34{"t" 0003 '3'}
      b < 50020001 50020002 50020003
      a < 34{"t" 0001 '1'} 34{"t" 0002 '2'} 34{"t" 0003 '3'}
      a > 50020002 50020003 50020001
      a < 62020002 62020003 62020001`
  },
  {
    title:
      '[3.1.1 MQTT-4.6.0-5] [3.1.1 MQTT-4.6.0-6] [MQTT-4.6.0-5] [MQTT-4.6.0-6] messages of a topic and QoS keep their order, past a full window and an absence',
    play: `
      a connects to stay
      a > 82{0001 ~ "t/#" 01 "#" 00}
      a < 90{0001 ~ 01 00}
      b connects
      ${publishes(0, limits.inflightMax + 10)
        .map((packet, index) => `b > ${packet}\nb < 4002${hex(index)}`)
        .join('\n')}
      a < ${publishes(0, limits.inflightMax).join(' ')}
      a > 40020001 40020002
      a < ${publishes(limits.inflightMax, 2).join(' ')}
      a vanishes
      a comes back
      a < ${publishes(2, limits.inflightMax, '3a').join(' ')}
      a > ${Array.from({ length: limits.inflightMax }, (_, index) => `4002${hex(index + 2)}`).join(' ')}
      a < ${publishes(limits.inflightMax + 2, 8).join(' ')}`
  }
]

/** PUBLISH packets at QoS 1 to three topics in turn, each with its number as payload and the next as packet id. */
function publishes(first: number, count: number, type: '32' | '3a' = '32'): string[] {
  return Array.from({ length: count }, (_, index) => first + index).map(number => `${type}{"t/${number % 3}" ${hex(number)} ~ '${number}'}`)
}

function hex(index: number): string {
  return (index + 1).toString(16).padStart(4, '0')
}

await playScenes(t, [...sessions, ...exchanges, ...repeats, ...order])

/** The statements about CONNECT and CONNACK: 3.1.1 and 5.0, sections 3.1 and 3.2. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { endedAtOnce, endedBy, playScenes, type Scene } from '../fixtures/standard/play.ts'

const ids: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.1.3-2] [MQTT-3.1.3-2] the client id is what names the session',
    play: `
      a connects to stay
      a subscribes "a" 01
      b connects to stay
      b subscribes "b" 01
      a leaves
      b leaves
      b comes back
      a comes back
      c connects
      c > 32{"a" 0001 ~ 'x'} 32{"b" 0002 ~ 'y'}
      c < 40020001 40020002
      a < 32{"a" 0001 ~ 'x'}
      b < 32{"b" 0001 ~ 'y'}`
  },
  {
    title: '[3.1.1 MQTT-3.1.3-3] [MQTT-3.1.3-3] without a client id the connection ends',
    play: endedAtOnce('10{"MQTT" LEVEL 02 003c ~}', '10{"MQTT" LEVEL 02 003c ~ 00}')
  },
  {
    title: '[3.1.1 MQTT-3.1.3-4] [MQTT-3.1.3-4] a client id that is no UTF-8 ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 02 003c ~ <ff>}', '10{"MQTT" LEVEL 02 003c ~ <eda080>}')
  },
  {
    title: '[3.1.1 MQTT-3.1.3-5] [MQTT-3.1.3-5] client ids of 1 to 23 letters and digits are taken',
    play: ['0', 'Z', '0123456789abcdefghijklm', 'nopqrstuvwxyzABCDEFGHIJ', 'KLMNOPQRSTUVWXYZ']
      .map(id => `${id} connects\n${id} leaves`)
      .join('\n')
  },
  {
    title: '[3.1.1 MQTT-3.1.3-6] clients without an id get one each',
    play: `
      a > 10{"MQTT" 04 02 003c ""}
      a < WELCOME
      b > 10{"MQTT" 04 02 003c ""}
      b < WELCOME
      a subscribes "t" 00
      b > 30{"t" 'x'}
      a < 30{"t" 'x'}`
  },
  {
    title: '[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] clients without an id get one each, are told, and may come back with it',
    play: `
      a > 10{"MQTT" 05 02 003c {11 00000e10} ""}
      a < 20{00 00 {12 "given-1" BOUNDS}}
      b > 10{"MQTT" 05 00 003c 00 ""}
      b < 20{00 00 {12 "given-2" BOUNDS}}
      a leaves
      given-1 comes back`
  },
  {
    title: '[3.1.1 MQTT-3.1.3-8] a client that has no id, and a session that stays, is refused with 2',
    play: `
      a > 10{"MQTT" 04 00 003c ""}
      a < 20020002 closed`
  },
  {
    title: '[3.1.1 MQTT-3.1.3-9] [MQTT-3.1.3-8] a client id that is too long is refused',
    play: `
      a > 10{"MQTT" LEVEL 02 003c ~ <'i'*${limits.clientIdCharactersMax + 1}>}
      a < [20020002](20{00 85 00}) told
      b > 10{"MQTT" LEVEL 02 003c ~ <'i'*${limits.clientIdCharactersMax}>}
      b < WELCOME`
  }
]

const format: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.1.0-1] [MQTT-3.1.0-1] another first packet than CONNECT ends the connection, and is not acted on',
    play: `
      w connects
      w subscribes "#" 00
      ${endedAtOnce('PING', '31{"t" ~ \'x\'}', '82{0001 ~ "t" 00}', 'e000', '40020001', '20020000', '30{"t" ~ \'x\'} 10{"MQTT" LEVEL 02 003c ~ "x"}')}
      a connects
      a subscribes "t" 00`
  },
  {
    title: '[3.1.1 MQTT-3.1.0-2] [MQTT-3.1.0-2] [MQTT-3.2.0-2] a second CONNECT ends the connection, and is not answered with CONNACK',
    play: endedBy('82', '10{"MQTT" LEVEL 02 003c ~ "a"}', '10{"MQTT" LEVEL 02 003c ~ "x1"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-1] [MQTT-3.1.2-1] another protocol name ends the connection',
    play: endedAtOnce(
      '10{"MQTX" LEVEL 02 003c ~ "a"}',
      '10{"mqtt" LEVEL 02 003c ~ "a"}',
      '10{"" LEVEL 02 003c ~ "a"}',
      '10{"MQIsdp" LEVEL 02 003c ~ "a"}'
    )
  },
  {
    title: '[3.1.1 MQTT-3.1.2-3] [MQTT-3.1.2-3] the reserved connect flag ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 03 003c ~ "a"}', '10{"MQTT" LEVEL 01 003c ~ "a"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-9] [MQTT-3.1.2-9] a will that is announced and not there ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 06 003c ~ "a"}', '10{"MQTT" LEVEL 06 003c ~ "a" ~}', '10{"MQTT" LEVEL 06 003c ~ "a" ~ "w"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-11] a will that is not announced, or flags of none, end the connection',
    play: endedAtOnce('10{"MQTT" 04 02 003c "a" "w" <\'x\'>}', '10{"MQTT" 04 3a 003c "a"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-13] [MQTT-3.1.2-11] a QoS of no will ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 0a 003c ~ "a"}', '10{"MQTT" LEVEL 12 003c ~ "a"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-14] [MQTT-3.1.2-12] a will at QoS 3 ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 1e 003c ~ "a" ~ "w" <\'x\'>}', '10{"MQTT" LEVEL 1a 003c ~ "a"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-15] [MQTT-3.1.2-13] RETAIN of no will ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 22 003c ~ "a"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-18] [MQTT-3.1.2-16] a user name that is not announced ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 02 003c ~ "a" "user"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-19] [MQTT-3.1.2-17] a user name that is announced and not there ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 82 003c ~ "a"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-20] [MQTT-3.1.2-18] a password that is not announced ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 82 003c ~ "a" "user" <\'word\'>}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-21] [MQTT-3.1.2-19] a password that is announced and not there ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL c2 003c ~ "a" "user"}')
  },
  {
    title: '[3.1.1 MQTT-3.1.2-22] a password without a user name ends the connection',
    play: endedAtOnce('10{"MQTT" 04 42 003c "a" <\'word\'>}')
  },
  {
    title: '[3.1.1 MQTT-3.1.3-1] [MQTT-3.1.3-1] client id, will, user name and password stand in this order',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" LEVEL c6 003c ~ "a" ~ "will" <'bye'> "user" <'word'>}
      a < WELCOME
      a vanishes
      w < 30{"will" ~ 'bye'}`
  },
  {
    title: '[3.1.1 MQTT-3.1.3-10] [MQTT-3.1.3-11] the topic of a will is UTF-8, and not empty',
    play: endedAtOnce(
      '10{"MQTT" LEVEL 06 003c ~ "a" ~ <ff> <\'x\'>}',
      '10{"MQTT" LEVEL 06 003c ~ "a" ~ "" <\'x\'>}',
      '10{"MQTT" LEVEL 06 003c ~ "a" ~ "w/#" <\'x\'>}'
    )
  },
  {
    title: '[3.1.1 MQTT-3.1.3-11] [MQTT-3.1.3-12] a user name that is no UTF-8 ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 82 003c ~ "a" <ff>}', '10{"MQTT" LEVEL 82 003c ~ "a" <00>}')
  },
  {
    title: '[3.1.1 MQTT-3.1.4-1] [MQTT-3.1.4-1] [3.1.1 MQTT-3.2.2-6] a CONNECT against the format is not answered: no code fits',
    play: endedAtOnce(
      '10 00',
      '10{"MQTT"}',
      '10{"MQTT" LEVEL}',
      '10{"MQTT" LEVEL ff ffff}',
      '12{"MQTT" LEVEL 02 003c ~ "a"}',
      '10 ffffffff 7f'
    )
  }
]

const wills: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.1.2-8] [MQTT-3.1.2-7] [MQTT-3.1.2-8] a will is published whatever ends its connection but DISCONNECT',
    play: `
      w connects
      w subscribes "will/+" 00
      a > 10{"MQTT" LEVEL 06 003c ~ "a" ~ "will/lost" <'1'>}
      a < WELCOME
      a vanishes
      w < 30{"will/lost" ~ '1'}
      b > 10{"MQTT" LEVEL 06 003c ~ "b" ~ "will/violated" <'2'>}
      b < WELCOME
      b > 10{"MQTT" LEVEL 02 003c ~ "b"}
      b < (e0{82 00}) told
      w < 30{"will/violated" ~ '2'}
      c > 10{"MQTT" LEVEL 06 003c ~ "c" ~ "will/malformed" <'3'>}
      c < WELCOME
      c > c1 00
      c < (e0{81 00}) told
      w < 30{"will/malformed" ~ '3'}
      d > 10{"MQTT" LEVEL 06 003c ~ "d" ~ "will/taken-over" <'4'>}
      d < WELCOME
      e > 10{"MQTT" LEVEL 02 003c ~ "d"}
      d < (e0{8e 00}) told
      w < 30{"will/taken-over" ~ '4'}
      e < WELCOME
      f > 10{"MQTT" LEVEL 06 0001 ~ "f" ~ "will/silent" <'5'>}
      f < WELCOME
      pass 1501
      f < (e0{8d 00}) told
      w < 30{"will/silent" ~ '5'}`
  },
  {
    title: '[3.1.1 MQTT-3.1.2-10] [MQTT-3.1.2-10] [3.1.1 MQTT-3.14.4-3] [MQTT-3.14.4-3] a will is published once, and not after DISCONNECT',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" LEVEL 04 003c ({11 00000e10}) "a" ~ "will" <'once'>}
      a < WELCOME
      a vanishes
      w < 30{"will" ~ 'once'}
      pass 10000
      a comes back
      a vanishes
      b > 10{"MQTT" LEVEL 06 003c ~ "b" ~ "will" <'never'>}
      b < WELCOME
      b leaves
      pass 10000`
  },
  {
    title: '[3.1.1 MQTT-3.1.2-12] who announced no will has none',
    play: `
      w connects
      w subscribes "#" 00
      a connects
      a vanishes`
  },
  {
    title: '[3.1.1 MQTT-3.1.2-16] [MQTT-3.1.2-14] a will without RETAIN is not retained',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" LEVEL 06 003c ~ "a" ~ "will" <'bye'>}
      a < WELCOME
      a vanishes
      w < 30{"will" ~ 'bye'}
      b connects
      b subscribes "will" 00`
  },
  {
    title: '[3.1.1 MQTT-3.1.2-17] [MQTT-3.1.2-15] a will with RETAIN is retained',
    play: `
      w connects
      w subscribes "will" 02
      a > 10{"MQTT" LEVEL 36 003c ~ "a" ~ "will" <'bye'>}
      a < WELCOME
      a vanishes
      w < 34{"will" 0001 ~ 'bye'}
      b connects
      b subscribes "will" 02
      b < 35{"will" 0001 ~ 'bye'}`
  },
  {
    title: '[MQTT-3.1.2-8] a will with a delay is published when that is over',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" 05 06 003c {11 00000e10} "a" {18 0000000a} "will" <'late'>}
      a < WELCOME
      a vanishes
      pass 9999
      w > PING
      w < PONG
      pass 1
      w < 30{"will" 00 'late'}
      pass 60000`
  },
  {
    title: '[MQTT-3.1.2-8] a will with a longer delay than its session has is published as that ends',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" 05 06 003c {11 00000005} "a" {18 0000000a} "will" <'with it'>}
      a < WELCOME
      a vanishes
      pass 5000
      w > PING
      w < PONG
      pass 1
      w < 30{"will" 00 'with it'}
      b > 10{"MQTT" 05 06 003c 00 "b" {18 0000000a} "will" <'at once'>}
      b < WELCOME
      b vanishes
      w < 30{"will" 00 'at once'}`
  },
  {
    title: '[MQTT-3.1.3-9] a client that is back before the delay is over has its will not published',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" 05 06 003c {11 00000e10} "a" {18 0000000a} "will" <'no'>}
      a < WELCOME
      a vanishes
      pass 9000
      a comes back
      pass 9000
      a leaves
      pass 60000`
  },
  {
    title: "[MQTT-3.1.3-10] a will's user properties keep their order",
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" 05 06 003c 00 "a" {26 "b" "1" 26 "a" "2" 26 "b" "3" 01 01} "will" <'bye'>}
      a < WELCOME
      a vanishes
      w < 30{"will" {26 "b" "1" 26 "a" "2" 26 "b" "3" 01 01} 'bye'}`
  }
]

const sessions: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.1.2-23] a session is made, stays, and is found again',
    play: `
      a connects to stay
      a subscribes "t" 01
      a vanishes
      pass 60000
      a comes back
      b connects
      b > 32{"t" 0001 ~ 'x'}
      b < 40020001
      a < 32{"t" 0001 ~ 'x'}`
  },
  {
    title: '[3.1.1 MQTT-3.1.2-5] messages at QoS 1 and 2 wait for a client that is away',
    play: `
      a connects to stay
      a subscribes "t" 02
      a leaves
      b connects
      b > 32{"t" 0001 'one'} 34{"t" 0002 'two'}
      b < 40020001 50020002
      a comes back
      a < 32{"t" 0001 'one'} 34{"t" 0002 'two'}`
  },
  {
    title:
      '[3.1.1 MQTT-3.1.2-6] [MQTT-3.1.2-4] [3.1.1 MQTT-3.1.4-3] [MQTT-3.1.4-4] a clean start drops all of the session: subscriptions, what waits, and the ids at QoS 2',
    play: `
      w connects
      w subscribes "w" 00
      a connects to stay
      a subscribes "t" 01
      a > 34{"w" 0001 ~ 'one'}
      a < 50020001
      w < 30{"w" ~ 'one'}
      a vanishes
      w > 32{"t" 0001 ~ 'waits'}
      w < 40020001
      a connects
      a > 34{"w" 0001 ~ 'two'}
      a < 50020001
      w < 30{"w" ~ 'two'}
      w > 30{"t" ~ 'unwanted'}`
  },
  {
    title: '[3.1.1 MQTT-3.1.2-7] retained messages outlive the session that sent them',
    play: `
      a connects
      a > 31{"t" 'stays'}
      a leaves
      b connects
      b subscribes "t" 00
      b < 31{"t" 'stays'}`
  },
  {
    title:
      '[3.1.1 MQTT-3.1.2-24] [MQTT-3.1.2-22] [MQTT-3.2.2-22] who is silent for longer than 1.5 times the keep-alive that it told is disconnected',
    play: `
      a > 10{"MQTT" LEVEL 02 000a ~ "a"}
      a < WELCOME
      pass 15000
      a > PING
      a < PONG
      pass 15000
      a > 30{"t" ~}
      pass 15001
      a < (e0{8d 00}) told`
  },
  {
    title: '[3.1.1 MQTT-3.1.4-2] [MQTT-3.1.4-3] the same client id again ends the older connection',
    play: `
      a connects
      b > 10{"MQTT" LEVEL 02 003c ~ "a"}
      b < WELCOME
      a < (e0{8e 00}) told
      c > 10{"MQTT" LEVEL 02 003c ~ "a"}
      c < WELCOME
      b < (e0{8e 00}) told`
  }
]

const answers: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.1.2-2] [MQTT-3.1.2-2] a level that is not spoken is refused with CONNACK, and the connection ends',
    play: ['00', '02', '06', '7f', '84']
      .map(level => `x${level} > 10{"MQTT" ${level} 02 003c 00 "a"}\nx${level} < 20020001 closed`)
      .join('\n')
  },
  {
    title: '[3.1.1 MQTT-3.1.4-4] [MQTT-3.1.4-5] [MQTT-3.2.2-1] CONNACK says 0, and its flags are only session present',
    play: `
      a > 10{"MQTT" LEVEL 00 003c ({11 00000e10}) "a"}
      a < [20020000](20{00 00 {BOUNDS}})
      a leaves
      a > 10{"MQTT" LEVEL 00 003c ({11 00000e10}) "a"}
      a < [20020100](20{01 00 {BOUNDS}})`
  },
  {
    title: '[3.1.1 MQTT-3.1.4-5] [MQTT-3.1.4-6] what comes behind a CONNECT that is refused is not acted on',
    play: `
      w connects
      w subscribes "#" 00
      a > 10{"MQTT" 06 02 003c 00 "a"} 31{"t" ~ 'x'}
      a < 20020001 closed
      b > 10{"MQTT" 05 02 003c {15 "m"} "b"} 31{"t" 00 'x'}
      b < 20{00 8c 00} told
      c connects
      c subscribes "t" 00`
  },
  {
    title: '[3.1.1 MQTT-3.2.0-1] [MQTT-3.2.0-1] CONNACK comes first, also where messages wait',
    play: `
      a connects to stay
      a subscribes "t" 01
      a leaves
      b connects
      b > 32{"t" 0001 ~ 'waits'}
      b < 40020001
      a > 10{"MQTT" LEVEL 00 003c ({11 00000e10}) "a"} PING
      a < RESUMED 32{"t" 0001 ~ 'waits'} PONG`
  },
  {
    title: '[3.1.1 MQTT-3.2.2-1] [MQTT-3.2.2-2] a clean start is told of no session',
    play: `
      a connects to stay
      a leaves
      a > 10{"MQTT" LEVEL 02 003c ({11 00000e10}) "a"}
      a < WELCOME`
  },
  {
    title: '[3.1.1 MQTT-3.2.2-2] [3.1.1 MQTT-3.2.2-3] [MQTT-3.2.2-3] session present is told exactly when a session goes on',
    play: `
      a connects to stay
      a leaves
      a comes back
      a leaves
      a connects
      a leaves
      a > 10{"MQTT" LEVEL 00 003c ~ "a"}
      a < WELCOME`
  },
  {
    title: '[3.1.1 MQTT-3.2.2-4] [3.1.1 MQTT-3.2.2-5] [MQTT-3.2.2-6] [MQTT-3.2.2-7] who is refused is told of no session, and disconnected',
    play: `
      a connects to stay
      a leaves
      b > 10{"MQTT" 06 00 003c 00 "a"}
      b < 20020001 closed
      c > 10{"MQTT" 05 00 003c {15 "m"} "a"}
      c < 20{00 8c 00} told
      a comes back`
  },
  {
    title:
      '[MQTT-3.1.4-2] [MQTT-3.2.2-8] [MQTT-4.12.0-1] [MQTT-4.12.0-4] a client that may not come in is told why with a code of the table',
    play: `
      a > 10{"MQTT" 05 02 003c {15 "SCRAM-SHA-1"} "a"}
      a < 20{00 8c 00} told
      b > 10{"MQTT" 05 02 003c {15 "" 16 <00ff>} "b"}
      b < 20{00 8c 00} told
      c > 10{"MQTT" 05 02 003c 00 <'i'*${limits.clientIdCharactersMax + 1}>}
      c < 20{00 85 00} told`
  },
  {
    title:
      '[MQTT-3.2.2-9] [MQTT-3.2.2-10] [MQTT-3.2.2-12] [MQTT-3.2.2-13] QoS 2 and RETAIN are supported, so CONNACK limits neither, and SUBSCRIBE and wills may have both',
    play: `
      a > 10{"MQTT" 05 36 003c 00 "a" 00 "w" <'bye'>}
      a < 20{00 00 {BOUNDS}}
      a > 82{0001 00 "x" 00 "y" 01 "z" 02}
      a < 90{0001 00 00 01 02}`
  }
]

/** Reason Strings, as the notation has them. */
const noExchange = '"no message at QoS 2 with this packet id is on its way"'
const notYours = '"topics that begin with $ belong to the broker, and others may be for certain users only"'
const noFilter = `"a filter has at most ${limits.topicLevelsMax} levels"`

const wishes: readonly Scene[] = [
  {
    title:
      '[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message that is longer than the client takes is dropped, and all goes on as if it had been sent',
    play: `
      a > 10{"MQTT" 05 02 003c {27 00000014} "a"}
      a < WELCOME
      a > 82{0001 00 "t" 01 "u" 00}
      a < 90{0001 00 01 00}
      b connects
      b > 32{"t" 0001 00 'x'*13} 32{"t" 0002 00 'x'*12} 30{"u" 00 'x'*15} 30{"u" 00 'x'*14}
      b < 40020001 40020002
      a < 32 12 "t" 0001 00 'x'*12 30 12 "u" 00 'x'*14`
  },
  {
    title: '[MQTT-3.1.2-26] [MQTT-3.3.2-11] topics get aliases up to what the client takes',
    play: `
      a > 10{"MQTT" 05 02 003c {22 0002} "a"}
      a < WELCOME
      a subscribes "topic/#" 00
      a > 30{"topic/one" 00 '1'} 30{"topic/two" 00 '2'} 30{"topic/three" 00 '3'} 30{"topic/two" 00 '4'} 30{"topic/three" 00 '5'} 30{"topic/one" 00 '6'}
      a < 30{"topic/one" {23 0001} '1'} 30{"topic/two" {23 0002} '2'} 30{"topic/three" 00 '3'} 30{"" {23 0002} '4'} 30{"topic/three" 00 '5'} 30{"" {23 0001} '6'}`
  },
  {
    title: '[MQTT-3.1.2-27] a client that takes no aliases is sent none',
    play: `
      a connects
      a subscribes "topic/#" 00
      a > 30{"topic/one" 00 '1'} 30{"topic/one" 00 '2'}
      a < 30{"topic/one" 00 '1'} 30{"topic/one" 00 '2'}
      b > 10{"MQTT" 05 02 003c {22 0000} "b"}
      b < WELCOME
      b subscribes "topic/#" 00
      b > 30{"topic/one" 00 '3'} 30{"topic/one" 00 '4'}
      b < 30{"topic/one" 00 '3'} 30{"topic/one" 00 '4'}
      a < 30{"topic/one" 00 '3'} 30{"topic/one" 00 '4'}`
  },
  {
    title: '[MQTT-3.1.2-28] who does not ask for response information is told none',
    play: `
      a connects
      b > 10{"MQTT" 05 02 003c {19 00} "b"}
      b < 20{00 00 {BOUNDS}}
      c > 10{"MQTT" 05 02 003c {19 01} "c"}
      c < 20{00 00 {BOUNDS 1a "response/c"}}`
  },
  {
    title:
      '[MQTT-3.1.2-29] [MQTT-3.2.2-19] [MQTT-3.2.2-20] CONNACK has neither Reason String nor user properties, so that the bounds fit into the 16 bytes that a client takes',
    play: `
      a > 10{"MQTT" 05 02 003c {17 00 27 00000010} "a"}
      a < 20 0e 00 00 {BOUNDS}
      b > 10{"MQTT" 05 02 003c {17 00 27 00000005 15 "m"} "b"}
      b < 20 03 00 8c 00 closed`
  },
  {
    title: `[MQTT-3.1.2-29] [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] \
[MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.11.2-1] [MQTT-3.11.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] [MQTT-3.15.2-2] [MQTT-3.15.2-3] \
who does not ask for reasons in words, or takes only short packets, gets the code and nothing else`,
    play: ['17 00', '27 00000010']
      .map(
        property => `
      a > 10{"MQTT" 05 02 003c {${property}} "a"}
      a < WELCOME
      a > 32{"$x" 0001 00} 34{"$x" 0002 00} 62020003 50020004
      a < 4003 0001 87 5003 0002 87 7003 0003 92 6203 0004 92
      a > 82{0005 00 <'/'*64> 00} a2{0006 00 "t"} f0{18 {15 "m"}}
      a < 9004 0005 00 8f b004 0006 00 11 e002 82 00 ${property === '17 00' ? 'told' : 'closed'}`
      )
      .join('')
  },
  {
    title:
      '[MQTT-3.4.2-2] [MQTT-3.5.2-2] [MQTT-3.6.2-2] [MQTT-3.7.2-2] [MQTT-3.9.2-1] who asks for reasons gets them, where the packet is not too long with them',
    play: `
      a > 10{"MQTT" 05 02 003c {27 0000003e} "a"}
      a < WELCOME
      a > 32{"$x" 0001 00} 34{"$x" 0002 00} 62020003 50020004
      a < 4003 0001 87 5003 0002 87 ${['70', '62'].map((type, index) => `${type}{000${index + 3} 92 {1f ${noExchange}}}`).join(' ')}
      b > 10{"MQTT" 05 02 003c 00 "b"}
      b < WELCOME
      b > 32{"$x" 0001 00} 34{"$x" 0002 00} 82{0003 00 "t" 00 <'/'*64> 00 <'/'*65> 00}
      b < 40{0001 87 {1f ${notYours}}} 50{0002 87 {1f ${notYours}}} 90{0003 {1f ${noFilter}} 00 8f 8f}
      b > 82{0004 00 "t" 00} a2{0005 00 "u"}
      b < 90{0004 00 00} b0{0005 00 11}`
  }
]

await playScenes(t, [...ids, ...format, ...wills, ...sessions, ...answers, ...wishes])

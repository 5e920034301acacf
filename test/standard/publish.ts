/** The statements about PUBLISH and its acknowledgements: 3.1.1 and 5.0, sections 3.3 to 3.7. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { endedBy, playScenes, type Scene } from '../fixtures/standard/play.ts'

const flags: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.3.1-1] [MQTT-3.3.1-1] what is delivered again has DUP',
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 32{"t" 0001 ~ 'x'} 34{"t" 0002 ~ 'y'}
      b < 40020001 50020002
      a < 32{"t" 0001 ~ 'x'} 34{"t" 0002 ~ 'y'}
      a vanishes
      a comes back
      a < 3a{"t" 0001 ~ 'x'} 3c{"t" 0002 ~ 'y'}`
  },
  {
    title: '[3.1.1 MQTT-3.3.1-2] [MQTT-3.3.1-2] DUP at QoS 0 ends the connection',
    play: endedBy('81', '38{"t" ~ \'x\'}', '39{"t" ~ \'x\'}')
  },
  {
    title: '[3.1.1 MQTT-3.3.1-3] [MQTT-3.3.1-3] DUP of the PUBLISH that came is not handed on',
    play: `
      a connects
      a subscribes "t" 02
      b connects
      b > 3a{"t" 0001 ~ 'x'} 3c{"t" 0002 ~ 'y'}
      b < 40020001 50020002
      a < 32{"t" 0001 ~ 'x'} 34{"t" 0002 ~ 'y'}`
  },
  {
    title: '[3.1.1 MQTT-3.3.1-4] [MQTT-3.3.1-4] QoS 3 ends the connection',
    play: endedBy('81', '36{"t" 0001 ~}', '3e{"t" 0001 ~}')
  },
  {
    title: '[3.1.1 MQTT-3.3.2-1] [MQTT-3.3.2-1] the topic comes first, and is UTF-8',
    play: endedBy('81', '30{<ff> ~}', '30 00', '30{00}', '32{0001 "t" \'x\'}')
  },
  {
    title: '[3.1.1 MQTT-3.3.2-2] [MQTT-3.3.2-2] [3.1.1 MQTT-4.7.1-1] [MQTT-4.7.0-1] a wildcard in a topic name ends the connection',
    play: endedBy('90', '30{"a/+" ~}', '30{"#" ~}', '32{"a#" 0001 ~}', '34{"+/b" 0001 ~}')
  },
  {
    title: '[3.1.1 MQTT-3.3.2-3] [MQTT-3.3.2-3] a PUBLISH has the topic of the message, which the filter matches',
    play: `
      a connects
      a subscribes "a/+/c/#" 00
      a > 30{"a/b/c" ~ '1'} 30{"a/b/d" ~ '2'} 30{"a//c/d/e" ~ '3'}
      a < 30{"a/b/c" ~ '1'} 30{"a//c/d/e" ~ '3'}`
  },
  {
    title: '[3.1.1 MQTT-3.3.4-1] [MQTT-3.3.4-1] PUBLISH is answered as its QoS asks: not at all, with PUBACK, with PUBREC',
    play: `
      a connects
      a > 30{"t" ~ 'x'} 32{"t" 0001 ~ 'x'} 34{"t" 0002 ~ 'x'}
      a < 40{0001 (10)} 50{0002 (10)}`
  },
  {
    title: '[3.1.1 MQTT-3.3.5-1] [MQTT-3.3.4-2] overlapping subscriptions: one copy, at the highest QoS',
    play: `
      a connects
      a > 82{0001 ~ "t" 00 "+" 02 "#" 01}
      a < 90{0001 ~ 00 02 01}
      b connects
      b > 34{"t" 0001 ~ 'x'}
      b < 50020001
      a < 34{"t" 0001 ~ 'x'}`
  },
  {
    title: '[3.1.1 MQTT-3.3.5-2] who may not publish to a topic is acknowledged as usual',
    play: `
      w connects
      w subscribes "$mine/#" 00
      a connects
      a > 32{"$mine/x" 0001 'x'} 34{"$mine/x" 0002 'x'} 30{"$mine/x" 'x'}
      a < 40020001 50020002
      a > 62020002
      a < 70020002`
  },
  {
    title: '[3.1.1 MQTT-3.6.1-1] [MQTT-3.6.1-1] PUBREL with other flags ends the connection',
    play: endedBy('81', '60020001', '61020001', '6a020001')
  }
]

const retained: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.3.1-5] [MQTT-3.3.1-5] RETAIN stores a message and its QoS in place of the one before',
    play: `
      a connects
      a > 31{"t" ~ 'zero'} 33{"t" 0001 ~ 'one'} 35{"t" 0002 ~ 'two'}
      a < 40{0001 (10)} 50{0002 (10)}
      b connects
      b subscribes "t" 02
      b < 35{"t" 0001 ~ 'two'}`
  },
  {
    title:
      '[3.1.1 MQTT-3.3.1-6] [MQTT-3.3.1-9] [3.1.1 MQTT-3.3.1-8] a new subscription is sent the last retained message of each topic that matches, with RETAIN',
    play: `
      a connects
      a > 31{"t/1" ~ 'old'} 31{"t/2" ~ 'two'} 31{"u" ~ 'other'} 31{"t/1" ~ 'new'}
      b connects
      b subscribes "t/+" 00
      b < 31{"t/1" ~ 'new'} 31{"t/2" ~ 'two'}`
  },
  {
    title: '[3.1.1 MQTT-3.3.1-7] a retained message at QoS 0 replaces one at QoS 1',
    play: `
      a connects
      a > 33{"t" 0001 'one'} 31{"t" 'zero'}
      a < 40020001
      b connects
      b subscribes "t" 01
      b < 31{"t" 'zero'}`
  },
  {
    title: '[3.1.1 MQTT-3.3.1-9] [MQTT-3.3.1-12] to who was subscribed before a message goes without RETAIN',
    play: `
      a connects
      a subscribes "t" 00
      b connects
      b > 31{"t" ~ 'x'}
      a < 30{"t" ~ 'x'}`
  },
  {
    title:
      '[3.1.1 MQTT-3.3.1-10] [3.1.1 MQTT-3.3.1-11] [MQTT-3.3.1-6] [MQTT-3.3.1-7] an empty message with RETAIN removes the retained one, and is not kept itself',
    play: `
      a connects
      a subscribes "t" 00
      a > 31{"t" ~ 'x'} 31{"t" ~}
      a < 30{"t" ~ 'x'} 30{"t" ~}
      b connects
      b subscribes "t" 00`
  },
  {
    title: '[3.1.1 MQTT-3.3.1-12] [MQTT-3.3.1-8] a message without RETAIN leaves the retained one as it is',
    play: `
      a connects
      a > 31{"t" ~ 'stays'} 30{"t" ~ 'goes'} 30{"t" ~}
      b connects
      b subscribes "t" 00
      b < 31{"t" ~ 'stays'}`
  },
  {
    title: '[MQTT-3.3.1-9] Retain Handling 0: retained messages come with each SUBSCRIBE',
    play: `
      a connects
      a > 31{"t" 00 'x'}
      a subscribes "t" 00
      a < 31{"t" 00 'x'}
      a subscribes "t" 00
      a < 31{"t" 00 'x'}`
  },
  {
    title: '[MQTT-3.3.1-10] Retain Handling 1: they come if the subscription is new',
    play: `
      a connects
      a > 31{"t" 00 'x'}
      a subscribes "t" 10
      a < 31{"t" 00 'x'}
      a subscribes "t" 11
      a > a2{0002 00 "t"}
      a < b0{0002 00 00}
      a subscribes "t" 10
      a < 31{"t" 00 'x'}`
  },
  {
    title: '[MQTT-3.3.1-11] Retain Handling 2: none come',
    play: `
      a connects
      a > 31{"t" 00 'x'}
      a subscribes "t" 20
      a subscribes "t" 20`
  },
  {
    title: '[MQTT-3.3.1-12] [MQTT-3.3.1-13] Retain As Published: RETAIN as it came, or never',
    play: `
      a connects
      a subscribes "t" 08
      b connects
      b subscribes "t" 00
      c connects
      c > 31{"t" 00 'x'} 30{"t" 00 'y'}
      a < 31{"t" 00 'x'} 30{"t" 00 'y'}
      b < 30{"t" 00 'x'} 30{"t" 00 'y'}`
  }
]

const forwarded = '01 01 26 "b" "1" 08 "answer/to" 26 "a" "" 09 <00ff> 03 "text/plain" 26 "b" "2"'
/** Lines in which a property comes through as it was, at once and retained. */
const comesThrough = (property: string): string => `
  a connects
  a subscribes "t" 00
  b connects
  b > 31{"t" {${property}} 'x'}
  a < 30{"t" {${property}} 'x'}
  a subscribes "t" 00
  a < 31{"t" {${property}} 'x'}`

const properties: readonly Scene[] = [
  { title: '[MQTT-3.3.2-4] the Payload Format Indicator is handed on', play: comesThrough('01 01') },
  { title: '[MQTT-3.3.2-15] the Response Topic is handed on', play: comesThrough('08 "answer/to/ä"') },
  { title: '[MQTT-3.3.2-16] the Correlation Data is handed on', play: comesThrough('09 <00ff80>') },
  { title: '[MQTT-3.3.2-20] the Content Type is handed on', play: comesThrough('03 "text/plain"') },
  {
    title: '[MQTT-3.3.2-17] [MQTT-3.3.2-18] user properties are handed on in their order, repeats and all',
    play: comesThrough('26 "b" "1" 26 "a" "" 26 "b" "1" 26 "" "z"')
  },
  {
    title:
      '[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] they are handed on together, also from a queue',
    play: `
      ${comesThrough(forwarded)}
      c connects to stay
      c subscribes "q" 01
      c leaves
      b > 32{"q" 0001 {${forwarded}} 'x'}
      b < 40020001
      c comes back
      c < 32{"q" 0001 {${forwarded}} 'x'}`
  },
  {
    title: '[MQTT-3.3.2-5] a message that expires before its delivery begins is dropped for that subscriber',
    play: `
      a connects to stay
      a subscribes "t" 01
      a leaves
      w connects
      w subscribes "t" 00
      b connects
      b > 33{"t" 0001 {02 0000000a} 'ten'} 32{"t" 0002 {02 0000000b} 'eleven'}
      b < 40020001 40020002
      w < 30{"t" {02 0000000a} 'ten'} 30{"t" {02 0000000b} 'eleven'}
      pass 10000
      a comes back
      a < 32{"t" 0002 {02 00000001} 'eleven'}
      w subscribes "t" 00`
  },
  {
    title: '[MQTT-3.3.2-6] a message is handed on with what is left of its Message Expiry Interval',
    play: `
      a connects to stay
      a subscribes "t" 01
      a leaves
      b connects
      b > 33{"t" 0001 {02 0000000a 26 "k" "v"} 'x'}
      b < 40020001
      pass 4000
      a comes back
      a < 32{"t" 0001 {26 "k" "v" 02 00000006} 'x'}
      pass 2000
      b subscribes "t" 00
      b < 31{"t" {26 "k" "v" 02 00000004} 'x'}`
  },
  {
    title: '[MQTT-3.3.2-13] [MQTT-3.3.2-19] a Response Topic or a Content Type that is no UTF-8 ends the connection',
    play: endedBy('81', '30{"t" {08 <ff>}}', '30{"t" {08 <eda080>}}', '30{"t" {03 <ff>}}', '30{"t" {03 <00>}}')
  },
  {
    title: '[MQTT-3.3.2-14] a wildcard in a Response Topic ends the connection',
    play: endedBy('90', '30{"t" {08 "a/#"}}', '30{"t" {08 "+"}}')
  },
  {
    title:
      '[MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5] one copy comes of overlapping subscriptions, with the identifiers of those that match',
    play: `
      a connects
      a > 82{0001 {0b 01} "t" 00} 82{0002 {0b ffffff7f} "+" 00} 82{0003 00 "#" 00} 82{0004 {0b 05} "u" 00}
      a < 90{0001 00 00} 90{0002 00 00} 90{0003 00 00} 90{0004 00 00}
      b connects
      b subscribes "t" 00
      b > 30{"t" 00 'x'} 30{"v" 00 'y'}
      a < 30{"t" {0b 01 0b ffffff7f} 'x'} 30{"v" {0b ffffff7f} 'y'}
      b < 30{"t" 00 'x'}`
  },
  {
    title: '[MQTT-3.3.4-6] a Subscription Identifier in the PUBLISH of a client ends the connection',
    play: endedBy('82', '30{"t" {0b 01}}', '32{"t" 0001 {0b 01}}')
  }
]

const aliases: readonly Scene[] = [
  {
    title: "[MQTT-3.3.2-7] an alias ends with its connection, ours as the client's",
    play: `
      a > 10{"MQTT" 05 00 003c {11 00000e10 22 0001} "a"}
      a < WELCOME
      a subscribes "topic/long" 00
      a > 30{"topic/long" {23 0001} 'x'} 30{"" {23 0001} 'y'}
      a < 30{"topic/long" {23 0001} 'x'} 30{"" {23 0001} 'y'}
      a leaves
      a > 10{"MQTT" 05 00 003c {11 00000e10 22 0001} "a"}
      a < RESUMED
      a > 30{"topic/long" 00 'z'}
      a < 30{"topic/long" {23 0001} 'z'}
      a > 30{"" {23 0001} 'lost'}
      a < e0{82 00} told`
  },
  { title: '[MQTT-3.3.2-8] alias 0 ends the connection', play: endedBy('94', '30{"t" {23 0000}}', '30{"" {23 0000}}') },
  {
    title: '[MQTT-3.3.2-9] an alias above the maximum that was announced ends the connection',
    play: endedBy('94', `30{"t" {23 ${(limits.topicAliasMax + 1).toString(16).padStart(4, '0')}}}`, '30{"t" {23 ffff}}')
  },
  {
    title: '[MQTT-3.3.2-12] every alias up to the maximum is taken, and may be given to another topic',
    play: [
      'a connects',
      'a subscribes "#" 00',
      ...Array.from({ length: limits.topicAliasMax }, (_, index) => {
        const alias = (index + 1).toString(16).padStart(4, '0')
        return `a > 30{"old" {23 ${alias}}} 30{"topic/${index}" {23 ${alias}}}\na < 30{"old" 00} 30{"topic/${index}" 00}`
      }),
      ...Array.from({ length: limits.topicAliasMax }, (_, index) => {
        const alias = (index + 1).toString(16).padStart(4, '0')
        return `a > 30{"" {23 ${alias}} 'again'}\na < 30{"topic/${index}" 00 'again'}`
      })
    ].join('\n')
  }
]

const hexId = (index: number): string => (index + 1).toString(16).padStart(4, '0')

const flow: readonly Scene[] = [
  {
    title: '[MQTT-3.3.4-7] a client that has more under way than it was told is disconnected with 0x93',
    play: `
      a connects
      a > ${Array.from({ length: limits.receivedMax }, (_, index) => `34{"t" ${hexId(index)} 00}`).join(' ')}
      a < ${Array.from({ length: limits.receivedMax }, (_, index) => `50{${hexId(index)} 10}`).join(' ')}
      a > 3c{"t" 0001 00} 30{"t" 00}
      a < 50020001
      a > 34{"t" ffff 00}
      a < e0{93 00} told`
  },
  {
    title: '[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] no more is under way to a client than its Receive Maximum',
    play: `
      a > 10{"MQTT" 05 02 003c {21 0002} "a"}
      a < WELCOME
      a subscribes "t" 02
      b connects
      b > 32{"t" 0001 00 '1'} 34{"t" 0002 00 '2'} 32{"t" 0003 00 '3'} 34{"t" 0004 00 '4'}
      b < 40020001 50020002 40020003 50020004
      a < 32{"t" 0001 00 '1'} 34{"t" 0002 00 '2'}
      a > 40020001
      a < 32{"t" 0003 00 '3'}
      a > 50020002
      a < 62020002
      a > 70020002
      a < 34{"t" 0004 00 '4'}`
  },
  {
    title: '[MQTT-3.3.4-10] [MQTT-4.9.0-3] what is no PUBLISH at QoS 1 or 2 is not held back by Receive Maximum',
    play: `
      a > 10{"MQTT" 05 02 003c {21 0001} "a"}
      a < WELCOME
      a > 82{0001 00 "t" 02 "u" 00}
      a < 90{0001 00 02 00}
      b connects
      b > 34{"t" 0001 00 '1'} 34{"t" 0002 00 '2'} 30{"u" 00 'quick'} 30{"t" 00 'too'}
      b < 50020001 50020002
      a < 34{"t" 0001 00 '1'} 30{"u" 00 'quick'} 30{"t" 00 'too'}
      a > PING 82{0002 00 "v" 01} a2{0003 00 "v"} 34{"v" 0004 00} 62020004 32{"v" 0005 00}
      a < PONG 90{0002 00 01} b0{0003 00 00} 50{0004 10} 70020004 40{0005 10}`
  }
]

const codes: readonly Scene[] = [
  {
    title: "[MQTT-3.4.2-1] PUBACK has a code of the table, and the client's too, or its connection ends",
    play: `
      a connects
      a > 32{"t" 0001 00} 32{"$x" 0002 00}
      a < 40{0001 10} 40{0002 87}
      ${endedBy('82', '40{0001 42}', '40{0001 92}', '40{0001 01 00}')}`
  },
  {
    title: "[MQTT-3.5.2-1] PUBREC has a code of the table, and the client's too, or its connection ends",
    play: `
      a connects
      a > 34{"t" 0001 00} 34{"$x" 0002 00}
      a < 50{0001 10} 50{0002 87}
      ${endedBy('82', '50{0001 42}', '50{0001 92}')}`
  },
  {
    title: "[MQTT-3.6.2-1] PUBREL has a code of the table, and the client's too, or its connection ends",
    play: `
      a connects
      a > 50020007
      a < 62{0007 92}
      ${endedBy('82', '62{0001 80}', '62{0001 10}')}`
  },
  {
    title: "[MQTT-3.7.2-1] PUBCOMP has a code of the table, and the client's too, or its connection ends",
    play: `
      a connects
      a > 62020007
      a < 70{0007 92}
      ${endedBy('82', '70{0001 80}', '70{0001 10}')}`
  }
]

await playScenes(t, [...flags, ...retained, ...properties, ...aliases, ...flow, ...codes])

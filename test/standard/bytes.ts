/** The statements about how packets are written: 3.1.1 and 5.0, sections 1.5 and 2. */
import t from 'tap'
import { endedAtOnce, endedBy, playScenes, type Scene } from '../fixtures/standard/play.ts'

const scenes: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-1.5.3-1] [MQTT-1.5.4-1] text that is no UTF-8 ends the connection: stray bytes, overlong ones, surrogates',
    play: `
      ${endedBy('81', "30{<'a' ff> ~}", '30{<c080> ~}', '30{<eda080> ~}', '30{<edbfbf> ~}', '82{0001 ~ <c328> 00}', 'a2{0001 ~ <80>}')}
      a > 10{"MQTT" LEVEL 02 003c ~ <eda080>}
      a < closed`
  },
  {
    title: '[3.1.1 MQTT-1.5.3-2] [MQTT-1.5.4-2] U+0000 in a text ends the connection',
    play: `
      ${endedBy('81', "30{<'a' 00 'b'> ~}", '82{0001 ~ <00> 00}', "a2{0001 ~ <'a' 00>}")}
      a > 10{"MQTT" LEVEL 02 003c ~ <'a' 00>}
      a < closed`
  },
  {
    title: '[3.1.1 MQTT-1.5.3-3] [MQTT-1.5.4-3] a byte order mark is a part of the text',
    play: `
      a connects
      a subscribes <efbbbf 't'> 00
      b connects
      b subscribes "t" 00
      b > 30{<efbbbf 't'> ~ 'with'} 30{"t" ~ 'without'}
      a < 30{<efbbbf 't'> ~ 'with'}
      b < 30{"t" ~ 'without'}`
  },
  {
    title: '[MQTT-1.5.5-1] a variable byte integer that is longer than need be ends the connection',
    play: endedBy('81', '30 84 00 0001 74 00', '30{"t" 8000}', '82{0001 808000 "t" 00}', '82{0001 {0b 8100} "t" 00}', 'c0 80 00')
  },
  {
    title: '[MQTT-1.5.5-1] what the server writes has the fewest bytes: 127, 128, 16,383 and 16,384',
    play: `
      a connects
      a subscribes "t" 00
      a > 30{"t" ~ 'x'*123}
      a < 30 7f "t" ~ 'x'*123
      a > 30{"t" ~ 'x'*124}
      a < 30 80 01 "t" ~ 'x'*124
      a > 30{"t" ~ 'x'*16379}
      a < 30 ff 7f "t" ~ 'x'*16379
      a > 30{"t" ~ 'x'*16380}
      a < 30 80 80 01 "t" ~ 'x'*16380`
  },
  {
    title: '[MQTT-1.5.7-1] a user property with a name or a value that is no UTF-8 ends the connection',
    play: endedBy('81', '30{"t" {26 <ff> "v"}}', '30{"t" {26 "k" <ff>}}', '30{"t" {26 "k" <00>}}', '82{0001 {26 <eda080> "v"} "t" 00}')
  },
  {
    title: '[3.1.1 MQTT-2.2.2-1] [MQTT-2.1.3-1] what the server sends has the flags of the table',
    play: `
      a connects
      a > 82{0001 ~ "t" 02}
      a < 90{0001 ~ 02}
      a > 34{"t" 0001 ~ 'x'}
      a < 34{"t" 0001 ~ 'x'} 500200 01
      a > 62020001
      a < 70020001
      a > 50020001
      a < 62020001
      a > 70020001
      a > 32{"t" 0002 ~ 'x'}
      a < 32{"t" 0002 ~ 'x'} 40020002
      a > 40020002
      a > a2{0003 ~ "t"}
      a < b0{0003 (00 00)}
      a > PING
      a < d000`
  },
  {
    title: '[3.1.1 MQTT-2.2.2-2] [MQTT-2.1.3-1] other flags end the connection, whatever the packet',
    play: `
      ${endedBy('81', '4102 0001', '5102 0001', '6002 0001', '6302 0001', '7102 0001', '80{0001 ~ "t" 00}', '8a{0001 ~ "t" 00}', 'a0{0001 ~ "t"}', 'c100', 'e100')}
      a > 11{"MQTT" LEVEL 02 003c ~ "a"}
      a < closed`
  },
  {
    title: '[MQTT-2.1.3-1] [MQTT-3.15.1-1] flags in AUTH end the connection',
    play: endedBy('81', 'f1{18 {15 "m"}}', 'f8{18 {15 "m"}}')
  },
  {
    title: '[3.1.1 MQTT-2.3.1-1] [MQTT-2.2.1-3] packet id 0 ends the connection',
    play: endedBy('81', '32{"t" 0000 ~}', '34{"t" 0000 ~}', '82{0000 ~ "t" 00}', 'a2{0000 ~ "t"}')
  },
  {
    title: '[3.1.1 MQTT-2.3.1-4] [MQTT-2.2.1-4] each PUBLISH of the server has an id that is not in use',
    play: `
      a connects
      a subscribes "t" 02
      b connects
      b > 32{"t" 0009 ~ 'x'} 32{"t" 0009 ~ 'y'} 34{"t" 0009 ~ 'z'}
      b < 40020009 40020009 50020009
      a < 32{"t" 0001 ~ 'x'} 32{"t" 0002 ~ 'y'} 34{"t" 0003 ~ 'z'}
      a > 40020002
      b > 32{"t" 0009 ~ 'new'}
      b < 40020009
      a < 32{"t" 0004 ~ 'new'}`
  },
  {
    title: '[3.1.1 MQTT-2.3.1-5] [MQTT-2.2.1-2] PUBLISH at QoS 0 has no packet id, neither way',
    play: `
      a connects
      a subscribes "t" 00
      a > 30{"t" ~ 0001}
      a < 30{"t" ~ 0001}`
  },
  {
    title: '[3.1.1 MQTT-2.3.1-6] [MQTT-2.2.1-5] PUBACK, PUBREC, PUBREL and PUBCOMP carry the id of their PUBLISH',
    play: `
      a connects
      a subscribes "t" 02
      a > 32{"t" 0102 ~ 'x'}
      a < 32{"t" 0001 ~ 'x'} 40020102
      a > 34{"t" fffe ~ 'x'}
      a < 34{"t" 0002 ~ 'x'} 5002fffe
      a > 6202fffe
      a < 7002fffe
      a > 50020002
      a < 62020002`
  },
  {
    title: '[3.1.1 MQTT-2.3.1-7] [MQTT-2.2.1-6] SUBACK and UNSUBACK carry the id of their request',
    play: `
      a connects
      a > 82{abcd ~ "t" 00} a2{abcd ~ "t"} 82{ffff ~ "t" 00} a2{0001 ~ "t"}
      a < 90{abcd ~ 00} b0{abcd (00 00)} 90{ffff ~ 00} b0{0001 (00 00)}`
  },
  {
    title: '[MQTT-2.2.2-1] no properties are written as a length of 0, and a packet that leaves the length out ends the connection',
    play: `
      a connects
      a subscribes "t" 00
      a > 30{"t" 00 'x'}
      a < 30{"t" 00 'x'}
      ${endedBy('81', '82{0001 "t" 00}', 'a2{0001 "t"}', '30{"t"}')}
      b > 10{"MQTT" 05 02 003c "a"}
      b < closed`
  },
  {
    title: '[3.1.1 MQTT-3.1.3-1] [MQTT-3.1.3-1] what stands behind the last field ends the connection',
    play: endedAtOnce('10{"MQTT" LEVEL 02 003c ~ "a" 00}', '10{"MQTT" LEVEL c2 003c ~ "a" "user" <\'word\'> "more"}')
  }
]

await playScenes(t, scenes)
